import AuthAPI
import AuthTerms
import SSOVault

extension SSOCity {
  static let day: Int64 = 86_400_000

  /// - Parameters:
  ///   - from: seconds from now.
  ///   - until: seconds from now.
  func deputyAct(
    _ deputies: [String], for owner: String, _ application: String = ledger, account: String = "", from: Int64 = 0,
    until: Int64 = 86_400, by clerk: Clerk? = nil, approvedBy others: [Clerk], change: [String: String] = [:]
  ) throws -> SignedAct {
    let now = office.clock.now.wallMilliseconds
    let parameters = [
      "owner": owner, "application": application, "account": account, "deputies": deputies.joined(separator: " "),
      "from": String(now + from * 1000), "until": String(now + until * 1000),
    ].merging(change) { $1 }
    let signer = clerk ?? sato
    return try signer.sign(
      Act(
        kind: Act.Kind.registerDeputies, operatorID: signer.id, instance: office.instance, nonce: Office.random(16),
        issuedAt: now, parameters: parameters), approvedBy: others)
  }

  func deputise(
    _ deputies: [String], for owner: String, _ application: String = ledger, account: String = "", from: Int64 = 0,
    until: Int64 = 86_400, approvedBy others: [Clerk]
  ) throws {
    try expectNoted(
      .setDeputies(
        deputyAct(
          deputies, for: owner, application, account: account, from: from, until: until, approvedBy: others)))
  }

  func withdrawal(
    _ deputies: [String], for owner: String, _ application: String = ledger, account: String = "", by clerk: Clerk? = nil
  ) throws -> VaultRequest {
    .setDeputies(
      try act(
        Act.Kind.withdrawDeputies,
        ["owner": owner, "application": application, "account": account, "deputies": deputies.joined(separator: " ")],
        by: clerk))
  }

  func deputies(after place: String = "") throws -> [VaultDeputy] {
    guard case .deputies(let deputies) = office.ask(.listDeputies(after: place)) else { throw Office.Unexpected() }
    return deputies
  }
}
