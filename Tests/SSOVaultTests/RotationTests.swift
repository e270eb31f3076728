import AuthAPI
import AuthTerms
import DirectorySync
import Foundation
import Rotator
import SSOVault
import Testing
import VaultLink

@Suite("one round after the other")
struct RotationTests {
  let rotator: RotatorOffice
  let directory = SmallDirectory()
  var city: SSOCity { rotator.city }
  var office: Office { rotator.office }

  init() throws { rotator = try RotatorOffice() }

  private func settings(failures: Int? = nil, days: Int = 30) throws -> RotatorSettings {
    var settings = try RotatorSettings(parsing: RotatorSettingsTests.text)
    settings.failures = failures
    settings.rotationDays = days
    return settings
  }

  private func rotation(
    failures: Int? = nil, vault: OfficeVault? = nil, stopAfter step: Rotation.Step? = nil
  ) throws -> Rotation {
    struct Killed: Error {}
    var rotation = Rotation(
      try settings(failures: failures), key: rotator.key, vault: vault ?? OfficeVault(office: office), directory: directory,
      now: { [office] in office.clock.now }, random: Office.random)
    rotation.reached = { if $0 == step { throw Killed() } }
    return rotation
  }

  private func session(_ person: String) throws -> TestSession {
    try city.session(city.card(person), at: city.workstation("PC-\(person)"))
  }

  private func round(_ rotation: Rotation) async -> Result<RotationReport, RotatorFault> {
    do throws(RotatorFault) { return .success(try await rotation.round()) } catch { return .failure(error) }
  }

