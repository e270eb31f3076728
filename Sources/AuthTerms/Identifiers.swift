/// A name of one thing, in a closed character set, so that it can stand in a path, a log line and an error text unquoted.
///
/// Accepts 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a letter or digit. `Tag` keeps a person from being taken for a card.
public struct Identifier<Tag>: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let text: String

  public init(parsing text: some StringProtocol) throws(MalformedInput) {
    let units = Array(text.utf8)
    guard (1...64).contains(units.count), units.allSatisfy(Self.isAllowed), Self.isAlphanumeric(units[0]) else {
      throw MalformedInput("identifier", expected: "1 to 64 of A-Z a-z 0-9 . _ -, starting with a letter or digit")
    }
    self.text = String(text)
  }

  private static func isAlphanumeric(_ unit: UInt8) -> Bool {
    switch unit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }

  private static func isAllowed(_ unit: UInt8) -> Bool {
    isAlphanumeric(unit) || unit == UInt8(ascii: ".") || unit == UInt8(ascii: "_") || unit == UInt8(ascii: "-")
  }

  public var description: String { text }
  public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
}

public enum PersonTag {}
public enum ApplicationTag {}
public enum WorkstationTag {}
public enum CardTag {}
public enum SessionTag {}
public enum CeremonyTag {}
public enum OperatorTag {}
public enum SampleTag {}
public enum SensorTag {}

/// One person, for life: the staff number (職員番号) under which the directory first told of her, never a name. Which object of
/// Active Directory stands for her is a `DirectoryIdentity`.
public typealias PersonID = Identifier<PersonTag>
/// One application that people sign in to after logon, as its file names it (`ledger`).
public typealias ApplicationID = Identifier<ApplicationTag>
/// One workstation, as an administrator named it at enrolment (`LGWAN-PC-0042`).
public typealias WorkstationID = Identifier<WorkstationTag>
/// One physical card, with all keys registered on it.
public typealias CardID = Identifier<CardTag>
public typealias SessionID = Identifier<SessionTag>
public typealias CeremonyID = Identifier<CeremonyTag>
public typealias OperatorID = Identifier<OperatorTag>
/// What captures palms, as it is named at its workstation.
public typealias SensorID = Identifier<SensorTag>

/// SHA-256 over something named by `Tag`; 32 bytes, written as 64 hexadecimal digits.
public struct Fingerprint<Tag>: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init(parsing bytes: some Collection<UInt8>) throws(MalformedInput) {
    guard bytes.count == 32 else { throw MalformedInput("SHA-256 fingerprint", expected: "32 bytes") }
    self.bytes = Array(bytes)
  }

  public init(hex: some StringProtocol) throws(MalformedInput) { try self.init(parsing: Hex.decode(hex)) }

  public var hex: String { Hex.encode(bytes) }
  public var description: String { hex }
}

public enum PublicKeyTag {}
public enum CertificateTag {}
public enum PolicyTag {}
public enum WaiverTag {}

/// SHA-256 of a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): how a card or operator key is recognised.
public typealias KeyFingerprint = Fingerprint<PublicKeyTag>
/// SHA-256 of a DER certificate.
public typealias CertificateFingerprint = Fingerprint<CertificateTag>
/// SHA-256 over the policy files that were in force: each audit row names it.
public typealias PolicyVersion = Fingerprint<PolicyTag>
/// SHA-256 over the canonical bytes of one waiver: what its approvers sign.
public typealias WaiverHash = Fingerprint<WaiverTag>
/// SHA-256 of what a sensor gave for a palm.
public typealias SampleFingerprint = Fingerprint<SampleTag>

/// The six digits a refused clerk reads to the help desk; unique per instance and day.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
  public let number: Int

  public init(number: Int) throws(MalformedInput) {
    guard (0...999_999).contains(number) else { throw MalformedInput("reference", expected: "six digits") }
    self.number = number
  }

  public init(parsing text: some StringProtocol) throws(MalformedInput) {
    guard text.utf8.count == 6, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(text)
    else { throw MalformedInput("reference", expected: "six digits") }
    self.number = number
  }

  public var description: String {
    let digits = String(number)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }
}
