import AuditLog
import AuthTerms
import Testing

@Suite("whoever changes the log is found, and where")
struct LogVerifierTests {
  private static func verify(
    _ rows: [StoredRow], _ checkpoints: [KeptCheckpoint],
    storedNode: (Int, UInt64) -> TreeHash? = { _, _ in nil }
  ) throws -> LogReport {
    LogVerifier.verify(
      rows, checkpoints: checkpoints, verifiers: [try Samples.signer().verifier], origin: Samples.origin,
      storedNode: storedNode)
  }

  @Test("an untouched log is intact", arguments: [0, 1, 2, 3, 20])
  func intact(size: Int) async throws {
    let rows = try Samples.log(size)
    let checkpoints = [try await Samples.kept(rows), try await Samples.kept(rows, "file", size: size / 2)]
    let report = try Self.verify(rows, checkpoints)
    #expect(report.isIntact)
    #expect(report.size == UInt64(size) && report.coveredSize == UInt64(size) && report.checkpointsMatched == 2)
    #expect(report.root == Samples.root(of: rows))
  }

  @Test("where nobody names the log, its first checkpoint does, and the others have to agree")
  func unnamed() async throws {
    let rows = try Samples.log(3)
    let checkpoints = [try await Samples.kept(rows), try await Samples.kept(rows, "file", size: 2)]
    let verifiers = [try Samples.signer().verifier]
    let report = LogVerifier.verify(rows, checkpoints: checkpoints, verifiers: verifiers)
    #expect(report.isIntact && report.checkpointsMatched == 2)
    // Row by row, with nothing stored beside them.
    var verifier = LogVerifier(checkpoints: checkpoints, verifiers: verifiers)
    for row in rows {
      let isRight = verifier.add(row)
      #expect(isRight)
    }
    #expect(verifier.finish().isIntact)
    let neighbour = try await Samples.kept(rows, "neighbour", origin: "sanmon.city.example/mynumber")
    let mixed = LogVerifier.verify(rows, checkpoints: checkpoints + [neighbour], verifiers: verifiers)
    #expect(mixed.findings == [.checkpointOfOtherLog(source: "neighbour")])
  }

  @Test("without a checkpoint the report says that nothing vouches for it")
  func uncovered() throws {
    let report = try Self.verify(Samples.log(5), [])
    #expect(report.isIntact && report.checkpointsMatched == 0 && report.coveredSize == 0)
  }

  @Test("any flipped bit of any row is found at that row")
  func everyBit() async throws {
    let rows = try Samples.log(6)
    let kept = try await Samples.kept(rows)
    for number in rows.indices {
      for byte in rows[number].encoded.indices {
        var changed = rows
        changed[number].encoded[byte] ^= 1 << UInt8(byte % 8)
        #expect(try Self.verify(changed, [kept]).findings.first == .rowEdited(UInt64(number)))
      }
      for byte in rows[number].hash.indices {
        var changed = rows
        changed[number].hash[byte] ^= 0x10
        #expect(try Self.verify(changed, [kept]).findings.first == .rowEdited(UInt64(number)))
      }
    }
  }

  @Test("an edited row with its hash made anew is found by the checkpoint behind it, within its range")
  func editedWithHash() async throws {
    let rows = try Samples.log(10)
    let checkpoints = [
      try await Samples.kept(rows, "four", size: 4), try await Samples.kept(rows, "eight", size: 8),
    ]
    for number in rows.indices {
      var changed = rows
      changed[number].encoded = try RecordEncoding.encode(Samples.row(99))
      changed[number].hash = TreeHash.leaf(changed[number].encoded).bytes
      let report = try Self.verify(changed, checkpoints)
      switch number {
      case 0..<4: #expect(report.findings == [.rootDiffers(rows: 0..<4, source: "four")])
      case 4..<8: #expect(report.findings == [.rootDiffers(rows: 4..<8, source: "eight")])
      default: #expect(report.isIntact && report.coveredSize == 8)
      }
    }
  }

  @Test("stored subtrees narrow it down to a pair")
  func editedWithNodes() throws {
    let rows = try Samples.log(8)
    var tree = DictionaryTree()
    for row in rows { try MerkleTree.append(TreeHash.leaf(row.encoded), to: &tree) }
    var changed = rows
    (changed[4].encoded, changed[5].encoded) = (rows[5].encoded, rows[4].encoded)
    (changed[4].hash, changed[5].hash) = (rows[5].hash, rows[4].hash)
    let report = try Self.verify(changed, []) { level, index in try? tree.treeNode(level: level, index: index) }
    #expect(report.findings == [.subtreeDiffers(rows: 4..<6)])
    #expect(report.findings.first?.position == 4)
  }

