/// Checks a pack without the server that wrote it: feed the file's bytes in order, then `finish`. Needs no secret and no clock.
///
/// Memory: a line of at most 1.2 MB, 64 hashes, 1,000 policy versions and 20 findings. What stands before and behind the rows
/// is read up to the first thing that is wrong; rows are all looked at, so that each wrong one is named.
public struct AuditPackVerifier: Sendable {
  public static let findingLimit = 20

  private enum Place {
    case opening(Int)
    case note([UInt8])
    case heading(Checkpoint)
    case export(Checkpoint)
    case exportProof(Checkpoint, UInt64, TreeHash)
    case rowsHeading(Checkpoint)
    case span(Checkpoint)
    case rowsProof(Checkpoint, Range<UInt64>)
    case rows
    case tail([String], Int)
    case end
    case stopped
  }

  private let verifiers: [NoteVerifier]
  private var place = Place.opening(0)
  private var line: [UInt8] = []
  private var lineNumber = 1
  private var report = AuditPackReport(findings: [], checkpoint: nil, order: nil, export: nil, rows: 0)

  // The rows
  private var root: RangeRoot?
  private var signedRoot = TreeHash.empty
  private var tally: PackTally?
  private var span: Range<UInt64> = 0..<0
  private var expected: UInt64 = 0
  /// A line in the place of `expected` was damaged.
  private var isDamaged = false
  /// The time of the row that was read last.
  private var lastTime: Int64?

  /// - Parameter verifiers: the log's public keys, from outside the pack; one of them must have signed.
  public init(verifiers: [NoteVerifier]) { self.verifiers = verifiers }

