import AuthTerms
public import FoundationEssentials

/// Body of `POST /v1/registrations`: somebody stands at a workstation with a card that is nobody's yet.
public struct FirstTapBegin: Codable, Sendable {
  /// As typed. Whether there is such an account is not told.
  public var account: String

  public init(account: String) { self.account = account }
}

/// A challenge for that card, bound to this workstation and account.
public struct FirstTapOpened: Codable, Sendable {
  public var ceremony: String
  /// 32 bytes, single use.
  public var nonce: Data
  /// In its canonical spelling.
  public var account: String
  public var segment: String
  public var workstation: String
  /// Milliseconds since 1970-01-01 UTC.
  public var expiresAt: Int64

  public init(ceremony: String, nonce: Data, account: String, segment: String, workstation: String, expiresAt: Int64) {
    self.ceremony = ceremony
    self.nonce = nonce
    self.account = account
    self.segment = segment
    self.workstation = workstation
    self.expiresAt = expiresAt
  }
}

/// Body of `POST /v1/registrations/{ceremony}/proof`: a signature of key 9A over `FirstTapPreimage`, the password, and the
/// enrolment code that was handed over in person. All of it, or nothing is registered.
public struct FirstTapProofMessage: Codable, Sendable, CustomReflectable {
  public var card: CardProofMessage
  /// That the key was seen to refuse without the PIN.
  public var refusedWithoutPIN: Bool
  /// 16 bytes; absent for a card that tells none.
  public var guid: Data?
  /// UTF-8, at most 1,024 bytes.
  public var password: Data
  /// ASCII as typed, at most 64 bytes.
  public var code: Data

