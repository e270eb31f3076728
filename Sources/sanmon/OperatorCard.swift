import ArgumentParser
import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import PCSCReader
import SmartCard
import Workstation

/// An operator's key on a PIV card: 9A, whose PIN the card checks for each signature. The key never leaves the card.
struct OperatorCard {
  /// DER, as on the card.
  let certificate: [UInt8]
  /// DER SubjectPublicKeyInfo.
  let publicKey: [UInt8]
  private let reader: ReaderChoice
  private let algorithm: PIVAlgorithm
  private let pin: Secret<PIN>

  var scheme: SignatureScheme { algorithm.scheme }
  /// SHA-256 of the public key: how the server knows it.
  var fingerprint: String { Hex.encode(SHA256.hash(data: publicKey)) }

  /// Seconds that one use of the card may take: less than a server waits for a handshake.
  private static let deadline = Duration.seconds(8)

  /// Reads the certificate of the one PIV card present, or of the card in the named reader, and asks for its PIN.
  static func find(reader name: String?, pinDescriptor: Int32?) async throws -> OperatorCard {
    let reader = name.map { ReaderChoice.named($0) } ?? .onlyPIVCard
    let certificate = try await use(reader) { (channel) throws(CardFailure) in
      var card = PIVCard(channel: channel)
      try card.select()
      return try card.certificate(slot: .authentication)
    }
    let key: CertificateKey
    do { key = try CertificateKey(certificate: certificate) } catch { throw unusable(error) }
    let typed = try TerminalSecret.read(
      prompt: say("操作者カードの暗証番号（PIN）: ", "PIN of the operator's card: "), descriptor: pinDescriptor)
    return OperatorCard(
      certificate: certificate, publicKey: key.subjectPublicKeyInfo, reader: reader, algorithm: key.algorithm,
      pin: typed.withBytes { Secret<PIN>(copying: $0) })
  }

  /// Signs an act or an approval.
  func sign(_ message: [UInt8]) async throws -> [UInt8] {
    let digest = algorithm.digest(of: message)
    let algorithm = algorithm
    return try await withPIN { card throws(CardFailure) in
      try card.sign(slot: .authentication, algorithm: algorithm, digest: digest)
    }
  }

  /// This card as the client's key of a TLS connection.
  var tlsKey: HeldKey {
    let algorithm = algorithm
    let kind: HeldKey.Kind =
      switch algorithm {
      case .p256: .p256
      case .p384: .p384
      case .rsa2048: .rsa2048
      case .rsa3072: .rsa3072
      }
    return HeldKey(kind: kind) { use in
      try await withPIN { card throws(CardFailure) in
        switch use {
        case .ecdsa(let digest): try card.sign(slot: .authentication, algorithm: algorithm, digest: digest)
        case .rsa(let block): try card.sign(slot: .authentication, paddedBlock: block)
        }
      }
    }
  }

  /// The PIN goes to the card that was read before and to no other that was put there meanwhile.
  private func withPIN(
    _ body: @escaping @Sendable (inout PIVCard<PCSCChannel>) throws(CardFailure) -> [UInt8]
  ) async throws -> [UInt8] {
    let (pin, certificate) = (pin, certificate)
    let outcome = try await Self.use(reader) { (channel) throws(CardFailure) -> Outcome in
      var card = PIVCard(channel: channel)
      try card.select()
      guard try card.certificate(slot: .authentication) == certificate else { return .otherCard }
      switch try card.verifyPIN(pin) {
      case .verified: return .signed(try body(&card))
      case .wrong(let tries): return .wrongPIN(triesLeft: tries)
      case .blocked: return .wrongPIN(triesLeft: 0)
      }
    }
    switch outcome {
    case .signed(let signature): return signature
    case .otherCard:
      throw fail(74, "途中でカードが替わりました。暗証番号（PIN）は送っていません。", "the card was changed meanwhile; the PIN was not sent to it")
    case .wrongPIN(triesLeft: 0):
      throw fail(65, "カードの暗証番号（PIN）が止まっています。解除してください。", "the card's PIN is blocked; unblock it")
    case .wrongPIN(let tries):
      throw fail(65, "暗証番号（PIN）が違います。残り \(tries) 回。", "wrong PIN; \(tries) tries left")
    }
  }

  private enum Outcome: Sendable {
    case signed([UInt8])
    case otherCard
    case wrongPIN(triesLeft: Int)
  }

  private static func use<R: Sendable>(
    _ reader: ReaderChoice, _ body: @escaping @Sendable (inout PCSCChannel) throws(CardFailure) -> R
  ) async throws -> R {
    do { return try await CardReaders.withCard(reader: reader, deadline: deadline, body) } catch { throw unusable(error) }
  }

  private static func unusable(_ failure: CardFailure) -> ExitCode {
    let sentence = AgentFault.card(failure).sentence
    return fail(
      74, "操作者のカードを使えませんでした。\(sentence.ja)\n  → \(sentence.nextStepJa)",
      "the operator's card could not be used: \(sentence.en)\n  -> \(sentence.nextStepEn)")
  }
}
