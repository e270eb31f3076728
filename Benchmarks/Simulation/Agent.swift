import AuthAPI
import AuthTerms
import Crypto
import Foundation

/// One workstation: what it knows, and the messages it makes.
struct Agent {
  struct Opened {
    let id: String
    let nonce: [UInt8]
    let scenario: String
    let expiresAt: Int64
    let session: String?
    let workstation: String
  }

  struct Sent {
    let proving: Proving
    let message: ProofsMessage
  }

  let name: String
  let certificate: CertificateFingerprint
  /// Counts its starts: keys live in its memory and die with it.
  var generation = 0
  var opened: Opened?
  var former: Opened?
  var session: String?
  var sent: Sent?
  var watch: Task<Void, Never>?
  var isListening = false
  /// As far as it knows.
  var isLocked = false
  /// Its ceremony waits for one more proof.
  var isHalfway = false
  /// Requests that were not answered yet.
  var underWay = 0

  init(_ name: String) throws {
    self.name = name
    certificate = try CertificateFingerprint(parsing: Town.certificate(of: name))
  }

  var keys: String { "\(name)/\(generation)" }

  /// The keys of one start of one workstation; made from its name, so that every process has the same ones.
  struct KeyPair {
    let signing: Curve25519.Signing.PrivateKey
    let shown: SessionKeys

    init(_ name: String) throws {
      signing = try Curve25519.Signing.PrivateKey(rawRepresentation: Array(SHA256.hash(data: Array("signing \(name)".utf8))))
      shown = SessionKeys(
        suite: "x25519-chachapoly", sealing: Data(SHA256.hash(data: Array("sealing \(name)".utf8))),
        signing: signing.publicKey.rawRepresentation)
    }
  }

  /// What is to be shown; each part may be other than it should be.
  struct Plan {
    var target: Opened
    /// The ceremony whose challenge the card signs.
    var signedFor: Opened
    var scenario: String
    var keys: Proving.Keys
    var card: (key: String, slot: String)?
    var isSignatureNoise = false
    var password: String?
    var session: String?
    var sessionKeys: String?
  }

  func message(_ plan: Plan, _ box: CardBox, keyPair: (String) throws -> KeyPair) throws -> Sent {
    let named: String? = if case .named(let name) = plan.keys { name } else { nil }
    var message = ProofsMessage(sessionKeys: nil, card: nil, password: nil, sessionSignature: nil)
    switch plan.keys {
    case .none: break
    case .malformed: message.sessionKeys = SessionKeys(suite: "none", sealing: Data([1]), signing: Data([2]))
    case .named(let name): message.sessionKeys = try keyPair(name).shown
    }
    var shown: Proving.CardShown?
    if let card = plan.card, let key = box.keys[card.key] {
      let bound = try keyPair(named ?? keys).shown
      let preimage = CardPreimage(
        nonce: plan.signedFor.nonce, ceremony: plan.signedFor.id, workstation: plan.signedFor.workstation,
        scenario: plan.scenario, segment: Town.segment, expiresAt: plan.signedFor.expiresAt,
        serverCertificate: Town.serverCertificate,
        workstationCertificate: Town.certificate(of: plan.signedFor.workstation), slot: card.slot, sealingSuite: bound.suite,
        sessionKeys: Array(SHA256.hash(data: bound.canonicalBytes)))
      message.card = CardProofMessage(
        profile: "piv", slot: card.slot, certificate: Data(key.certificate), algorithm: "ecdsa-p256-sha256",
        signature: Data(key.sign(plan.isSignatureNoise ? [1, 2, 3] : preimage.canonicalBytes)))
      let signed = Proving.Signed(
        ceremony: plan.signedFor.id, workstation: plan.signedFor.workstation, scenario: plan.scenario, slot: card.slot,
        keys: named ?? keys)
      shown = Proving.CardShown(key: card.key, slot: card.slot, signed: plan.isSignatureNoise ? nil : signed)
    }
    message.password = plan.password.map { Data($0.utf8) }
    var proven: Proving.SessionShown?
    if let session = plan.session, let name = plan.sessionKeys {
      let preimage = SessionPreimage(session: session, ceremony: plan.target.id, nonce: plan.target.nonce)
      message.sessionSignature = try keyPair(name).signing.signature(for: Data(preimage.canonicalBytes))
      proven = Proving.SessionShown(session: session, ceremony: plan.target.id, keys: name)
    }
    let proving = Proving(
      workstation: name, ceremony: plan.target.id, keys: plan.keys, card: shown, password: plan.password, session: proven)
    return Sent(proving: proving, message: message)
  }
}
