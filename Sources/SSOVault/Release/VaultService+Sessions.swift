import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import GRDB
import Sealing

// What a session's own key asks for. The server carries the acts; that it carries one says nothing about who is present.

extension VaultService {
  /// Milliseconds from the card's signature to the last act of its session, whatever the applications allow.
  static let longestSession: Int64 = 24 * 3_600_000
  /// Milliseconds that burned tickets are kept: beyond `SessionAct.freshness` on both sides of any clock's fault within it.
  static let ticketsKept: Int64 = 10 * 60_000
  /// Milliseconds that the agent may use what it was handed.
  static let releaseLives: Int64 = 60_000

  /// A transaction's end: what was asked for is written, or an alarm is.
  private enum Outcome {
    case noted
    case release(OpenedRelease)
    case stopped(VaultRefusal)
  }

  /// What is sealed when the transaction is on the disk, and not before.
  private struct OpenedRelease {
    let session: ProvenSession
    let plaintext: Secret<ApplicationPassword>
    let statement: ReleaseStatement
  }

  func sessionAct(_ request: SessionActRequest, _ keys: VaultKeys, _ now: Moment) throws -> VaultAnswer {
    // In a transaction of its own: a refusal would take it back, and refusals can be had for nothing.
    if isPruningDue(at: now) { try write { try ReleaseRegister($0, keys).prune(now: now.wallMilliseconds) } }
    let outcome: Outcome
    do {
      outcome = try write { try carryOut(request, keys, $0, now) }
    } catch let damaged as DamagedRow {
      if isDamageToldNow(at: now) { try write { try alarm("register.damaged", damaged.table, $0, now) } }
      throw VaultFailure.no(.storeUnavailable, "a row of the register is not what was written")
    }
    switch outcome {
    case .noted: return .noted
    case .stopped(let refusal): throw VaultFailure.refused(refusal)
    case .release(let opened):
      // The ticket is burned: whatever fails from here on, it stays so.
      return .released(try seal(opened, keys))
    }
  }

