import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation

/// A further operator of a city, with a key of her own.
struct Administrator {
  var key = Curve25519.Signing.PrivateKey()
  let id: String
  let person: String

  var publicKey: [UInt8] {
    [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00] + Array(key.publicKey.rawRepresentation)
  }

  /// Her consent to somebody's act.
  func approval(_ act: Act) throws -> Approval {
    let hash = Array(SHA256.hash(data: Data(act.canonicalBytes)))
    let message = Approval.message(actHash: hash, operatorID: try OperatorID(parsing: id))
    return Approval(
      operatorID: try OperatorID(parsing: id), scheme: .ed25519, signature: Array(try key.signature(for: Data(message))))
  }

  /// Her own act.
  func sign(_ act: Act) throws -> SignedAct {
    SignedAct(act: act, scheme: .ed25519, signature: Array(try key.signature(for: Data(act.canonicalBytes))))
  }
}

extension City {
  /// Registers her, with the consent of administrators who are in already.
  func register(_ newcomer: Administrator, role: String = "administrator", by others: [Administrator] = []) async throws -> Int
  {
    let act = try act(
      "operator.register",
      ["operator": newcomer.id, "person": newcomer.person, "role": role, "key": Hex.encode(newcomer.publicKey)])
    let signed = try sign(act)
    let whole = SignedAct(
      act: act, scheme: signed.scheme, signature: signed.signature, approvals: try others.map { try $0.approval(act) })
    let message = OperatorAddition(
      act: Data(whole.encoded), possession: Data(try newcomer.approval(act).signature), possessionScheme: "ed25519")
    return try await link.request("POST", "/v1/admin/operators", body: Array(try JSONEncoder().encode(message))).status
  }
}
