public import struct FoundationEssentials.Data

/// Question for a pack of rows that an auditor checks without the server.
public struct AuditPackRequest: Codable, Sendable {
  /// Milliseconds since 1970-01-01 UTC; from inclusive, until exclusive. A span that reaches behind now ends now.
  public var from: Int64
  public var until: Int64
  /// Why, in the operator's words; stands in the log.
  public var purpose: String

  public init(from: Int64, until: Int64, purpose: String) {
    self.from = from
    self.until = until
    self.purpose = purpose
  }
}

/// Everything of a pack but its rows.
public struct AuditPackOpened: Codable, Sendable {
  public var pack: String
  /// The signed checkpoint.
  public var note: String
  /// The row that this export left: its number, canonical bytes, and the hashes that prove it, 32 bytes each.
  public var exportRow: UInt64
  public var export: Data
  public var exportProof: Data
  /// The rows to be read: those of the span and the neighbour on each side; `end` is behind the last one.
  public var first: UInt64
  public var end: UInt64
  public var proof: Data
  /// The key that the server believes to be the log's; an auditor has his own copy of it.
  public var verifierKey: String

  public init(
    pack: String, note: String, exportRow: UInt64, export: Data, exportProof: Data, first: UInt64, end: UInt64, proof: Data,
    verifierKey: String
  ) {
    self.pack = pack
    self.note = note
    self.exportRow = exportRow
    self.export = export
    self.exportProof = exportProof
    self.first = first
    self.end = end
    self.proof = proof
    self.verifierKey = verifierKey
  }
}

/// The next rows of an open pack, at least one while there are any: canonical bytes, each behind a 4-byte big-endian length.
public struct AuditPackRows: Codable, Sendable {
  /// At most 512 KiB.
  public var rows: Data

  public init(rows: Data) { self.rows = rows }
}
