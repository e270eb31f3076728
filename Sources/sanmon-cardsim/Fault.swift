import Foundation
import X509

/// What can be wrong with a card, switched while it is in the reader.
enum Fault: Equatable {
  case none
  /// Leaves the reader instead of signing.
  case pullMidSign
  /// Loses its power instead of signing: the PIN is forgotten, the card stays.
  case forgetMidSign
  /// Does not answer commands any more.
  case mute
  case flipSignature
  case truncatedTLV
  case longTLV
  case indefiniteTLV
  case nonMinimalTLV
  /// Always says that more is to come.
  case endless61xx
  /// One answer of 60,000 bytes.
  case hugeAnswer
  /// Answers no command with more than one byte, which is not even a status word.
  case shortAnswer
  /// Has no PIV application.
  case noApplet
  /// Says that its certificate is compressed.
  case compressedCertificate
  /// Shared-key cards: has another key.
  case wrongKey
  /// Lite-S: its counter is half of what it was, as on a copy made then.
  case counterBack
  /// Lite-S: another number once it was asked for it. DESFire: the reader tells another than the key was made for.
  case changedNumber
  /// Shows somebody else's certificate in 9A.
  case swapCertificate(Data)

  static let names = [
    "none", "pull-mid-sign", "forget-mid-sign", "mute", "flip-signature", "truncated-tlv", "long-tlv", "indefinite-tlv",
    "non-minimal-tlv", "endless-61xx", "huge-answer", "short-answer", "no-applet", "compressed-certificate",
    "wrong-key", "counter-back", "changed-number", "swap-certificate FILE",
  ]

  /// Reads `NAME` or `swap-certificate FILE`.
  init(parsing text: String) throws {
    let words = text.split(separator: " ", maxSplits: 1).map(String.init)
    switch (words.first ?? "", words.count) {
    case ("none", 1): self = .none
    case ("pull-mid-sign", 1): self = .pullMidSign
    case ("forget-mid-sign", 1): self = .forgetMidSign
    case ("mute", 1): self = .mute
    case ("flip-signature", 1): self = .flipSignature
    case ("truncated-tlv", 1): self = .truncatedTLV
    case ("long-tlv", 1): self = .longTLV
    case ("indefinite-tlv", 1): self = .indefiniteTLV
    case ("non-minimal-tlv", 1): self = .nonMinimalTLV
    case ("endless-61xx", 1): self = .endless61xx
    case ("huge-answer", 1): self = .hugeAnswer
    case ("short-answer", 1): self = .shortAnswer
    case ("no-applet", 1): self = .noApplet
    case ("compressed-certificate", 1): self = .compressedCertificate
    case ("wrong-key", 1): self = .wrongKey
    case ("counter-back", 1): self = .counterBack
    case ("changed-number", 1): self = .changedNumber
    case ("swap-certificate", 2): self = .swapCertificate(try CertificateFile.readDER(words[1]))
    default: throw SimulatorFault(description: "no such fault; known: " + Self.names.joined(separator: ", "), exitCode: 64)
    }
  }

  /// What a certificate object becomes.
  func spoiled(_ object: [UInt8]) -> [UInt8] {
    switch self {
    case .truncatedTLV: Array(object.prefix(object.count / 2))
    case .longTLV: [0x53, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x70, 0x00]
    case .indefiniteTLV: [0x53, 0x80] + object.dropFirst(4) + [0x00, 0x00]
    case .nonMinimalTLV: [0x53, 0x83, 0x00] + object.dropFirst(2)
    default: object
    }
  }
}
