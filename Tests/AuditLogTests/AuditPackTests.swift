import AuditLog
import AuthTerms
import Testing

@Suite("a pack is checked by whoever has the log's key, and what is wrong in it is named")
struct AuditPackTests {
  /// Where the six rows of a sample stand among its lines.
  private static let rows = 23..<29

  @Test("byte for byte what another program writes from the description")
  func golden() async throws {
    let bytes = try await PackSample().bytes()
    let golden = try PackSample.golden()
    #expect(bytes == golden)
    let report = try PackSample.check(bytes)
    #expect(report.isSound && report.rows == 4)
    #expect(report.checkpoint?.origin == Samples.origin && report.checkpoint?.size == 11)
    #expect(report.export?.sequence == 9 && report.export?.record.operatorID?.text == "audit-01")
    #expect(report.order?.purpose == "四半期監査 <1>")
    #expect(report.order?.from == PackSample.begin + 180_000 && report.order?.until == PackSample.begin + 420_000)
  }

  @Test("however the bytes arrive", arguments: [1, 2, 7, 100, 1_000_000])
  func pieces(piece: Int) throws {
    #expect(try PackSample.check(PackSample.golden(), piece: piece).isSound)
  }

  @Test("no byte can be changed")
  func everyByte() throws {
    let golden = try PackSample.golden()
    for place in golden.indices {
      for flip: UInt8 in [1, 0x20, 0x80] {
        var changed = golden
        changed[place] ^= flip
        #expect(try !PackSample.check(changed).isSound, "byte \(place)")
      }
    }
  }

  @Test("a pack that was cut anywhere is not sound")
  func cut() throws {
    let golden = try PackSample.golden()
    for length in stride(from: 0, to: golden.count, by: 13) {
      #expect(try !PackSample.check(Array(golden.prefix(length))).isSound, "cut at \(length)")
    }
    let lines = golden.count(where: { $0 == 0x0A })
    #expect(try PackSample.check(Array(golden.dropLast())).findings == [.cutOff(lines)])
    #expect(try PackSample.check([]).findings == [.notAPack])
    #expect(try PackSample.check(Array("PK".utf8)).findings == [.notAPack])
    #expect(try PackSample.check(Array("PK\n".utf8)).findings == [.notAPack])
  }

  @Test("a byte of a row, of its hash or of its words names the row", arguments: 0..<6)
  func rowChanged(index: Int) async throws {
    var lines = try await PackSample().lines()
    let row = UInt64(2 + index)
    let line = lines[Self.rows.lowerBound + index]
    #expect(line.hasPrefix("<p id=\"r\(row)\""))
    func found(_ changed: String) throws -> [AuditPackFinding] {
      lines[Self.rows.lowerBound + index] = changed
      return try PackSample.check(lines)
    }
    // "AAAADn": the length of the version label.
    #expect(try found(line.replacing("data-bytes=\"AAAADn", with: "data-bytes=\"AAAADm")) == [.rowEdited(row)])
    let hash = line.split(separator: "\"")[3]
    let other = (hash.hasPrefix("A") ? "B" : "A") + String(hash.dropFirst())
    #expect(try found(line.replacing(hash, with: other)) == [.rowEdited(row)])
    #expect(try found(line + ".") == [.rowTextDiffers(row)])
    #expect(try found(line.replacing("2026-", with: "2025-")) == [.rowTextDiffers(row)])
    #expect(try found(line.replacing("<b>", with: "<i>")) == [.rowDamaged(row)])
    #expect(try found("") == [.rowDamaged(row)])
    #expect(try found(line) == [])
  }

  @Test("rows that are missing, exchanged, repeated or added are named", arguments: 0..<6)
  func order(index: Int) async throws {
    let lines = try await PackSample().lines()
    let (place, row) = (Self.rows.lowerBound + index, UInt64(2 + index))
    var changed = lines
    changed.remove(at: place)
    #expect(try PackSample.check(changed) == [.rowsMissing(row..<row + 1)])
    changed = lines
    changed.insert(lines[place], at: place + 1)
    #expect(try PackSample.check(changed) == [.rowOutOfOrder(row)])
    changed = lines
    changed.insert("<p>", at: place)
    #expect(try PackSample.check(changed) == [.rowDamaged(row)])
    changed = lines
    changed.insert(lines[18].replacing("9", with: "99"), at: Self.rows.upperBound)
    #expect(try !PackSample.check(changed).isEmpty)
    if index < 5 {
      changed = lines
      changed.swapAt(place, place + 1)
      #expect(try PackSample.check(changed) == [.rowOutOfOrder(row)])
      changed = lines
      changed.removeSubrange(place...place + 1)
      #expect(try PackSample.check(changed) == [.rowsMissing(row..<row + 2)])
    }
  }