  private func carryOut(
    _ request: SessionActRequest, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> Outcome {
    let (act, wall) = (request.act, now.wallMilliseconds)
    var register = ReleaseRegister(database, keys)
    let session = try session(request, register, keys, wall)
    let message = act.canonicalBytes
    guard let signer = try? Curve25519.Signing.PublicKey(rawRepresentation: session.signing),
      signer.isValidSignature(request.signature, for: message), act.workstation == session.workstation
    else { throw VaultFailure.no(.sessionActWrong, "not signed by the session's key, or for another workstation") }
    guard (-SessionAct.freshness...SessionAct.freshness).contains(wall &- act.issuedAt) else {
      throw VaultFailure.no(.sessionActStale, "the act's date is more than 90 seconds from the vault's clock")
    }
    let ticket = Array(SHA256.hash(data: message))
    guard try register.burn(ticket, act, now: wall) else {
      throw VaultFailure.no(.ticketUsed, "this very act was carried out before")
    }
    guard let application = try register.application(act.application) else {
      throw VaultFailure.no(.applicationUnknown, "no such application is published")
    }
    guard application.segments.contains(session.segment) else {
      throw VaultFailure.no(.applicationElsewhere, "the application is not for the session's segment")
    }
    guard act.kind == .report || wall - session.logonAt <= Int64(application.freshnessSeconds) * 1000 else {
      throw VaultFailure.no(.proofTooOld, "the card's signature is older than this application allows")
    }
    guard rates.admits(act.kind, act.keys, at: now.monotonicMilliseconds) else {
      throw VaultFailure.no(.tooManyReleases, "more than \(ReleaseRates.perSession) a minute for one session")
    }
    let owner = try owner(of: act, session, register, wall)
    let outcome: Outcome
    switch act.kind {
    case .release: outcome = try release(request, ticket, session, owner, application, register, keys, now)
    case .capture: outcome = try capture(act, session, owner, &register, keys, now)
    case .report: outcome = try report(act, session, owner, &register, keys, now)
    }
    rates.note(act.kind, act.keys, at: now.monotonicMilliseconds)
    return outcome
  }

  /// The session as this register proves it, now: a card that was withdrawn and a workstation that was revoked since end it.
  private func session(
    _ request: SessionActRequest, _ register: ReleaseRegister, _ keys: VaultKeys, _ now: Int64
  ) throws -> ProvenSession {
    let known = try register.session(request.act.keys)
    if let evidence = request.evidence, known.map({ Self.isNewer(evidence, than: $0) }) ?? true {
      let proof = SessionProof(register: register, segments: keys.segments, now: now)
      let session = try proof.session(evidence, keys: request.act.keys, known: known)
      try register.put(session)
      return session
    }
    guard let known else { throw VaultFailure.no(.sessionNotProven, "the session's evidence is asked for") }
    guard now - known.logonAt <= Self.longestSession else {
      throw VaultFailure.no(.sessionTooOld, "the card's signature is older than 24 hours")
    }
    guard let card = try register.card(known.card), !card.isWithdrawn, card.person == known.person else {
      throw VaultFailure.no(.cardNotKnown, "the card's key is not in this register, or is withdrawn")
    }
    guard case .enrolled(known.segment) = try register.standing(of: known.workstation, certificate: known.certificate) else {
      throw VaultFailure.no(.workstationRevoked, "the workstation is revoked or was enrolled anew")
    }
    return known
  }

  /// Evidence of the logon that is written already is not verified again.
  private static func isNewer(_ evidence: SessionEvidence, than known: ProvenSession) -> Bool {
    guard let preimage = try? CardPreimage(canonicalBytes: evidence.preimage) else { return true }
    return preimage.expiresAt > known.logonAt + 30_000
  }

  // MARK: Release

  /// Burned ticket and row in one transaction; nothing leaves before both are on the disk.
  private func release(
    _ request: SessionActRequest, _ ticket: [UInt8], _ session: ProvenSession, _ owner: PersonID,
    _ application: VaultApplication, _ register: ReleaseRegister, _ keys: VaultKeys, _ now: Moment
  ) throws -> Outcome {
    let act = request.act
    guard try !register.isStopped else {
      throw VaultFailure.no(.releasesStopped, "stopped after an alarm, until an administrator resumes")
    }
    let versions = try register.versions(owner, act.application, act.account)
    guard let version = ReleaseRegister.effective(versions) else {
      throw VaultFailure.no(.credentialMissing, "nothing is kept for this person, application and account")
    }
    guard version.state != .refused else {
      throw VaultFailure.no(.credentialRefused, "the application refused it: a new one has to be registered")
    }
    let already = rates.releases(at: now.monotonicMilliseconds)
    if already >= ReleaseRates.leastForAll, try already >= 4 * peopleServed(register, at: now) {
      try register.stop(true)
      try alarm("releases.stopped", "\(already) within a minute", register.database, now)
      return .stopped(VaultRefusal(.releasesStopped, "more releases within a minute than people here can have asked for"))
    }
    // Opened before the ticket is burned for good: a damaged record costs none.
    let plaintext = try keys.ring.open(version.kept, at: version.place)
    try register.handOver(version.place.version, act, of: owner)
    try note("released", session, act, version.place.version, register.database, now) {
      $0.scenario = .release
      $0.note += " ticket \(Hex.encode(Array(ticket.prefix(8))))" + Self.note(authorised: request.authorised)
    }
    return .release(
      OpenedRelease(
        session: session, plaintext: plaintext,
        statement: ReleaseStatement(
          instance: keys.instance, vaultKey: keys.ticketFingerprint, suite: session.suite.rawValue, ticket: ticket,
          person: session.person, owner: owner, keys: session.keys, workstationCertificate: session.certificate,
          application: act.application, account: act.account, version: version.place.version,
          definition: application.definition, authorised: request.authorised, setAt: version.setAt,
          expiresAt: now.wallMilliseconds + Self.releaseLives)))
  }

  private func seal(_ opened: OpenedRelease, _ keys: VaultKeys) throws -> SealedRelease {
    let statement = opened.statement.canonicalBytes
    let sealed: SealedMessage
    do {
      sealed = try opened.session.suite.seal(
        opened.plaintext, to: opened.session.sealing,
        info: ReleaseStatement.info(suite: opened.statement.suite, vaultKey: keys.ticketFingerprint), associatedData: statement)
    } catch { throw VaultFailure.no(.evidenceWrong, "nothing can be sealed to the session's key; the ticket is burned") }
    let message = SealedRelease.message(
      statement: statement, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext)
    return SealedRelease(
      statement: statement, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext,
      signature: Array(try keys.ticket.signature(for: message)))
  }

  // MARK: Capture and report

  private func capture(
    _ act: SessionAct, _ session: ProvenSession, _ owner: PersonID, _ register: inout ReleaseRegister, _ keys: VaultKeys,
    _ now: Moment
  ) throws -> Outcome {
    let version = try keep(act.content, owner, act.application, act.account, &register, keys, now)
    try register.handOver(version, act, of: owner)
    try note("captured", session, act, version, register.database, now) { _ in }
    try register.writeSum()
    return .noted
  }

  private func report(
    _ act: SessionAct, _ session: ProvenSession, _ owner: PersonID, _ register: inout ReleaseRegister, _ keys: VaultKeys,
    _ now: Moment
  ) throws -> Outcome {
    guard let word = String(validating: act.content, as: UTF8.self), let outcome = SignInOutcome(rawValue: word) else {
      throw VaultFailure.no(.requestMalformed, "accepted, refused or mustChange")
    }
    let versions = try register.versions(owner, act.application, act.account)
    guard let number = try register.handedOver(act, of: owner),
      let version = versions.first(where: { $0.place.version == number })
    else {
      throw VaultFailure.no(.credentialMissing, "this session was handed nothing that is still kept")
    }
    var judged = version
    judged.state =
      switch outcome {
      case .accepted: .current
      case .refused: .refused
      case .mustChange: .mustChange
      }
    // From here on nobody asks how old it is, but since when it does not work.
    if judged.state == .refused, version.state != .refused { judged.setAt = now.wallMilliseconds }
    try note(outcome.rawValue, session, act, number, register.database, now) { _ in }
    if judged.state != version.state { try register.replace(version, by: judged) }
    // One that works makes those before it needless; newer ones stay, because numbers are never given twice.
    if outcome == .accepted { for former in versions where former.place.version < number { try register.delete(former) } }
    try register.writeSum()
    return .noted
  }

  /// Opens what was sealed to the vault for exactly this person, application and account, and keeps it as the newest version.
  func keep(
    _ sealed: [UInt8], _ person: PersonID, _ application: ApplicationID, _ account: String, _ register: inout ReleaseRegister,
    _ keys: VaultKeys, _ now: Moment, as state: CredentialEntry.State = .unconfirmed
  ) throws -> UInt64 {
    let data = IntakeMessage.associatedData(
      instance: keys.instance, person: person, application: application, account: account)
    guard let message = try? IntakeMessage(decoding: sealed), let intake = keys.intake(message.key),
      let plaintext = try? intake.open(
        SealedMessage(encapsulated: message.encapsulated, ciphertext: message.ciphertext),
        info: IntakeMessage.info(suite: intake.suite.rawValue, key: message.key), associatedData: data,
        as: ApplicationPassword.self), (try? StoredCredential(plaintext: plaintext)) != nil
    else { throw VaultFailure.no(.intakeMalformed, "not sealed to this vault for this person, application and account") }
    let newest = try register.versions(person, application, account).first?.place.version ?? 0
    let place = CredentialPlace(person: person, application: application, account: account, version: newest + 1)
    try register.insert(
      CredentialVersion(
        place: place, state: state, setAt: now.wallMilliseconds,
        kept: keys.ring.seal(plaintext, at: place, salt: environment.random(32))))
    return place.version
  }

  // MARK: Rows

  private func note(
    _ action: String, _ session: ProvenSession, _ act: SessionAct, _ version: UInt64, _ database: Database, _ now: Moment,
    fill: (inout AuditRecord) -> Void
  ) throws {
    let name = act.kind == .release ? "vault.\(action)" : "vault.credential.\(action)"
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .session, action: name, outcome: .done)
    record.person = session.person
    record.workstation = session.workstation
    record.segment = session.segment
    record.workstationCertificate = session.certificate
    record.note = "\(act.application.text) \(act.account.isEmpty ? "-" : act.account) version \(version)"
    if let owner = act.owner, owner != session.person { record.note += " for \(owner.text)" }
    fill(&record)
    try VaultLog(database).append(record)
  }

  /// Counted in the status, so that somebody looks.
  /// - Parameter times: how many this one row stands for.
  func alarm(_ action: String, _ note: String, times: Int64 = 1, _ database: Database, _ now: Moment) throws {
    try VaultAlarms(database).raise(action, note, times: times, at: now.wallMilliseconds)
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.\(action)", outcome: .refused)
    record.count = times
    record.note = note
    try VaultLog(database).append(record)
  }
}