  /// Takes the next bytes of the file, however they are cut.
  public mutating func feed(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0A) {
      guard append(rest[..<end]) else { return }
      rest = rest[(end + 1)...]
      let whole = line
      line = []
      take(whole)
      lineNumber += 1
    }
    _ = append(rest)
  }

  /// Call after the last byte.
  public consuming func finish() -> AuditPackReport {
    var found = report
    found.rows = tally?.rows ?? 0
    switch place {
    case .stopped: break
    case .end: if !line.isEmpty { found.findings.append(.behindTheEnd) }
    case .opening(0): found.findings.append(.notAPack)
    case .rows:
      found.findings.append(.cutOff(lineNumber))
      if expected < span.upperBound { found.findings.append(.rowsMissing(expected..<span.upperBound)) }
    default: found.findings.append(.cutOff(lineNumber))
    }
    return found
  }

  /// - Returns: false when nothing more is to be read.
  private mutating func append(_ bytes: ArraySlice<UInt8>) -> Bool {
    if case .stopped = place { return false }
    guard line.count + bytes.count <= PackText.lineLimit else {
      if case .rows = place {
        stop(.rowDamaged(expected))
      } else {
        stop(lineNumber < 3 ? .notAPack : .lineChanged(lineNumber))
      }
      return false
    }
    line += bytes
    return true
  }

  // MARK: Lines

  private mutating func take(_ line: [UInt8]) {
    switch place {
    case .opening(let index):
      guard line.elementsEqual(PackText.opening[index].utf8) else {
        return stop(index < 2 ? .notAPack : .lineChanged(lineNumber))
      }
      place = index + 1 < PackText.opening.count ? .opening(index + 1) : .note([])
    case .note(let bytes): note(bytes, line)
    case .heading(let checkpoint):
      guard line.elementsEqual(PackText.behindNote[1].utf8) else { return stop(.lineChanged(lineNumber)) }
      place = .export(checkpoint)
    case .export(let checkpoint): export(line, checkpoint)
    case .exportProof(let checkpoint, let number, let leaf): exportProof(line, checkpoint, number, leaf)
    case .rowsHeading(let checkpoint):
      guard line.elementsEqual(PackText.rowsHeading.utf8) else { return stop(.lineChanged(lineNumber)) }
      place = .span(checkpoint)
    case .span(let checkpoint):
      guard let span = PackLine.span(line) else { return stop(.lineChanged(lineNumber)) }
      place = .rowsProof(checkpoint, span)
    case .rowsProof(let checkpoint, let span): rowsProof(line, checkpoint, span)
    case .rows: row(line)
    case .tail(let lines, let index):
      guard line.elementsEqual(lines[index].utf8) else { return stop(.lineChanged(lineNumber)) }
      place = index + 1 < lines.count ? .tail(lines, index + 1) : .end
    case .end: stop(.behindTheEnd)
    case .stopped: break
    }
  }

  private mutating func stop(_ finding: AuditPackFinding) {
    find(finding)
    place = .stopped
  }

  private mutating func find(_ finding: AuditPackFinding) {
    if report.findings.count < Self.findingLimit, !report.findings.contains(finding) { report.findings.append(finding) }
  }

  // MARK: What stands before the rows

  private mutating func note(_ bytes: [UInt8], _ line: [UInt8]) {
    guard line.elementsEqual(PackText.behindNote[0].utf8) else {
      // Markup makes a byte five at most.
      guard bytes.count + line.count < 5 * SignedNote.limit else { return stop(.checkpointUnreadable) }
      place = .note(bytes + line + [0x0A])
      return
    }
    guard let text = String(validating: PackText.plain(bytes), as: UTF8.self), let note = try? SignedNote(parsing: text),
      PackText.markedUp(note.encoded.utf8) == bytes, let checkpoint = try? Checkpoint(parsing: note.text)
    else { return stop(.checkpointUnreadable) }
    // The key's name is the log's.
    let own = verifiers.filter { $0.name == checkpoint.origin }
    guard !own.isEmpty else { return stop(.otherLog(checkpoint.origin)) }
    guard own.contains(where: { $0.verifies(note) }) else { return stop(.signatureWrong) }
    report.checkpoint = checkpoint
    place = .heading(checkpoint)
  }

  private mutating func export(_ line: [UInt8], _ checkpoint: Checkpoint) {
    guard let row = PackLine(parsing: line), TreeHash.leaf(row.encoded) == row.leaf,
      let record = try? RecordEncoding.decode(row.encoded), row.isWritten(line), record.eventClass == .auditRead,
      record.action == AuditPackOrder.action, let order = try? AuditPackOrder(parsing: record.note),
      order.until <= record.time, row.number < checkpoint.size
    else { return stop(.exportDiffers) }
    report.order = order
    report.export = AuditRow(sequence: row.number, record: record)
    tally = PackTally(order)
    place = .exportProof(checkpoint, row.number, row.leaf)
  }

  private mutating func exportProof(_ line: [UInt8], _ checkpoint: Checkpoint, _ number: UInt64, _ leaf: TreeHash) {
    guard let (hashes, isRight) = PackLine.hashes(line), isRight,
      let proof = try? RangeProof(first: number, end: number + 1, size: checkpoint.size, hashes: hashes)
    else { return stop(.proofChanged(lineNumber)) }
    var root = RangeRoot(proof)
    root.append(leaf)
    guard root.root == checkpoint.root else { return stop(.exportDiffers) }
    place = .rowsHeading(checkpoint)
  }

  private mutating func rowsProof(_ line: [UInt8], _ checkpoint: Checkpoint, _ range: Range<UInt64>) {
    guard let (hashes, isRight) = PackLine.hashes(line), isRight,
      let proof = try? RangeProof(
        first: range.lowerBound, end: range.upperBound, size: checkpoint.size, hashes: hashes)
    else { return stop(.proofChanged(lineNumber)) }
    root = RangeRoot(proof)
    signedRoot = checkpoint.root
    span = range
    expected = range.lowerBound
    place = .rows
  }

  // MARK: Rows

  private mutating func row(_ line: [UInt8]) {
    guard PackLine.isOne(line) else {
      if expected < span.upperBound, !line.elementsEqual(PackText.policiesHeading.utf8) { return lineIsDamaged() }
      return endRows(line)
    }
    guard let row = PackLine(parsing: line) else { return lineIsDamaged() }
    guard row.number < span.upperBound else { return find(.rowAdded(row.number)) }
    guard row.number >= expected else { return rowIsMisplaced(row.number) }
    pass(to: row.number)
    expected = row.number + 1
    guard TreeHash.leaf(row.encoded) == row.leaf else { return find(.rowEdited(row.number)) }
    guard let record = try? RecordEncoding.decode(row.encoded) else { return find(.rowUnreadable(row.number)) }
    guard row.isWritten(line) else { return find(.rowTextDiffers(row.number)) }
    root?.append(row.leaf)
    tally?.add(record, at: row.number)
    if row.number == span.lowerBound, row.number > 0 { close(record.time, at: row.number) }
    lastTime = record.time
  }

  private mutating func lineIsDamaged() {
    find(.rowDamaged(expected))
    isDamaged = true
  }

  /// A row that came too early left a gap behind; when it comes at last, the order is what is wrong.
  private mutating func rowIsMisplaced(_ number: UInt64) {
    report.findings.removeAll { $0 == .rowsMissing(number..<number + 1) }
    find(.rowOutOfOrder(number))
  }

  /// Rows up to this one are not here, but for the one that was named as damaged.
  private mutating func pass(to number: UInt64) {
    let from = isDamaged && expected < number ? expected + 1 : expected
    if from < number { find(.rowsMissing(from..<number)) }
    isDamaged = false
  }

  /// The neighbour of the span's rows has to be outside of it.
  private mutating func close(_ time: Int64, at number: UInt64) {
    if let order = report.order, order.contains(time) { find(.spanOpen(number)) }
  }

  private mutating func endRows(_ line: [UInt8]) {
    pass(to: span.upperBound)
    if report.findings.isEmpty {
      if let lastTime { close(lastTime, at: span.upperBound - 1) }
      if root?.root != signedRoot { find(.rootDiffers(span)) }
    }
    guard report.findings.isEmpty, let tally else {
      place = .stopped
      return
    }
    place = .tail(tally.lines, 0)
    take(line)
  }
}