  @Test("a row behind the announced end is named; an earlier end is not what was signed")
  func announced() async throws {
    let lines = try await PackSample().lines()
    #expect(lines[21] == "<p class=\"span\">2 8")
    var changed = lines
    changed[21] = "<p class=\"span\">2 7"
    // Two hashes stand behind row 6 as well, and now they are others'.
    #expect(try PackSample.check(changed) == [.proofChanged(23)])
    changed[21] = "<p class=\"span\">2 12"
    #expect(try PackSample.check(changed) == [.proofChanged(23)])
    for text in ["2", "8 2", "2 2", "02 8", "2 8 ", "-1 8", "2 9223372036854775808"] {
      changed[21] = "<p class=\"span\">\(text)"
      #expect(try PackSample.check(changed) == [.lineChanged(22)], "\(text)")
    }
    var sample = try PackSample()
    sample.end = 10
    changed = try await sample.lines()
    changed[21] = "<p class=\"span\">2 8"
    #expect(try !PackSample.check(changed).isEmpty)
  }

  @Test("rows that were made anew with their hashes do not add up to the signed root")
  func madeAnew() async throws {
    let lines = try await PackSample().lines()
    var other = try PackSample()
    var record = try RecordEncoding.decode(other.rows[5])
    record.note = "row five"
    other.rows[5] = try RecordEncoding.encode(record)
    var changed = lines
    changed[26] = try await other.lines()[26]
    #expect(changed[26] != lines[26] && changed[26].hasSuffix("note=row five"))
    #expect(try PackSample.check(changed) == [.rootDiffers(2..<8)])
    // The whole pack of the other log, under the signature over ours.
    changed = try await other.lines()
    changed.replaceSubrange(11..<16, with: lines[11..<16])
    #expect(try PackSample.check(changed) == [.exportDiffers])
    // Another row of the export, right in itself.
    other = try PackSample()
    record = try RecordEncoding.decode(other.rows[9])
    record.note = record.note.replacing("四半期監査", with: "年度監査")
    other.rows[9] = try RecordEncoding.encode(record)
    changed = lines
    changed[18] = try await other.lines()[18]
    #expect(try PackSample.check(changed) == [.exportDiffers])
  }

  @Test("hashes beside the rows are named by their line; made anew they are not what was signed")
  func proofs() async throws {
    var lines = try await PackSample().lines()
    for place in [19, 22] {
      let line = lines[place]
      lines[place] = String(line.dropLast(2)) + "A="
      #expect(try PackSample.check(lines) == [.proofChanged(place + 1)])
      lines[place] = line + " "
      #expect(try PackSample.check(lines) == [.proofChanged(place + 1)])
      lines[place] = line.split(separator: " ").dropLast().joined(separator: " ")
      #expect(try PackSample.check(lines) == [.proofChanged(place + 1)])
      lines[place] = line
    }
    var other = try PackSample()
    other.rows[0] = other.rows[1]
    lines[22] = try await other.lines()[22]
    #expect(try PackSample.check(lines) == [.rootDiffers(2..<8)])
  }

  @Test("another key, another log, a signature over something else")
  func signatures() async throws {
    let golden = try PackSample.golden()
    #expect(try PackSample.check(golden, seed: 3).findings == [.signatureWrong])
    #expect(try PackSample.check(golden, name: "sanmon.city.example/mynumber").findings == [.otherLog(Samples.origin)])
    var sample = try PackSample()
    sample.origin = "sanmon.city.example/mynumber"
    var bytes = try await sample.bytes()
    #expect(try PackSample.check(bytes).findings == [.otherLog(sample.origin)])
    sample.origin = Samples.origin
    sample.seed = 3
    bytes = try await sample.bytes()
    #expect(try PackSample.check(bytes).findings == [.signatureWrong])
    var lines = try await PackSample().lines()
    lines[12] = "12"
    #expect(try PackSample.check(lines) == [.signatureWrong])
    lines[11] = "&"
    #expect(try PackSample.check(lines) == [.checkpointUnreadable])
    #expect(AuditPackVerifier(verifiers: []).finish().findings == [.notAPack])
  }

  @Test("rows of the span that were left out beside its ends are missed", arguments: [(3, 8, 3), (2, 7, 6), (4, 6, 4)])
  func spanOpen(first: UInt64, end: UInt64, row: UInt64) async throws {
    var sample = try PackSample()
    (sample.first, sample.end) = (first, end)
    let bytes = try await sample.bytes()
    #expect(try PackSample.check(bytes).findings == [.spanOpen(row)])
  }

  @Test("no row, one row, all rows", arguments: [(3, 3, 2, 4, 0), (3, 4, 2, 5, 1), (0, 9, 0, 10, 9), (-5, 0, 0, 1, 0)])
  func sizes(from: Int64, until: Int64, first: UInt64, end: UInt64, rows: UInt64) async throws {
    guard from < until else {
      #expect(throws: MalformedInput.self) { try AuditPackOrder(from: from, until: until, purpose: "x") }
      return
    }
    var sample = try PackSample(span: from..<until)
    (sample.first, sample.end) = (first, end)
    let report = try PackSample.check(try await sample.bytes())
    #expect(report.isSound && report.rows == rows, "\(report.findings)")
  }

