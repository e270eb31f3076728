import AuditLog
import AuthTerms
import Foundation

/// Packs of a log of eleven rows, of which the tenth is the export; a program of its own wrote the golden one.
struct PackSample {
  static let begin: Int64 = 1_775_000_000_000
  static let export: UInt64 = 9

  /// Canonical bytes.
  var rows: [[UInt8]]
  var exported = Self.export
  var first: UInt64 = 2
  var end: UInt64 = 8
  var seed: UInt8 = 0
  var origin = Samples.origin

  /// - Parameter span: of rows whose times are a minute apart.
  init(span: Range<Int64> = 3..<7, rows count: Int = 11, hostile: Int = 4) throws {
    var rows: [[UInt8]] = []
    for number in 0..<count {
      let time = Self.begin + Int64(number) * 60_000
      var record = AuditRecord(time: time, eventClass: .session, action: "lock", outcome: .done)
      record.note = "row \(number)"
      if number == hostile {
        record = try Samples.full()
        record.time = time
        record.note = "失効 <b>&\u{202E}\r\n\u{0} 髙𠮷"
      }
      if number == count - 2 {
        let order = try AuditPackOrder(
          from: Self.begin + span.lowerBound * 60_000, until: Self.begin + span.upperBound * 60_000, purpose: "四半期監査 <1>")
        record = order.record(at: time, by: try OperatorID(parsing: "audit-01"))
      }
      rows.append(try RecordEncoding.encode(record))
    }
    self.rows = rows
    exported = UInt64(count - 2)
  }

  /// The lines of the file, without their ends.
  func lines() async throws -> [String] {
    let text = String(decoding: try await bytes(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { String($0) }
  }

  func bytes() async throws -> [UInt8] {
    var tree = DictionaryTree()
    for row in rows { try MerkleTree.append(TreeHash.leaf(row), to: &tree) }
    let size = UInt64(rows.count)
    guard let root = try MerkleTree.root(of: size, in: tree),
      let own = try MerkleTree.rangeProof(of: exported..<exported + 1, size: size, in: tree),
      let proof = try MerkleTree.rangeProof(of: first..<end, size: size, in: tree)
    else { throw DictionaryTree.Missing() }
    let signer = try Samples.signer(seed: seed, name: origin)
    let note = try await signer.sign(Checkpoint(origin: origin, size: size, root: root))
    var writer = try AuditPackWriter(
      note: note, export: ProvenRow(sequence: exported, encoded: rows[Int(exported)], proof: own), rows: proof)
    var bytes = writer.head
    for row in rows[Int(first)..<Int(end)] { bytes += try writer.row(row) }
    bytes += try writer.tail()
    return bytes
  }

  static func golden() throws -> [UInt8] {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return Array(try Data(contentsOf: folder.appendingPathComponent("Tests/Browser/golden.pack.html")))
  }

  /// - Parameter piece: bytes that are fed at once.
  static func check(
    _ bytes: [UInt8], piece: Int = 4096, seed: UInt8 = 0, name: String = Samples.origin
  ) throws -> AuditPackReport {
    var verifier = AuditPackVerifier(verifiers: [try Samples.signer(seed: seed, name: name).verifier])
    var rest = bytes[...]
    while !rest.isEmpty {
      verifier.feed(Array(rest.prefix(piece)))
      rest = rest.dropFirst(piece)
    }
    return verifier.finish()
  }

  static func check(_ lines: [String]) throws -> [AuditPackFinding] {
    try check(Array(lines.map { $0 + "\n" }.joined().utf8)).findings
  }
}
