public import FoundationEssentials

/// A printed one-time code as somebody typed it: possession, in the place of a card.
public struct LookUpProofMessage: Codable, Sendable, CustomReflectable {
  /// Whose it is; at an unlock it may be absent, and is then the person of the session that waits.
  public var account: String?
  /// UTF-8 of the code as typed, at most 64 bytes.
  public var code: Data

  public init(account: String?, code: Data) {
    self.account = account
    self.code = code
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Answer to `POST /v1/admin/codes`: the codes of a sheet, sealed to the key that the act named.
public struct SealedSheetMessage: Codable, Sendable {
  /// 16 bytes
  public var sheet: Data
  public var encapsulated: Data
  /// Of the digits of all codes, 13 each: the logon's, then those for unlocks.
  public var ciphertext: Data

  public init(sheet: Data, encapsulated: Data, ciphertext: Data) {
    self.sheet = sheet
    self.encapsulated = encapsulated
    self.ciphertext = ciphertext
  }
}

/// A sheet of printed one-time codes, without its codes.
public struct SheetSummary: Codable, Sendable, Equatable {
  /// The first four bytes of its number, as rows name it.
  public var sheet: String
  public var person: String
  public var segment: String
  /// Milliseconds since 1970-01-01 UTC; the end does not count.
  public var from: Int64
  public var until: Int64
  public var issuedBy: String
  public var issuedAt: Int64
  /// Where its logon code was used.
  public var workstation: String?
  /// Wrong codes so far.
  public var wrong: Int64
  /// `planned`, `inForce`, `ended`, `dead` or `withdrawn`
  public var state: String
  public var isLogonUsed: Bool
  public var unlocks: Int64
  public var unlocksUsed: Int64

  public init(
    sheet: String, person: String, segment: String, from: Int64, until: Int64, issuedBy: String, issuedAt: Int64,
    workstation: String?, wrong: Int64, state: String, isLogonUsed: Bool, unlocks: Int64, unlocksUsed: Int64
  ) {
    self.sheet = sheet
    self.person = person
    self.segment = segment
    self.from = from
    self.until = until
    self.issuedBy = issuedBy
    self.issuedAt = issuedAt
    self.workstation = workstation
    self.wrong = wrong
    self.state = state
    self.isLogonUsed = isLogonUsed
    self.unlocks = unlocks
    self.unlocksUsed = unlocksUsed
  }
}
