import AuthAPI
import DirectorySync
import Foundation
import LoadClient
import RealDirectory

extension DirectoryBench {
  /// A new server's first synchronisation: it connects, reads, judges and commits everybody. Beside it, on a connection of its
  /// own each time, the DirSync read alone.
  func full(_ domain: Domain) async throws -> [WrongAnswer] {
    var wrong: [WrongAnswer] = []
    var (ours, reading, theirs): ([Double], [Double], [Double]) = ([], [], [])
    _ = try domain.raw().dirSync(domain)
    for _ in 0..<common.runs {
      let directory = domain.followed()
      let city = try await city(directory)
      defer { city.end() }
      // Its own first look, without a password, is over.
      let end = ContinuousClock.now + .seconds(20)
      while try await city.desk.directory().faultEn == nil, ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(20))
      }
      try city.instance.giveDirectoryPassword(directory)
      let before = try timed { try domain.raw().dirSync(domain) }.seconds
      let (seconds, status) = try await timed { try await city.desk.look() }
      let after = try timed { try domain.raw().dirSync(domain) }.seconds
      reading.append(try await timed { try await DirSyncReader(domain.controller.connection()).everything() }.seconds)
      ours.append(seconds)
      theirs.append((before + after) / 2)
      let people = try await city.desk.status().people
      if status.faultEn != nil || people < 1200 || !status.summaryEn.hasPrefix("\(people) added, 0 changed") {
        wrong.append(WrongAnswer("a first synchronisation of \(people) people, fault \(status.faultEn ?? "none")"))
      }
    }
    common.figures.show(
      Figure(
        "directory.full_ratio", zip(ours, theirs).map { $0 / $1 },
        limit: (1, say("DirSync の読み取りだけ（接続とバインドは両方に含む）", "the DirSync read alone (connection and bind in both)")),
        note: "\(Self.milliseconds(ours)) / \(Self.milliseconds(theirs)) ms; "
          + say("うち読み取り", "of it reading") + " \(Self.milliseconds(reading)) ms"))
    return wrong
  }

  /// A look that finds nothing: what the operator's request for one takes longer than the same answer without a look.
  func tick(_ domain: Domain) async throws -> [WrongAnswer] {
    let city = try await followingCity(domain)
    defer { city.end() }
    let raw = try domain.raw()
    var (ours, theirs): ([Double], [Double]) = ([], [])
    let rows = try await city.desk.status().auditRows
    let looks = 50
    for run in 0...common.runs {
      var (look, answer, root) = (0.0, 0.0, 0.0)
      for _ in 0..<looks {
        answer += try await timed { try await city.desk.directory() }.seconds
        root += try timed { try raw.root(RootDSE.attributes) }.seconds
        look += try await timed { try await city.desk.look() }.seconds
      }
      guard run > 0 else { continue }
      ours.append((look - answer) / Double(looks))
      theirs.append(root / Double(looks))
    }
    common.figures.show(
      Figure(
        "directory.tick_ratio", zip(ours, theirs).map { $0 / $1 },
        limit: (1, say("rootDSE の同じ 4 属性の読み取りだけ", "the same four attributes of the rootDSE alone")),
        note: "\(Self.milliseconds(ours)) / \(Self.milliseconds(theirs)) ms"))
    // Requests are told apart from looks that found something by the log.
    let isQuiet = try await city.desk.status().auditRows - rows < 3
    return isQuiet ? [] : [WrongAnswer("a look at an unchanged directory wrote rows")]
  }

  /// 1 April: 40 of a hundred are moved, 3 leave, 3 join. Held, as it should be, and approved by two administrators: both looks
  /// count, on a kept connection as the DirSync delta alone.
  func april(_ domain: Domain) async throws -> [WrongAnswer] {
    let city = try await followingCity(domain)
    defer { city.end() }
    let colleague = Colleague()
    try await city.desk.register(colleague)
    let raw = try domain.raw()
    var cookie = try raw.dirSync(domain).cookie
    var wrong: [WrongAnswer] = []
    var (looks, approvals, theirs, entries): ([Double], [Double], [Double], Int) = ([], [], [], 0)
    for run in 0..<min(common.runs, 5) {
      let (replica, _) = try await DirSyncReader(domain.controller.connection()).everything()
      let transfers = Transfers(replica, year: run)
      try domain.controller.change(transfers.ldif)
      let before = try timed { try raw.dirSync(domain, from: cookie) }
      let (reading, held) = try await timed { try await city.desk.look() }
      guard let plan = held.plan else {
        throw RunFault("異動が保留されません: \(held.summaryJa)", "the transfers were not held: \(held.summaryEn)")
      }
      let act = try city.desk.approval(of: plan, with: colleague)
      let (putting, status) = try await timed { try await city.desk.approve(act) }
      let after = try timed { try raw.dirSync(domain, from: cookie) }
      looks.append(reading)
      approvals.append(putting)
      theirs.append((before.seconds + after.seconds) / 2)
      (entries, cookie) = (before.1.entries, after.1.cookie)
      let expected = "\(transfers.joined) added, \(transfers.moved + transfers.disabled) changed, \(transfers.deleted) disabled"
      if status.plan != nil || !held.summaryEn.hasPrefix(expected) {
        wrong.append(WrongAnswer("transfers: \(held.summaryEn) instead of \(expected)"))
      }
      if try await city.desk.person(transfers.example.person).departments != [transfers.example.department] {
        wrong.append(WrongAnswer("somebody is not where the directory has him"))
      }
      // What the server wrote of it concerns nobody: the next round begins where this one ended.
      _ = try await city.desk.look()
    }
    common.figures.show(
      Figure(
        "directory.april_ratio", zip(zip(looks, approvals).map { $0 + $1 }, theirs).map { $0 / $1 },
        limit: (
          1,
          say(
            "DirSync の差分の読み取りだけ（接続済み、\(entries) 件）", "the DirSync delta alone (connected before, \(entries) objects)")
        ),
        note: say("保留の判定と 2 人の承認後の反映を含む", "held and judged, approved by two, judged and put in force")
          + ": (\(Self.milliseconds(looks)) + \(Self.milliseconds(approvals))) / \(Self.milliseconds(theirs)) ms"))
    return wrong
  }
}
