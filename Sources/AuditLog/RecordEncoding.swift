public import AuthTerms

/// The canonical bytes of one row: what is hashed into the tree (docs/audit-format.md).
///
/// A fixed list of length-prefixed fields behind a version label. A field that is absent is empty; a field that is present
/// never is (texts that may be empty stand last or in lists). One record has one spelling: the decoder re-encodes what it
/// read and refuses bytes that differ.
public enum RecordEncoding {
  public static let version = "sanmon/audit/1"
  /// Bytes. A record above this is refused before it is written, so that one row can't fill the disk.
  public static let limit = 64 * 1024
  /// Entries of `factors` and of `waivers`.
  public static let listLimit = 64

  /// - Throws: `MalformedInput` when the record is over the limits.
  public static func encode(_ record: AuditRecord) throws(MalformedInput) -> [UInt8] {
    guard record.factors.count <= listLimit, record.waivers.count <= listLimit else {
      throw MalformedInput("audit record", expected: "lists of at most \(listLimit) entries")
    }
    let bytes = fields(of: record)
    guard bytes.count <= limit else { throw MalformedInput("audit record", expected: "at most \(limit) bytes") }
    return bytes
  }

  /// - Throws: `MalformedInput` for every byte string that `encode` does not write.
  public static func decode(_ bytes: [UInt8]) throws(MalformedInput) -> AuditRecord {
    let subject = "audit record"
    guard bytes.count <= limit else { throw MalformedInput(subject, expected: "at most \(limit) bytes") }
    var reader = LengthPrefixedReader(bytes, subject: subject, limit: limit)
    guard try reader.text() == version else { throw MalformedInput(subject, expected: "version \(version)") }
    let time = try reader.signed()
    let eventClass = try known(try reader.text(), EventClass.init(rawValue:))
    let action = try reader.text()
    let outcome = try known(try reader.text(), AuditOutcome.init(rawValue:))
    var record = AuditRecord(time: time, eventClass: eventClass, action: action, outcome: outcome)
    if let text = try optionalText(&reader) { record.person = try PersonID(parsing: text) }
    if let text = try optionalText(&reader) { record.workstation = try WorkstationID(parsing: text) }
    if let raw = try optionalBytes(&reader) { record.workstationCertificate = try CertificateFingerprint(parsing: raw) }
    if let text = try optionalText(&reader) { record.segment = try Segment(parsing: text) }
    if let text = try optionalText(&reader) { record.scenario = try known(text, Scenario.init(rawValue:)) }
    if let text = try optionalText(&reader) { record.session = try SessionID(parsing: text) }
    if let text = try optionalText(&reader) { record.card = try CardID(parsing: text) }
    if let text = try optionalText(&reader) { record.operatorID = try OperatorID(parsing: text) }
    record.factors = try list(&reader)
    if let text = try optionalText(&reader) { record.proofClass = try known(text, { ProofClass(name: $0) }) }
    if let text = try optionalText(&reader) {
      record.assurance = try known(text, { name in AssuranceLevel.allCases.first { $0.name == name } })
    }
    if let text = try optionalText(&reader) { record.code = try known(text, DenialCode.init(rawValue:)) }
    if let raw = try optionalBytes(&reader) { record.rule = try rule(raw) }
    if let raw = try optionalBytes(&reader) { record.policyVersion = try PolicyVersion(parsing: raw) }
    if let text = try optionalText(&reader) { record.reference = try Reference(parsing: text) }
    if let raw = try optionalBytes(&reader) { record.latencyMilliseconds = try number(raw) }
    record.count = try reader.signed()
    record.waivers = try list(&reader)
    record.note = try reader.text()
    try reader.requireEnd()
    guard fields(of: record) == bytes else { throw MalformedInput(subject, expected: "the canonical spelling") }
    return record
  }

  private static func fields(of record: AuditRecord) -> [UInt8] {
    // 23 lengths, three hashes, names and a note: most rows fit.
    var writer = LengthPrefixedWriter(reserving: 512)
    writer.field(version)
    writer.field(record.time)
    writer.field(record.eventClass.rawValue)
    writer.field(record.action)
    writer.field(record.outcome.rawValue)
    writer.field(record.person?.text ?? "")
    writer.field(record.workstation?.text ?? "")
    writer.field(record.workstationCertificate?.bytes ?? [])
    writer.field(record.segment?.name ?? "")
    writer.field(record.scenario?.rawValue ?? "")
    writer.field(record.session?.text ?? "")
    writer.field(record.card?.text ?? "")
    writer.field(record.operatorID?.text ?? "")
    writer.field(list(record.factors))
    writer.field(record.proofClass?.name ?? "")
    writer.field(record.assurance?.name ?? "")
    writer.field(record.code?.rawValue ?? "")
    writer.field(record.rule.map(rule) ?? [])
    writer.field(record.policyVersion?.bytes ?? [])
    writer.field(record.reference?.description ?? "")
    writer.field(
      record.latencyMilliseconds.map { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } } ?? [])
    writer.field(record.count)
    writer.field(list(record.waivers))
    writer.field(record.note)
    return writer.bytes
  }

  private static func list(_ texts: [String]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    for text in texts { writer.field(text) }
    return writer.bytes
  }

  private static func list(_ outer: inout LengthPrefixedReader) throws(MalformedInput) -> [String] {
    var reader = LengthPrefixedReader(try outer.field(), subject: "audit record list", limit: limit)
    var texts: [String] = []
    while !reader.isAtEnd {
      guard texts.count < listLimit else {
        throw MalformedInput("audit record list", expected: "at most \(listLimit) entries")
      }
      texts.append(try reader.text())
    }
    return texts
  }

  private static func rule(_ rule: RuleID) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(rule.file)
    writer.field(Int64(rule.line))
    return writer.bytes
  }

  private static func rule(_ bytes: [UInt8]) throws(MalformedInput) -> RuleID {
    var reader = LengthPrefixedReader(bytes, subject: "audit record rule", limit: limit)
    let file = try reader.text()
    let line = try reader.signed()
    try reader.requireEnd()
    return RuleID(file: file, line: Int(line))
  }

  private static func number(_ bytes: [UInt8]) throws(MalformedInput) -> Int64 {
    guard bytes.count == 8 else { throw MalformedInput("audit record", expected: "an 8-byte number") }
    return Int64(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
  }

  private static func known<Value>(_ text: String, _ parse: (String) -> Value?) throws(MalformedInput) -> Value {
    guard let value = parse(text) else { throw MalformedInput("audit record", expected: "a word of its closed list") }
    return value
  }

  private static func optionalBytes(_ reader: inout LengthPrefixedReader) throws(MalformedInput) -> [UInt8]? {
    let bytes = try reader.field()
    return bytes.isEmpty ? nil : bytes
  }

  private static func optionalText(_ reader: inout LengthPrefixedReader) throws(MalformedInput) -> String? {
    let text = try reader.text()
    return text.isEmpty ? nil : text
  }
}
