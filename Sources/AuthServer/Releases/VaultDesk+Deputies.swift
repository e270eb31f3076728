import AuditLog
import AuthAPI
import AuthTerms
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// - Parameter person: only whom she stands in for, and who stands in for her.
  func deputies(of person: PersonID?) async throws -> [DeputySummary] {
    let now = services.surroundings.now().wallMilliseconds
    return try await allDeputies().filter { person == nil || $0.owner == person || $0.deputy == person }.map { deputy in
      let state =
        if deputy.isWithdrawn {
          "withdrawn"
        } else if now < deputy.from {
          "planned"
        } else {
          deputy.isInForce(at: now) ? "inForce" : "ended"
        }
      return DeputySummary(
        owner: deputy.owner.text, application: deputy.application.text, account: deputy.account, deputy: deputy.deputy.text,
        from: deputy.from, until: deputy.until, state: state)
    }
  }

  /// Lets people use another's credential, or ends that. Deputies are people of this server; an owner may be none.
  func setDeputies(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let kind = try SignedAct(decoding: Array(message.act)).act.kind
    guard [Act.Kind.registerDeputies, Act.Kind.withdrawDeputies].contains(kind) else { throw HTTPFault.malformed(.value) }
    let act = try signed(message.act, kind, by: acting)
    let parameters = act.act.parameters
    let owner = try PersonID(parsing: parameters["owner"] ?? "")
    let names = (parameters["deputies"] ?? "").components(separatedBy: " ")
    guard names.count <= VaultDeputy.mostInAct else { throw HTTPFault.malformed(.value) }
    let deputies = try names.map { try PersonID(parsing: $0) }
    if kind == Act.Kind.registerDeputies, try await !isKnown(deputies) { throw HTTPFault.notFound }
    try await record(kind, act, by: acting) { record in
      record.person = owner
      record.count = Int64(deputies.count)
      record.note = "\(parameters["application"] ?? "") deputies \(names.joined(separator: "+"))"
    }
    defer { services.offers.forget() }
    try await VaultAnswers.ask { try await services.vault.setDeputies(act) }
  }

  /// Whether somebody was registered to use this owner's credentials: an owner that is no person of this server is known by that.
  func isShared(_ owner: PersonID) async throws -> Bool { try await allDeputies().contains { $0.owner == owner } }

  func deputiesInForce() async throws -> [VaultDeputy] {
    let now = services.surroundings.now().wallMilliseconds
    return try await allDeputies().filter { $0.isInForce(at: now) }
  }

  private func allDeputies() async throws -> [VaultDeputy] {
    var deputies: [VaultDeputy] = []
    while true {
      let last = deputies.last?.place ?? ""
      let page = try await VaultAnswers.ask { try await services.vault.listDeputies(after: last) }
      deputies += page
      guard page.count == VaultDeputy.mostAtOnce else { return deputies }
    }
  }
}

/// Accounts that belong to nobody in particular: each is missed once, and not by everybody who uses it.
struct SharedCredentials {
  private struct User: Hashable {
    let person: PersonID
    let application: ApplicationID
  }

  private let deputies: [VaultDeputy]
  private let users: Set<User>

  /// - Parameters:
  ///   - deputies: in force.
  ///   - people: of this server; an owner among them shares nothing.
  ///   - published: names of applications.
  init(_ deputies: [VaultDeputy], people: Set<PersonID>, published: Set<String>) {
    self.deputies = deputies.filter { !people.contains($0.owner) && published.contains($0.application.text) }
    users = Set(self.deputies.map { User(person: $0.deputy, application: $0.application) })
  }

  func serves(_ person: PersonID, at application: ApplicationID) -> Bool {
    users.contains(User(person: person, application: application))
  }

  /// - Parameter entries: by `CredentialEntry.place`.
  func gaps(_ entries: [String: CredentialEntry]) -> [CredentialGap] {
    var reasons: [User: (reason: String, refusedAt: Int64?)] = [:]
    for deputy in deputies {
      let entry = entries["\(deputy.owner.text)/\(deputy.application.text)/\(deputy.account)"]
      let reason: String? =
        switch entry?.state {
        case nil: "missing"
        case .refused: "refused"
        case .mustChange: "mustChange"
        case .current, .unconfirmed, .pending: nil
        }
      let owner = User(person: deputy.owner, application: deputy.application)
      if let reason, reasons[owner] == nil { reasons[owner] = (reason, entry?.refusal) }
    }
    return reasons.map { owner, found in
      CredentialGap(
        person: owner.person.text, displayName: "", department: "", application: owner.application.text,
        reason: found.reason, refusedAt: found.refusedAt)
    }
  }
}

extension CredentialEntry {
  /// When the application refused it, if nothing else is left to be handed over.
  var refusal: Int64? { state == .refused ? setAt : nil }
}
