import AuditLog
import AuthPolicy
import AuthTerms
import DirectorySync
import Foundation
import Storage

/// What came of a typed password.
enum PasswordResult: Sendable {
  case notShown
  case right
  /// The directory says so, and thereby that the account is open.
  case rightInDirectory
  case wrong
  /// It does not let in, for a reason that has nothing to do with guessing.
  case refused(DenialCode, note: String)

  var isRight: Bool {
    switch self {
    case .right, .rightInDirectory: true
    case .notShown, .wrong, .refused: false
    }
  }

  /// Why it keeps its owner out.
  var refusal: (code: DenialCode, note: String)? {
    switch self {
    case .notShown, .right, .rightInDirectory: nil
    case .wrong: (.passwordWrong, "password did not match")
    case .refused(let code, let note): (code, note)
    }
  }

  /// Whether nothing was heard of the account itself, and nothing else decides yet.
  var leavesAccountOpen: Bool {
    switch self {
    case .notShown, .right: true
    case .rightInDirectory, .wrong, .refused: false
    }
  }
}

/// Checks typed passwords: those of the directory by a bind there, ours against their hash.
struct PasswordVerifier: Sendable {
  let services: Services

  /// No hash and no bind starts without a proven, registered, usable card of a person who is not throttled.
  /// - Parameters:
  ///   - typed: UTF-8.
  ///   - new: becomes the password in the directory, if `typed` is right.
  func check(_ typed: Data, new: Data?, card shown: VerifiedCard, now: Moment) async throws -> PasswordResult {
    guard !typed.isEmpty else { return .notShown }
    let (sources, day) = (services.passwords, services.local(now).day)
    let found = try await services.store.lookUp { (state) throws(StorageFault) -> (PersonID, PasswordSource)? in
      guard let card = try state.card(key: shown.key), card.isInForce(on: day), card.key(shown.key)?.slot == shown.slot,
        let holder = card.person, let person = try state.person(holder), person.isEnabled,
        try Throttling.blockedUntil([.card(card.id), .person(person.id)], now: now, in: state) == nil,
        let source = try sources.source(of: person, in: state)
      else { return nil }
      return (person.id, source)
    }
    guard let (person, source) = found else { return .notShown }
    return try await judge(typed, new: new, of: person, source)
  }

  /// The same for whoever has shown a printed code that the vault took.
  func check(_ typed: Data, new: Data?, person id: PersonID, now: Moment) async throws -> PasswordResult {
    guard !typed.isEmpty else { return .notShown }
    let sources = services.passwords
    let source = try await services.store.lookUp { (state) throws(StorageFault) -> PasswordSource? in
      guard let person = try state.person(id), person.isEnabled,
        try Throttling.blockedUntil([.person(id)], now: now, in: state) == nil
      else { return nil }
      return try sources.source(of: person, in: state)
    }
    guard let source else { return .notShown }
    return try await judge(typed, new: new, of: id, source)
  }

  private func judge(
    _ typed: Data, new: Data?, of person: PersonID, _ source: PasswordSource
  ) async throws -> PasswordResult {
    let secret = Secret<TypedPassword>(copying: typed)
    switch source {
    case .column(let stored):
      guard new == nil else { return .refused(.factorUnavailable, note: "only a password of the directory is changed here") }
      let columns = services.columns
      services.metrics.add(to: "sanmon_password_checks_total")
      let matched = await services.hashing.run { PasswordColumn.matches(secret, stored, columns) }
      guard let matched else { throw HTTPFault.overloaded }
      return matched ? .right : .wrong
    case .directory(let guid):
      return try await ask(guid, secret, new.map { Secret(copying: $0) }, of: person)
    }
  }

  private func ask(
    _ guid: ObjectGUID, _ password: Secret<TypedPassword>, _ new: Secret<TypedPassword>?, of person: PersonID
  ) async throws -> PasswordResult {
    guard let accounts = services.accounts else { return .notShown }
    do throws(LDAPFault) {
      let answer = try await accounts.check(guid, password)
      services.metrics.add(to: "sanmon_directory_binds_total", [Self.label(answer)])
      switch Self.result(answer) {
      case .rightInDirectory, .refused(.passwordMustChange, _):
        guard let new else { return Self.result(answer) }
        switch try await accounts.change(guid, from: password, to: new) {
        case .done: break
        case .wrongPassword: return .wrong
        case .unacceptable: return .refused(.passwordUnacceptable, note: "the domain refuses the new password")
        }
      case let other: return other
      }
    } catch {
      services.metrics.add(to: "sanmon_directory_binds_total", ["silent"])
      return .refused(.directorySilent, note: error.description)
    }
    try await recordChange(of: person)
    return .rightInDirectory
  }

  private static func label(_ answer: BindResult) -> String {
    switch answer {
    case .right: "right"
    case .refused(.wrongPassword), .refused(.unknownUser), .refused(.other): "wrong"
    case .refused: "refused"
    }
  }

  private static func result(_ answer: BindResult) -> PasswordResult {
    guard case .refused(let refusal) = answer else { return .rightInDirectory }
    let note = "the directory says \(refusal.rawValue)"
    switch refusal {
    case .unknownUser, .wrongPassword, .other: return .wrong
    // Told of a right password alone. Ours is not the workstation that the list of the account is about; the clerk's was looked
    // at before.
    case .notAtThisWorkstation: return .rightInDirectory
    case .notAtThisTime: return .refused(.accountOutsideHours, note: note)
    case .passwordExpired, .mustChangePassword: return .refused(.passwordMustChange, note: note)
    case .disabled: return .refused(.accountDisabled, note: note)
    case .accountExpired: return .refused(.accountOutsideDates, note: note)
    case .lockedOut: return .refused(.accountLockedOut, note: note)
    }
  }

  private func recordChange(of person: PersonID) async throws {
    let now = services.surroundings.now()
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "password.changed", outcome: .done)
    record.person = person
    record.note = "in the directory, by its owner"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }
}
