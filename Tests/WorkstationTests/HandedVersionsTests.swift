import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Testing
import Workstation

@Suite("which version of a password a report or a change is about")
struct HandedVersionsTests {
  private let clock = TestClock()
  private let ledger: HandedVersions.Account
  private let second: HandedVersions.Account

  init() throws {
    ledger = HandedVersions.Account(try ApplicationID(parsing: "ledger"), "")
    second = HandedVersions.Account(try ApplicationID(parsing: "ledger"), "kanri")
  }

  private func signedIn() -> HandedVersions {
    var versions = HandedVersions()
    versions.enter(session: "s-1")
    versions.handed(3, of: ledger)
    versions.reported(true, of: ledger)
    return versions
  }

  @Test("a report counts for the version that was handed over last, and for no other")
  func current() {
    var versions = HandedVersions()
    #expect(!versions.isCurrent(1, of: ledger))
    versions.handed(1, of: ledger)
    versions.handed(2, of: ledger)
    #expect(!versions.isCurrent(1, of: ledger) && versions.isCurrent(2, of: ledger) && !versions.isCurrent(2, of: second))
    // What was kept since has a number that the vault alone knows.
    versions.captured(ledger)
    #expect(!versions.isCurrent(2, of: ledger))
  }

  @Test("a change begins from the version of an accepted sign-in, once in a session, for its own account")
  func begin() {
    var versions = HandedVersions()
    versions.enter(session: "s-1")
    versions.handed(3, of: ledger)
    #expect(versions.beginChange(of: ledger, at: clock.now) == nil, "nothing was accepted")
    versions.reported(false, of: ledger)
    #expect(versions.beginChange(of: ledger, at: clock.now) == nil, "refused")
    versions.reported(true, of: ledger)
    versions.handed(3, of: ledger)
    #expect(versions.beginChange(of: ledger, at: clock.now) == nil, "handed over again: nobody knows yet")
    versions.reported(true, of: ledger)
    #expect(versions.beginChange(of: second, at: clock.now) == nil)
    #expect(versions.beginChange(of: ledger, at: clock.now) == 3)
    versions.endChange(of: ledger)
    #expect(versions.beginChange(of: ledger, at: clock.now) == nil, "once")
    versions.enter(session: "s-1")
    #expect(versions.isCurrent(3, of: ledger))
    versions.enter(session: "s-2")
    #expect(!versions.isCurrent(3, of: ledger))
    versions.handed(3, of: ledger)
    versions.reported(true, of: ledger)
    #expect(versions.beginChange(of: ledger, at: clock.now) == 3)
  }

  @Test(
    "while a password is being changed it is handed to nobody else, for 60 seconds at most",
    arguments: [(0, true), (59_999, true), (60_000, false)])
  func waiting(milliseconds: Int64, isChanging: Bool) {
    var versions = signedIn()
    _ = versions.beginChange(of: ledger, at: clock.now)
    clock.advance(milliseconds: milliseconds)
    #expect(versions.isChanging(ledger, at: clock.now) == isChanging)
    #expect(!versions.isChanging(second, at: clock.now))
    versions.endChange(of: ledger)
    #expect(!versions.isChanging(ledger, at: clock.now))
  }

  @Test("what came of a change can be said until something else was handed over")
  func open() {
    var versions = signedIn()
    #expect(!versions.isChangeOpen(of: ledger))
    _ = versions.beginChange(of: ledger, at: clock.now)
    versions.captured(ledger)
    #expect(!versions.isChangeOpen(of: ledger), "the new one was not asked back yet")
    versions.kept(4, of: ledger)
    #expect(versions.isChangeOpen(of: ledger))
    versions.handed(4, of: ledger)
    #expect(versions.isChangeOpen(of: ledger), "the very one")
    versions.handed(3, of: ledger)
    #expect(!versions.isChangeOpen(of: ledger))
  }

  private func statement(account: String = "", version: UInt64 = 1) throws -> ReleaseStatement {
    let hash = [UInt8](repeating: 1, count: 32)
    return ReleaseStatement(
      instance: try InstanceID(parsing: "i"), vaultKey: try KeyFingerprint(parsing: hash), suite: "s", ticket: hash,
      person: try PersonID(parsing: "p"), owner: try PersonID(parsing: "p"), keys: hash,
      workstationCertificate: try CertificateFingerprint(parsing: hash),
      application: try ApplicationID(parsing: "ledger"), account: account, version: version, definition: hash,
      authorised: hash, setAt: 1_000, expiresAt: 0)
  }

  @Test("a password is due after its days, and up to an eighth of them earlier, each at its own time")
  func due() throws {
    let day: Int64 = 86_400_000
    var first: Set<Int64> = []
    for version in 1...64 as ClosedRange<UInt64> {
      let statement = try statement(version: version)
      let isDue = { (age: Int64) in statement.isChangeDue(afterDays: 80, at: 1_000 + age) }
      #expect(!isDue(70 * day - 1) && isDue(80 * day) && !isDue(-1))
      let days = try #require((70...80).first { isDue($0 * day) })
      first.insert(days)
      // Once due, it stays so.
      #expect((days...90).allSatisfy { isDue($0 * day) })
    }
    #expect(first.count >= 8, "64 passwords of one day are spread over its days")
    let main = try statement()
    #expect(!main.isChangeDue(afterDays: 1, at: .min) && main.isChangeDue(afterDays: 365, at: .max))
  }
}
