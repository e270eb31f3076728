public import FoundationEssentials

/// A card that tells a number and signs nothing, in `ProofsMessage`: taken for the card under a waiver, and else for nothing.
public struct CardNumberMessage: Codable, Sendable {
  /// IDm or UID, as the reader tells it: 4, 7, 8 or 10 bytes.
  public var number: Data
  /// PMm of a FeliCa card, 8 bytes; absent where the reader tells none.
  public var chip: Data?

  public init(number: Data, chip: Data?) {
    self.number = number
    self.chip = chip
  }
}

/// Body of `POST /v1/admin/cards/numbers`: registers the card on the desk's reader by its number.
public struct NumberCardEnrolment: Codable, Sendable {
  public var person: String
  /// Where it is to be used: its file has to take numbers, under a waiver that has not ended.
  public var segment: String
  /// As in `CardNumberMessage`.
  public var number: Data
  public var chip: Data?

  public init(person: String, segment: String, number: Data, chip: Data?) {
    self.person = person
    self.segment = segment
    self.number = number
    self.chip = chip
  }
}

/// Body of `POST /v1/admin/cards/numbers/import`: a part of a list.
public struct NumberCardImport: Codable, Sendable {
  /// Lines in one request.
  public static let mostLines = 200

  public var segment: String
  /// Says what would come of each line, and writes nothing.
  public var isDryRun: Bool
  public var lines: [NumberCardLine]

  public init(segment: String, isDryRun: Bool, lines: [NumberCardLine]) {
    self.segment = segment
    self.isDryRun = isDryRun
    self.lines = lines
  }
}

public struct NumberCardLine: Codable, Sendable {
  /// In the file, 1-based; said again in the answer.
  public var line: Int
  /// 職員番号, as it stands there.
  public var person: String
  public var number: Data
  /// `FelicaGeneration`, where the list has it.
  public var generation: String?

  public init(line: Int, person: String, number: Data, generation: String?) {
    self.line = line
    self.person = person
    self.number = number
    self.generation = generation
  }
}

/// What came of each line, in their order. A line that was refused leaves the others as they are.
public struct NumberCardsImported: Codable, Sendable {
  public var lines: [NumberCardLineOutcome]
  public init(lines: [NumberCardLineOutcome]) { self.lines = lines }
}

public struct NumberCardLineOutcome: Codable, Sendable {
  public var line: Int
  /// `registered`; `registrable` in a dry run; `already` registered for this person; `personUnknown`; `refused`.
  public var outcome: String
  /// With `refused`.
  public var code: String?
  /// With `registered` and `already`.
  public var card: String?

  public init(line: Int, outcome: String, code: String? = nil, card: String? = nil) {
    self.line = line
    self.outcome = outcome
    self.code = code
    self.card = card
  }
}

/// Answer of `GET /v1/admin/cards/report`: what the cards of each segment's people prove.
public struct CardReport: Codable, Sendable {
  public static let mostPeople = 2000

  public var segments: [SegmentCards]
  /// Of the class that was asked for; none if none was.
  public var people: [PersonCards]
  /// People beyond the most that are told.
  public var more: Int

  public init(segments: [SegmentCards], people: [PersonCards], more: Int) {
    self.segments = segments
    self.people = people
    self.more = more
  }
}

public struct SegmentCards: Codable, Sendable {
  public var segment: String
  /// `card.proof` of its file.
  public var floor: String
  /// Who may enter, enabled, whatever the day.
  public var people: Int
  /// People by the best of their active cards, strongest first; each class stands there.
  public var classes: [CardClassCount]
  public var withoutCard: Int
  /// `2027-09-30`: the last day on which numbers may stand for cards; absent where they never do.
  public var numbersUntil: String?
  /// Whether they do today: signed, begun and not ended.
  public var takesNumbers: Bool
  /// Days until then, today and the last among them; 0 when it is over.
  public var daysLeft: Int?
  /// People with an active My Number Card of which nobody here knows whether it was revoked; absent where none are taken.
  public var revocationUnknown: Int?

  public init(
    segment: String, floor: String, people: Int, classes: [CardClassCount], withoutCard: Int, numbersUntil: String?,
    takesNumbers: Bool, daysLeft: Int?, revocationUnknown: Int? = nil
  ) {
    self.segment = segment
    self.floor = floor
    self.people = people
    self.classes = classes
    self.withoutCard = withoutCard
    self.numbersUntil = numbersUntil
    self.takesNumbers = takesNumbers
    self.daysLeft = daysLeft
    self.revocationUnknown = revocationUnknown
  }
}

public struct CardClassCount: Codable, Sendable, Equatable {
  public var proofClass: String
  public var people: Int

  public init(proofClass: String, people: Int) {
    self.proofClass = proofClass
    self.people = people
  }
}

public struct PersonCards: Codable, Sendable {
  public var person: String
  public var displayName: String
  /// Served here, and entered by this person.
  public var segments: [String]
  /// Absent: no active card.
  public var proofClass: String?

  public init(person: String, displayName: String, segments: [String], proofClass: String?) {
    self.person = person
    self.displayName = displayName
    self.segments = segments
    self.proofClass = proofClass
  }
}
