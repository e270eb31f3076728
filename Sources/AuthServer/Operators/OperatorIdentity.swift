import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Who is at one of the two operator doors, and the operator record behind it once there is one.
struct ActingOperator: Sendable {
  enum Proof: Sendable {
    /// A named user of the unix socket; the kernel vouches for it.
    case unixUser(String)
    /// The key of a certificate that holds at this moment, DER; the handshake proved that the card was there.
    case card(publicKey: [UInt8])
  }

  let proof: Proof
  let record: OperatorRecord?

  /// Who stands in the row: the operator, or nobody before the first operator exists.
  var id: OperatorID? { record?.id }
}

struct OperatorDirectory: Sendable {
  let services: Services

  /// The socket's peer credentials name the user; the start-up file says who may come in at all.
  func acting(unixUser: String?) async throws -> ActingOperator {
    guard let unixUser, services.instance.operatorUsers.contains(unixUser) else {
      throw Refusal(.operatorNotAllowed, reference: nil)
    }
    let now = services.surroundings.now()
    guard let known = try await known(now, where: { $0.unixUser == unixUser && $0.isActive }) else {
      return ActingOperator(proof: .unixUser(unixUser), record: nil)
    }
    guard known.isHere else {
      throw try await refusal(
        .accountDisabled, "the person of operator \(known.record.id) has left", rule: "operatorSocket", now)
    }
    return ActingOperator(proof: .unixUser(unixUser), record: known.record)
  }

  /// An operator, and whether the person behind still works here: leavers have nothing, whatever they were. The day is the clock's own:
  /// rows that were dated wrongly must not keep those out who can say so.
  func known(
    _ now: Moment, where isMeant: @escaping @Sendable (OperatorRecord) -> Bool
  ) async throws -> (record: OperatorRecord, isHere: Bool)? {
    let day = services.localByClock(now).day
    return try await services.store.read { (state) throws(StorageFault) -> (record: OperatorRecord, isHere: Bool)? in
      guard let record = try state.operators().first(where: isMeant) else { return nil }
      return (record, try state.isHere(record.person, on: day))
    }
  }

  /// Operators whose people have left, and administrators who became too few by it: the last one never goes unannounced.
  func warnings(_ now: Moment) async throws -> (ja: [String], en: [String]) {
    let day = services.localByClock(now).day
    let (gone, left) = try await services.store.read { (state) throws(StorageFault) -> ([OperatorRecord], Int) in
      var (gone, left): ([OperatorRecord], Set<PersonID>) = ([], [])
      for record in try state.operators() where record.isActive {
        if try !state.isHere(record.person, on: day) {
          gone.append(record)
        } else if record.role == .administrator {
          left.insert(record.person)
        }
      }
      return (gone, left.count)
    }
    var (ja, en) = (
      gone.map { "操作者 \($0.id)（\($0.person)）の職員は在籍していないため、操作できません。戻らないなら: sanmon operator remove \($0.id)" },
      gone.map {
        "the person of operator \($0.id) (\($0.person)) has left or is disabled, and so is the operator; if that stays: sanmon operator remove \($0.id)"
      }
    )
    if gone.contains(where: { $0.role == .administrator }), left < 2 {
      ja.append("操作できる管理者が \(left) 人です。2 人の承認が要ることができません")
      en.append("administrators who can act: \(left); nothing that takes two can be done")
    }
    return (ja, en)
  }

  /// The row has the cause; the asker gets the one answer of both doors, with the reference that leads an administrator there.
  func refusal(
    _ cause: DenialCode, _ note: String, certificate: CertificateFingerprint? = nil, rule: String, _ now: Moment
  ) async throws -> Refusal {
    let source = RefusalCoalescer.Source(workstation: nil, code: cause, operatorCertificate: certificate)
    if case .counted(let reference) = services.coalescer.verdict(source, now: now) {
      return Refusal(.operatorNotAllowed, reference: reference)
    }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "operator.refused", outcome: .denied)
    record.code = cause
    record.rule = .builtin(rule)
    record.policyVersion = services.policy.policy.version
    record.note = note
    let reference = try await services.recorder.commit(
      RecordRefusal(
        record: record, day: services.localByClock(now).day, referenceStart: services.surroundings.number(), countsAgainst: nil,
        policy: services.policy.policy, now: now),
      now: now)
    services.coalescer.remember(reference, for: source)
    return Refusal(.operatorNotAllowed, reference: reference)
  }

  /// - Throws: forbidden unless this is a registered operator with one of `roles`.
  func require(_ roles: Set<OperatorRole>, _ acting: ActingOperator) throws -> OperatorRecord {
    guard let record = acting.record, roles.contains(record.role) else { throw Refusal(.operatorNotAllowed, reference: nil) }
    return record
  }
}

extension StateReader {
  /// Whether somebody is enabled and inside her dates, and is answered for if she is from outside; true for a person nobody has told
  /// of yet, as before the first import.
  func isHere(_ id: PersonID, on day: Int) throws(StorageFault) -> Bool {
    guard let person = try person(id) else { return true }
    guard person.isEnabled, day <= person.lastDay ?? day else { return false }
    return try !isUnanswered(id, on: day)
  }
}
