import AuthAPI
import AuthTerms
import Crypto
import Foundation
import LoadClient
import SmartCard
import Workstation

/// All that the workstation itself does for a logon by card and PIN, as CPU of this process: reader service and card are others.
struct OwnWork {
  let reader: String
  let runs: Int
  let logons: Int
  let pin: Secret<PIN>

  func figure() async throws -> Figure {
    let cards = ReaderCards(reader: reader)
    let surroundings = Surroundings(
      now: { Moment(wallMilliseconds: 0, boot: "bench", monotonicMilliseconds: 0) },
      random: { count in
        var source = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &source) }
      })
    _ = try await logOn(cards, surroundings)
    var milliseconds: [Double] = []
    for _ in 0..<runs {
      let before = Machine.cpuSeconds(of: getpid())
      for _ in 0..<logons { _ = try await logOn(cards, surroundings) }
      milliseconds.append((Machine.cpuSeconds(of: getpid()) - before) / Double(logons) * 1000)
    }
    // A wrong signature is quick too.
    let (message, preimage) = try await logOn(cards, surroundings)
    guard let proof = message.card, proof.algorithm == "ecdsa-p256-sha256",
      let key = try? CertificateKey(certificate: Array(proof.certificate)),
      try P256.Signing.PublicKey(derRepresentation: key.subjectPublicKeyInfo)
        .isValidSignature(.init(derRepresentation: proof.signature), for: Data(preimage))
    else { throw WrongAnswer("a signature that does not verify") }
    return Figure(
      "card.logon_own_ms", milliseconds,
      note: say(
        "このプロセスの CPU 時間: カードを見る、鍵、署名する文、PIN、署名、送る文。サーバーとの通信は含まない",
        "CPU of this process: looking at the card, keys, text to be signed, PIN, signature, message; the server's line is not in it"
      ))
  }

  private func logOn(_ cards: ReaderCards, _ surroundings: Surroundings) async throws -> (ProofsMessage, [UInt8]) {
    let view = try await cards.view()
    guard let certificate = view.certificates[.authentication], let keys = SessionKeyring(surroundings) else {
      throw WrongAnswer("no key")
    }
    let hash = [UInt8](repeating: 7, count: 32)
    let preimage = CardPreimage(
      nonce: surroundings.random(32), ceremony: "c-1", workstation: "BENCH-PC-1", scenario: "logon", segment: "lgwan",
      expiresAt: 1_786_752_000_000, serverCertificate: hash, workstationCertificate: hash, slot: "9a",
      sealingSuite: keys.publicKeys.suite, sessionKeys: Array(SHA256.hash(data: keys.publicKeys.canonicalBytes))
    ).canonicalBytes
    let outcome = try await cards.run(
      CardErrand(
        reader: view.reader, slot: .authentication, certificate: certificate,
        digest: try CertificateKey(certificate: certificate).algorithm.digest(of: preimage), pin: pin, leastTries: 2))
    guard case .signed(let signature, let algorithm) = outcome else { throw WrongAnswer("not signed") }
    let message = ProofsMessage(
      sessionKeys: keys.publicKeys,
      card: CardProofMessage(
        profile: "piv", slot: "9a", certificate: Data(certificate), algorithm: algorithm.scheme.rawValue,
        signature: Data(signature)), password: nil, sessionSignature: nil)
    _ = try JSONEncoder().encode(message)
    return (message, preimage)
  }
}
