/// One row as it lies in a store, not yet believed.
public struct StoredRow: Sendable, Hashable {
  public var sequence: UInt64
  public var encoded: [UInt8]
  /// The leaf hash stored beside it.
  public var hash: [UInt8]
  /// False when the store's search columns were compared with the record and differ.
  public var areSearchColumnsRight: Bool

  public init(sequence: UInt64, encoded: [UInt8], hash: [UInt8], areSearchColumnsRight: Bool = true) {
    self.sequence = sequence
    self.encoded = encoded
    self.hash = hash
    self.areSearchColumnsRight = areSearchColumnsRight
  }
}

/// A checkpoint as it was found, and where (`database`, a file name): those kept elsewhere are what finds a cut tail.
public struct KeptCheckpoint: Sendable, Hashable {
  public var source: String
  public var note: String
  /// Whether a witness must have cosigned it too: the log's key alone, which whoever rewrites the log may hold, is not enough.
  public var needsWitness: Bool

  public init(source: String, note: String, needsWitness: Bool = false) {
    self.source = source
    self.note = note
    self.needsWitness = needsWitness
  }
}

/// What a whole log amounts to.
public struct LogReport: Sendable, Hashable {
  public var size: UInt64
  public var root: TreeHash
  /// Empty when nothing is wrong. Rows are read up to the first wrong one; checkpoints are all looked at.
  public var findings: [LogFinding]
  /// Checkpoints with a right signature whose root the rows have.
  public var checkpointsMatched: Int
  /// Rows before this are covered by a matched checkpoint; the rest is vouched for by the database alone.
  public var coveredSize: UInt64
  /// Rows before this are covered by a matched checkpoint that a witness cosigned.
  public var witnessedSize: UInt64

  public var isIntact: Bool { findings.isEmpty }
}

/// Verifies a whole log, row by row, without the store that wrote it: feed every row in order, then `finish`.
///
/// Memory: one frontier and the checkpoints. Needs no secret and no clock.
public struct LogVerifier: Sendable {
  private var frontier = Frontier()
  private var findings: [LogFinding] = []
  private var rowTrouble: LogFinding?
  private var expected: [(source: String, checkpoint: Checkpoint, isWitnessed: Bool)] = []
  private var next = 0
  private var matched = 0
  private var coveredSize: UInt64 = 0
  private var witnessedSize: UInt64 = 0

  /// - Parameters:
  ///   - checkpoints: signed notes; each must be signed by one of `verifiers`, and those that need a witness by one of `witnesses`.
  ///   - origin: of this log; `nil` takes the origin of the first readable checkpoint, so that all must agree.
  public init(
    checkpoints: [KeptCheckpoint], verifiers: [NoteVerifier], witnesses: [WitnessVerifier] = [], origin: String? = nil
  ) {
    var origin = origin
    for kept in checkpoints {
      guard let note = try? SignedNote(parsing: kept.note), let checkpoint = try? Checkpoint(parsing: note.text) else {
        findings.append(.checkpointUnreadable(source: kept.source))
        continue
      }
      guard verifiers.contains(where: { $0.verifies(note) }) else {
        findings.append(.checkpointSignatureWrong(source: kept.source))
        continue
      }
      guard checkpoint.origin == origin ?? checkpoint.origin else {
        findings.append(.checkpointOfOtherLog(source: kept.source))
        continue
      }
      let isWitnessed = witnesses.contains { $0.time(of: note) != nil }
      guard isWitnessed || !kept.needsWitness else {
        findings.append(.cosignatureMissing(source: kept.source))
        continue
      }
      origin = checkpoint.origin
      expected.append((kept.source, checkpoint, isWitnessed))
    }
    expected.sort { $0.checkpoint.size < $1.checkpoint.size }
    compareRoots()
  }

  /// Takes the next row. After the first wrong row the rest is not looked at: a tree has no meaning behind a gap.
  ///
  /// - Parameter storedNode: the stored hash of a complete subtree (level ≥ 1), where the store has one; narrows a rewritten
  ///   range down to the smallest subtree that does not fit.
  /// - Parameter searchColumnsMatch: whether the store's search columns beside this row say what its record says.
  /// - Returns: false once a row was wrong.
  @discardableResult
  public mutating func add(
    _ row: StoredRow, searchColumnsMatch: (AuditRecord) -> Bool = { _ in true },
    storedNode: (_ level: Int, _ index: UInt64) -> TreeHash? = { _, _ in nil }
  ) -> Bool {
    guard rowTrouble == nil else { return false }
    let position = frontier.size
    if row.sequence > position { return stop(.rowMissing(position)) }
    if row.sequence < position { return stop(.rowOutOfOrder(row.sequence)) }
    let leaf = TreeHash.leaf(row.encoded)
    guard leaf.bytes == row.hash else { return stop(.rowEdited(position)) }
    guard let record = try? RecordEncoding.decode(row.encoded) else { return stop(.rowUnreadable(position)) }
    guard row.areSearchColumnsRight, searchColumnsMatch(record) else { return stop(.searchColumnsDiffer(position)) }
    for node in frontier.append(leaf).dropFirst() {
      if let stored = storedNode(node.level, node.index), stored != node.hash {
        return stop(.subtreeDiffers(rows: node.rows))
      }
    }
    compareRoots()
    return rowTrouble == nil
  }

  /// The store could not even give the next row.
  public mutating func rowIsUnreadable() {
    if rowTrouble == nil { stop(.rowUnreadable(frontier.size)) }
  }

  public mutating func fileIsDamaged() { findings.append(.fileDamaged) }

  /// Call after the last row.
  public consuming func finish() -> LogReport {
    var all = findings
    if let rowTrouble {
      all.insert(rowTrouble, at: 0)
    } else if let longest = expected.last, longest.checkpoint.size > frontier.size {
      all.insert(
        .tailCut(size: frontier.size, checkpoint: longest.checkpoint.size, source: longest.source), at: 0)
    }
    return LogReport(
      size: frontier.size, root: frontier.root, findings: all, checkpointsMatched: matched, coveredSize: coveredSize,
      witnessedSize: witnessedSize)
  }

  /// Verifies all of `rows` in one go.
  public static func verify(
    _ rows: some Sequence<StoredRow>, checkpoints: [KeptCheckpoint], verifiers: [NoteVerifier],
    witnesses: [WitnessVerifier] = [], origin: String? = nil,
    storedNode: (_ level: Int, _ index: UInt64) -> TreeHash? = { _, _ in nil }
  ) -> LogReport {
    var verifier = LogVerifier(checkpoints: checkpoints, verifiers: verifiers, witnesses: witnesses, origin: origin)
    for row in rows where !verifier.add(row, storedNode: storedNode) { break }
    return verifier.finish()
  }

  private mutating func compareRoots() {
    while rowTrouble == nil, next < expected.count, expected[next].checkpoint.size == frontier.size {
      let (source, checkpoint, isWitnessed) = expected[next]
      guard checkpoint.root == frontier.root else {
        // Two signed roots of one size: the log was shown differently to two people, and no row is above suspicion.
        let from = coveredSize < checkpoint.size ? coveredSize : 0
        stop(.rootDiffers(rows: from..<checkpoint.size, source: source))
        return
      }
      matched += 1
      coveredSize = checkpoint.size
      if isWitnessed { witnessedSize = checkpoint.size }
      next += 1
    }
  }

  @discardableResult
  private mutating func stop(_ finding: LogFinding) -> Bool {
    rowTrouble = finding
    return false
  }
}
