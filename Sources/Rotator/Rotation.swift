import AuthAPI
public import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Sealing
import VaultLink

/// Makes the passwords of people whose Windows password nobody is to know: one after the other, and each in four steps.
///
/// The vault keeps the new one beside the former (pending) → the directory takes it → it is seen to open → the vault lets the former
/// go. Killed between any two, one of those the vault hands out opens, and the next round begins that person anew.
public struct Rotation: Sendable {
  /// What is behind us when a test stops here.
  package enum Step: String, Sendable, CaseIterable {
    case kept, reset, opened, confirmed
  }

  private let settings: RotatorSettings
  private let key: RotatorKey
  private let vault: any RotatorVault
  private let directory: any RotatorDirectory
  private let now: @Sendable () -> Moment
  private let random: @Sendable (Int) -> [UInt8]
  package var reached: @Sendable (Step) throws -> Void = { _ in }

  /// - Parameter random: that many bytes from the system's generator.
  public init(
    _ settings: RotatorSettings, key: RotatorKey, vault: any RotatorVault, directory: any RotatorDirectory,
    now: @escaping @Sendable () -> Moment, random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    self.settings = settings
    self.key = key
    self.vault = vault
    self.directory = directory
    self.now = now
    self.random = random
  }

  /// What a round would do; changes nothing.
  public func look() async throws(RotatorFault) -> RotationReport { try await plan().report }

  /// - Throws: `RotatorFault`; what was done until then stays done.
  public func round() async throws(RotatorFault) -> RotationReport {
    let plan = try await plan()
    var report = plan.report
    let most = settings.failures ?? min(50, max(3, report.accounts / 20))
    var row = 0
    report.due = []
    for (account, person) in plan.due {
      switch try await renew(account, of: person, plan.keys) {
      case .done:
        report.rotated.append(person)
        row = 0
      case .noCard: report.withoutCard.append(person)
      case .failed(let failure):
        report.failures[person] = failure
        row += 1
        guard row < most else { throw .tooManyFailures(report) }
      }
    }
    return report
  }

  // MARK: Whose

  private struct Plan {
    var report = RotationReport()
    var due: [(account: ManagedAccount, person: PersonID)] = []
    var keys: VaultPublicKeys
  }

  private func plan() async throws(RotatorFault) -> Plan {
    let isPublished: Bool
    let keys: VaultPublicKeys
    let entries: [PersonID: CredentialEntry]
    do throws(VaultFault) {
      isPublished = try await vault.listApplications().contains {
        $0.id == settings.application && $0.isWindows && !$0.segments.isEmpty
      }
      keys = try await vault.publicKeys()
      entries = try await self.entries()
    } catch { throw .vault(error) }
    guard isPublished else { throw .application }
    let accounts: [ManagedAccount]
    do throws(LDAPFault) { accounts = try await directory.accounts() } catch { throw .directory(error) }
    var plan = Plan(keys: keys)
    plan.report.accounts = accounts.count
    let oldest = now().wallMilliseconds - Int64(settings.rotationDays) * 86_400_000
    for account in accounts {
      guard account.obstacle == nil, let person = account.person else {
        plan.report.obstacles[account.obstacle ?? .numberUnusable, default: 0] += 1
        continue
      }
      // What waits for a word is a round that did not end; what is not confirmed somebody typed, and knows.
      if let entry = entries[person], entry.state == .current, entry.setAt > oldest {
        plan.report.fresh += 1
      } else {
        plan.due.append((account, person))
      }
    }
    plan.due.sort { $0.person < $1.person }
    plan.report.due = plan.due.map { $0.person }
    return plan
  }

  private func entries() async throws(VaultFault) -> [PersonID: CredentialEntry] {
    var found: [PersonID: CredentialEntry] = [:]
    var place = ""
    while true {
      let page = try await vault.listCredentials(after: place)
      for entry in page where entry.application == settings.application && entry.account.isEmpty { found[entry.person] = entry }
      guard page.count == CredentialEntry.mostAtOnce, let last = page.last else { return found }
      place = last.place
    }
  }

  // MARK: One of them

  private enum Outcome {
    case done, noCard
    case failed(RotationReport.Failure)
  }