  @Test("missing, repeated and exchanged rows")
  func order() async throws {
    let rows = try Samples.log(8)
    let kept = try await Samples.kept(rows)
    for number in 0..<7 {
      var missing = rows
      missing.remove(at: number)
      #expect(try Self.verify(missing, [kept]).findings.first == .rowMissing(UInt64(number)))
      var repeated = rows
      repeated.insert(rows[number], at: number + 1)
      #expect(try Self.verify(repeated, [kept]).findings.first == .rowOutOfOrder(UInt64(number)))
      var exchanged = rows
      exchanged.swapAt(number, number + 1)
      #expect(try Self.verify(exchanged, [kept]).findings.first == .rowMissing(UInt64(number)))
      // Numbers put right afterwards, hashes exchanged too: only the tree knows.
      for place in exchanged.indices { exchanged[place].sequence = UInt64(place) }
      #expect(try Self.verify(exchanged, [kept]).findings == [.rootDiffers(rows: 0..<8, source: "database")])
    }
  }

  @Test("a row that is no record, or that searches see differently")
  func rowContents() throws {
    var rows = try Samples.log(3)
    rows[1].encoded = [1, 2, 3]
    rows[1].hash = TreeHash.leaf([1, 2, 3]).bytes
    #expect(try Self.verify(rows, []).findings == [.rowUnreadable(1)])
    rows = try Samples.log(3)
    rows[2].areSearchColumnsRight = false
    #expect(try Self.verify(rows, []).findings == [.searchColumnsDiffer(2)])
    var verifier = LogVerifier(checkpoints: [], verifiers: [])
    verifier.add(try Samples.log(1)[0])
    verifier.rowIsUnreadable()
    #expect(!verifier.add(try Samples.log(2)[1]))
    verifier.fileIsDamaged()
    #expect(verifier.finish().findings == [.rowUnreadable(1), .fileDamaged])
  }

  @Test("a wrong row is answered with no at once")
  func firstWrongRow() throws {
    let rows = try Samples.log(2)
    var verifier = LogVerifier(checkpoints: [], verifiers: [])
    var edited = rows[1]
    edited.hash[0] ^= 1
    let answers = [verifier.add(rows[0]), verifier.add(edited)]
    #expect(answers == [true, false])
  }

  @Test("a cut tail is found by a checkpoint kept elsewhere, when all of the server's own are gone too")
  func tail() async throws {
    let rows = try Samples.log(9)
    let elsewhere = try await Samples.kept(rows, "auditor.txt")
    let own = try await Samples.kept(rows, size: 5)
    for size in 5..<9 {
      let cut = Array(rows.prefix(size))
      #expect(try Self.verify(cut, [own]).isIntact)
      let report = try Self.verify(cut, [own, elsewhere])
      #expect(report.findings == [.tailCut(size: UInt64(size), checkpoint: 9, source: "auditor.txt")])
      #expect(report.coveredSize == 5)
    }
    #expect(try Self.verify([], [elsewhere]).findings == [.tailCut(size: 0, checkpoint: 9, source: "auditor.txt")])
  }

  @Test("checkpoints that are unreadable, of another key, or of another log")
  func checkpoints() async throws {
    let rows = try Samples.log(3)
    var spoiled = try await Samples.kept(rows, "spoiled")
    spoiled.note = spoiled.note.replacing("\n3\n", with: "\n2\n")
    let report = try Self.verify(
      rows,
      [
        KeptCheckpoint(source: "torn", note: "sanmon"), try await Samples.kept(rows, "stranger", seed: 3), spoiled,
        try await Samples.kept(rows, "neighbour", origin: "sanmon.city.example/mynumber"), try await Samples.kept(rows, "good"),
      ])
    #expect(
      report.findings == [
        .checkpointUnreadable(source: "torn"), .checkpointSignatureWrong(source: "stranger"),
        .checkpointSignatureWrong(source: "spoiled"), .checkpointOfOtherLog(source: "neighbour"),
      ])
    #expect(report.checkpointsMatched == 1)
  }

  @Test("two signed roots of one size are a split view")
  func splitView() async throws {
    let rows = try Samples.log(4)
    var other = rows
    other[2].encoded = try RecordEncoding.encode(Samples.row(50))
    let report = try Self.verify(rows, [try await Samples.kept(rows, "mine"), try await Samples.kept(other, "yours")])
    #expect(report.findings == [.rootDiffers(rows: 0..<4, source: "yours")])
  }

  @Test("every finding has a sentence in both languages that names its place")
  func sentences() {
    let findings: [LogFinding] = [
      .rowEdited(7), .rowMissing(7), .rowOutOfOrder(7), .rowUnreadable(7), .searchColumnsDiffer(7),
      .subtreeDiffers(rows: 7..<8),
      .tailCut(size: 7, checkpoint: 9, source: "f"), .rootDiffers(rows: 7..<9, source: "f"),
    ]
    for finding in findings {
      #expect(finding.position == 7)
      #expect(finding.english.contains("7") && finding.japanese.contains("7"))
    }
    #expect(findings[5].japanese.contains("行7が") && LogFinding.subtreeDiffers(rows: 7..<12).japanese.contains("行7–11が"))
    let others: [LogFinding] = [
      .checkpointUnreadable(source: "f"), .checkpointSignatureWrong(source: "f"), .checkpointOfOtherLog(source: "f"),
      .fileDamaged,
    ]
    for finding in others { #expect(finding.position == nil && !finding.english.isEmpty && !finding.japanese.isEmpty) }
  }
}
