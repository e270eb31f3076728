import ArgumentParser
import Foundation
import LoadClient

/// 8:30: what a logon costs, everybody at once, everybody within a minute, and what the server holds afterwards.
struct Morning: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "1,550 people, 1,200 logons: CPU, burst, minute, memory. / 朝の一斉ログオン。")

  enum Part: String, CaseIterable, ExpressibleByArgument { case cpu, burst, memory, minute, password }

  @OptionGroup var common: CommonOptions
  @Option(help: "Only this part; repeat for several: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
  var part: [Part] = []
  @Option(help: "Seconds over which the logons of 'minute' are spread.") var seconds = 60.0
  @Option(help: "Connections held open for 'memory'.") var connections = 1550
  @Option(help: "Logons in flight during 'cpu': commits that meet share one fsync.") var inFlight = 64

  func run() async throws {
    try await common.measuring {
      let parts = part.isEmpty ? Part.allCases : Part.allCases.filter(part.contains)
      let spare = parts.contains(.memory) ? max(0, connections - common.people) : 0
      let city = try await common.city(spare: spare)
      defer { city.end() }
      var wrong: [WrongAnswer] = []
      for part in parts {
        switch part {
        case .cpu: wrong += try await cpu(city)
        case .burst: wrong += try await burst(city)
        case .memory: wrong += try await memory(city)
        case .minute: wrong += try await minute(city)
        case .password: wrong += try await password(city)
        }
      }
      common.figures.show(Figure("logon.wrong_denials", [Double(wrong.count)]))
      return wrong
    }
  }

  private func cpu(_ city: LoadCity) async throws -> [WrongAnswer] {
    let bare = try Bare.verifyAndCommit(in: city.instance.folder)
    var wrong = await Rush.onKeptConnections(city.clerks).wrong  // opens the connections
    var costs: [Double] = []
    var last = Rush()
    for _ in 0..<common.runs {
      let before = city.instance.cpuSeconds
      last = await Rush.onKeptConnections(city.clerks, atOnce: inFlight)
      costs.append((city.instance.cpuSeconds - before) / Double(city.clerks.count) * 1000)
      wrong += last.wrong
    }
    wrong += try await city.contradictions(last.granted)
    common.figures.show(
      Figure(
        "logon.card_cpu_ms", costs,
        limit: (bare.cpu, say("署名検証 1 回 + 書込・fdatasync 1 回", "one P-256 verify and one write + fdatasync")),
        note: say("同時 \(inFlight) 件", "\(inFlight) in flight")
          + ", \(Figures.short(Double(city.clerks.count) / last.wall))/s, \(last.latencies)"))
    return try await wrong + rsa(city)
  }

  /// The same few clerks, in turns with their P-256 and their RSA cards.
  private func rsa(_ city: LoadCity) async throws -> [WrongAnswer] {
    let clerks = try await city.clerksWithRSA(atMost: 64)
    let plain = Array(city.clerks.prefix(clerks.count))
    let times = max(1, city.clerks.count / clerks.count)
    var wrong: [WrongAnswer] = []
    func cost(_ clerks: [LoadCity.Clerk]) async throws -> Double {
      var last = Rush()
      let before = city.instance.cpuSeconds
      for _ in 0..<times {
        last = await Rush.onKeptConnections(clerks, atOnce: inFlight)
        wrong += last.wrong
      }
      let spent = city.instance.cpuSeconds - before
      wrong += try await city.contradictions(last.granted)
      return spent / Double(clerks.count * times) * 1000
    }
    _ = try await cost(clerks)
    var costs: [Double] = []
    var others: [Double] = []
    for _ in 0..<common.runs {
      others.append(try await cost(plain))
      costs.append(try await cost(clerks))
    }
    common.figures.show(
      Figure(
        "logon.card_rsa_cpu_ms", costs, unit: "ms CPU",
        limit: (
          Distribution(others).median,
          say("同じ \(clerks.count) 人が P-256 のカードで", "the same \(clerks.count) people with their P-256 cards")
        ),
        note: "RSA 2048, PKCS #1 v1.5"))
    return wrong
  }

  private func burst(_ city: LoadCity) async throws -> [WrongAnswer] {
    let bare = try Bare.verifyAndCommit(in: city.instance.folder)
    var wrong: [WrongAnswer] = []
    var walls: [Double] = []
    var costs: [Double] = []
    var all = Rush()
    for _ in 0..<common.runs {
      let before = city.instance.cpuSeconds
      let rush = await Rush.onNewConnections(city.clerks, due: city.clerks.map { _ in 0 })
      costs.append((city.instance.cpuSeconds - before) / Double(city.clerks.count) * 1000)
      walls.append(rush.wall)
      all.seconds += rush.seconds
      wrong += rush.wrong
      wrong += try await city.contradictions(rush.granted)
    }
    let limit = Double(city.clerks.count) * bare.cpu / 1000 / Double(min(2, Machine.cores))
    common.figures.show(
      Figure(
        "logon.card_burst_s", walls,
        limit: (limit, say("\(city.clerks.count) × 署名検証と書込 ÷ 2 コア", "\(city.clerks.count) × verify and commit ÷ 2 cores")),
        note: all.latencies))
    common.figures.show(
      Figure("logon.card_new_connection_cpu_ms", costs, unit: "ms CPU", limit: (bare.cpu, say("同上、1 回", "the same, once"))))
    return wrong
  }

  private func memory(_ city: LoadCity) async throws -> [WrongAnswer] {
    let rush = await Rush.onNewConnections(city.clerks, due: city.clerks.map { _ in 0 })
    for clerk in city.clerks.dropFirst(64) { clerk.workstation.hangUp() }
    // The server puts its memory in order every five seconds.
    try await Task.sleep(for: .seconds(7))
    guard let after = city.instance.proportionalKB else {
      common.figures.note(say("メモリーは root でしか測れません。", "memory can be measured by root only"))
      return rush.wrong
    }
    common.figures.show(
      Figure(
        "server.rss_mb", [after / 1024],
        note: say(
          "PSS 合計、職員 \(city.people) 人、接続 64、一斉ログオンの後",
          "PSS of both processes, \(city.people) people, 64 connections, after a burst")))
    for clerk in city.clerks { clerk.workstation.hangUp() }
    try await Task.sleep(for: .seconds(7))
    let before = city.instance.proportionalKB ?? after
    let held = (city.clerks.map(\.workstation) + city.spare).prefix(connections)
    _ = try await Array(held).inParallel(8) { _ = try await $0.currentSession() }
    let full = city.instance.proportionalKB ?? before
    common.figures.show(
      Figure(
        "server.connection_kb", [max(0, full - before) / Double(held.count)],
        note: say("待機中の mTLS 接続 \(held.count) 本", "\(held.count) idle mTLS connections")
          + ", \(Figures.short(full / 1024)) MB"))
    for workstation in held { workstation.hangUp() }
    return rush.wrong
  }

  private func minute(_ city: LoadCity) async throws -> [WrongAnswer] {
    var due = city.clerks.map { _ in Double.random(in: 0..<seconds) }
    due.sort()
    let before = city.instance.cpuSeconds
    let rush = await Rush.onNewConnections(city.clerks, due: due)
    let share = (city.instance.cpuSeconds - before) / rush.wall * 100
    common.figures.show(
      Figure(
        "logon.minute_p99_ms", [Distribution(rush.seconds).quantile(0.99) * 1000],
        note: say("端末で測った全体（接続を含む）", "at the client, handshake included") + ": \(rush.latencies), "
          + say("サーバー CPU", "server CPU") + " \(Figures.short(share)) %"))
    return rush.wrong + (try await city.contradictions(rush.granted))
  }

  private func password(_ city: LoadCity) async throws -> [WrongAnswer] {
    common.figures.note(
      say("準備: パスワード \(city.clerks.count) 人分（計測しない）", "preparing \(city.clerks.count) passwords (not measured)"))
    try await city.givePasswords()
    var wrong: [WrongAnswer] = []
    var ratios: [Double] = []
    var walls: [Double] = []
    var slowdowns: [Double] = []
    var all = Rush()
    let cores = min(2, Machine.cores)
    for _ in 0..<min(3, common.runs) {
      // Before and behind it: over the seconds of a burst the speed of a shared machine is not one number.
      let before = (alone: try Bare.argon2id(), together: try Bare.argon2id(atOnce: cores))
      let rush = await Rush.onNewConnections(city.clerks, byPassword: true, due: city.clerks.map { _ in 0 })
      let behind = (together: try Bare.argon2id(atOnce: cores), alone: try Bare.argon2id())
      let bare = (before.alone + behind.alone) / 2 * Double(city.clerks.count) / Double(cores)
      walls.append(rush.wall)
      slowdowns.append((before.together + behind.together) / (before.alone + behind.alone))
      ratios.append(rush.wall / bare)
      all.seconds += rush.seconds
      wrong += rush.wrong
      wrong += try await city.contradictions(rush.granted)
    }
    common.figures.show(
      Figure(
        "logon.password_burst_ratio", ratios,
        limit: (
          1,
          say(
            "\(city.clerks.count) × Argon2id（19 MiB, t=2, p=1）÷ 2 コア",
            "\(city.clerks.count) × bare Argon2id (19 MiB, t=2, p=1) ÷ 2 cores")
        ),
        note: "\(Figures.short(Distribution(walls).median)) s; \(all.latencies); "
          + say("\(cores) 件同時の計算 1 件は単独の", "one of \(cores) bare hashes at once takes")
          + " \(Figures.short(Distribution(slowdowns).median)) ×" + say("", " one alone")))
    return wrong
  }
}
