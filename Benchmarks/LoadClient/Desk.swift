package import AuthAPI
package import AuthClient
import AuthTerms
import CertificateTrust
import Crypto
import Foundation

/// The administrator of a load instance: everything is registered through the doors that a city's operators use.
package final class Desk: Sendable {
  private let instance: LoadInstance
  let key = Curve25519.Signing.PrivateKey()
  var link: ServerConnection { instance.link }

  /// Comes in by the first administrator's code.
  package init(_ instance: LoadInstance) async throws {
    self.instance = instance
    let act = try signed(
      "operator.register",
      [
        "operator": "yamada", "person": "p-000001", "role": "administrator",
        "key": Hex.encode(SubjectKey.ed25519DER(raw: Array(key.publicKey.rawRepresentation))),
      ])
    let _: OperatorSummary = try await link.call(
      "POST", "/v1/admin/operators/first", FirstOperator(code: instance.firstCode, act: act))
  }

  private func signed(_ kind: String, _ parameters: [String: String]) throws -> Data {
    Data(try sign(kind, parameters, with: []).encoded)
  }

  /// - Parameter others: administrators who agree.
  func sign(_ kind: String, _ parameters: [String: String], with others: [Colleague]) throws -> SignedAct {
    let act = try Act(
      kind: kind, operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "lgwan-1"),
      nonce: (0..<32).map { _ in UInt8.random(in: 0...255) }, issuedAt: Int64(Date().timeIntervalSince1970 * 1000),
      parameters: parameters)
    let signature = Array(try key.signature(for: Data(act.canonicalBytes)))
    return SignedAct(
      act: act, scheme: .ed25519, signature: signature, approvals: try others.map { try $0.approval(of: act) })
  }

  package func importPeople(_ people: String, groups: String, departments: String) async throws {
    let done: PeopleImported = try await link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people, groups: groups, departments: departments, confirmed: nil, preview: false))
    guard done.applied else {
      throw RunFault("取り込みが断られました。", "the import was refused: \(done.notesEn.joined(separator: "; "))")
    }
  }

  /// - Parameter enrolment: one connection for all, because the enrolment listener admits few from one address.
  package func workstation(_ name: String, over enrolment: ServerConnection, port: Int) async throws -> LoadWorkstation {
    let act = try signed(
      "workstation.enrol", ["workstation": name, "segment": "lgwan", "access": "console", "validSeconds": "3600"])
    let code: EnrolmentCode = try await link.call(
      "POST", "/v1/admin/workstations/codes", WorkstationCodeRequest(act: act))
    let key = P256.Signing.PrivateKey()
    let issued: WorkstationCertificateIssued = try await enrolment.call(
      "POST", "/v1/enrolment/workstations",
      WorkstationEnrolmentRequest(code: code.code, certificateRequest: Data(CertificateRequest.make(key: key))))
    return try await LoadWorkstation(name: name, key: key, issued: issued, port: port)
  }

  package func enrolmentConnection() async throws -> ServerConnection {
    let status: InstanceStatus = try await link.fetch("/v1/admin/status")
    return try await ServerConnection(
      to: ServerAddress(parsing: "https://127.0.0.1:\(status.enrolmentPort)"),
      trust: .authority(CertificateFingerprint(hex: status.authority)), identity: nil)
  }

  package func register(_ card: SoftCard) async throws {
    let challenge: CardChallenge = try await link.call(
      "POST", "/v1/admin/cards/challenge", CardChallengeRequest(person: card.person))
    let preimage = EnrolmentPreimage(
      nonce: Array(challenge.nonce), person: card.person, slot: card.slot, guid: card.guid, card: "")
    let _: CardSummary = try await link.call(
      "POST", "/v1/admin/cards",
      CardEnrolment(
        person: card.person, segment: "lgwan", profile: "piv", slot: card.slot, nonce: challenge.nonce,
        certificate: Data(card.certificate), algorithm: card.algorithm,
        signature: Data(try card.sign(preimage.canonicalBytes)), refusedWithoutPIN: true, guid: Data(card.guid), card: nil))
  }

  package func setPassword(_ password: String, of person: String) async throws {
    let _: NoBody = try await link.call(
      "POST", "/v1/admin/people/\(person)/password", PasswordSetting(password: Data(password.utf8)))
  }

  package func reloadPolicies() async throws -> PolicyReloaded {
    try await link.call("POST", "/v1/admin/policy/reload")
  }

  package func checkpoint() async throws -> CheckpointAnswer { try await link.fetch("/v1/admin/audit/checkpoint") }
}