  @Test("every range of every small log")
  func ranges() throws {
    var tree = DictionaryTree()
    var leaves: [TreeHash] = []
    for size in 0...17 as ClosedRange<UInt64> {
      let root = try #require(try MerkleTree.root(of: size, in: tree))
      for first in 0...size {
        for end in first...size {
          let proof = try #require(try MerkleTree.rangeProof(of: first..<end, size: size, in: tree))
          #expect(proof.hashes.count <= 10)
          var range = RangeRoot(proof)
          for leaf in leaves[Int(first)..<Int(end)] { range.append(leaf) }
          #expect(size == 0 || range.root == root)
          range.append(root)
          #expect(range.root == nil, "behind the end")
          #expect(throws: MalformedInput.self) {
            try RangeProof(first: first, end: end, size: size, hashes: proof.hashes + [root])
          }
        }
      }
      #expect(try MerkleTree.rangeProof(of: 0..<size + 1, size: size + 1, in: tree) == nil)
      let leaf = TreeHash.leaf([UInt8(size)])
      leaves.append(leaf)
      try MerkleTree.append(leaf, to: &tree)
    }
    #expect(throws: MalformedInput.self) { try RangeProof(first: 2, end: 1, size: 3, hashes: []) }
    #expect(throws: MalformedInput.self) { try RangeProof(first: 0, end: .max, size: .max, hashes: []) }
  }

  @Test("a writer takes what was announced, and nothing else")
  func writer() async throws {
    let sample = try PackSample()
    var tree = DictionaryTree()
    for row in sample.rows { try MerkleTree.append(TreeHash.leaf(row), to: &tree) }
    let proof = try #require(try MerkleTree.rangeProof(of: 4..<5, size: 11, in: tree))
    let own = try #require(try MerkleTree.rangeProof(of: 9..<10, size: 11, in: tree))
    let note = try SignedNote(parsing: try await Samples.kept(Samples.log(3)).note)
    let export = try ProvenRow(sequence: 9, encoded: sample.rows[9], proof: own)
    #expect(throws: MalformedInput.self) { try ProvenRow(sequence: 8, encoded: sample.rows[8], proof: own) }
    var writer = try AuditPackWriter(note: note, export: export, rows: proof)
    #expect(throws: MalformedInput.self) { try writer.tail() }
    #expect(throws: MalformedInput.self) { try writer.row([1, 2, 3]) }
    _ = try writer.row(sample.rows[4])
    #expect(throws: MalformedInput.self) { try writer.row(sample.rows[5]) }
    #expect(try !writer.tail().isEmpty)
    let none = try #require(try MerkleTree.rangeProof(of: 4..<4, size: 11, in: tree))
    #expect(throws: MalformedInput.self) { try AuditPackWriter(note: note, export: export, rows: none) }
    let stranger = try ProvenRow(sequence: 4, encoded: sample.rows[4], proof: proof)
    #expect(throws: MalformedInput.self) { try AuditPackWriter(note: note, export: stranger, rows: proof) }
  }

  @Test(
    "what was asked for has one spelling",
    arguments: [
      "", "from 1 until 2", "from 1 until 2:x", "from 01 until 2: x", "from 2 until 1: x", "from 1 until +2: x",
      "From 1 until 2: x", "from 1 until 9223372036854775808: x",
    ])
  func orders(note: String) throws {
    #expect(throws: MalformedInput.self) { try AuditPackOrder(parsing: note) }
    let order = try AuditPackOrder(parsing: "from -1 until 2: 監査: 3 月")
    #expect(order.from == -1 && order.until == 2 && order.purpose == "監査: 3 月")
  }

  @Test("more findings than a person reads are not collected, and a line without an end is not kept")
  func bounds() async throws {
    var lines = try await PackSample().lines()
    let row = lines[23]
    let added = (100..<130).map {
      row.replacing("id=\"r2\"", with: "id=\"r\($0)\"").replacing("<b>2</b>", with: "<b>\($0)</b>")
    }
    lines.insert(contentsOf: added, at: 25)
    let found = try PackSample.check(lines)
    #expect(found.count == AuditPackVerifier.findingLimit && found.first == .rowAdded(100))
    let endless = try PackSample.golden().prefix(4000) + [UInt8](repeating: 0x61, count: 1_300_000)
    #expect(try !PackSample.check(Array(endless)).isSound)
    #expect(try PackSample.check([UInt8](repeating: 0x61, count: 1_300_000)).findings == [.notAPack])
  }

  @Test("every finding has a sentence in both languages that names its place")
  func sentences() {
    let placed: [AuditPackFinding] = [
      .rowEdited(7), .rowDamaged(7), .rowsMissing(7..<8), .rowsMissing(7..<9), .rowOutOfOrder(7), .rowAdded(7),
      .rowUnreadable(7), .rowTextDiffers(7), .lineChanged(7), .cutOff(7), .proofChanged(7), .rootDiffers(7..<9), .spanOpen(7),
      .otherLog("log 7"),
    ]
    for finding in placed { #expect(finding.english.contains("7") && finding.japanese.contains("7")) }
    for finding in [.notAPack, .behindTheEnd, .checkpointUnreadable, .signatureWrong, .exportDiffers] as [AuditPackFinding] {
      #expect(!finding.english.isEmpty && !finding.japanese.isEmpty)
    }
  }
}
