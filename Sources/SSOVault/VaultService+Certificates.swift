import AuditLog
import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import GRDB

// What the authority signs: names, segments and hosts come from the vault's own register, the key alone from the request.

extension VaultService {
  static let workstationDays = 365
  static let serverDays = 90

  func signServer(_ der: [UInt8], _ keys: VaultKeys, _ database: Database, _ now: Moment) throws -> [UInt8] {
    let request = try Self.parse(request: der)
    let certificate = try keys.authority.issueServer(
      request, hosts: keys.hosts, serial: environment.random(16), now: now.wallMilliseconds, days: Self.serverDays)
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.server.signed", outcome: .done)
    record.note = "key \(request.key.fingerprint.hex)"
    try VaultLog(database).append(record)
    return certificate
  }

  /// The code is burned in the transaction that keeps the certificate: both or neither.
  func signWorkstation(
    _ der: [UInt8], _ typed: String, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> IssuedWorkstation {
    // First the request: a malformed one must not cost the code.
    let request = try Self.parse(request: der)
    let register = VaultRegister(database)
    let code = try register.burn(Self.parse(typed).hash, kind: .workstation, now: now)
    guard let id = try? WorkstationID(parsing: code.workstation), let segment = try? Segment(parsing: code.segment),
      let access = EnrolledAccess(rawValue: code.access)
    else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    try register.enrol(id, segment: segment, access: access, now: now.wallMilliseconds)
    return try issue(request, id, segment, access, "workstation.signed", code.createdBy, keys, database, now)
  }

  func renew(_ renewal: VaultRenewal, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws -> IssuedWorkstation {
    let request = try Self.parse(request: renewal.certificateRequest)
    guard let current = try? WorkstationCertificate(parsing: renewal.current), current.isIssued(by: keys.authority.root),
      current.identity.instance == keys.instance.text
    else { throw VaultFailure.no(.certificateNotOurs, "not a workstation's certificate of this instance") }
    guard current.isValid(at: now.wallMilliseconds) else {
      throw VaultFailure.no(.certificateNotValidNow, "the certificate is not valid now: enrol again with a new code")
    }
    let id = current.identity.workstation
    let register = VaultRegister(database)
    guard let known = try register.workstation(id), !known.isRevoked,
      try register.isCurrent(certificate: current.fingerprint, of: id), known.segment == current.identity.segment
    else { throw VaultFailure.no(.workstationRevoked, "the workstation is revoked or was enrolled anew") }
    // The server says that it speaks with this workstation; only the workstation's key can show it.
    let isProven =
      renewal.proof.isEmpty
      ? request.key.fingerprint == current.key.fingerprint
      : current.key.verify(
        signature: renewal.proof, algorithm: "ecdsa-p256-sha256",
        over: VaultRenewal.message(certificateRequest: renewal.certificateRequest))
    guard isProven else {
      throw VaultFailure.no(.renewalNotProven, "the current key did not sign the request for a new one")
    }
    return try issue(request, id, known.segment, known.access, "workstation.renewed", nil, keys, database, now)
  }

  private func issue(
    _ request: CertificateRequest, _ id: WorkstationID, _ segment: Segment, _ access: EnrolledAccess, _ action: String,
    _ operatorID: String?, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> IssuedWorkstation {
    let identity = try WorkstationIdentity(instance: keys.instance.text, segment: segment, workstation: id)
    let certificate = try keys.authority.issueWorkstation(
      request, identity: identity, serial: environment.random(16), now: now.wallMilliseconds, days: Self.workstationDays)
    let fingerprint = try CertificateFingerprint(parsing: Array(SHA256.hash(data: certificate)))
    try VaultRegister(database).insert(certificate: fingerprint, of: id, now: now.wallMilliseconds)
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "vault.\(action)", outcome: .done)
    record.workstation = id
    record.segment = segment
    record.workstationCertificate = fingerprint
    if let operatorID { record.operatorID = try OperatorID(parsing: operatorID) }
    try VaultLog(database).append(record)
    return IssuedWorkstation(certificate: certificate, workstation: id, segment: segment, access: access)
  }

  private static func parse(request der: [UInt8]) throws -> CertificateRequest {
    do {
      return try CertificateRequest(verifying: der)
    } catch {
      throw VaultFailure.no(.certificateRequestInvalid, error.expected)
    }
  }
}
