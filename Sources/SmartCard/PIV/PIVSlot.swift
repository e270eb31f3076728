public import AuthTerms

/// The keys of a PIV card that Sanmon uses (SP 800-73-5 part 1 §3.1 and table 4).
public enum PIVSlot: UInt8, CaseIterable, Sendable {
  /// 9A, PIV Authentication: signs only after the PIN.
  case authentication = 0x9A
  /// 9E, Card Authentication: signs for whoever holds the card.
  case cardAuthentication = 0x9E

  /// `9a` or `9e`, as the preimage and the registers write it.
  public var name: String { self == .authentication ? "9a" : "9e" }

  public init?(name: some StringProtocol) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// The strongest class this slot can ever have; what a key really is, is found at enrolment.
  public var bestProofClass: ProofClass { self == .authentication ? .publicKeyWithPIN : .publicKey }

  /// The object that holds the slot's certificate.
  var certificateObject: PIVObject { self == .authentication ? .authenticationCertificate : .cardAuthenticationCertificate }
}

/// Key types and their numbers on the wire (SP 800-78-5 table 9).
public enum PIVAlgorithm: UInt8, CaseIterable, Sendable {
  case rsa3072 = 0x05
  case rsa2048 = 0x07
  case p256 = 0x11
  case p384 = 0x14

  /// Bytes of the digest that such a key signs: SHA-384 for P-384, SHA-256 for the others.
  public var digestCount: Int { self == .p384 ? 48 : 32 }

  /// Bytes of an RSA key's modulus; nil for curves.
  public var modulusCount: Int? {
    switch self {
    case .rsa2048: 256
    case .rsa3072: 384
    case .p256, .p384: nil
    }
  }
}

/// Data objects and their tags for GET DATA (SP 800-73-5 part 1 table 3).
enum PIVObject {
  case authenticationCertificate, cardAuthenticationCertificate, cardHolderUniqueIdentifier

  var tag: [UInt8] {
    switch self {
    case .authenticationCertificate: [0x5F, 0xC1, 0x05]
    case .cardAuthenticationCertificate: [0x5F, 0xC1, 0x01]
    case .cardHolderUniqueIdentifier: [0x5F, 0xC1, 0x02]
    }
  }
}
