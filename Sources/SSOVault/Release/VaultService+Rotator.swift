import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import GRDB

// What the process that makes Windows passwords may do, by its own key: keep one that waits, and say what became of it. Neither
// act reads anything, and both are about published logons to Windows alone.

extension VaultService {
  /// - Returns: the version that is kept.
  func keepPending(
    _ signed: SignedAct, _ sealed: [UInt8], _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> UInt64 {
    let parameters = try check(signed, kind: Act.Kind.keepPending, names: ["person", "application", "sealed"], keys, now)
    guard parameters("sealed") == Hex.encode(Array(SHA256.hash(data: sealed))) else {
      throw VaultFailure.no(.actNotAllowed, "the act names another sealed credential")
    }
    var register = ReleaseRegister(database, keys)
    let (person, id) = try rotated(signed, parameters, register)
    // Before anything is changed anywhere: whoever cannot be handed a password must keep the one she knows.
    guard try register.hasCard(person) else {
      throw VaultFailure.no(.cardMissing, "no card of this person is in the register")
    }
    let version = try keep(sealed, person, id, "", &register, keys, now, as: .pending)
    try record("credential.pending", signed, database, now) {
      $0.person = person
      $0.note = "\(id.text) - version \(version)"
    }
    try register.writeSum()
    return version
  }

  /// The directory took it, and those before it are needless; or it said no, and what it said no to is taken back.
  func confirmPending(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let parameters = try check(
      signed, kind: Act.Kind.confirmPending, names: ["person", "application", "version", "outcome"], keys, now)
    var register = ReleaseRegister(database, keys)
    let (person, id) = try rotated(signed, parameters, register)
    guard let number = UInt64(parameters("version")), String(number) == parameters("version"),
      let outcome = SignInOutcome(rawValue: parameters("outcome")), outcome != .mustChange
    else { throw VaultFailure.no(.actNotAllowed, "a version, and accepted or refused") }
    let versions = try register.versions(person, id, "")
    // A session may have tried it meanwhile: what that found out stands, and only what waits is taken back.
    guard let version = versions.first(where: { $0.place.version == number }),
      version.state == .pending || outcome == .accepted
    else { throw VaultFailure.no(.notPending, "there is no such version, or it waits for nothing") }
    var judged = version
    // Taken back it stays until another makes it needless: a number is never given twice.
    judged.state = outcome == .accepted ? .current : .refused
    if judged.state != version.state { try register.replace(version, by: judged) }
    if outcome == .accepted {
      for former in versions where former.place.version < number { try register.delete(former) }
    }
    try record(outcome == .accepted ? "credential.confirmed" : "credential.unused", signed, database, now) {
      $0.person = person
      $0.note = "\(id.text) - version \(number)"
    }
    try register.writeSum()
  }

  /// Whose, and of which application; signed by a rotator, and a logon to Windows.
  private func rotated(
    _ signed: SignedAct, _ parameters: (String) -> String, _ register: ReleaseRegister
  ) throws -> (PersonID, ApplicationID) {
    try authorise(signed, required: 1, VaultRegister(register.database), role: Self.rotator)
    guard let person = try? PersonID(parsing: parameters("person")),
      let id = try? ApplicationID(parsing: parameters("application"))
    else { throw VaultFailure.no(.actNotAllowed, "a person and an application") }
    guard let application = try register.application(id), !application.segments.isEmpty else {
      throw VaultFailure.no(.applicationUnknown, "no such application is published")
    }
    guard application.isWindows else { throw VaultFailure.no(.notWindows, "a rotator makes passwords of Windows alone") }
    return (person, id)
  }
}
