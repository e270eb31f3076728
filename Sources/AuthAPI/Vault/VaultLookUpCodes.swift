public import AuthTerms

/// What may be asked about sheets of printed one-time look-up codes. One word of `VaultRequest.Kind` each.
public enum LookUpRequest: Sendable, Equatable {
  /// Act `code.issue`.
  case issue(SignedAct)
  /// Act `code.withdraw`.
  case withdraw(SignedAct)
  /// From the one behind `place` on; never a code.
  case list(after: String)
  case show(ShownLookUpCode)

  var kind: VaultRequest.Kind {
    switch self {
    case .issue: .issueCodes
    case .withdraw: .withdrawCodes
    case .list: .listCodes
    case .show: .showCode
    }
  }

  func write(to writer: inout LengthPrefixedWriter) {
    switch self {
    case .issue(let act), .withdraw(let act): writer.field(act.encoded)
    case .list(let place): writer.field(place)
    case .show(let shown): shown.write(to: &writer)
    }
  }

  /// - Parameter kind: one of the four.
  init(_ kind: VaultRequest.Kind, from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    switch kind {
    case .issueCodes: self = .issue(try SignedAct(decoding: reader.field()))
    case .withdrawCodes: self = .withdraw(try SignedAct(decoding: reader.field()))
    case .listCodes: self = .list(after: try reader.text())
    default: self = .show(try ShownLookUpCode(from: &reader))
    }
  }
}

/// A code that somebody typed, and where. The vault judges the code and the time; who, where and what for are the server's word.
public struct ShownLookUpCode: Sendable, Equatable {
  public var person: PersonID
  public var segment: Segment
  public var workstation: WorkstationID
  public var purpose: LookUpPurpose
  /// Whether it is used up; else it is only looked at, and a wrong one counts all the same.
  public var isUse: Bool
  public var code: LookUpCode

  public init(
    person: PersonID, segment: Segment, workstation: WorkstationID, purpose: LookUpPurpose, isUse: Bool, code: LookUpCode
  ) {
    self.person = person
    self.segment = segment
    self.workstation = workstation
    self.purpose = purpose
    self.isUse = isUse
    self.code = code
  }

  /// The code in a time that tells nothing of it.
  public static func == (one: Self, other: Self) -> Bool {
    let difference = zip(one.code.digits, other.code.digits).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
    return difference == 0 && one.person == other.person && one.segment == other.segment
      && one.workstation == other.workstation && one.purpose == other.purpose && one.isUse == other.isUse
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(person.text)
    writer.field(segment.name)
    writer.field(workstation.text)
    writer.field(purpose.rawValue)
    writer.field(UInt64(isUse ? 1 : 0))
    writer.field(code.digits)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    person = try PersonID(parsing: reader.text())
    segment = try Segment(parsing: reader.text())
    workstation = try WorkstationID(parsing: reader.text())
    guard let purpose = LookUpPurpose(rawValue: try reader.text()) else {
      throw MalformedInput("shown code", expected: "logon or unlock")
    }
    self.purpose = purpose
    let use = try reader.unsigned()
    guard use <= 1 else { throw MalformedInput("shown code", expected: "0 or 1") }
    isUse = use == 1
    let digits = try reader.field()
    // As it is, without what a person may type between.
    guard digits.count == LookUpCode.length + 1 else { throw MalformedInput("shown code", expected: "13 digits") }
    code = try LookUpCode(parsing: digits)
  }
}

/// What the vault says about sheets and codes, besides no.
public enum LookUpAnswer: Sendable, Equatable {
  case issued(SealedSheet)
  /// At most `VaultSheet.mostAtOnce`; fewer: these are the last.
  case sheets([VaultSheet])
  /// The code is right.
  /// - Parameter sheet: the number of the sheet it stands on, 16 bytes.
  case right(sheet: [UInt8])

  func write(to writer: inout LengthPrefixedWriter) {
    switch self {
    case .issued(let sheet):
      writer.field("issued")
      writer.field(sheet.sheet)
      writer.field(sheet.encapsulated)
      writer.field(sheet.ciphertext)
    case .sheets(let sheets):
      writer.field("sheets")
      writer.field(UInt64(sheets.count))
      for sheet in sheets { sheet.write(to: &writer) }
    case .right(let sheet):
      writer.field("right")
      writer.field(sheet)
    }
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    switch try reader.text() {
    case "issued":
      self = .issued(
        SealedSheet(
          sheet: try VaultSheet.number(from: &reader), encapsulated: try reader.field(), ciphertext: try reader.field()))
    case "sheets":
      let count = try reader.unsigned()
      guard count <= UInt64(VaultSheet.mostAtOnce) else {
        throw MalformedInput("look-up answer", expected: "at most \(VaultSheet.mostAtOnce) sheets")
      }
      var sheets: [VaultSheet] = []
      for _ in 0..<count { sheets.append(try VaultSheet(from: &reader)) }
      self = .sheets(sheets)
    case "right": self = .right(sheet: try VaultSheet.number(from: &reader))
    default: throw MalformedInput("look-up answer", expected: "issued, sheets or right")
    }
  }
}

