/// Body of `POST /v1/admin/people/{person}/palms`: captures of one palm, in the order they were taken.
public struct PalmEnrolment: Codable, Sendable {
  /// The notice on what palms are used for, how long they are kept, how they are deleted and what can be used instead was handed
  /// over to this person. Without it nothing is registered.
  public var noticeGiven: Bool
  /// 3 to 9, of one hand and one sensor; the first three good ones are kept.
  public var samples: [PalmSampleMessage]

  public init(noticeGiven: Bool, samples: [PalmSampleMessage]) {
    self.noticeGiven = noticeGiven
    self.samples = samples
  }

  /// Good captures that make one registration.
  public static let templates = 3
  public static let mostSamples = 9
}

/// What came of an enrolment that was not refused.
public struct PalmEnrolled: Codable, Sendable {
  /// `enrolled`, or `retake`: there were not three good captures.
  public var outcome: String
  public var palm: PalmSummary?
  /// Captures that were no good, by their place among those sent.
  public var refused: [PalmRefused]

  public init(outcome: String, palm: PalmSummary?, refused: [PalmRefused]) {
    self.outcome = outcome
    self.palm = palm
    self.refused = refused
  }
}

public struct PalmRefused: Codable, Sendable {
  /// From 1.
  public var sample: Int
  /// `CaptureAdvice.rawValue`
  public var advice: UInt32

  public init(sample: Int, advice: UInt32) {
    self.sample = sample
    self.advice = advice
  }
}

public struct PalmSummary: Codable, Sendable {
  public var person: String
  /// `right` or `left`
  public var hand: String
  /// Of the matcher's templates, `NAME/VERSION`.
  public var format: String
  public var enrolledBy: String
  /// Milliseconds since 1970-01-01 UTC.
  public var enrolledAt: Int64

  public init(person: String, hand: String, format: String, enrolledBy: String, enrolledAt: Int64) {
    self.person = person
    self.hand = hand
    self.format = format
    self.enrolledBy = enrolledBy
    self.enrolledAt = enrolledAt
  }
}

/// Body of `POST /v1/admin/people/{person}/palms/removal`.
public struct PalmRemoval: Codable, Sendable {
  /// `right` or `left`; absent: both.
  public var hand: String?
  /// For the row, at most 500 bytes on one line.
  public var reason: String

  public init(hand: String?, reason: String) {
    self.hand = hand
    self.reason = reason
  }
}

public struct PalmsRemoved: Codable, Sendable {
  public var removed: Int
  public init(removed: Int) { self.removed = removed }
}

/// Body of `POST /v1/admin/palms/rekey`: one step of moving all palms to a new key of the ring.
public struct PalmRekeyStep: Codable, Sendable {
  /// A new key comes into force, and no palm is moved yet; otherwise the next palms get the key that is in force.
  public var begins: Bool
  public init(begins: Bool) { self.begins = begins }
}

public struct PalmRekeyed: Codable, Sendable {
  /// The number of the key that is in force.
  public var ring: UInt32
  /// In this step.
  public var rekeyed: Int
  /// Palms that are still under another key; they count as before meanwhile.
  public var left: Int

  public init(ring: UInt32, rekeyed: Int, left: Int) {
    self.ring = ring
    self.rekeyed = rekeyed
    self.left = left
  }
}
