import ArgumentParser
import Foundation
import SwiftASN1
import X509

struct IssueJPKI: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue-jpki",
    abstract: "Make a card like a My Number Card: the JPKI application with its two keys, RSA-2048, and a card surface.",
    discussion: """
      The PIN of user authentication (4 digits) comes from a file or a file descriptor (first line), never from the command line. \
      The signature key has a password that nobody is told; it is there so that a card has the files that a real one has. So are \
      the card surface and its twelve digits: 'show' says how often either was touched.

      --ca-cert and --ca-key are of a CA of its own, made with make-ca: the staff cards' CA signs no such card.

      Examples:
        sanmon-cardsim make-ca --cert jpki.pem --key jpki.key --name "見本 利用者証明CA"
        printf '%s\\n' 4649 > pin4
        sanmon-cardsim issue-jpki --card mynumber.card --name "三門 花子" --pin-file pin4 --ca-cert jpki.pem --ca-key jpki.key
      """)

  @Option(help: "Card file to write (mode 0600, never overwriting).") var card: String
  @Option(help: "Whose it is; stands in the signature certificate, never in the one that is used.") var name: String
  @Option(help: "File with the PIN in its first line.") var pinFile: String?
  @Option(help: "Open file descriptor to read the PIN from.") var pinFd: Int32?
  @Option(help: "Tries before the PIN is blocked, 1 to 15; a real card has 3.") var pinTries = 3
  @Option(help: "Certificate of the CA (PEM or DER).") var caCert: String
  @Option(help: "Key of the CA (PEM).") var caKey: String
  @Option(help: "Days the certificates are valid.") var validDays = 1825
  @Option(help: "Days ago that validity began; more than --valid-days makes an expired card.") var startedDaysAgo = 0
  @Option(help: "Also write the user-authentication certificate here (PEM).") var certOut: String?

  func validate() throws {
    guard (pinFile == nil) != (pinFd == nil) else { throw ValidationError("give --pin-file or --pin-fd") }
    guard (1...15).contains(pinTries) else { throw ValidationError("--pin-tries is 1 to 15") }
    guard (1...36_500).contains(validDays), (0...36_500).contains(startedDaysAgo) else {
      throw ValidationError("--valid-days is 1 to 36500, --started-days-ago 0 to 36500")
    }
    guard (1...64).contains(name.unicodeScalars.count) else { throw ValidationError("--name has 1 to 64 characters") }
  }

  func run() throws {
    try reporting {
      let authority = try CardAuthority(
        certificate: try CertificateFile.readDER(caCert), key: try CertificateFile.readKey(caKey))
      let pin = try readPIN()
      let start = Date().addingTimeInterval(-300 - Double(startedDaysAgo) * 86_400)
      var random = SystemRandomNumberGenerator()
      func text(_ letters: String, _ count: Int) -> String {
        let letters = Array(letters)
        return String((0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
      }
      func key(subject: String, isForAuthentication: Bool, pin: String, tries: Int) throws -> JPKIContent.Key {
        let made = try CardKey.generate(.rsa2048)
        let certificate = try authority.issueJPKI(
          to: made.key.publicKey, subject: subject, isForAuthentication: isForAuthentication, from: start, days: validDays)
        return JPKIContent.Key(
          keyPEM: made.pem, certificate: certificate, authority: try authority.der, pin: pin, pinTries: tries,
          pinTriesLeft: tries)
      }
      // The real subject is a serial number of J-LIS: no name, and a personal identifier all the same.
      let subject = text("0123456789", 14) + text("ABCDEFGHJKLMNPQRSTUVWXYZ", 2) + text("0123456789", 10)
      let content = JPKIContent(
        name: name, number: text("0123456789", 12),
        authentication: try key(subject: subject, isForAuthentication: true, pin: pin, tries: pinTries),
        signature: try key(
          subject: name, isForAuthentication: false, pin: text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 12), tries: 5))
      try JPKICardFile.create(path: card, content)
      if let certOut {
        let certificate = try Certificate(derEncoded: Array(content.authentication.certificate))
        try SafeFile.create(certOut, Data((try certificate.serializeAsPEM().pemString + "\n").utf8), mode: 0o644)
      }
    }
  }

  private func readPIN() throws -> String {
    let data: Data
    if let pinFile {
      data = try SafeFile.read(pinFile)
    } else {
      data = try FileHandle(fileDescriptor: pinFd ?? 0, closeOnDealloc: false).read(upToCount: 64) ?? Data()
    }
    let line = String(String(decoding: data, as: UTF8.self).prefix { !$0.isNewline })
    guard JPKIContent.isPIN(line) else { throw SimulatorFault.data("the PIN is not a line of 4 digits") }
    return line
  }
}

extension CardAuthority {
  var der: Data {
    get throws {
      var serializer = DER.Serializer()
      try serializer.serialize(certificate)
      return Data(serializer.serializedBytes)
    }
  }

  /// A certificate of one of the two keys: user authentication (clientAuth), or signatures (no extended usage).
  func issueJPKI(
    to key: Certificate.PublicKey, subject: String, isForAuthentication: Bool, from start: Date, days: Int
  ) throws -> Data {
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key, notValidBefore: start,
      notValidAfter: start.addingTimeInterval(Double(days) * 86_400), issuer: self.certificate.subject,
      subject: try DistinguishedName { CommonName(subject) },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true, nonRepudiation: !isForAuthentication))
        if isForAuthentication { try ExtendedKeyUsage([.clientAuth]) }
        SubjectKeyIdentifier(hash: key)
        AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: self.certificate.publicKey).keyIdentifier)
      }, issuerPrivateKey: self.key)
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return Data(serializer.serializedBytes)
  }
}
