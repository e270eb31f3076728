/// What a card proved, strongest last. The class of a proof is the weaker of what the exchange showed and what was proven
/// for that key at enrolment.
public enum ProofClass: Int, CaseIterable, Sendable, Comparable {
  /// A static number (UID, IDm) that anybody can copy: a user name, not a factor.
  case identifier = 0
  /// A shared key under 3DES (FeliCa Lite-S).
  case symmetric3DES = 1
  /// A shared key under AES (DESFire EV2/EV3, FeliCa AES).
  case symmetricAES = 2
  /// A private key on the card, usable without a PIN (PIV 9E).
  case publicKey = 3
  /// A private key on the card that the card releases only after its PIN (PIV 9A).
  case publicKeyWithPIN = 4

  public var name: String {
    switch self {
    case .identifier: "identifier"
    case .symmetric3DES: "sym-3des"
    case .symmetricAES: "sym-aes"
    case .publicKey: "pk"
    case .publicKeyWithPIN: "pk-pin"
    }
  }

  public init?(name: some StringProtocol) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
