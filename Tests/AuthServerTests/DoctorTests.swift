import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
import Foundation
import Testing

/// `sanmon doctor` over real files, a real server and a real vault: each check while all is well, and broken.
@Suite("doctor", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct DoctorTests {
  struct Report: Decodable {
    struct Line: Decodable {
      let check: String
      let state: String
      let ja: String
      let en: String
      let nextJa: String?
      let nextEn: String?
    }
    let checks: [Line]
    subscript(_ name: String) -> Line? { checks.first { $0.check == name } }
    /// What is not well, in order.
    var states: [String] { checks.filter { $0.state != "ok" }.map { "\($0.check) \($0.state)" } }
  }

  private static let isRoot = geteuid() == 0
  /// Users of every Debian; files can be given to them by root alone.
  private static let (serverUID, vaultUID): (UInt32, UInt32) = (1, 2)

  private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  /// A city whose files belong to two users, with a revocation list; its start-up file lies beside them.
  private func city() async throws -> City {
    let city = try await City(
      prepare: { _ in },
      lines: { folder in
        """
        metrics-listen: {address: 127.0.0.1, port: 0}
        """
      })
    try write(city.cards.revocationList(of: []), to: city.folder + "/cards.crl")
    if Self.isRoot {
      try give(city, to: Self.serverUID)
      #expect(chown(city.folder + "/vault.sock", Self.vaultUID, Self.vaultUID) == 0)
    }
    return city
  }

  private func give(_ city: City, to uid: UInt32) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: city.folder + "/state").map { "/" + $0 }
    for name in [""] + names { #expect(chown(city.folder + "/state" + name, uid, uid) == 0) }
  }

  /// - Parameter change: bends the start-up file.
  private func examine(_ city: City, uid: UInt32? = nil, _ change: (String) -> String = { $0 }) async throws -> (Report, Int32)
  {
    let lists = "card-crls: {lgwan: [\(city.folder)/cards.crl]}\nrevocation: {stale-grace-hours: 24}"
    let path = city.folder + "/instance.yaml"
    try write(change(City.instanceText(city.folder, .lgwan, false, lists)), to: path)
    chmod(path, 0o644)
    let ran = try await ToolProcess.started(["doctor", "--config", path, "--json"], uid: uid)
    return (try JSONDecoder().decode(Report.self, from: Data(ran.output.utf8)), ran.status)
  }

  private static let names = [
    "config", "rules", "waivers", "server", "vault", "listeners", "certificate", "cardRoots", "revocation", "clock", "log",
    "denials", "directory", "disk", "files", "users",
  ]

  @Test("all is well: every check is made and says so, on one screen, in both languages, with exit code 0")
  func healthy() async throws {
    let city = try await city()
    _ = try await city.importPeople()
    let (report, status) = try await examine(city)
    #expect(report.checks.map(\.check) == Self.names)
    #expect(report.states == (Self.isRoot ? [] : ["users fault"]), "\(report)")
    #expect(status == (Self.isRoot ? 0 : 2))
    for language in ["C.UTF-8", "ja_JP.UTF-8"] {
      let ran = try await ToolProcess.started(
        ["doctor", "--config", city.folder + "/instance.yaml"], environment: ["LC_ALL": language])
      let lines = ran.output.split(separator: "\n")
      #expect(lines.count <= 24, "one screen:\n\(ran.output)")
      #expect(ran.output.contains(language == "C.UTF-8" ? "All is well." : "異常はありません。"), "\(ran.output)")
    }
    await city.end()
  }

  @Test("broken one at a time: rules, waivers, documents, people, listeners, permissions, users; each says what to do")
  func broken() async throws {
    let city = try await city()
    let folder = city.folder
    #expect(try await examine(city).0["directory"]?.state == "warning", "nobody was imported")
    _ = try await city.importPeople()

    func expect(
      _ check: String, _ state: String, _ words: String = "", _ change: (String) -> String = { $0 },
      at line: SourceLocation = #_sourceLocation
    ) async throws {
      let (report, status) = try await examine(city, change)
      let found = report[check]
      #expect(found?.state == state && (words.isEmpty || found?.en.contains(words) == true), "\(report)", sourceLocation: line)
      #expect(found?.nextEn?.isEmpty == false && found?.nextJa?.isEmpty == false, sourceLocation: line)
      #expect(status >= (state == "fault" ? 2 : 1), sourceLocation: line)
    }
    func elsewhere(_ name: String, _ to: String) -> (String) -> String {
      { $0.replacingOccurrences(of: "\(folder)/\(name)", with: "\(folder)/\(to)") }
    }

    // Rules: another set than the one in force, a wrong one, none; a waiver near its end.
    let files = FileManager.default
    try files.copyItem(atPath: folder + "/policies", toPath: folder + "/other")
    let rules = try String(contentsOfFile: folder + "/other/lgwan.yaml", encoding: .utf8)
    try write(rules + "# another version\n", to: folder + "/other/lgwan.yaml")
    try await expect("rules", "warning", "not those in force", elsewhere("policies", "other"))
    func waiver(from: Int, until: Int) throws {
      func day(_ offset: Int) -> String {
        Date(timeIntervalSinceNow: 32_400 + Double(offset) * 86_400).formatted(
          .iso8601.year().month().day().dateSeparator(.dash))
      }
      try write(
        rules.replacingOccurrences(of: "\nlogon:\n", with: "\nlogon:\n  - card\n")
          + "waivers:\n  - {waiver: introduction-phase, from: \(day(from)), until: \(day(until)), approvers: [yamada], reason: r}\n",
        to: folder + "/other/lgwan.yaml")
    }
    try waiver(from: 0, until: 60)
    #expect(try await examine(city, elsewhere("policies", "other")).0["waivers"]?.state == "ok")
    try waiver(from: -20, until: 10)
    try await expect("waivers", "warning", "1 end within 14 days", elsewhere("policies", "other"))
    try waiver(from: -20, until: -1)
    try await expect("waivers", "warning", "1 ended", elsewhere("policies", "other"))
    try write("nonsense: true\n", to: folder + "/other/lgwan.yaml")
    try await expect("rules", "fault", "lgwan.yaml:", elsewhere("policies", "other"))
    #expect(try await examine(city, elsewhere("policies", "other")).0["waivers"]?.state == "unknown")
    try await expect("rules", "fault", "cannot be read", elsewhere("policies", "nowhere"))

    // Documents with an end.
    for (days, state, words) in [(20.0, "warning", "days left"), (3, "fault", "days left"), (-1, "fault", "has ended")] {
      let kept = try String(contentsOfFile: folder + "/state/tls.pem", encoding: .utf8)
      try write(
        PEMFile.encode(certificate: city.cards.issue(slot: "9a", validDays: days).certificate), to: folder + "/state/tls.pem")
      try await expect("certificate", state, words)
      try write(kept, to: folder + "/state/tls.pem")
    }
    for (days, state) in [(60.0, "warning"), (-1, "fault")] {
      try write(
        PEMFile.encode(certificate: city.cards.issue(slot: "9a", validDays: days).certificate), to: folder + "/root.pem")
      try await expect("cardRoots", state, "", elsewhere("cards.pem", "root.pem"))
    }
    try write("no certificate", to: folder + "/root.pem")
    try await expect("cardRoots", "fault", "cannot be read", elsewhere("cards.pem", "root.pem"))
    for (days, state, words) in [(0.5, "warning", "within 24 h"), (-0.5, "warning", "refused in"), (-2, "fault", "AP147")] {
      try write(city.cards.revocationList(of: [], due: days), to: folder + "/old.crl")
      try await expect("revocation", state, words, elsewhere("cards.crl", "old.crl"))
    }
    try await expect("revocation", "fault", "is not there", elsewhere("cards.crl", "none.crl"))

    // Services.
    let port = try ProcessCity.freePort()
    try await expect("listeners", "fault", ":\(port)") {
      $0.replacingOccurrences(
        of: "enrolment-listen: {address: 127.0.0.1, port: 0}", with: "enrolment-listen: {address: 127.0.0.1, port: \(port)}")
    }
    try await expect("server", "fault", "nobody answers", elsewhere("operator.sock", "none.sock"))
    try await expect("vault", "fault", "is not there", elsewhere("vault.sock", "none.sock"))
    try await expect("vault", "fault", "another instance") {
      $0.replacingOccurrences(of: "instance: lgwan-1", with: "instance: lgwan-2")
    }

    // Permissions, owners, users.
    chmod(folder + "/state/column.key", 0o640)
    try await expect("files", "fault", "column.key is open to other users (640)")
    chmod(folder + "/state/column.key", 0o600)
    chmod(folder + "/policies/lgwan.yaml", 0o666)
    try await expect("files", "fault", "can be written by other users")
    chmod(folder + "/policies/lgwan.yaml", 0o644)
    try await expect("users", "warning", "nobody-here") {
      $0.replacingOccurrences(of: "operator-users: [", with: "operator-users: [nobody-here, ")
    }
    if Self.isRoot {
      chown(folder + "/state/tls.key", 0, 0)
      try await expect("files", "fault", "another user than its folder")
      chown(folder + "/state/tls.key", Self.serverUID, Self.serverUID)
      chown(folder + "/vault.sock", Self.serverUID, Self.serverUID)
      try await expect("users", "fault", "one user")
      chown(folder + "/vault.sock", Self.vaultUID, Self.vaultUID)
    }
    #expect(try await examine(city).0.states == (Self.isRoot ? [] : ["users fault"]), "whole again")
    await city.end()
  }

  @Test(
    "the log: an older copy is shorter than what was signed; a clock before its newest row; a certificate from a wrong future")
  func logAndClock() async throws {
    let city = try await city()
    _ = try await city.importPeople()
    let _: CheckpointAnswer = try await city.link.fetch("/v1/admin/audit/checkpoint")
    let old = city.folder + "/old"
    try FileManager.default.createDirectory(
      atPath: old, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    for side in ["", "-wal"] {
      try FileManager.default.copyItem(
        atPath: city.folder + "/state/sanmon.sqlite" + side, toPath: old + "/sanmon.sqlite" + side)
    }
    _ = try await city.audit()
    let _: CheckpointAnswer = try await city.link.fetch("/v1/admin/audit/checkpoint")
    #expect(try await examine(city).0["log"]?.state == "ok")
    let (report, status) = try await examine(city) { $0.replacingOccurrences(of: "\(city.folder)/state", with: old) }
    #expect(
      report["log"]?.state == "fault" && report["log"]?.en.contains("an old copy, or cut") == true && status == 2, "\(report)")

    city.clock.setWall(bySeconds: 3 * 365 * 86_400)
    // Files of another user are refused at a start.
    try await city.restart { _ in try give(city, to: geteuid()) }
    let (future, _) = try await examine(city)
    #expect(future["clock"]?.state == "fault" && future["clock"]?.en.contains("before the newest rows") == true, "\(future)")
    #expect(future["certificate"]?.en.contains("begins in the future") == true, "\(future)")
    await city.end()
  }

  @Test("server and vault are down, or the caller may not read: what can be seen is said, and what cannot, and why")
  func downOrForbidden() async throws {
    let city = try await city()
    _ = try await city.importPeople()
    if Self.isRoot {
      chmod(city.folder, 0o755)
      let (report, status) = try await examine(city, uid: ProcessCity.uid)
      for check in ["certificate", "log", "directory", "files"] { #expect(report[check]?.state == "unknown", "\(check)") }
      #expect(report["certificate"]?.en.contains("root only") == true)
      #expect(report["server"]?.state == "ok" && report["denials"]?.state == "ok" && report["vault"]?.state == "ok")
      #expect(status == 1, "what was not looked at is not well")
    }
    let _: CheckpointAnswer = try await city.link.fetch("/v1/admin/audit/checkpoint")
    await city.end(keepingFolder: true)
    let (report, status) = try await examine(city)
    #expect(report["server"]?.state == "fault" && report["vault"]?.state == "fault" && status == 2)
    #expect(report["denials"]?.state == "unknown" && report["listeners"]?.state == "unknown")
    #expect(report["log"]?.state == "ok" && report["log"]?.en.contains("not compared with the vault") == true, "\(report)")
    #expect(report["directory"]?.state == "ok" && report["clock"]?.state == "ok")
    try write("instance: [", to: city.folder + "/broken.yaml")
    for path in [city.folder + "/broken.yaml", city.folder + "/missing.yaml"] {
      let ran = try await ToolProcess.started(["doctor", "--config", path, "--json"])
      let report = try JSONDecoder().decode(Report.self, from: Data(ran.output.utf8))
      #expect(
        ran.status == 2 && report["config"]?.state == "fault" && report.checks.dropFirst().allSatisfy { $0.state == "unknown" })
    }
    try? FileManager.default.removeItem(atPath: city.folder)
  }

  @Test(
    "a full disk: the disk, the database and the refusals without a row",
    .enabled(if: FullDiskTests.mayMount || ProcessInfo.processInfo.environment["CI"] != nil))
  func fullDisk() async throws {
    let city = try await City { folder in
      try FileManager.default.createDirectory(atPath: folder + "/state", withIntermediateDirectories: true)
      guard
        try FullDiskTests.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", folder + "/state"]) == 0
      else { throw CocoaError(.fileWriteNoPermission) }
    }
    defer { _ = try? FullDiskTests.run("/usr/bin/umount", ["-l", city.folder + "/state"]) }
    try write(city.cards.revocationList(of: []), to: city.folder + "/cards.crl")
    #expect(try await examine(city).0["disk"]?.state == "fault", "24 MB are too few")
    #expect(FileManager.default.createFile(atPath: city.folder + "/state/filler", contents: nil))
    let handle = try #require(FileHandle(forWritingAtPath: city.folder + "/state/filler"))
    while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
    try? handle.close()
    for _ in 0..<3 { _ = try? await city.audit() }
    let (report, status) = try await examine(city)
    #expect(
      report["denials"]?.state == "fault" && report["denials"]?.en.contains("no row could be written") == true, "\(report)")
    #expect(status == 2)
    try FileManager.default.removeItem(atPath: city.folder + "/state/filler")
    await city.end()
  }

  @Test("while numbers stand for cards, the people who are left and the days are counted")
  func numbers() async throws {
    let city = try await city()
    _ = try await city.importPeople()
    try await city.takeNumbers()
    _ = try await city.enrolNumber(.sato, for: "p-000042")
    let found = try await examine(city).0["waivers"]
    #expect(found?.state == "ok" && found?.en.contains("1 people on cards with a number alone, 31 days left") == true)
    await city.end()
  }

  @Test("that nobody answers for people from outside is said, whatever is said of the import of people")
  func outside() async throws {
    let city = try await city()
    let office = ExternalOffice(city: city)
    #expect(try await office.importPeople().applied)
    #expect(try await city.register(office.suzuki) == 201)
    #expect(try await office.bring("add", office.both("add", office.parameters())).code == nil)
    func found() async throws -> [Report.Line] { try await examine(city).0.checks.filter { $0.check == "directory" } }
    #expect(try await found().map(\.state) == ["ok"])
    #expect(try await office.importPeople(lastDays: [ExternalOffice.sato: -1]).applied)
    #expect(try await found().map(\.en).contains { $0.hasPrefix("1 people from outside") })
    city.clock.setWall(bySeconds: -41 * 86_400)
    #expect(try await office.importPeople(lastDays: [ExternalOffice.sato: -1]).applied)
    city.clock.setWall(bySeconds: 41 * 86_400)
    let both = try await found()
    #expect(both.map(\.state) == ["warning", "warning"], "\(both)")
    #expect(both.first?.en.contains("days ago") == true && both.last?.en.hasPrefix("1 people from outside") == true)
    await city.end()
  }

  @Test("wrong usage is 64: no start-up file is named and none is in its place")
  func usage() throws {
    guard !FileManager.default.fileExists(atPath: "/etc/sanmon") else { return }
    let ran = try ToolProcess.sanmon(["doctor"])
    #expect(ran.status == 64 && ran.errors.contains("--config"))
    #expect(try ToolProcess.sanmon(["doctor", "--nonsense"]).status == 64)
  }
}