/// The codes of a new sheet, sealed (HPKE, base mode) to the key that the act of its issue names: who carries it reads none.
///
/// The plaintext is the digits of all codes, 13 each: first the logon's, then those for unlocks.
public struct SealedSheet: Sendable, Equatable {
  public static let label = "sanmon/look-up-sheet/1"

  /// 16 random bytes: the number that rows and lists name.
  public var sheet: [UInt8]
  public var encapsulated: [UInt8]
  public var ciphertext: [UInt8]

  public init(sheet: [UInt8], encapsulated: [UInt8], ciphertext: [UInt8]) {
    (self.sheet, self.encapsulated, self.ciphertext) = (sheet, encapsulated, ciphertext)
  }

  public static func info(suite: SealingSuite) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(label)
    writer.field(suite.rawValue)
    return writer.bytes
  }

  /// - Parameter act: SHA-256 over the act's canonical bytes: person, segment, day and key stand in it.
  public static func associatedData(sheet: [UInt8], act: [UInt8]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(sheet)
    writer.field(act)
    return writer.bytes
  }
}

/// A sheet as it is listed; never anything of its codes.
public struct VaultSheet: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    case open
    /// Five wrong codes were typed.
    case dead
    case withdrawn
  }

  public static let mostAtOnce = 128
  /// Codes for unlocks on one sheet.
  public static let mostUnlocks = 9
  /// Wrong codes after which a sheet is dead.
  public static let mostWrong = 5
  /// Milliseconds from its first moment to its end: one day.
  public static let longest: Int64 = 86_400_000
  /// How far ahead its day may lie, in milliseconds.
  public static let furthest: Int64 = 7 * 86_400_000

  /// 16 bytes
  public var sheet: [UInt8]
  public var person: PersonID
  public var segment: Segment
  /// Milliseconds since 1970-01-01 UTC; the end does not count.
  public var from: Int64
  public var until: Int64
  public var issuedBy: OperatorID
  public var issuedAt: Int64
  /// Where its logon code was used; `nil` before.
  public var workstation: WorkstationID?
  /// 0 to 5
  public var wrong: UInt64
  public var state: State
  public var isLogonUsed: Bool
  public var unlocks: UInt64
  public var unlocksUsed: UInt64

  public init(
    sheet: [UInt8], person: PersonID, segment: Segment, from: Int64, until: Int64, issuedBy: OperatorID, issuedAt: Int64,
    workstation: WorkstationID?, wrong: UInt64, state: State, isLogonUsed: Bool, unlocks: UInt64, unlocksUsed: UInt64
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

  /// Where it stands in a list: one person has one sheet in a segment.
  public var place: String { "\(person.text)/\(segment.name)" }

  static func number(from reader: inout LengthPrefixedReader) throws(MalformedInput) -> [UInt8] {
    let number = try reader.field()
    guard number.count == 16 else { throw MalformedInput("sheet", expected: "a number of 16 bytes") }
    return number
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(sheet)
    writer.field(person.text)
    writer.field(segment.name)
    writer.field(from)
    writer.field(until)
    writer.field(issuedBy.text)
    writer.field(issuedAt)
    writer.field(workstation?.text ?? "")
    writer.field(wrong)
    writer.field(state.rawValue)
    writer.field(UInt64(isLogonUsed ? 1 : 0))
    writer.field(unlocks)
    writer.field(unlocksUsed)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    sheet = try Self.number(from: &reader)
    person = try PersonID(parsing: reader.text())
    segment = try Segment(parsing: reader.text())
    from = try reader.signed()
    until = try reader.signed()
    issuedBy = try OperatorID(parsing: reader.text())
    issuedAt = try reader.signed()
    let name = try reader.text()
    workstation = name.isEmpty ? nil : try WorkstationID(parsing: name)
    wrong = try reader.unsigned()
    guard let state = State(rawValue: try reader.text()) else {
      throw MalformedInput("sheet", expected: "open, dead or withdrawn")
    }
    self.state = state
    let logon = try reader.unsigned()
    isLogonUsed = logon == 1
    unlocks = try reader.unsigned()
    unlocksUsed = try reader.unsigned()
    guard logon <= 1, wrong <= UInt64(Self.mostWrong), unlocks <= UInt64(Self.mostUnlocks), unlocksUsed <= unlocks else {
      throw MalformedInput("sheet", expected: "counts within their limits")
    }
  }
}
