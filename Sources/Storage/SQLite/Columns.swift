import AuthTerms
import DurableSQLite

/// Reads the columns of one row in order. What is on disk may be damaged or forged: nothing here traps, and a value outside
/// its closed set is `.corrupt`.
struct Columns {
  private let values: [SQLiteValue]
  private let table: String
  private var next = 0

  init(_ row: SQLiteRow, of table: String) {
    values = row.values
    self.table = table
  }

  private mutating func value() throws -> SQLiteValue {
    guard next < values.count else { throw corrupt }
    defer { next += 1 }
    return values[next]
  }

  private var corrupt: StorageFault { .corrupt("table \(table), column \(next)") }

  mutating func optionalText() throws -> String? {
    switch try value() {
    case .text(let text): text
    case .null: nil
    default: throw corrupt
    }
  }

  mutating func text() throws -> String {
    guard let text = try optionalText() else { throw corrupt }
    return text
  }

  mutating func optionalInteger() throws -> Int64? {
    switch try value() {
    case .integer(let number): number
    case .null: nil
    default: throw corrupt
    }
  }

  mutating func integer() throws -> Int64 {
    guard let number = try optionalInteger() else { throw corrupt }
    return number
  }

  mutating func flag() throws -> Bool {
    switch try integer() {
    case 0: false
    case 1: true
    default: throw corrupt
    }
  }

  mutating func bytes() throws -> [UInt8] {
    guard let bytes = try optionalBytes() else { throw corrupt }
    return bytes
  }

  mutating func optionalBytes() throws -> [UInt8]? {
    switch try value() {
    case .blob(let bytes): bytes
    case .null: nil
    default: throw corrupt
    }
  }

  /// - Parameter parse: `nil` or an error means that no such value is ever written.
  mutating func word<Value>(_ parse: (String) throws -> Value?) throws -> Value {
    guard let value = try? parse(try text()) else { throw corrupt }
    return value
  }

  mutating func optionalWord<Value>(_ parse: (String) throws -> Value?) throws -> Value? {
    guard let text = try optionalText() else { return nil }
    guard let value = try? parse(text) else { throw corrupt }
    return value
  }

  mutating func moment() throws -> Moment { try word(Moment.init(column:)) }
  mutating func optionalMoment() throws -> Moment? { try optionalWord(Moment.init(column:)) }

  mutating func fingerprint<Tag>(_ type: Fingerprint<Tag>.Type) throws -> Fingerprint<Tag> {
    guard let fingerprint = try? Fingerprint<Tag>(parsing: try bytes()) else { throw corrupt }
    return fingerprint
  }

  /// A list written by `[String].column`.
  mutating func list() throws -> [String] {
    var reader = LengthPrefixedReader(try bytes(), subject: table)
    var texts: [String] = []
    while !reader.isAtEnd { texts.append(try reader.text()) }
    return texts
  }
}

extension Moment {
  /// `wall monotonic boot`
  var column: String { "\(wallMilliseconds) \(monotonicMilliseconds) \(boot)" }

  init?(column: String) {
    let parts = column.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let wall = Int64(parts[0]), let monotonic = Int64(parts[1]) else { return nil }
    self.init(wallMilliseconds: wall, boot: String(parts[2]), monotonicMilliseconds: monotonic)
  }
}

extension [String] {
  var column: [UInt8] {
    var writer = LengthPrefixedWriter()
    for text in self { writer.field(text) }
    return writer.bytes
  }
}

/// One table's columns and the statements over them, put together once.
struct TableSQL {
  let insert: String
  let select: String
  /// Insert, or overwrite the row with the same key. Another unique column that is taken is a constraint error, never an overwrite.
  let upsert: String

  /// - Parameter columns: the first is the key.
  init(name: String, columns: [String]) {
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    insert = "INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(places))"
    select = "SELECT \(columns.joined(separator: ", ")) FROM \(name)"
    upsert =
      insert + " ON CONFLICT (\(columns[0])) DO UPDATE SET "
      + columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
  }
}
