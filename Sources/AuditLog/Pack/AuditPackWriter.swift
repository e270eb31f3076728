public import AuthTerms

/// A row with what proves it alone: that of an export.
public struct ProvenRow: Sendable, Hashable {
  public let sequence: UInt64
  /// Canonical bytes (`RecordEncoding`).
  public let encoded: [UInt8]
  public let proof: RangeProof

  /// - Throws: `MalformedInput` when the proof is of other rows.
  public init(sequence: UInt64, encoded: [UInt8], proof: RangeProof) throws(MalformedInput) {
    guard proof.first == sequence, proof.end == sequence + 1 else {
      throw MalformedInput("audit pack", expected: "a proof of the row")
    }
    self.sequence = sequence
    self.encoded = encoded
    self.proof = proof
  }
}

/// Writes a pack (docs/audit-pack.md): the head, every row in its order, the tail. The same input has the same bytes.
///
/// Memory: one row, and at most 1,000 policy versions. Nothing is verified here; `AuditPackVerifier` does that to what was
/// written.
public struct AuditPackWriter: Sendable {
  /// The first lines of the file.
  public let head: [UInt8]
  private let proof: RangeProof
  private var tally: PackTally
  private var next: UInt64

  /// - Parameters:
  ///   - note: the signed checkpoint.
  ///   - export: the row that the export left in the log.
  ///   - rows: proof of the rows that will follow: those of the span, and the neighbour on each side.
  /// - Throws: `MalformedInput` when the export's row is none, or there is no row.
  public init(note: SignedNote, export: ProvenRow, rows: RangeProof) throws(MalformedInput) {
    guard rows.first < rows.end else { throw MalformedInput("audit pack", expected: "a row at least") }
    let record = try RecordEncoding.decode(export.encoded)
    proof = rows
    tally = PackTally(try AuditPackOrder(parsing: record.note))
    next = rows.first
    let exported = try PackText.row(export.sequence, leaf: .leaf(export.encoded), encoded: export.encoded)
    let lines: [String] =
      PackText.behindNote + [
        exported, PackText.proof(export.proof.hashes), PackText.rowsHeading, PackText.span(rows), PackText.proof(rows.hashes),
      ]
    // The note ends its own last line.
    head = PackText.bytes(PackText.opening) + PackText.markedUp(note.encoded.utf8) + PackText.bytes(lines)
  }

  /// - Returns: the row's line.
  /// - Throws: `MalformedInput` for bytes that are no record, and behind the last row.
  public mutating func row(_ encoded: [UInt8]) throws(MalformedInput) -> [UInt8] {
    guard next < proof.end else { throw MalformedInput("audit pack", expected: "as many rows as were announced") }
    let record = try RecordEncoding.decode(encoded)
    let line = try PackText.row(next, leaf: .leaf(encoded), encoded: encoded)
    tally.add(record, at: next)
    next += 1
    return PackText.bytes([line])
  }

  /// - Throws: `MalformedInput` before the last row.
  public func tail() throws(MalformedInput) -> [UInt8] {
    guard next == proof.end else { throw MalformedInput("audit pack", expected: "as many rows as were announced") }
    return PackText.bytes(tally.lines)
  }
}