  @Test("whoever has none, or one that is old, typed or waits, gets a new one; whoever has a young one keeps it")
  func due() async throws {
    let sessions = try ["ito", "kato"].map(session)
    try directory.add(1, "ito")
    try directory.add(2, "kato")
    try city.set("typed", for: "kato", "windows")
    #expect(try await rotation().look().due.map(\.text) == ["ito", "kato"] && directory.resets == 0)
    let first = try await rotation().round()
    #expect(first.rotated.map(\.text) == ["ito", "kato"] && first.isWell && first.due.isEmpty && directory.resets == 2)
    let passwords = try sessions.map { try city.password($0, "windows") }
    #expect(
      try directory.opens(1, passwords[0]) && directory.opens(2, passwords[1]) && passwords.allSatisfy { $0.count == 120 })
    let second = try await rotation().round()
    #expect(second.rotated.isEmpty && second.fresh == 2 && directory.resets == 2)
    office.clock.advance(seconds: 30 * 86_400)
    #expect(try await rotation().round().rotated.count == 2)
  }

  @Test("the name that Windows is told is the account's own")
  func user() async throws {
    let session = try session("ito")
    try directory.add(7, "ito")
    _ = try await rotation().round()
    guard case .released(let release) = office.ask(try city.release(session, "windows")) else { throw Office.Unexpected() }
    #expect(try city.open(release, session).1.user == "u7@ad.example")
  }

  @Test(
    "killed after each step, one of those that are handed out opens; after the next round the first one does",
    arguments: Rotation.Step.allCases, [false, true])
  func killed(step: Rotation.Step, hasFormer: Bool) async throws {
    let card = try city.card("ito")
    try directory.add(1, "ito", password: "former")
    if hasFormer {
      _ = try await rotation().round()
      office.clock.advance(seconds: 31 * 86_400)
    }
    let fresh = try city.session(card, at: city.workstation())
    for _ in 0..<3 {
      let outcome = await round(try rotation(stopAfter: step))
      guard case .failure(.vault(.unreachable)) = outcome else { return #expect(Bool(false), "\(outcome)") }
      if step == .confirmed { break }
    }
    // Before the first round nothing is kept that opens: whoever knows the former one still types it.
    if step == .kept && !hasFormer {
      #expect(try directory.opens(1, "former"))
    } else {
      #expect(try firstThatOpens(fresh))
    }
    _ = try await rotation().round()
    #expect(try directory.opens(1, city.password(fresh, "windows")))
    #expect(try rotator.states().components(separatedBy: ",").count == 1)
  }

  /// As Windows tries them, each refused one reported.
  private func firstThatOpens(_ session: TestSession) throws -> Bool {
    for _ in 0..<9 {
      let password = try city.password(session, "windows")
      if password == "V161" { return false }
      if try directory.opens(1, password) { return true }
      guard case .noted = office.ask(try city.report(.refused, session, "windows")) else { return false }
    }
    return false
  }

  @Test("what the directory refuses is taken back, what it does not answer stays; both are told")
  func failures() async throws {
    for (number, person) in ["a", "b", "c", "d", "e", "f"].enumerated() {
      _ = try city.card(person)
      try directory.add(number, person)
    }
    let moods: [SmallDirectory.Mood] = [.refuses, .isSilentBefore, .isSilentAfter, .unacceptable, .doesNotOpen, .outsideHours]
    for (number, mood) in moods.enumerated() { try directory.become(mood, for: number) }
    let report = try await rotation(failures: 10).round()
    let failures = Dictionary(uniqueKeysWithValues: report.failures.map { ($0.key.text, $0.value) })
    #expect(
      failures == [
        "a": .directoryRefused, "b": .directorySilent, "c": .directorySilent, "d": .directoryRefused, "e": .doesNotOpen,
      ])
    #expect(report.rotated.map(\.text) == ["f"], "hours are looked at when the password is right")
    #expect(!report.isWell && report.ja.contains("ディレクトリが拒否") && report.en.contains("directorySilent: 2 (b c)"))
    let states = Dictionary(
      uniqueKeysWithValues: try city.entries().filter { $0.application.text == "windows" }.map { ($0.person.text, $0.state) })
    #expect(
      states == ["a": .refused, "b": .pending, "c": .pending, "d": .refused, "e": .pending, "f": .current])
    for number in moods.indices { try directory.become(.well, for: number) }
    let next = try await rotation().round()
    #expect(next.rotated.map(\.text) == ["a", "b", "c", "d", "e"] && next.isWell)
  }

  @Test("so many in a row and not one more; one that succeeds between begins the count anew")
  func inARow() async throws {
    for number in 0..<12 {
      _ = try city.card("p\(100 + number)")
      try directory.add(number, "p\(100 + number)")
      if number != 2 { try directory.become(.refuses, for: number) }
    }
    guard case .failure(.tooManyFailures(let report)) = await round(try rotation()) else { return #expect(Bool(false)) }
    #expect(report.failures.count == 5 && report.rotated.map(\.text) == ["p102"] && directory.resets == 6, "two, one, three")
    guard case .failure(.tooManyFailures(let one)) = await round(try rotation(failures: 1)) else { return #expect(Bool(false)) }
    #expect(one.failures.count == 1)
    #expect(try await rotation(failures: 20).round().failures.count == 11)
  }

  @Test("obstacles and people without a card are left alone, whatever the directory would do")
  func leftAlone() async throws {
    for (number, obstacle) in ManagedAccount.Obstacle.allCases.enumerated() {
      _ = try city.card("q\(number)")
      try directory.add(number, "q\(number)", obstacle)
    }
    try directory.add(50, "nobody")
    try directory.add(51, nil)
    let report = try await rotation().round()
    #expect(directory.resets == 0 && report.rotated.isEmpty && report.withoutCard.map(\.text) == ["nobody"] && !report.isWell)
    #expect(report.obstacles.values.reduce(0, +) == ManagedAccount.Obstacle.allCases.count + 1)
    #expect(report.obstacles[.numberUnusable] == 2 && report.accounts == 8)
  }

  @Test("a vault that is away, says no, or has another application ends the round before anything is changed")
  func vault() async throws {
    _ = try city.card("ito")
    try directory.add(1, "ito")
    try city.publish("windows")
    #expect(await round(try rotation()) == .failure(.application))
    try city.expectNoted(rotator.publication())
    for kind in [VaultRequest.Kind.listApplications, .publicKeys, .listCredentials] {
      let away = await round(try rotation(vault: OfficeVault(office: office, isDeaf: { $0 == kind })))
      #expect(away == .failure(.vault(.unreachable("no answer"))))
    }
    #expect(directory.resets == 0)
    // Kept, and nobody heard it: the directory is not asked, and nothing is lost.
    let deaf = await round(try rotation(vault: OfficeVault(office: office, isDeaf: { $0 == .keepPending })))
    #expect(deaf == .failure(.vault(.unreachable("no answer"))) && directory.resets == 0)
    #expect(try directory.opens(1, "former"))
    guard case .revoked = office.ask(.revoke(try city.act(Act.Kind.revokeOperator, ["operator": "rotator"]))) else {
      return #expect(Bool(false))
    }
    guard case .failure(.vault(.refused(let refusal))) = await round(try rotation()) else { return #expect(Bool(false)) }
    #expect(refusal.code == .actNotAllowed && directory.resets == 0)
  }
}

@Suite("the rotator's settings")
struct RotatorSettingsTests {
  static let text = """
    # trusted
    instance: lgwan-1
    vault: /run/sanmon-vault/lgwan-1/vault.sock
    operator: rotator
    key-file: /etc/sanmon/lgwan-1/rotator.key
    server: dc1.ad.example
    authorities: /etc/sanmon/lgwan-1/ad-ca.pem
    account: svc-rotator@ad.example
    password-file: /etc/sanmon/lgwan-1/rotator.password
    group: sanmon-managed

    """

  @Test("what is there, and what is meant where nothing is said")
  func right() throws {
    let settings = try RotatorSettings(parsing: Self.text)
    #expect(settings.application.text == "windows" && settings.port == 636 && settings.numberAttribute == "employeenumber")
    #expect(settings.rotationDays == 30 && settings.failures == nil && settings.everyMinutes == 60)
    #expect(settings.operatorID.text == "rotator" && settings.group == "sanmon-managed")
    let more = Self.text + "  rotation-days:  365 \nfailures: 5\nevery-minutes: 1\nport: 65535\nnumber-attribute: employeeID\n"
    let other = try RotatorSettings(parsing: more + "application: windows-lgwan\n")
    #expect(other.rotationDays == 365 && other.failures == 5 && other.everyMinutes == 1 && other.port == 65_535)
    #expect(other.numberAttribute == "employeeid" && other.application.text == "windows-lgwan")
  }

  @Test(
    "each key that is missing is named",
    arguments: [
      "instance", "vault", "operator", "key-file", "server", "authorities", "account", "password-file", "group",
    ])
  func missing(key: String) {
    let text = Self.text.components(separatedBy: "\n").filter { !$0.hasPrefix(key + ":") }.joined(separator: "\n")
    do throws(RotatorSettings.Fault) {
      _ = try RotatorSettings(parsing: text)
      Issue.record("taken")
    } catch { #expect(error.line == 0 && error.ja == "「\(key)」がありません。" && error.en == "'\(key)' is missing.") }
  }

  @Test(
    "what is wrong, and in which line",
    arguments: [
      ("instance: lgwan-1", "instance: a b", 2), ("vault: /run", "vault: run", 3), ("operator: rotator", "operator: *", 4),
      ("account: svc-rotator@ad.example", "account: svc-rotator", 8), ("account: svc-rotator@ad.example", "account: a@b@c", 8),
      ("group: sanmon-managed", "group: Sanmon", 10), ("group: sanmon-managed", "group: a)(b", 10),
      ("group: sanmon-managed", "group:", 10), ("group: sanmon-managed", "group", 10), ("group: ", "grup: ", 10),
      ("# trusted", "group: a", 10), ("# trusted", "port: 0", 1), ("# trusted", "port: 65536", 1),
      ("# trusted", "port: 0636", 1),
      ("# trusted", "rotation-days: 0", 1), ("# trusted", "rotation-days: 366", 1), ("# trusted", "every-minutes: 1441", 1),
      ("# trusted", "failures: 0", 1), ("# trusted", "failures: 1001", 1), ("# trusted", "number-attribute: title", 1),
      ("# trusted", "application: a b", 1), ("# trusted", "server: \u{202E}x", 1), ("# trusted", "\tport: 636", 1),
    ])
  func wrong(old: String, new: String, line: Int) {
    let text = Self.text.replacingOccurrences(of: old, with: new)
    #expect(text != Self.text)
    do throws(RotatorSettings.Fault) {
      _ = try RotatorSettings(parsing: text)
      Issue.record("taken")
    } catch { #expect(error.line == line && !error.ja.isEmpty && !error.en.isEmpty, "\(error)") }
  }

  @Test("16 KiB and not one more")
  func size() throws {
    let room = RotatorSettings.largestFile - Self.text.utf8.count
    let full = Self.text + "#" + String(repeating: "x", count: room - 1)
    #expect(try RotatorSettings(parsing: full).group == "sanmon-managed")
    #expect(throws: RotatorSettings.Fault.self) { try RotatorSettings(parsing: full + "x") }
  }
}
