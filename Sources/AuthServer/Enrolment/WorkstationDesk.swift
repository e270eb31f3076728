import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage
import VaultLink

/// Workstations: codes, certificates, renewal, revocation. The authority's key is the vault's; this server only carries.
struct WorkstationDesk: Sendable {
  let services: Services

  /// The act names workstation, segment and access; the vault checks the signature against its own register.
  func code(_ message: WorkstationCodeRequest, by acting: OperatorRecord) async throws -> EnrolmentCode {
    let signed = try SignedAct(decoding: Array(message.act))
    guard signed.act.kind == "workstation.enrol", signed.act.operatorID == acting.id,
      let workstation = try signed.act.parameters["workstation"].map({ try WorkstationID(parsing: $0) }),
      let segment = try signed.act.parameters["segment"].map({ try Segment(parsing: $0) }),
      let seconds = signed.act.parameters["validSeconds"].flatMap(Int64.init)
    else { throw HTTPFault.malformed(.value) }
    guard services.instance.segments.contains(segment) else { throw Refusal(.segmentNotServed, reference: nil) }
    let code = try await VaultAnswers.ask { try await services.vault.createEnrolmentCode(signed) }
    let now = services.surroundings.now()
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "workstation.code", outcome: .done)
    record.workstation = workstation
    record.segment = segment
    record.operatorID = acting.id
    record.note = "act \(Hex.encode(SHA256.hash(data: signed.act.canonicalBytes)))"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
    return EnrolmentCode(
      code: code, workstation: workstation.text, segment: segment.name,
      expiresAt: now.advanced(bySeconds: seconds).wallMilliseconds)
  }

  func enrol(_ request: WorkstationEnrolmentRequest) async throws -> WorkstationCertificateIssued {
    let now = services.surroundings.now()
    let issued = try await VaultAnswers.ask {
      try await services.vault.signWorkstation(
        certificateRequest: Array(request.certificateRequest), code: request.code)
    }
    guard services.instance.segments.contains(issued.segment) else { throw Refusal(.segmentNotServed, reference: nil) }
    let workstation = WorkstationRecord(
      id: issued.workstation, segment: issued.segment, access: issued.access == .remote ? .remote : .console,
      certificates: [Self.fingerprint(issued.certificate)], isRevoked: false, enrolledAt: now)
    try await services.recorder.commit(
      PutWorkstation(workstation: workstation, action: "workstation.enrolled", by: nil, now: now), now: now)
    return try await answer(workstation, issued.certificate)
  }

  func renew(
    _ request: WorkstationRenewalRequest, for workstation: WorkstationRecord, current: [UInt8]
  ) async throws -> WorkstationCertificateIssued {
    let now = services.surroundings.now()
    let issued = try await VaultAnswers.ask {
      try await services.vault.renewWorkstation(
        certificateRequest: Array(request.certificateRequest), current: current, proof: request.proof.map { Array($0) } ?? [])
    }
    // The old certificate stays good until its holder has shown the new one once (see CeremonyService.open).
    let shown = Self.fingerprint(current)
    let change = RenewWorkstation(
      looked: workstation, shown: shown, certificates: [shown, Self.fingerprint(issued.certificate)],
      action: "workstation.renewed", now: now)
    guard let renewed = try await services.recorder.commit(change, now: now) else {
      throw Refusal(.workstationRevoked, reference: nil)
    }
    return try await answer(renewed, issued.certificate)
  }

  /// Shut out here at once, whatever the vault says; then in the vault's register, which judges the signature. A vault that
  /// does not answer must not keep a stolen workstation in.
  func revoke(
    _ id: WorkstationID, _ message: WorkstationRevocation, by acting: OperatorRecord
  ) async throws -> WorkstationRevoked {
    let signed = try SignedAct(decoding: Array(message.act))
    guard signed.act.kind == Act.Kind.revokeWorkstation, signed.act.operatorID == acting.id,
      signed.act.parameters == ["workstation": id.text]
    else { throw HTTPFault.malformed(.value) }
    let now = services.surroundings.now()
    let change = RevokeWorkstation(
      id: id, by: acting.id, actHash: Hex.encode(SHA256.hash(data: signed.act.canonicalBytes)), now: now)
    guard let workstation = try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
    services.watch.tell(id, WatchEvent(event: "close", cause: "workstationRevoked"))
    let isKnown: Void? = try? await services.vault.revoke(signed)
    var summary = try await shown(workstation)
    summary.isWatching = false
    return WorkstationRevoked(workstation: summary, isKnownToVault: isKnown != nil)
  }

  func list() async throws -> [WorkstationSummary] {
    let all = try await services.store.read { (state) throws(StorageFault) -> [(WorkstationRecord, [PersonID])] in
      var all: [(WorkstationRecord, [PersonID])] = []
      for workstation in try state.workstations() { all.append((workstation, try state.owners(of: workstation.id))) }
      return all
    }
    let watching = services.watch.workstations
    return all.map { Self.summary($0.0, owners: $0.1, isWatching: watching.contains($0.0.id)) }
  }

  private func answer(_ workstation: WorkstationRecord, _ certificate: [UInt8]) async throws -> WorkstationCertificateIssued {
    WorkstationCertificateIssued(
      workstation: workstation.id.text, segment: workstation.segment.name, certificate: Data(certificate),
      trustRoots: try await VaultAnswers.ask { try await services.vault.trustRoots() }.map { Data($0) })
  }

  static func fingerprint(_ der: [UInt8]) -> CertificateFingerprint {
    guard let fingerprint = try? CertificateFingerprint(parsing: Array(SHA256.hash(data: der))) else {
      // Cannot happen: a SHA-256 digest is 32 bytes, which is all the initialiser asks for.
      preconditionFailure("SHA-256 gives 32 bytes")
    }
    return fingerprint
  }

  static func summary(_ workstation: WorkstationRecord, owners: [PersonID], isWatching: Bool) -> WorkstationSummary {
    WorkstationSummary(
      workstation: workstation.id.text, segment: workstation.segment.name, access: workstation.access.rawValue,
      certificates: workstation.certificates.map(\.hex), isRevoked: workstation.isRevoked, isWatching: isWatching,
      site: workstation.site, owners: owners.map(\.text))
  }
}

