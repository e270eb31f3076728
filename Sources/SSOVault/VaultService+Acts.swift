import AuditLog
import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import GRDB

// What operators may do, each time by their own key. The server carries their acts; it cannot make one.

extension VaultService {
  /// How far an act's date may lie from the vault's clock, either way.
  private static let freshness: Int64 = 10 * 60_000

  static let administrator = "administrator"
  /// The key of the process that makes Windows passwords; it counts for its own two acts and for no other.
  static let rotator = "rotator"
  private static let roles: Set<String> = [administrator, "desk", "auditor", rotator]

  func createCode(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws -> String {
    let register = VaultRegister(database)
    let parameters = try check(
      signed, kind: Act.Kind.enrolWorkstation, names: ["workstation", "segment", "access", "validSeconds"], keys, now)
    try authorise(signed, required: 1, register)
    guard let workstation = try? WorkstationID(parsing: parameters("workstation")),
      let segment = try? Segment(parsing: parameters("segment")), let access = EnrolledAccess(rawValue: parameters("access")),
      let seconds = Int64(parameters("validSeconds")), String(seconds) == parameters("validSeconds"),
      (60...604_800).contains(seconds)
    else { throw VaultFailure.no(.actNotAllowed, "a workstation, a segment, console or remote, and 60 to 604800 seconds") }
    guard keys.segments.contains(segment) else {
      throw VaultFailure.no(.segmentNotServed, "this instance does not serve that segment")
    }
    // Moving a workstation to another segment takes a revocation first: a code alone must not do it unseen.
    if let known = try register.workstation(workstation), !known.isRevoked, known.segment != segment {
      throw VaultFailure.no(.workstationExists, "the workstation stands in another segment: revoke it there first")
    }
    try register.voidCodes(for: workstation, now: now.wallMilliseconds)
    let code = try OneTimeCode(random: environment.random(16))
    try register.insert(
      VaultRegister.Code(
        kind: .workstation, workstation: workstation.text, segment: segment.name, access: access.rawValue,
        createdBy: signed.act.operatorID.text, expires: now.advanced(bySeconds: seconds)), hash: code.hash)
    try record("workstation.code", signed, database, now) {
      $0.workstation = workstation
      $0.segment = segment
    }
    return code.text
  }

  func register(
    _ registration: OperatorRegistration, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> OperatorID {
    let register = VaultRegister(database)
    let signed = registration.act
    let parameters = try check(
      signed, kind: Act.Kind.registerOperator, names: ["operator", "person", "role", "key"], keys, now)
    guard let id = try? OperatorID(parsing: parameters("operator")), let person = try? PersonID(parsing: parameters("person")),
      let der = try? Hex.decode(parameters("key")), let key = try? SubjectKey(parsing: der),
      Self.roles.contains(parameters("role"))
    else { throw VaultFailure.no(.actNotAllowed, "an operator, a person, a role and a key in hexadecimal DER") }
    let newcomer = KnownOperator(
      id: id, person: person, key: key.fingerprint, publicKey: der, role: parameters("role"), isActive: true)

    switch registration.authority {
    case .firstAdministratorCode(let typed):
      guard newcomer.role == Self.administrator, signed.act.operatorID == id else {
        throw VaultFailure.no(.actNotAllowed, "the code lets in one administrator, who signs for herself")
      }
      guard key.verify(signature: signed.signature, algorithm: signed.scheme.rawValue, over: signed.act.canonicalBytes) else {
        throw VaultFailure.no(.possessionNotProven, "the act is not signed by the key it names")
      }
      guard try register.remember(signed, hash: Self.hash(signed.act)) else {
        throw VaultFailure.no(.actReplayed, "this act was carried out before")
      }
      _ = try register.burn(Self.parse(typed).hash, kind: .firstAdministrator, now: now)
      // A code that somebody wrote into the database lets nobody in beside those who are there.
      guard try register.operators().isEmpty else {
        throw VaultFailure.no(.codeUsed, "the first administrator is there already")
      }
    case .administrator:
      let administrators = try register.operators().count { $0.isActive && $0.role == Self.administrator }
      try authorise(signed, required: min(2, administrators), register)
      let message = Approval.message(actHash: Self.hash(signed.act), operatorID: id)
      guard key.verify(signature: registration.possession, algorithm: registration.possessionScheme.rawValue, over: message)
      else { throw VaultFailure.no(.possessionNotProven, "the newcomer did not show that she holds the key") }
    }

    let known = try register.operators()
    // A key stays taken after its operator left: an old signature must never become somebody else's.
    guard !known.contains(where: { $0.id == id || $0.key == key.fingerprint }) else {
      throw VaultFailure.no(.operatorExists, "the operator or the key is in the register already")
    }
    guard known.count < VaultRegister.operatorLimit else {
      throw VaultFailure.no(.operatorExists, "the register holds at most \(VaultRegister.operatorLimit) operators")
    }
    try register.insert(newcomer, now: now.wallMilliseconds)
    try record("operator.registered", signed, database, now) {
      $0.person = person
      $0.note = "\(id.text) \(newcomer.role) \(key.fingerprint.hex)"
    }
    try ReleaseRegister(database, keys).writeSum(operatorsChanged: true)
    return id
  }

  func revoke(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let register = VaultRegister(database)
    switch signed.act.kind {
    case Act.Kind.revokeWorkstation:
      let parameters = try check(signed, kind: Act.Kind.revokeWorkstation, names: ["workstation"], keys, now)
      try authorise(signed, required: 1, register)
      guard let id = try? WorkstationID(parsing: parameters("workstation")), try register.workstation(id) != nil else {
        throw VaultFailure.no(.actNotAllowed, "a workstation in the register")
      }
      try register.revoke(id, now: now.wallMilliseconds)
      try record("workstation.revoked", signed, database, now) { $0.workstation = id }
    case Act.Kind.revokeOperator:
      let parameters = try check(signed, kind: Act.Kind.revokeOperator, names: ["operator"], keys, now)
      guard let id = try? OperatorID(parsing: parameters("operator")), let leaver = try register.knownOperator(id),
        leaver.isActive
      else { throw VaultFailure.no(.operatorUnknown, "an active operator in the register") }
      let others = try register.operators().count { $0.isActive && $0.role == Self.administrator && $0.id != id }
      guard leaver.role != Self.administrator || others > 0 else {
        throw VaultFailure.no(.lastAdministrator, "the last administrator stays")
      }
      // With two administrators one must be enough: the other's card may be the one that was stolen.
      try authorise(signed, required: min(2, max(1, others)), register)
      try register.deactivate(id)
      try record("operator.revoked", signed, database, now) { $0.note = id.text }
      try ReleaseRegister(database, keys).writeSum(operatorsChanged: true)
    default: throw VaultFailure.no(.actNotAllowed, "operator.revoke or workstation.revoke")
    }
  }

  static func parse(_ typed: String) throws -> OneTimeCode {
    do {
      return try OneTimeCode(parsing: typed)
    } catch {
      throw VaultFailure.no(.codeMalformed, "the code was not typed as it was printed")
    }
  }

  static func hash(_ act: Act) -> [UInt8] { Array(SHA256.hash(data: act.canonicalBytes)) }

  /// The parts of an act that need no register: its kind, exactly these parameters, this instance, not long ago.
  func check(
    _ signed: SignedAct, kind: String, names: Set<String>, _ keys: VaultKeys, _ now: Moment
  ) throws -> (String) -> String {
    let act = signed.act
    guard act.kind == kind, Set(act.parameters.keys) == names else {
      throw VaultFailure.no(.actNotAllowed, "the act \(kind) with its own parameters")
    }
    guard act.instance == keys.instance else { throw VaultFailure.no(.actNotAllowed, "the act is for another instance") }
    guard (-Self.freshness...Self.freshness).contains(now.wallMilliseconds &- act.issuedAt) else {
      throw VaultFailure.no(.actStale, "the act's date is more than ten minutes from the vault's clock")
    }
    return { act.parameters[$0] ?? "" }
  }

  /// Enough different operators of that role signed, and this act was never carried out.
  func authorise(
    _ signed: SignedAct, required: Int, _ register: VaultRegister, role: String = VaultService.administrator
  ) throws {
    let operators = try Dictionary(uniqueKeysWithValues: register.operators().map { ($0.id, $0) })
    let verdict = Approvals.check(
      signed, actHash: Self.hash(signed.act), required: required, role: role,
      operators: { operators[$0] },
      verify: { known, scheme, signature, message in
        (try? SubjectKey(parsing: known.publicKey))?
          .verify(signature: signature, algorithm: scheme.rawValue, over: message) ?? false
      })
    if case .refused(let refusal) = verdict {
      throw VaultFailure.no(.actNotAllowed, refusal.rawValue)
    }
    guard try register.remember(signed, hash: Self.hash(signed.act)) else {
      throw VaultFailure.no(.actReplayed, "this act was carried out before")
    }
  }

  func record(
    _ action: String, _ signed: SignedAct, _ database: Database, _ now: Moment, fill: (inout AuditRecord) -> Void
  ) throws {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "vault.\(action)", outcome: .done)
    record.operatorID = signed.act.operatorID
    fill(&record)
    // The act itself is kept beside the log; its hash in the row ties the two together.
    let names = signed.signers.map(\.text).joined(separator: "+")
    record.note = (record.note.isEmpty ? "" : record.note + " ") + "by \(names) act \(Hex.encode(Self.hash(signed.act)))"
    try VaultLog(database).append(record)
  }
}
