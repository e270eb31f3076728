import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import GRDB

// One person uses another's credential, or several share one: each with her own card, from one date to another.

extension VaultService {
  /// Whose credential the act is about: the session's own person's, or that of somebody for whom she stands in now.
  func owner(
    of act: SessionAct, _ session: ProvenSession, _ register: ReleaseRegister, _ now: Int64
  ) throws -> PersonID {
    guard let owner = act.owner, owner != session.person else { return session.person }
    let entry = try register.deputy(owner, act.application, act.account, session.person)
    // What came of a sign-in may be told after the end: it was handed over before it, or there is nothing to tell of.
    guard let entry, act.kind == .report || entry.isInForce(at: now) else {
      throw VaultFailure.no(.notDeputy, "another's credential, and not as a deputy who is in force")
    }
    guard try act.kind != .capture || !register.isPerson(owner) else {
      throw VaultFailure.no(.ownersAlone, "a person's credential is replaced by herself or an administrator")
    }
    return owner
  }

  func setDeputies(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    switch signed.act.kind {
    case Act.Kind.registerDeputies: try registerDeputies(signed, keys, database, now)
    case Act.Kind.withdrawDeputies: try withdrawDeputies(signed, keys, database, now)
    default: throw VaultFailure.no(.actNotAllowed, "vault.deputies or vault.deputies.withdraw")
    }
  }

  private func registerDeputies(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let parameters = try check(
      signed, kind: Act.Kind.registerDeputies, names: ["owner", "application", "account", "deputies", "from", "until"], keys,
      now)
    let operators = VaultRegister(database)
    try authorise(signed, required: 2, operators)
    let subject = try Subject(parameters)
    guard let from = Self.time(parameters("from")), let until = Self.time(parameters("until")), from < until,
      until - from <= VaultDeputy.longest, until > now.wallMilliseconds
    else { throw VaultFailure.no(.actNotAllowed, "from a moment until another, at most 400 days later, that has not passed") }
    let signers = try signed.signers.compactMap { try operators.knownOperator($0)?.person }
    guard Set(signers).isDisjoint(with: subject.deputies) else {
      throw VaultFailure.no(.actNotAllowed, "whoever becomes a deputy does not sign for it")
    }
    var register = ReleaseRegister(database, keys)
    guard try register.application(subject.application) != nil else {
      throw VaultFailure.no(.applicationUnknown, "no such application is published")
    }
    try register.deleteDeputies(endedBefore: now.wallMilliseconds - Self.longestSession)
    for person in subject.deputies {
      try register.put(
        VaultDeputy(
          owner: subject.owner, application: subject.application, account: subject.account, deputy: person, from: from,
          until: until))
    }
    guard try register.deputyCount() <= VaultDeputy.most else {
      throw VaultFailure.no(.actNotAllowed, "the register holds at most \(VaultDeputy.most) deputies")
    }
    try record("deputies.registered", signed, database, now) {
      $0.person = subject.owner
      $0.count = Int64(subject.deputies.count)
      $0.note = "\(subject.text) from \(from) until \(until)"
    }
    try register.writeSum()
  }

  private func withdrawDeputies(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let parameters = try check(
      signed, kind: Act.Kind.withdrawDeputies, names: ["owner", "application", "account", "deputies"], keys, now)
    try authorise(signed, required: 1, VaultRegister(database))
    let subject = try Subject(parameters)
    var register = ReleaseRegister(database, keys)
    for person in subject.deputies {
      guard var deputy = try register.deputy(subject.owner, subject.application, subject.account, person),
        !deputy.isWithdrawn
      else { throw VaultFailure.no(.actNotAllowed, "deputies in the register") }
      deputy.isWithdrawn = true
      deputy.until = min(deputy.until, now.wallMilliseconds)
      try register.put(deputy)
    }
    try record("deputies.withdrawn", signed, database, now) {
      $0.person = subject.owner
      $0.count = Int64(subject.deputies.count)
      $0.note = subject.text
    }
    try register.writeSum()
  }

  /// One spelling of a moment: milliseconds since 1970-01-01 UTC, not before.
  private static func time(_ text: String) -> Int64? {
    guard let time = Int64(text), time >= 0, String(time) == text else { return nil }
    return time
  }

  /// Who uses which of whose credentials.
  private struct Subject {
    let owner: PersonID
    let application: ApplicationID
    let account: String
    /// Each once, none of them the owner.
    let deputies: [PersonID]

    init(_ parameters: (String) -> String) throws {
      guard let owner = try? PersonID(parsing: parameters("owner")),
        let application = try? ApplicationID(parsing: parameters("application")), SessionAct.isAccount(parameters("account")),
        let deputies = try? parameters("deputies").components(separatedBy: " ").map({ try PersonID(parsing: $0) }),
        deputies.count <= VaultDeputy.mostInAct, Set(deputies).count == deputies.count, !deputies.contains(owner)
      else {
        throw VaultFailure.no(
          .actNotAllowed, "an owner, an application, an account, and 1 to \(VaultDeputy.mostInAct) others")
      }
      (self.owner, self.application, self.account, self.deputies) = (owner, application, parameters("account"), deputies)
    }

    var text: String {
      let names = deputies.map(\.text).joined(separator: "+")
      return "\(application.text) \(account.isEmpty ? "-" : account) of \(owner.text) deputies \(names)"
    }
  }
}