struct PutWorkstation: Change {
  let workstation: WorkstationRecord
  let action: String
  let by: OperatorID?
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: action, outcome: .done)
    record.workstation = workstation.id
    record.segment = workstation.segment
    record.workstationCertificate = workstation.certificates.last
    record.operatorID = by
    // Where it stands is nothing that a certificate changes.
    var kept = workstation
    kept.site = try state.workstation(workstation.id)?.site
    try state.put(kept)
    return ((), record)
  }
}

/// A renewal, or its end: nothing but the certificates of whoever is still in. Since the workstation was looked up the vault may
/// have been asked, and a revocation been carried out, which no renewal takes back.
struct RenewWorkstation: Change {
  /// As it was when it asked.
  let looked: WorkstationRecord
  /// What it asked with.
  let shown: CertificateFingerprint
  let certificates: [CertificateFingerprint]
  let action: String
  let now: Moment

  /// `nil`: revoked, gone or enrolled anew meanwhile.
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (WorkstationRecord?, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: action, outcome: .done)
    record.workstation = looked.id
    record.segment = looked.segment
    record.workstationCertificate = certificates.last
    guard var workstation = try state.workstation(looked.id), !workstation.isRevoked,
      workstation.certificates.contains(shown)
    else {
      record.outcome = .refused
      record.code = .workstationRevoked
      record.note = "revoked or enrolled anew meanwhile"
      return (nil, record)
    }
    workstation.certificates = certificates
    try state.put(workstation)
    return (workstation, record)
  }
}

/// A revoked workstation keeps its record and loses its session.
struct RevokeWorkstation: Change {
  let id: WorkstationID
  let by: OperatorID
  let actHash: String
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (WorkstationRecord?, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "workstation.revoked", outcome: .done)
    record.workstation = id
    record.operatorID = by
    record.note = "act \(actHash)"
    guard var workstation = try state.workstation(id) else {
      record.outcome = .refused
      return (nil, record)
    }
    record.segment = workstation.segment
    workstation.isRevoked = true
    try state.put(workstation)
    if let live = try state.liveSession(on: id) {
      let session = try state.withdraw(live)
      record.session = session.id
      record.person = session.person
    }
    return (workstation, record)
  }
}
