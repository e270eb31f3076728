import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import PCSCReader
import SmartCard

/// An operator's key on a PIV card: 9A, whose PIN the card checks for each signature. The key never leaves the card.
struct OperatorCard {
  let publicKey: [UInt8]
  private let algorithm: PIVAlgorithm
  private let pin: Secret<PIN>

  var scheme: SignatureScheme { algorithm == .p256 ? .ecdsaP256 : .rsaPKCS1 }

  /// Reads the certificate of the one PIV card present and asks for its PIN.
  static func find(pinDescriptor: Int32?) async throws -> OperatorCard {
    let certificate = try await use { (channel) throws(CardFailure) in
      var card = PIVCard(channel: channel)
      try card.select()
      return try card.certificate(slot: .authentication)
    }
    let key: CertificateKey
    do { key = try CertificateKey(certificate: certificate) } catch { throw unusable(error) }
    let typed = try TerminalSecret.read(
      prompt: say("操作者カードの暗証番号（PIN）: ", "PIN of the operator's card: "), descriptor: pinDescriptor)
    return OperatorCard(
      publicKey: key.subjectPublicKeyInfo, algorithm: key.algorithm, pin: typed.withBytes { Secret<PIN>(copying: $0) })
  }

  func sign(_ message: [UInt8]) async throws -> [UInt8] {
    let digest = Array(SHA256.hash(data: Data(message)))
    let (pin, algorithm) = (pin, algorithm)
    let outcome = try await Self.use { (channel) throws(CardFailure) -> Result<[UInt8], WrongPIN> in
      var card = PIVCard(channel: channel)
      try card.select()
      switch try card.verifyPIN(pin) {
      case .verified: return .success(try card.sign(slot: .authentication, algorithm: algorithm, digest: digest))
      case .wrong(let tries): return .failure(WrongPIN(triesLeft: tries))
      case .blocked: return .failure(WrongPIN(triesLeft: 0))
      }
    }
    switch outcome {
    case .success(let signature): return signature
    case .failure(let wrong):
      throw fail(65, "暗証番号（PIN）が違います。残り \(wrong.triesLeft) 回。", "wrong PIN; \(wrong.triesLeft) tries left")
    }
  }

  private struct WrongPIN: Error { let triesLeft: Int }

  private static func use<R: Sendable>(
    _ body: @escaping @Sendable (inout PCSCChannel) throws(CardFailure) -> R
  ) async throws -> R {
    do { return try await CardReaders.withCard(deadline: .seconds(20), body) } catch { throw unusable(error) }
  }

  private static func unusable(_ failure: CardFailure) -> ExitCode {
    fail(74, "操作者のカードを使えませんでした: \(failure)", "the operator's card could not be used: \(failure)")
  }
}
