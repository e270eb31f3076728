import ArgumentParser
import AuthTerms
import Foundation
import LoadClient

/// After the logon: what it costs that an application opens by itself.
struct Releases: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stored credentials: CPU, latency, the minute after the logon, a restart of the vault. / 自動サインインの負荷。")

  enum Part: String, CaseIterable, ExpressibleByArgument { case seal, cpu, logon, latency, steady, unseal, minute, rotation }

  @OptionGroup var common: CommonOptions
  @Option(help: "Only this part; repeat for several: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
  var part: [Part] = []
  @Option(help: "Releases in flight during 'cpu': commits that meet share one fsync.") var inFlight = 16
  @Option(help: "Releases of 'minute'; of 'steady' a third.") var releases = 3100
  @Option(help: "Seconds over which they are spread.") var seconds = 60.0

  /// The city has 1,200 who may enter LGWAN: 1,550 at two applications take a second copy of it.
  private var clerks: Int { common.people == 1200 ? releases / 2 : common.people }

  func run() async throws {
    try await common.measuring {
      let parts = part.isEmpty ? Part.allCases : Part.allCases.filter(part.contains)
      if parts.contains(.seal) {
        common.figures.show(
          Figure(
            "vault.seal_open_ms", try (0..<common.runs).map { _ in try Bare.ourSealAndOpen() },
            limit: (try Bare.sealAndOpen(), say("X-Wing と AES-256-GCM だけ", "X-Wing and AES-256-GCM alone"))))
      }
      guard parts != [.seal] else { return [] }
      let city = try await common.city(copies: max(1, (clerks + 1199) / 1200), clerks: clerks)
      defer { city.end() }
      common.figures.note(
        say("準備: パスワード \(2 * city.clerks.count) 件（計測しない）", "preparing \(2 * city.clerks.count) credentials (not measured)"))
      var work = try await ReleaseWork(city)
      var wrong = await Rush.onKeptConnections(city.clerks).wrong
      wrong += await work.first()
      for part in parts {
        switch part {
        case .seal: break
        case .cpu: wrong += try await cpu(city, &work)
        case .logon: wrong += try await logon(city, &work)
        case .latency: wrong += await latency(city, &work)
        case .steady: wrong += await spread(city, &work, "vault.release_p99_50s_ms", count: releases / 3, over: seconds / 3)
        case .unseal: wrong += try await unseal(city, &work)
        case .minute: wrong += await spread(city, &work, "vault.release_minute_p99_ms", count: releases, over: seconds)
        case .rotation: wrong += try await rotation(city, &work)
        }
      }
      common.figures.show(Figure("vault.wrong_refusals", [Double(wrong.count)]))
      return wrong
    }
  }

  private func cpu(_ city: LoadCity, _ work: inout ReleaseWork) async throws -> [WrongAnswer] {
    let bare = try Bare.release(in: city.instance.folder)
    var (costs, rates, wrong): ([Double], [Double], [WrongAnswer]) = ([], [], [])
    for _ in 0..<common.runs {
      await work.rest(before: city.clerks.count)
      let before = city.instance.cpuSeconds
      let rush = await work.onKeptConnections(atOnce: inFlight)
      costs.append((city.instance.cpuSeconds - before) / Double(city.clerks.count) * 1000)
      rates.append(Double(city.clerks.count) / rush.wall)
      wrong += rush.wrong
    }
    common.figures.show(
      Figure(
        "vault.release_cpu_ms", costs,
        limit: (
          bare,
          say(
            "Ed25519 検証 2・署名 1、X-Wing 封印 1、書込・fdatasync 2",
            "two Ed25519 verifications, one signature, one X-Wing seal, two writes + fdatasync")
        ), note: say("同時 \(inFlight) 件", "\(inFlight) in flight")))
    common.figures.show(Figure("vault.release_per_s", rates, note: say("クライアントの計算も同じ 2 コアで", "the client on the same cores")))
    return wrong
  }

  /// A logon by card and, right behind it, the one password it hands over: with what the card signed, sealed to the new session.
  private func logon(_ city: LoadCity, _ work: inout ReleaseWork) async throws -> [WrongAnswer] {
    let (logon, release) = (try Bare.verifyAndCommit(in: city.instance.folder), try Bare.release(in: city.instance.folder))
    var wrong: [WrongAnswer] = []
    for (suite, name) in [(SealingSuite.x25519, "logon.card_sealed_cpu_ms"), (.xwing, "logon.card_sealed_xwing_cpu_ms")] {
      var costs: [Double] = []
      var last = Rush()
      for _ in 0..<common.runs {
        await work.rest(before: city.clerks.count)
        let before = city.instance.cpuSeconds
        last = await work.logOnAndRelease(suite, atOnce: inFlight)
        costs.append((city.instance.cpuSeconds - before) / Double(city.clerks.count) * 1000)
        wrong += last.wrong
      }
      guard !last.seconds.isEmpty else { continue }
      common.figures.show(
        Figure(
          name, costs, unit: "ms CPU",
          limit: (
            logon.cpu + release, say("ログオンと払い出し（X-Wing）に必要な計算の合計", "the bare parts of a logon and of a release with X-Wing")
          ), note: say("同時 \(inFlight) 件", "\(inFlight) in flight") + ", \(suite.rawValue), \(last.latencies)"))
    }
    return wrong
  }

  private func latency(_ city: LoadCity, _ work: inout ReleaseWork) async -> [WrongAnswer] {
    await work.rest(before: city.clerks.count)
    let rush = await work.onKeptConnections(atOnce: 1)
    guard !rush.seconds.isEmpty else { return rush.wrong }
    common.figures.show(
      Figure(
        "vault.release_p50_ms", [Distribution(rush.seconds).median * 1000],
        note: say("1 件ずつ", "one after the other") + ": \(rush.latencies)"))
    return rush.wrong
  }

  private func spread(
    _ city: LoadCity, _ work: inout ReleaseWork, _ name: String, count: Int, over seconds: Double
  ) async -> [WrongAnswer] {
    await work.rest(before: count)
    let rush = await work.spread(count, over: seconds)
    guard !rush.seconds.isEmpty else { return rush.wrong }
    common.figures.show(
      Figure(
        name, [Distribution(rush.seconds).quantile(0.99) * 1000],
        note: say("\(count) 件を \(Figures.short(seconds)) 秒で", "\(count) in \(Figures.short(seconds)) s") + ": \(rush.latencies)"
      ))
    return rush.wrong
  }

  /// Every record and every row's code under new keys, while 50 releases a second go on until it has ended.
  private func rotation(_ city: LoadCity, _ work: inout ReleaseWork) async throws -> [WrongAnswer] {
    // No more than a minute allows; half a minute of it in the whole city.
    let count = min(1500, 4 * city.clerks.count)
    await work.rest(before: count)
    let (steady, city) = (work, city)
    let releasing = Task { await steady.spread(count, over: Double(count) / 50) }
    try await Task.sleep(for: .milliseconds(500))
    let start = ContinuousClock.now
    try await city.desk.rotateKeys(["credentials", "registers"])
    var left = try await city.desk.keysUnderWay()
    while left > 0 {
      guard start.duration(to: .now) < .seconds(120) else { throw RunFault("鍵の更新が終わりません。", "the renewal does not end") }
      try await Task.sleep(for: .milliseconds(20))
      left = try await city.desk.keysUnderWay()
    }
    let took = start.duration(to: .now).inSeconds
    let rush = await releasing.value
    let records = city.clerks.count * work.applicationCount
    common.figures.show(
      Figure(
        "vault.rotation_s", [took],
        note: say("\(records) 件、毎秒 50 件の払い出し中", "\(records) records, at 50 releases a second") + ": \(rush.latencies)"))
    common.figures.show(Figure("vault.rotation_failures", [Double(rush.wrong.count)]))
    return rush.wrong
  }

  private func unseal(_ city: LoadCity, _ work: inout ReleaseWork) async throws -> [WrongAnswer] {
    var times: [Double] = []
    for _ in 0..<common.runs {
      await work.rest(before: 1)
      city.instance.stopVault()
      let start = ContinuousClock.now
      try await city.instance.startVault()
      // The server hears of it at its next request.
      while await !work.isOneRight(city.clerks[0]) {
        guard start.duration(to: .now) < .seconds(30) else { throw RunFault("再起動後に払い出せません。", "no release after the restart") }
        try await Task.sleep(for: .milliseconds(2))
      }
      times.append(start.duration(to: .now).inSeconds)
    }
    common.figures.show(Figure("vault.unseal_s", times, note: say("起動から最初の正しい払い出しまで", "exec to the first right release")))
    return []
  }
}

