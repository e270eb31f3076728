package import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
import Crypto
import Foundation

/// Another administrator, who agrees to what the desk signs.
package struct Colleague: Sendable {
  let id: String
  let person: String
  let key: Curve25519.Signing.PrivateKey

  package init(id: String = "suzuki", person: String = "p-000002") {
    self.id = id
    self.person = person
    key = Curve25519.Signing.PrivateKey()
  }

  func approval(of act: Act) throws -> Approval {
    let operatorID = try OperatorID(parsing: id)
    let message = Approval.message(actHash: Array(SHA256.hash(data: Data(act.canonicalBytes))), operatorID: operatorID)
    return Approval(operatorID: operatorID, scheme: .ed25519, signature: Array(try key.signature(for: Data(message))))
  }
}

extension Desk {
  package func register(_ colleague: Colleague) async throws {
    let signed = try sign(
      "operator.register",
      [
        "operator": colleague.id, "person": colleague.person, "role": "administrator",
        "key": Hex.encode(SubjectKey.ed25519DER(raw: Array(colleague.key.publicKey.rawRepresentation))),
      ], with: [])
    let _: OperatorSummary = try await link.call(
      "POST", "/v1/admin/operators",
      OperatorAddition(
        act: Data(signed.encoded), possession: Data(try colleague.approval(of: signed.act).signature),
        possessionScheme: "ed25519"))
  }

  package func directory() async throws -> DirectoryStatus { try await link.fetch("/v1/admin/directory") }

  /// One look at the directory now, and what came of it.
  package func look() async throws -> DirectoryStatus { try await link.call("POST", "/v1/admin/directory/sync") }

  /// Signs before the clock starts.
  package func approval(of plan: String, with colleague: Colleague) throws -> DirectoryAct {
    DirectoryAct(act: Data(try sign(Act.Kind.approveDirectory, ["plan": plan], with: [colleague]).encoded))
  }

  package func approve(_ act: DirectoryAct) async throws -> DirectoryStatus {
    try await link.call("POST", "/v1/admin/directory/approve", act)
  }

  package func status() async throws -> InstanceStatus { try await link.fetch("/v1/admin/status") }

  package func person(_ id: String) async throws -> PersonSummary { try await link.fetch("/v1/admin/people/\(id)") }

  /// Whether somebody would be let in there with any factors.
  package func isAllowed(_ person: String, at workstation: String) async throws -> Bool {
    let answer: ExplainAnswer = try await link.call(
      "POST", "/v1/admin/explain",
      ExplainRequest(person: person, workstation: workstation, scenario: "logon", at: nil))
    return answer.tries.contains { $0.outcome == "granted" }
  }

  package func importLDIF(_ text: String) async throws -> PeopleImported {
    try await link.call(
      "POST", "/v1/admin/people",
      PeopleImport(format: "ldif", people: text, groups: nil, departments: nil, confirmed: nil, preview: false))
  }
}
