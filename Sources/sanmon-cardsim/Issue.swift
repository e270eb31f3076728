import ArgumentParser
import Foundation
import SwiftASN1
import X509

struct Issue: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue",
    abstract: "Make a card: keys and certificates for 9A (with PIN) and 9E (without), signed by a card CA.",
    discussion: """
      The PIN comes from a file or a file descriptor (first line, 4 to 8 digits), never from the command line; so does the PUK \
      (6 to 8 characters), without which a card cannot be unblocked.

      Examples:
        sanmon-cardsim issue --card hanako.card --name "三門 花子" --key p256 --pin-file pin --ca-cert ca.pem --ca-key ca.key
        sanmon-cardsim issue --card taro.card --name "見本 太郎" --key rsa2048 --pin-fd 3 --ca-cert ca.pem --ca-key ca.key 3< pin
      """)

  enum PINPolicy: String, ExpressibleByArgument, CaseIterable { case once, never, always }
  enum KeyKind: String, ExpressibleByArgument, CaseIterable { case p256, p384, rsa2048, rsa3072 }
  enum WireProtocol: String, ExpressibleByArgument, CaseIterable { case t0, t1 }

  @Option(help: "Card file to write (mode 0600, never overwriting).") var card: String
  @Option(help: "Common name in the certificates.") var name: String
  @Option(help: "Kind of both keys.") var key: KeyKind = .p256
  @Option(help: "File with the PIN in its first line.") var pinFile: String?
  @Option(help: "Open file descriptor to read the PIN from.") var pinFd: Int32?
  @Option(help: "Tries before the PIN is blocked, 1 to 15.") var pinTries = 3
  @Option(help: "'never' makes a 9A key that signs without PIN, as careless issuers do; 'always' asks before each signature.")
  var pinPolicy: PINPolicy = .once
  @Option(help: "File with the PUK in its first line.") var pukFile: String?
  @Option(help: "Open file descriptor to read the PUK from.") var pukFd: Int32?
  @Option(help: "Tries before the PUK is blocked, 1 to 15.") var pukTries = 3
  @Option(name: .customLong("protocol"), help: "How the card speaks on the wire.") var wire: WireProtocol = .t1
  @Option(help: "Certificate of the card CA (PEM or DER).") var caCert: String
  @Option(help: "Key of the card CA (PEM).") var caKey: String
  @Option(help: "Days the certificates are valid.") var validDays = 1095
  @Option(help: "Days ago that validity began; more than --valid-days makes an expired card.") var startedDaysAgo = 0
  @Option(help: "Also write the 9A certificate here (PEM).") var certOut: String?

  func validate() throws {
    guard (pinFile == nil) != (pinFd == nil) else { throw ValidationError("give --pin-file or --pin-fd") }
    guard (1...15).contains(pinTries) else { throw ValidationError("--pin-tries is 1 to 15") }
    guard (1...15).contains(pukTries) else { throw ValidationError("--puk-tries is 1 to 15") }
    guard pukFile == nil || pukFd == nil else { throw ValidationError("give --puk-file or --puk-fd") }
    guard (1...36_500).contains(validDays), (0...36_500).contains(startedDaysAgo) else {
      throw ValidationError("--valid-days is 1 to 36500, --started-days-ago 0 to 36500")
    }
    guard (1...64).contains(name.unicodeScalars.count) else { throw ValidationError("--name has 1 to 64 characters") }
  }

  func run() throws {
    try reporting {
      let authority = try CardAuthority(
        certificate: try CertificateFile.readDER(caCert), key: try CertificateFile.readKey(caKey))
      var random = SystemRandomNumberGenerator()
      var guid = Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) })
      guid[6] = guid[6] & 0x0F | 0x40  // a version 4 UUID (RFC 9562 §5.4), as part 1 §3.4.1 asks of a GUID
      guid[8] = guid[8] & 0x3F | 0x80
      let smartCardLogon = ExtendedKeyUsage.Usage(oid: [1, 3, 6, 1, 4, 1, 311, 20, 2, 2])
      let cardAuthentication = ExtendedKeyUsage.Usage(oid: [2, 16, 840, 1, 101, 3, 6, 8])
      let (pin, puk) = (try readPIN(), try readPUK())
      let content = CardContent(
        name: name, guid: guid, serial: UInt32.random(in: 10_000_000...99_999_999, using: &random), pin: pin,
        pinTries: pinTries, pinTriesLeft: pinTries,
        authentication: try slot(
          authority, guid, [.clientAuth, smartCardLogon], CardContent.PINPolicy(rawValue: pinPolicy.rawValue) ?? .once),
        cardAuthentication: try slot(authority, guid, [cardAuthentication], .never), puk: puk,
        pukTries: puk.map { _ in pukTries }, pukTriesLeft: puk.map { _ in pukTries },
        isCharacterOriented: wire == .t0 ? true : nil)
      try CardFile.create(path: card, content)
      if let certOut {
        let certificate = try Certificate(derEncoded: Array(content.authentication.certificate))
        try SafeFile.create(certOut, Data((try certificate.serializeAsPEM().pemString + "\n").utf8), mode: 0o644)
      }
    }
  }

  private func slot(
    _ authority: CardAuthority, _ guid: Data, _ usages: [ExtendedKeyUsage.Usage], _ policy: CardContent.PINPolicy
  ) throws -> CardContent.Slot {
    let kind = CardContent.Slot.Kind(rawValue: key.rawValue) ?? .p256
    let made = try CardKey.generate(kind)
    let start = Date().addingTimeInterval(-300 - Double(startedDaysAgo) * 86_400)
    let certificate = try authority.issue(
      to: made.key.publicKey, name: name, guid: guid, usages: usages, from: start, days: validDays)
    return .init(kind: kind, keyPEM: made.pem, certificate: certificate, pinPolicy: policy)
  }

  private func readPIN() throws -> String {
    let line = try readLine(pinFile, pinFd)
    guard PINText.accepts(line) else { throw SimulatorFault.data("the PIN is not a line of 4 to 8 digits") }
    return line
  }

  private func readPUK() throws -> String? {
    guard pukFile != nil || pukFd != nil else { return nil }
    let line = try readLine(pukFile, pukFd)
    guard PUKText.accepts(line) else { throw SimulatorFault.data("the PUK is not a line of 6 to 8 printable characters") }
    return line
  }

  private func readLine(_ file: String?, _ descriptor: Int32?) throws -> String {
    let data: Data
    if let file {
      data = try SafeFile.read(file)
    } else {
      data = try FileHandle(fileDescriptor: descriptor ?? 0, closeOnDealloc: false).read(upToCount: 64) ?? Data()
    }
    return String(String(decoding: data, as: UTF8.self).prefix { !$0.isNewline })
  }
}
