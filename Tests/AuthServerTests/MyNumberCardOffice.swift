import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import CertificateTrust
import Crypto
import CryptoExtras
import Foundation
import Testing
import X509

/// The user-authentication key of a My Number Card, in memory. Keys take a while to make: two serve all tests.
final class PersonalCard: Sendable {
  enum Made {
    static let sato = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }
    static let takahashi = Result { try _RSA.Signing.PrivateKey(keySize: .bits2048) }
  }

  /// The subject of the certificate, as the municipality's serial number is: it has to be found nowhere.
  static let subject = "20260401120000ZZ4649000001"

  let key: _RSA.Signing.PrivateKey
  let certificate: [UInt8]

  init(_ key: _RSA.Signing.PrivateKey, certificate: [UInt8]) {
    self.key = key
    self.certificate = certificate
  }

  /// As rows and registers name it.
  var fingerprint: String { Hex.encode(Array(SHA256.hash(data: key.publicKey.derRepresentation))) }

  func sign(_ message: [UInt8]) throws -> [UInt8] {
    Array(try key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5).rawRepresentation)
  }

  /// The same key with another certificate around it.
  func showing(_ certificate: [UInt8]) -> PersonalCard { PersonalCard(key, certificate: certificate) }
}

extension CardAuthority {
  func issuePersonal(
    _ key: Result<_RSA.Signing.PrivateKey, any Error> = PersonalCard.Made.sato, validDays: Double = 1000
  ) throws -> PersonalCard {
    let made = try key.get()
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(made.publicKey), notValidBefore: Date() - 86_400 * 30,
      notValidAfter: Date() + 86_400 * validDays, issuer: name,
      subject: try DistinguishedName { CommonName(PersonalCard.subject) }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
      }, issuerPrivateKey: .init(self.key))
    return PersonalCard(made, certificate: try Self.der(certificate))
  }
}

/// A city whose LGWAN takes My Number Cards, and an authority of such cards.
struct PersonalOffice {
  let city: City
  let authority: CardAuthority

  /// - Parameters:
  ///   - isOn: whether the rules take them.
  ///   - hasRoots: whether the start-up file names their authority.
  ///   - hasLists: whether it names a folder of lists, which is empty.
  init(isOn: Bool = true, hasRoots: Bool = true, hasLists: Bool = false) async throws {
    let authority = try CardAuthority(named: "Test user authentication")
    city = try await City(
      prepare: { folder in
        try PEMFile.encode(certificate: authority.certificateDER).write(
          toFile: folder + "/jpki.pem", atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: folder + "/jpki-lists", withIntermediateDirectories: false)
      },
      lines: { folder in
        (hasRoots ? "jpki-roots: {lgwan: [\(folder)/jpki.pem]}\n" : "")
          + (hasLists ? "jpki-crls: {lgwan: [\(folder)/jpki-lists]}\n" : "")
      })
    self.authority = authority
    _ = try await city.importPeople()
    if isOn { try await city.takeMyNumberCards() }
  }
}

extension City {
  /// LGWAN takes My Number Cards from now on.
  func takeMyNumberCards() async throws {
    let shipped = try String(contentsOfFile: Repository.root + "/policies/lgwan.yaml", encoding: .utf8)
    let before: InstanceStatus = try await link.fetch("/v1/admin/status")
    try shipped.replacing("  proof: pk\n", with: "  proof: pk\n  jpki: user-authentication\n").write(
      toFile: folder + "/policies/lgwan.yaml", atomically: true, encoding: .utf8)
    let answer = try await link.request("POST", "/v1/admin/policy/reload")
    let loaded = try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body))
    // The server looks at the folder by itself: who was first does not matter.
    #expect(loaded.faultsEn.isEmpty && loaded.warningsEn.contains { $0.contains("PF423") })
    #expect(loaded.policyVersion != before.policyVersion)
  }

  func enrolPersonal(
    _ card: PersonalCard, for person: String, refusedWithoutPIN: Bool = true, bend: (inout CardEnrolment) -> Void = { _ in }
  ) async throws -> CardSummary {
    let challenge: CardChallenge = try await link.call(
      "POST", "/v1/admin/cards/challenge", CardChallengeRequest(person: person))
    let preimage = EnrolmentPreimage(nonce: Array(challenge.nonce), person: person, slot: "jpki", guid: [], card: "")
    var body = CardEnrolment(
      person: person, segment: segment.name, profile: "jpki", slot: "jpki", nonce: challenge.nonce,
      certificate: Data(card.certificate), algorithm: "rsa-pkcs1-sha256",
      signature: Data(try card.sign(preimage.canonicalBytes)), refusedWithoutPIN: refusedWithoutPIN, guid: nil, card: nil)
    bend(&body)
    let answer = try await link.request("POST", "/v1/admin/cards", body: Array(try JSONEncoder().encode(body)))
    guard answer.status == 201 else { throw try Refused(answer) }
    return try JSONDecoder().decode(CardSummary.self, from: Data(answer.body))
  }
}

extension TestWorkstation {
  func proofs(
    _ opened: Opened, _ card: PersonalCard, password: String? = nil, bend: (inout CardPreimage) -> Void = { _ in }
  ) throws -> ProofsMessage {
    var message = try proofs(opened, nil, password: password)
    var preimage = preimage(opened, slot: "jpki")
    bend(&preimage)
    message.card = CardProofMessage(
      profile: "jpki", slot: "jpki", certificate: Data(card.certificate), algorithm: "rsa-pkcs1-sha256",
      signature: Data(try card.sign(preimage.canonicalBytes)))
    return message
  }

  /// The whole logon or unlock.
  func enter(_ card: PersonalCard, password: String? = nil) async throws -> SessionOpened {
    let opened = try await open()
    let answer = try await prove(opened, proofs(opened, card, password: password))
    guard let session = answer.session else { throw NotGranted(combinations: answer.combinations ?? []) }
    return session
  }
}
