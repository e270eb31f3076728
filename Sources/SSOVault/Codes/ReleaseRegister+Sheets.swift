import AuthAPI
import AuthTerms
import Foundation
import GRDB

/// What a look-up code is bound to.
struct LookUpPlace: Sendable {
  /// 16 bytes
  var sheet: [UInt8]
  var person: PersonID
  var segment: Segment
  /// Milliseconds since 1970-01-01 UTC; the end does not count.
  var from: Int64
  var until: Int64

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(sheet)
    writer.field(person.text)
    writer.field(segment.name)
    writer.field(from)
    writer.field(until)
  }
}

/// A sheet as it is kept: no code of it, only what a code is recognised by.
struct KeptSheet: Sendable {
  struct Code: Sendable {
    var purpose: LookUpPurpose
    /// `VaultKeys.lookUpTag`, 32 bytes.
    var tag: [UInt8]
    var isUsed: Bool
  }

  static let table = "lookup_sheets"

  var place: LookUpPlace
  var issuedBy: OperatorID
  var issuedAt: Int64
  /// Where the logon code was used.
  var workstation: WorkstationID?
  var wrong: Int
  var state: VaultSheet.State
  var codes: [Code]

  var entry: VaultSheet {
    let unlocks = codes.filter { $0.purpose == .unlock }
    return VaultSheet(
      sheet: place.sheet, person: place.person, segment: place.segment, from: place.from, until: place.until,
      issuedBy: issuedBy, issuedAt: issuedAt, workstation: workstation, wrong: UInt64(wrong), state: state,
      isLogonUsed: codes.contains { $0.purpose == .logon && $0.isUsed }, unlocks: UInt64(unlocks.count),
      unlocksUsed: UInt64(unlocks.count(where: \.isUsed)))
  }

  fileprivate var codeBytes: [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 512)
    writer.field(UInt64(codes.count))
    for code in codes {
      writer.field(code.purpose.rawValue)
      writer.field(code.tag)
      writer.field(UInt64(code.isUsed ? 1 : 0))
    }
    return writer.bytes
  }

  fileprivate static func codes(_ bytes: [UInt8]) throws -> [Code] {
    var reader = LengthPrefixedReader(bytes, subject: "codes of a sheet", limit: 64)
    var codes: [Code] = []
    let count = try reader.unsigned()
    guard count <= UInt64(VaultSheet.mostUnlocks + 1) else { throw DamagedRow(table: table) }
    for _ in 0..<count {
      guard let purpose = LookUpPurpose(rawValue: try reader.text()) else { throw DamagedRow(table: table) }
      codes.append(Code(purpose: purpose, tag: try reader.field(), isUsed: try reader.unsigned() == 1))
    }
    try reader.requireEnd()
    return codes
  }

  fileprivate var bytes: [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 768)
    writer.field(Self.table)
    place.write(to: &writer)
    writer.field(issuedBy.text)
    writer.field(issuedAt)
    writer.field(workstation?.text ?? "")
    writer.field(UInt64(wrong))
    writer.field(state.rawValue)
    writer.field(codeBytes)
    return writer.bytes
  }
}

extension ReleaseRegister {
  private static let sheetColumns =
    "person, segment, sheet, from_at, until_at, issued_by, issued_at, workstation, wrong, state, codes, mac"

  private func sheet(_ row: Row) throws -> KeptSheet {
    let (person, segment, number, from, until): (String, String, Data, Int64, Int64) = (row[0], row[1], row[2], row[3], row[4])
    let (issuer, issuedAt, workstation): (String, Int64, String) = (row[5], row[6], row[7])
    let (wrong, word, codes, code): (Int, String, Data, Data) = (row[8], row[9], row[10], row[11])
    guard let state = VaultSheet.State(rawValue: word), (0...VaultSheet.mostWrong).contains(wrong) else {
      throw DamagedRow(table: KeptSheet.table)
    }
    let known = KeptSheet(
      place: LookUpPlace(
        sheet: Array(number), person: try PersonID(parsing: person), segment: try Segment(parsing: segment), from: from,
        until: until),
      issuedBy: try OperatorID(parsing: issuer), issuedAt: issuedAt,
      workstation: workstation.isEmpty ? nil : try WorkstationID(parsing: workstation), wrong: wrong, state: state,
      codes: try KeptSheet.codes(Array(codes)))
    try seal.require(code, of: known.bytes, table: KeptSheet.table)
    return known
  }

  func sheet(of person: PersonID, in segment: Segment) throws -> KeptSheet? {
    try first(
      "SELECT \(Self.sheetColumns) FROM lookup_sheets WHERE person = ? AND segment = ?", [person.text, segment.name]
    ).map(sheet)
  }

  /// What is authenticated of one row, after its code was checked.
  func sheetRow(_ person: String, _ segment: String) throws -> [UInt8] {
    try sheet(of: PersonID(parsing: person), in: Segment(parsing: segment))?.bytes ?? []
  }

  /// Whether she has one in whichever segment.
  func hasSheet(_ person: PersonID) throws -> Bool {
    try first("SELECT 1 FROM lookup_sheets WHERE person = ? LIMIT 1", [person.text]) != nil
  }

  /// A page of the register, behind one place.
  func sheets(after place: String) throws -> [KeptSheet] {
    let parts = place.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard place.isEmpty || parts.count == 2 else { throw VaultFailure.no(.requestMalformed, "a place is PERSON/SEGMENT") }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT \(Self.sheetColumns) FROM lookup_sheets WHERE (person, segment) > (?, ?)
        ORDER BY person, segment LIMIT \(VaultSheet.mostAtOnce)
        """, arguments: place.isEmpty ? ["", ""] : StatementArguments(parts)
    ).map(sheet)
  }

  /// In the place of the former one of this person in this segment, which is gone with it.
  mutating func put(_ sheet: KeptSheet) throws {
    if let former = try self.sheet(of: sheet.place.person, in: sheet.place.segment) { try count(former.bytes) }
    let row = sheet.bytes
    try run(
      "INSERT OR REPLACE INTO lookup_sheets(\(Self.sheetColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        sheet.place.person.text, sheet.place.segment.name, sheet.place.sheet.blob, sheet.place.from, sheet.place.until,
        sheet.issuedBy.text, sheet.issuedAt, sheet.workstation?.text ?? "", sheet.wrong, sheet.state.rawValue,
        sheet.codeBytes.blob, seal.code(row),
      ])
    try count(row)
  }

  /// Some whose day is over for long; the log keeps that they were.
  mutating func deleteSheets(endedBefore time: Int64) throws {
    let ended = try Row.fetchAll(
      database, sql: "SELECT \(Self.sheetColumns) FROM lookup_sheets WHERE until_at < ? LIMIT 64", arguments: [time]
    ).map(sheet)
    for sheet in ended {
      try run(
        "DELETE FROM lookup_sheets WHERE person = ? AND segment = ?", [sheet.place.person.text, sheet.place.segment.name])
      try count(sheet.bytes)
    }
  }

  /// When a state that was put back was approved last: what was issued before may have been used since. Milliseconds since
  /// 1970-01-01 UTC.
  func lastRestore() throws -> Int64 {
    try Int64.fetchOne(database, sql: "SELECT coalesce(max(approved_at), 0) FROM epochs") ?? 0
  }
}