  public init(card: CardProofMessage, refusedWithoutPIN: Bool, guid: Data?, password: Data, code: Data) {
    self.card = card
    self.refusedWithoutPIN = refusedWithoutPIN
    self.guid = guid
    self.password = password
    self.code = code
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The card is its holder's now.
public struct FirstTapDone: Codable, Sendable, Equatable {
  public var card: String
  public var person: String
  public var displayName: String
  public var proofClass: String

  public init(card: String, person: String, displayName: String, proofClass: String) {
    self.card = card
    self.person = person
    self.displayName = displayName
    self.proofClass = proofClass
  }
}

/// Body of `POST /v1/admin/enrolment-codes`: codes for exactly these people, by a signed act.
public struct FirstTapCodeIssue: Codable, Sendable {
  /// People in one act.
  public static let mostPeople = 500
  /// A code counts until so many days from today, at the most.
  public static let mostDays = 14

  /// `SignedAct.encoded`, of kind `card.enrolment-codes.issue`.
  public var act: Data
  /// Person ids, each once.
  public var people: [String]

  public init(act: Data, people: [String]) {
    self.act = act
    self.people = people
  }

  /// The list as one text; its SHA-256 is what the act names.
  public static func canonicalBytes(of people: [String]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/first-tap-people/1")
    for person in people { writer.field(person) }
    return writer.bytes
  }

  /// Parameters of the act.
  /// - Parameter hash: SHA-256 over `canonicalBytes(of:)`, in hexadecimal.
  public static func parameters(segment: String, days: Int, count: Int, hash: String) -> [String: String] {
    ["segment": segment, "days": String(days), "people": String(count), "hash": hash]
  }
}

/// New codes, told this once: the server keeps keyed hashes.
public struct FirstTapCodesIssued: Codable, Sendable {
  /// `2026-12-04`: the last day on which they count.
  public var until: String
  /// In the order of the request.
  public var codes: [FirstTapCodeIssued]

  public init(until: String, codes: [FirstTapCodeIssued]) {
    self.until = until
    self.codes = codes
  }
}

public struct FirstTapCodeIssued: Codable, Sendable, CustomReflectable {
  public var person: String
  /// `issued`, `personUnknown` or `refused`.
  public var outcome: String
  /// With `issued`.
  public var displayName: String?
  public var account: String?
  /// Departments of the person, the main post first.
  public var departments: [String]
  /// 13 digits in ASCII, with `issued`.
  public var code: Data?
  /// With `refused`.
  public var refusal: String?

  public init(
    person: String, outcome: String, displayName: String? = nil, account: String? = nil, departments: [String] = [],
    code: Data? = nil, refusal: String? = nil
  ) {
    self.person = person
    self.outcome = outcome
    self.displayName = displayName
    self.account = account
    self.departments = departments
    self.code = code
    self.refusal = refusal
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Answer of `GET /v1/admin/enrolment-codes/people`: who of a department has no card yet, and could get a code.
public struct FirstTapCandidates: Codable, Sendable {
  public static let most = 2_000

  public var people: [String]
  /// People beyond the most that are told.
  public var more: Int

  public init(people: [String], more: Int) {
    self.people = people
    self.more = more
  }
}

/// Answer of `GET /v1/admin/enrolment-codes`.
public struct FirstTapCodesShown: Codable, Sendable {
  public static let most = 2_000

  public var codes: [FirstTapCodeSummary]
  /// Codes beyond the most that are told.
  public var more: Int

  public init(codes: [FirstTapCodeSummary], more: Int) {
    self.codes = codes
    self.more = more
  }
}

/// One code, without its digits.
public struct FirstTapCodeSummary: Codable, Sendable {
  public var person: String
  public var segment: String
  /// `open`, `over`, `used`, `dead` or `withdrawn`.
  public var state: String
  /// The last day on which it counts.
  public var until: String
  /// Wrong codes that were shown in its place.
  public var wrong: Int
  public var issuedBy: String
  /// Milliseconds since 1970-01-01 UTC.
  public var issuedAt: Int64

  public init(
    person: String, segment: String, state: String, until: String, wrong: Int, issuedBy: String, issuedAt: Int64
  ) {
    self.person = person
    self.segment = segment
    self.state = state
    self.until = until
    self.wrong = wrong
    self.issuedBy = issuedBy
    self.issuedAt = issuedAt
  }
}

/// Body of `POST /v1/admin/enrolment-codes/withdraw`.
public struct FirstTapCodeWithdrawal: Codable, Sendable {
  public var person: String
  public var segment: String

  public init(person: String, segment: String) {
    self.person = person
    self.segment = segment
  }
}

/// Body of `POST /v1/admin/cards/expected`: a part of an issuer's list. Nothing of it is a card before a card has signed.
public struct ExpectedCardImport: Codable, Sendable {
  /// Lines in one request.
  public static let mostLines = 50
  /// A card is waited for until so many days from today.
  public static let days = 90

  public var segment: String
  /// Says what would come of each line, and writes nothing.
  public var isDryRun: Bool
  public var lines: [ExpectedCardLine]

  public init(segment: String, isDryRun: Bool, lines: [ExpectedCardLine]) {
    self.segment = segment
    self.isDryRun = isDryRun
    self.lines = lines
  }
}

public struct ExpectedCardLine: Codable, Sendable {
  /// In the file, 1-based; said again in the answer.
  public var line: Int
  /// 職員番号, as it stands there.
  public var person: String
  /// DER.
  public var certificate: Data

  public init(line: Int, person: String, certificate: Data) {
    self.line = line
    self.person = person
    self.certificate = certificate
  }
}

/// What came of each line, in their order. A line that was refused leaves the others as they are.
public struct ExpectedCardsTaken: Codable, Sendable {
  public var lines: [ExpectedCardLineOutcome]
  public init(lines: [ExpectedCardLineOutcome]) { self.lines = lines }
}

public struct ExpectedCardLineOutcome: Codable, Sendable {
  public var line: Int
  /// `expected`; `expectable` in a dry run; `already` expected or registered for this person; `personUnknown`; `refused`.
  public var outcome: String
  /// With `refused`.
  public var code: String?

  public init(line: Int, outcome: String, code: String? = nil) {
    self.line = line
    self.outcome = outcome
    self.code = code
  }
}

/// Answer of `GET /v1/admin/cards/expected`.
public struct ExpectedCardsShown: Codable, Sendable {
  public static let most = 2_000

  public var cards: [ExpectedCardSummary]
  /// Cards beyond the most that are told.
  public var more: Int

  public init(cards: [ExpectedCardSummary], more: Int) {
    self.cards = cards
    self.more = more
  }
}

/// A card that a list announced and that nobody has seen.
public struct ExpectedCardSummary: Codable, Sendable {
  public var person: String
  public var segment: String
  /// Fingerprint of the key, in hexadecimal.
  public var key: String
  /// The last day on which it is waited for.
  public var until: String
  public var importedBy: String

  public init(person: String, segment: String, key: String, until: String, importedBy: String) {
    self.person = person
    self.segment = segment
    self.key = key
    self.until = until
    self.importedBy = importedBy
  }
}

/// Body of `POST /v1/admin/cards/expected/withdraw`.
public struct ExpectedCardWithdrawal: Codable, Sendable {
  public var key: String

  public init(key: String) { self.key = key }
}