  private func renew(
    _ account: ManagedAccount, of person: PersonID, _ keys: VaultPublicKeys
  ) async throws(RotatorFault) -> Outcome {
    let (sealed, password): ([UInt8], Secret<TypedPassword>)
    do { (sealed, password) = try make(account.logonName, for: person, keys) } catch { throw .vault(.malformed("its keys")) }
    let act: SignedAct
    do {
      act = try sign(
        Act.Kind.keepPending,
        [
          "person": person.text, "application": settings.application.text,
          "sealed": Hex.encode(Array(SHA256.hash(data: sealed))),
        ])
    } catch { throw .key(settings.keyFile) }
    let version: UInt64
    do throws(VaultFault) {
      version = try await vault.keepPending(act, sealed: sealed)
    } catch {
      switch error {
      case .refused(let refusal) where refusal.code == .cardMissing: return .noCard
      case .refused(let refusal) where refusal.code == .pendingTooMany: return .failed(.tooManyWaiting)
      default: throw .vault(error)
      }
    }
    try stop(.kept)
    switch await reset(account, to: password) {
    case .taken: break
    case .refused:
      try await tell(.refused, version, of: person)
      return .failed(.directoryRefused)
    // It may have either: both stay where they are.
    case .silent: return .failed(.directorySilent)
    }
    try stop(.reset)
    do throws(LDAPFault) {
      guard Self.isRight(try await directory.check(account.guid, password)) else { return .failed(.doesNotOpen) }
    } catch { return .failed(.directorySilent) }
    try stop(.opened)
    try await tell(.accepted, version, of: person)
    try stop(.confirmed)
    return .done
  }

  /// A directory looks at hours, workstations and the account's end only when the password is right (MS-ADTS 3.1.1.5).
  private static func isRight(_ answer: BindResult) -> Bool {
    [.right, .refused(.notAtThisTime), .refused(.notAtThisWorkstation), .refused(.accountExpired)].contains(answer)
  }

  private enum Reset { case taken, refused, silent }

  private func reset(_ account: ManagedAccount, to password: Secret<TypedPassword>) async -> Reset {
    do throws(LDAPFault) {
      return try await directory.reset(account.guid, to: password) == .done ? .taken : .refused
    } catch { return error.isRefusal ? .refused : .silent }
  }

  private func tell(_ outcome: SignInOutcome, _ version: UInt64, of person: PersonID) async throws(RotatorFault) {
    let act: SignedAct
    do {
      act = try sign(
        Act.Kind.confirmPending,
        [
          "person": person.text, "application": settings.application.text, "version": String(version),
          "outcome": outcome.rawValue,
        ])
    } catch { throw .key(settings.keyFile) }
    do throws(VaultFault) { try await vault.confirmPending(act) } catch { throw .vault(error) }
  }

  /// A new password, sealed to the vault for this person, and as the directory takes it.
  private func make(
    _ user: String, for person: PersonID, _ keys: VaultPublicKeys
  ) throws -> ([UInt8], Secret<TypedPassword>) {
    let password = try WindowsLogon.password.generate(random: random)
    guard let suite = SealingSuite(rawValue: keys.intakeSuite) else {
      throw MalformedInput("vault keys", expected: "a known suite")
    }
    let fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let sealed = try suite.seal(
      StoredCredential(user: user, password: password).plaintext, to: keys.intake,
      info: IntakeMessage.info(suite: suite.rawValue, key: fingerprint),
      associatedData: IntakeMessage.associatedData(
        instance: InstanceID(parsing: settings.instance), person: person, application: settings.application, account: ""))
    let message = IntakeMessage(key: fingerprint, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext)
    return (message.encoded, password.withBytes { Secret(copying: $0) })
  }

  private func sign(_ kind: String, _ parameters: [String: String]) throws -> SignedAct {
    try key.sign(
      Act(
        kind: kind, operatorID: settings.operatorID, instance: InstanceID(parsing: settings.instance), nonce: random(32),
        issuedAt: now().wallMilliseconds, parameters: parameters))
  }

  /// Where a test ends a process.
  private func stop(_ step: Step) throws(RotatorFault) {
    do { try reached(step) } catch { throw .vault(.unreachable("stopped after \(step.rawValue)")) }
  }
}