/// Clerks who ask for their passwords, and how often they did in the last minute: beyond that the vault stops for all.
struct ReleaseWork {
  private let clerks: [LoadCity.Clerk]
  private let applications: [LoadApplication]
  private let key: LoadVaultKey
  /// When so many were asked for.
  private var asked: [(ContinuousClock.Instant, Int)] = []

  init(_ city: LoadCity) async throws {
    clerks = city.clerks
    try await city.desk.signCards()
    applications = try await city.desk.publishApplications()
    key = try await city.desk.setCredentials(city.clerks.map(\.card.person), at: applications)
    guard !applications.isEmpty else { throw RunFault("公開できる業務システムがありません。", "there is no application to publish") }
  }

  /// Waits until the vault may be asked for `count` more: four a minute for each person, or 300.
  mutating func rest(before count: Int) async {
    let most = max(300, 4 * clerks.count)
    while true {
      asked.removeAll { $0.0 + .seconds(61) < .now }
      guard asked.reduce(count, { $0 + $1.1 }) > most, let oldest = asked.first else { break }
      try? await Task.sleep(until: oldest.0 + .seconds(61), clock: .continuous)
    }
    asked.append((.now, count))
  }

  /// Everybody's first, with what the card signed.
  mutating func first() async -> [WrongAnswer] {
    await rest(before: clerks.count)
    return await onKeptConnections(atOnce: 8, isFirst: true).wrong
  }

