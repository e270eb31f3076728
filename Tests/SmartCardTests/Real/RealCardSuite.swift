import AuthTerms
import Crypto
import CryptoExtras
import Foundation
import PCSCReader
import SmartCard
import Testing
import Workstation

/// Real pcscd, real vpcd, our simulator as the card, and the programs of others as judges. Serial: one reader service.
@Suite(
  "Through a real reader", .serialized, .enabled(if: CardBench.mayRun, "pcscd, vpcd or a judge is missing: run deploy/test"))
struct RealCardSuite {
  static var pin: Secret<PIN> { Secret<PIN>(copying: Array(CardBench.pin.utf8)) }
  static var wrongPIN: Secret<PIN> { Secret<PIN>(copying: Array("111111".utf8)) }

  static let preimage = Data("sanmon/card/1 見本".utf8)
  static var digest: [UInt8] { Array(SHA256.hash(data: preimage)) }

  /// What another implementation says to a signature over `preimage`.
  static func verifies(_ signature: [UInt8], _ key: CertificateKey) throws -> Bool {
    switch key.algorithm {
    case .p256:
      try P256.Signing.PublicKey(derRepresentation: key.subjectPublicKeyInfo)
        .isValidSignature(try P256.Signing.ECDSASignature(derRepresentation: signature), for: preimage)
    case .p384:
      try P384.Signing.PublicKey(derRepresentation: key.subjectPublicKeyInfo)
        .isValidSignature(try P384.Signing.ECDSASignature(derRepresentation: signature), for: preimage)
    case .rsa2048, .rsa3072:
      try _RSA.Signing.PublicKey(derRepresentation: key.subjectPublicKeyInfo)
        .isValidSignature(.init(rawRepresentation: signature), for: preimage, padding: .insecurePKCS1v1_5)
    }
  }

  /// Selects, reads the certificate, gives the PIN if there is one, signs.
  static func prove(
    _ slot: PIVSlot, pin: Secret<PIN>?, reader: ReaderChoice = .onlyPIVCard, deadline: Duration = .seconds(5)
  ) async throws(CardFailure) -> (signature: [UInt8], key: CertificateKey) {
    try await CardReaders.withCard(reader: reader, deadline: deadline) { channel throws(CardFailure) in
      var card = PIVCard(channel: channel)
      try card.select()
      let key = try CertificateKey(certificate: try card.certificate(slot: slot))
      if let pin {
        switch try card.verifyPIN(pin) {
        case .verified: break
        case .wrong, .blocked: throw .pinRequired
        }
      }
      let digest = key.algorithm.digest(of: Array(Self.preimage))
      return (try card.sign(slot: slot, algorithm: key.algorithm, digest: digest), key)
    }
  }

  static func triesLeft() async throws(CardFailure) -> Int {
    try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
      var card = PIVCard(channel: channel)
      try card.select()
      return try card.pinTriesLeft()
    }
  }

  static func tryPIN(_ pin: Secret<PIN>) async throws(CardFailure) -> PINOutcome {
    try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
      var card = PIVCard(channel: channel)
      try card.select()
      return try card.verifyPIN(pin)
    }
  }

  static func failure<R>(of work: () async throws(CardFailure) -> R) async -> CardFailure? {
    do throws(CardFailure) {
      _ = try await work()
      return nil
    } catch { return error }
  }

  @Test("the real parts are here")
  func partsArePresent() { #expect(CardBench.missing == nil) }
}
