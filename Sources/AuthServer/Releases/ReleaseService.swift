import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Storage
import VaultLink

/// Carries what a session's own key asks of the vault: authorised here by a durable row, done there by the vault's own checks.
struct ReleaseService: Sendable {
  let services: Services

  /// - Returns: what the vault sealed to the session's key; the server cannot open it.
  func act(
    _ session: SessionID, _ message: SessionActMessage, certificate: CertificateFingerprint
  ) async throws -> SessionActAnswer {
    let (workstation, found) = try await SessionService(services: services).workstation(certificate, session: session)
    let now = services.surroundings.now()
    let act = try SessionAct(canonicalBytes: Array(message.act))
    let evidence = try message.evidence.map { try SessionEvidence(decoding: Array($0)) }
    guard message.signature.count == 64 else { throw HTTPFault.malformed(.value) }
    guard services.releases.admits(session, now: now) else {
      throw try await refuse(.releasesTooMany, "more than \(ReleaseRate.aMinute) a minute", act, session, nil, workstation, now)
    }
    guard let found, act.workstation == workstation.id, Self.isSigned(act, message.signature, by: found) else {
      throw try await refuse(.releaseRefused, "not by this session's key", act, session, found, workstation, now)
    }
    let question = LeaseQuestion(session: session, workstation: workstation.id, now: now, local: services.local(now))
    let change = AuthoriseAct(
      act: act, question: question, certificate: certificate, now: now)
    let row: [UInt8]
    switch try await services.recorder.commit(change, now: now) {
    case .authorised(let hash): row = hash
    case .refused(let code): throw Refusal(code, reference: nil)
    }
    let request = SessionActRequest(act: act, signature: Array(message.signature), evidence: evidence, authorised: row)
    do {
      let release = try await services.vault.sessionAct(request)
      services.metrics.add(to: "sanmon_releases_total", [act.kind.rawValue, "done"])
      return SessionActAnswer(sealed: release.map { Data($0.encoded) })
    } catch {
      let (code, note) = Self.cause(error)
      throw try await refuse(code, note, act, session, found, workstation, now)
    }
  }

  /// By the key that this session was opened with; everything else the vault asks for itself.
  private static func isSigned(_ act: SessionAct, _ signature: Data, by session: SessionRecord) -> Bool {
    let keys = SessionKeys(
      suite: session.sealingSuite, sealing: Data(session.sealingKey), signing: Data(session.signingKey))
    guard act.keys == Array(SHA256.hash(data: keys.canonicalBytes)),
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: session.signingKey)
    else { return false }
    return key.isValidSignature(signature, for: act.canonicalBytes)
  }

  private static func cause(_ fault: VaultFault) -> (DenialCode, String) {
    guard case .refused(let refusal) = fault else { return (.vaultUnavailable, "\(fault)") }
    let code: DenialCode =
      switch refusal.code {
      case .sessionNotProven: .releaseNotProven
      case .cardNotKnown: .releaseCardUnknown
      case .applicationUnknown, .applicationElsewhere: .applicationNotPublished
      case .sessionTooOld, .proofTooOld: .releaseProofTooOld
      case .credentialMissing: .credentialMissing
      case .credentialRefused: .credentialWrong
      case .tooManyReleases: .releasesTooMany
      case .releasesStopped: .releasesStopped
      case .intakeMalformed: .credentialUnreadable
      case .notDeputy, .ownersAlone: .credentialOfOther
      case .evidenceWrong, .sessionActWrong, .sessionActStale, .ticketUsed, .workstationRevoked: .releaseRefused
      default: .vaultUnavailable
      }
    return (code, refusal.code.rawValue)
  }

  private func refuse(
    _ code: DenialCode, _ note: String, _ act: SessionAct, _ session: SessionID, _ found: SessionRecord?,
    _ workstation: WorkstationRecord, _ now: Moment
  ) async throws -> Refusal {
    services.metrics.add(to: "sanmon_releases_total", [act.kind.rawValue, "refused"])
    let source = RefusalCoalescer.Source(workstation: workstation.id, code: code)
    if case .counted(let reference) = services.coalescer.verdict(source, now: now) {
      return Refusal(code, reference: reference)
    }
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .release, action: act.kind.rawValue, outcome: .refused)
    record.person = found.flatMap { $0.workstation == workstation.id ? $0.person : nil }
    record.workstation = workstation.id
    record.segment = workstation.segment
    record.session = session
    record.code = code
    record.note = "\(AuthoriseAct.name(of: act)): \(note)"
    let change = RecordRefusal(
      record: record, day: services.localByClock(now).day, referenceStart: services.surroundings.number(),
      countsAgainst: nil, policy: services.policy.policy, now: now)
    let reference = try await services.recorder.commit(change, now: now)
    services.coalescer.remember(reference, for: source)
    return Refusal(code, reference: reference)
  }
}

/// The row without which the vault is not asked: a session that is open, in its limits, and of somebody who may still be here.
struct AuthoriseAct: Change {
  enum Outcome: Sendable {
    /// The hash of the row, as the vault's own row names it.
    case authorised([UInt8])
    case refused(DenialCode)
  }

  let act: SessionAct
  let question: LeaseQuestion
  let certificate: CertificateFingerprint
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .release, action: act.kind.rawValue, outcome: .done)
    record.workstation = act.workstation
    record.workstationCertificate = certificate
    record.session = question.session
    record.note = Self.name(of: act)
    switch try question.ask(state) {
    case .refused(let code, let found):
      record.outcome = .refused
      record.code = code
      record.person = found?.person
      return (.refused(code), record)
    case .renewed(let session):
      record.person = session.person
      record.segment = session.segment
      record.card = session.card
      guard let encoded = try? RecordEncoding.encode(record) else { throw .conflict("the audit record is over its limits") }
      return (.authorised(TreeHash.leaf(encoded).bytes), record)
    }
  }

  /// Which application and account, whose if not one's own, and the beginning of the ticket by which the vault's row is found.
  static func name(of act: SessionAct) -> String {
    let ticket = Hex.encode(Array(SHA256.hash(data: act.canonicalBytes)).prefix(8))
    let account = act.account.isEmpty ? "" : " account \(act.account)"
    return "\(act.application)\(account)\(act.owner.map { " for \($0)" } ?? "") ticket \(ticket)"
  }
}
