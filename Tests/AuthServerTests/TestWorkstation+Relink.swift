import AuthAPI
import AuthClient
import Crypto
import Foundation

extension TestWorkstation {
  struct OpenedRelink: Sendable {
    let opened: RelinkOpened
    let serverCertificate: [UInt8]
  }

  func openRelink(_ person: String) async throws -> OpenedRelink {
    let body = Array(try JSONEncoder().encode(RelinkBegin(person: person)))
    let answer = try await connection.request("POST", "/v1/relinks", body: body)
    guard answer.status == 201, let certificate = answer.serverCertificate else { throw try Refused(answer) }
    return OpenedRelink(
      opened: try JSONDecoder().decode(RelinkOpened.self, from: Data(answer.body)), serverCertificate: certificate)
  }

  /// - Parameter bend: changes the text before it is signed.
  func relinkProof(
    _ opened: OpenedRelink, _ card: TestCard, shownAs slot: String? = nil, bend: (inout RelinkPreimage) -> Void = { _ in }
  ) throws -> RelinkProofMessage {
    var preimage = RelinkPreimage(
      nonce: Array(opened.opened.nonce), ceremony: opened.opened.ceremony, person: opened.opened.person, workstation: name,
      segment: opened.opened.segment, expiresAt: opened.opened.expiresAt, serverCertificate: opened.serverCertificate,
      workstationCertificate: Array(SHA256.hash(data: Data(identity.certificate))))
    bend(&preimage)
    return RelinkProofMessage(
      card: CardProofMessage(
        profile: "piv", slot: slot ?? card.slot, certificate: Data(card.certificate), algorithm: "ecdsa-p256-sha256",
        signature: Data(try card.sign(preimage.canonicalBytes))))
  }

  func prove(_ opened: OpenedRelink, _ message: RelinkProofMessage) async throws -> RelinkProven {
    let answer = try await connection.request(
      "POST", "/v1/relinks/\(opened.opened.ceremony)/proof", body: Array(try JSONEncoder().encode(message)))
    guard answer.status == 200 else { throw try Refused(answer) }
    return try JSONDecoder().decode(RelinkProven.self, from: Data(answer.body))
  }

  /// Shows a former card for a new registration.
  @discardableResult
  func show(_ card: TestCard, for person: String) async throws -> RelinkProven {
    let opened = try await openRelink(person)
    return try await prove(opened, relinkProof(opened, card))
  }
}