  func onKeptConnections(atOnce: Int, isFirst: Bool = false) async -> Rush {
    await each(atOnce: atOnce) { clerk in await release(clerk, applications[0], isFirst: isFirst) }
  }

  /// - Returns: seconds from the first request of the logon to the opened password.
  func logOnAndRelease(_ suite: SealingSuite, atOnce: Int) async -> Rush {
    await each(atOnce: atOnce) { clerk in
      await checked {
        let start = ContinuousClock.now
        _ = try await clerk.workstation.logOn(clerk.card, suite: suite)
        _ = try await clerk.workstation.release(applications[0], isFirst: true, vault: key)
        return start.duration(to: .now).inSeconds
      }
    }
  }

  private func each(
    atOnce: Int, _ work: @escaping @Sendable (LoadCity.Clerk) async -> Result<Double, WrongAnswer>
  ) async -> Rush {
    let start = ContinuousClock.now
    return await withTaskGroup(of: Result<Double, WrongAnswer>.self) { group in
      var rush = Rush()
      var rest = clerks[...]
      func add() {
        guard let clerk = rest.popFirst() else { return }
        group.addTask { await work(clerk) }
      }
      for _ in 0..<atOnce { add() }
      for await result in group {
        rush.take(result)
        add()
      }
      rush.wall = start.duration(to: .now).inSeconds
      return rush
    }
  }

  /// Each clerk opens one application after the other, at moments spread evenly.
  func spread(_ count: Int, over seconds: Double) async -> Rush {
    let start = ContinuousClock.now
    return await withTaskGroup(of: Result<Double, WrongAnswer>.self) { group in
      for number in 0..<count {
        let clerk = clerks[number % clerks.count]
        let application = applications[number / clerks.count % applications.count]
        group.addTask {
          try? await Task.sleep(until: start + .seconds(seconds * Double(number) / Double(count)), clock: .continuous)
          return await release(clerk, application, isFirst: false)
        }
      }
      var rush = Rush()
      for await result in group { rush.take(result) }
      rush.wall = start.duration(to: .now).inSeconds
      return rush
    }
  }

  var applicationCount: Int { applications.count }

  func isOneRight(_ clerk: LoadCity.Clerk) async -> Bool {
    if case .success = await release(clerk, applications[0], isFirst: false) { true } else { false }
  }

  private func release(
    _ clerk: LoadCity.Clerk, _ application: LoadApplication, isFirst: Bool
  ) async -> Result<Double, WrongAnswer> {
    await checked { try await clerk.workstation.release(application, isFirst: isFirst, vault: key) }
  }

  private func checked(_ work: () async throws -> Double) async -> Result<Double, WrongAnswer> {
    do {
      return .success(try await work())
    } catch let wrong as WrongAnswer {
      return .failure(wrong)
    } catch { return .failure(WrongAnswer("the client itself failed")) }
  }
}
