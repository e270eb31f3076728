public import AuthTerms

/// What administrators ask about alarms and about keys that are no more wanted. One word of `VaultRequest.Kind` each.
public enum UpkeepRequest: Sendable, Equatable {
  /// All that were ever raised, from the one behind this number on; 0: from the first.
  case listAlarms(after: UInt64)
  /// Act `vault.alarm.seen`.
  case seeAlarm(SignedAct)
  /// Act `vault.cardkey.remove`.
  /// - Parameter cards: how many keys of cards the server has registered for this script. Its word; two administrators have signed
  ///   the number.
  case removeCardKey(SignedAct, cards: UInt64)

  var kind: VaultRequest.Kind {
    switch self {
    case .listAlarms: .listAlarms
    case .seeAlarm: .seeAlarm
    case .removeCardKey: .removeCardKey
    }
  }

  func write(to writer: inout LengthPrefixedWriter) {
    switch self {
    case .listAlarms(let number): writer.field(number)
    case .seeAlarm(let act): writer.field(act.encoded)
    case .removeCardKey(let act, let cards):
      writer.field(act.encoded)
      writer.field(cards)
    }
  }

  /// - Parameter kind: one of the three.
  init(_ kind: VaultRequest.Kind, from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    switch kind {
    case .listAlarms: self = .listAlarms(after: try reader.unsigned())
    case .seeAlarm: self = .seeAlarm(try SignedAct(decoding: reader.field()))
    default: self = .removeCardKey(try SignedAct(decoding: reader.field()), cards: try reader.unsigned())
    }
  }
}

/// One thing that the vault wants somebody to look at. It stays in its log and in this list for ever; once seen it is no more open.
public struct VaultAlarm: Sendable, Equatable {
  /// Who looked, and what was found.
  public struct Seen: Sendable, Equatable {
    public var by: OperatorID
    /// Milliseconds since 1970-01-01 UTC.
    public var at: Int64
    public var reason: Remark

    public init(by: OperatorID, at: Int64, reason: Remark) {
      (self.by, self.at, self.reason) = (by, at, reason)
    }
  }

  public static let mostAtOnce = 32
  /// Bytes.
  public static let longestNote = 500
  public static let longestAction = 64

  /// 1 and above, in the order in which they were raised.
  public var number: UInt64
  /// As the row of the vault's log has it, without `vault.`: `card.clone`.
  public var action: String
  public var note: String
  /// How often, with this note and unseen; 1 and above.
  public var times: UInt64
  /// Milliseconds since 1970-01-01 UTC. 0: of a vault that did not keep it.
  public var firstAt: Int64
  public var lastAt: Int64
  /// `nil`: open.
  public var seen: Seen?

  public init(
    number: UInt64, action: String, note: String, times: UInt64, firstAt: Int64, lastAt: Int64, seen: Seen? = nil
  ) {
    self.number = number
    self.action = action
    self.note = note
    self.times = times
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.seen = seen
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(number)
    writer.field(action)
    writer.field(note)
    writer.field(times)
    writer.field(firstAt)
    writer.field(lastAt)
    writer.field(UInt64(seen == nil ? 0 : 1))
    guard let seen else { return }
    writer.field(seen.by.text)
    writer.field(seen.at)
    writer.field(seen.reason.text)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    number = try reader.unsigned()
    action = try reader.text()
    note = try reader.text()
    times = try reader.unsigned()
    firstAt = try reader.signed()
    lastAt = try reader.signed()
    let isSeen = try reader.unsigned()
    guard number > 0, times > 0, isSeen <= 1, action.utf8.count <= Self.longestAction, note.utf8.count <= Self.longestNote
    else { throw MalformedInput("vault alarm", expected: "a number, a short word, and 0 or 1") }
    seen = nil
    guard isSeen == 1 else { return }
    seen = Seen(
      by: try OperatorID(parsing: reader.text()), at: try reader.signed(), reason: try Remark(parsing: reader.text()))
  }

  static func list(from reader: inout LengthPrefixedReader) throws(MalformedInput) -> [VaultAlarm] {
    let count = try reader.unsigned()
    guard count <= UInt64(mostAtOnce) else { throw MalformedInput("vault alarms", expected: "at most \(mostAtOnce)") }
    var alarms: [VaultAlarm] = []
    for _ in 0..<count { alarms.append(try VaultAlarm(from: &reader)) }
    return alarms
  }
}

// Out of the file of all messages, which has no room.
extension OperatorRegistration {
  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    let code = try reader.text()
    authority = code.isEmpty ? .administrator : .firstAdministratorCode(code)
    act = try SignedAct(decoding: reader.field())
    possession = try reader.field()
    guard possession.count <= 1024, let scheme = SignatureScheme(rawValue: try reader.text()) else {
      throw MalformedInput("operator registration", expected: "a signature of at most 1,024 bytes and its scheme")
    }
    possessionScheme = scheme
  }
}
