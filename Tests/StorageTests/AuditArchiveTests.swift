import AuditLog
import AuthTerms
import Crypto
import Foundation
import GRDB
import Storage
import Testing

@Suite("a copy of the file is verified without the server")
struct AuditArchiveTests {
  private static let origin = "sanmon.test/lgwan"

  private static func signer() throws -> NoteSigner {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 3, count: 32))
    let verifier = try NoteVerifier(name: origin, publicKey: Array(key.publicKey.rawRepresentation))
    return NoteSigner(verifier: verifier) { Array(try key.signature(for: $0)) }
  }

  private static func checkpoint(_ store: any CheckpointingStore, size: UInt64) async throws -> String {
    let root = try #require(try await store.auditRoot(size))
    return try await signer().sign(Checkpoint(origin: origin, size: size, root: root)).encoded
  }

  /// 12 rows, checkpoints at 4 and 8 inside, one at 12 kept elsewhere; the file closed.
  private static func log(_ scratch: Scratch) async throws -> (elsewhere: KeptCheckpoint, verifiers: [NoteVerifier]) {
    let store = try SQLiteStore(path: scratch.database)
    for number in 0..<12 { _ = try await store.commit(Note(number: number)) }
    for size: UInt64 in [4, 8] { try await store.store(checkpoint: try await checkpoint(store, size: size)) }
    let elsewhere = KeptCheckpoint(source: "auditor.txt", note: try await checkpoint(store, size: 12))
    store.close()
    return (elsewhere, [try signer().verifier])
  }

  @Test("untouched, it is intact; live, in a copy, and read-only")
  func intact() async throws {
    let scratch = try Scratch()
    let (elsewhere, verifiers) = try await Self.log(scratch)
    let store = try SQLiteStore(path: scratch.database)
    _ = try await store.commit(Note(number: 12))
    let live = try AuditArchive(path: scratch.database).verify(
      verifiers: verifiers, elsewhere: [elsewhere], origin: Self.origin)
    #expect(live.isIntact && live.size == 13 && live.checkpointsMatched == 3 && live.coveredSize == 12)
    let copied = try AuditArchive(path: scratch.copy()).verify(verifiers: verifiers, elsewhere: [elsewhere])
    #expect(copied == live)
    store.close()
    let closed = try AuditArchive(path: scratch.copy())
    #expect(try closed.verify(verifiers: verifiers).size == 13)
    #expect(try closed.checkpoints().count == 2)
    #expect(try closed.rows(from: 11, limit: 10).map(\.sequence) == [11, 12])
  }

  @Test("not a file, not a database, not ours")
  func refused() async throws {
    let scratch = try Scratch()
    #expect(throws: StorageFault.unavailable("there is no such database file")) { try AuditArchive(path: scratch.database) }
    #expect(FileManager.default.createFile(atPath: scratch.database, contents: Data(repeating: 0x41, count: 9000)))
    #expect(throws: StorageFault.corrupt("SQLite 26")) { try AuditArchive(path: scratch.database) }
    try FileManager.default.removeItem(atPath: scratch.database)
    try Tool(scratch.database).run("CREATE TABLE t (x)")
    #expect(throws: StorageFault.conflict("this file is the database of another program")) {
      try AuditArchive(path: scratch.database)
    }
  }

  @Test("an edit in the table is found at its row", arguments: [0, 5, 11])
  func edited(row: Int) async throws {
    let scratch = try Scratch()
    let (elsewhere, verifiers) = try await Self.log(scratch)
    func report(_ sql: String) async throws -> LogFinding? {
      let copy = try scratch.copy()
      let tool = try Tool(copy)
      try tool.liftTriggers()
      try tool.run(sql)
      return try AuditArchive(path: copy).verify(verifiers: verifiers, elsewhere: [elsewhere]).findings.first
    }
    let number = UInt64(row)
    #expect(
      try await report("UPDATE audit SET encoded = cast('forged' AS BLOB) WHERE sequence = \(row)") == .rowEdited(number))
    #expect(try await report("UPDATE audit SET hash = zeroblob(32) WHERE sequence = \(row)") == .rowEdited(number))
    #expect(try await report("UPDATE audit SET action = 'unlock' WHERE sequence = \(row)") == .searchColumnsDiffer(number))
    #expect(try await report("UPDATE audit SET person = 'p9' WHERE sequence = \(row)") == .searchColumnsDiffer(number))
    #expect(try await report("UPDATE audit SET sequence = sequence + 1000 WHERE sequence = \(row)") == .rowMissing(number))
    if row < 11 {
      #expect(try await report("DELETE FROM audit WHERE sequence = \(row)") == .rowMissing(number))
      let other = row + 1
      let exchange = """
        UPDATE audit SET sequence = 5000 WHERE sequence = \(row);
        UPDATE audit SET sequence = \(row) WHERE sequence = \(other);
        UPDATE audit SET sequence = \(other) WHERE sequence = 5000;
        """
      // Two rows of one pair are named by the subtree over them, two of different pairs by a later one or by a checkpoint.
      let found = try await report(exchange)
      if row.isMultiple(of: 2) {
        #expect(found == .subtreeDiffers(rows: number..<number + 2))
      } else {
        #expect(found?.position.map { $0 <= number } == true)
      }
    }
    let pair = number / 2 * 2
    #expect(
      try await report("UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 1 AND place = \(row / 2)")
        == .subtreeDiffers(rows: pair..<pair + 2))
  }

  @Test("a tail cut off with every later checkpoint is found by the one kept elsewhere", arguments: [1, 4, 8, 11])
  func tail(size: Int) async throws {
    let scratch = try Scratch()
    let (elsewhere, verifiers) = try await Self.log(scratch)
    let tool = try Tool(scratch.database)
    try tool.liftTriggers()
    try tool.run(
      """
      DELETE FROM audit WHERE sequence >= \(size);
      DELETE FROM checkpoints WHERE size > \(size);
      DELETE FROM audit_nodes WHERE (place + 1) << level > \(size);
      """)
    let archive = try AuditArchive(path: scratch.database)
    #expect(try archive.verify(verifiers: verifiers).isIntact)
    let report = try archive.verify(verifiers: verifiers, elsewhere: [elsewhere])
    #expect(report.findings == [.tailCut(size: UInt64(size), checkpoint: 12, source: "auditor.txt")])
  }

  @Test("a log rewritten with all its hashes is found by a signed root")
  func rewritten() async throws {
    let scratch = try Scratch()
    let (elsewhere, verifiers) = try await Self.log(scratch)
    let forged = try Scratch()
    let store = try SQLiteStore(path: forged.database)
    for number in 0..<12 { _ = try await store.commit(Note(number: number == 6 ? 600 : number)) }
    store.close()
    let tool = try Tool(forged.database)
    for note in try AuditArchive(path: scratch.database).checkpoints() {
      let size = try Checkpoint(parsing: SignedNote(parsing: note).text).size
      try tool.run("INSERT INTO checkpoints (size, note) VALUES (?, ?)", [Int64(size), note])
    }
    let report = try AuditArchive(path: forged.database).verify(verifiers: verifiers, elsewhere: [elsewhere])
    #expect(report.findings == [.rootDiffers(rows: 4..<8, source: "database")])
    #expect(report.coveredSize == 4)
  }

  @Test("any flipped byte of a row in the file is found, and the file's other bytes do not crash us")
  func flippedBytes() async throws {
    let scratch = try Scratch()
    let (elsewhere, verifiers) = try await Self.log(scratch)
    let file = try Data(contentsOf: URL(fileURLWithPath: scratch.copy()))
    let notes = (0..<12).map { Data("row \($0)".utf8) }
    var rowsFound = 0
    // Every byte of every row's note, and a sample of all the others.
    var places: [(Int, UInt64?)] = stride(from: 0, to: file.count, by: 311).map { ($0, nil) }
    for (number, note) in notes.enumerated() {
      // "row 1" is also the beginning of "row 10": take the hit that ends the record.
      var from = file.startIndex
      while let hit = file.range(of: note, in: from..<file.endIndex) {
        from = hit.upperBound
        let next = file[hit.upperBound]
        if number != 1 || !(0x30...0x31).contains(next) { places += hit.map { ($0, UInt64(number)) } }
      }
    }
    for (place, row) in places {
      var changed = file
      changed[place] ^= 0x04
      let path = scratch.folder + "/flipped"
      try changed.write(to: URL(fileURLWithPath: path))
      defer { for side in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + side) } }
      guard let report = try? AuditArchive(path: path).verify(verifiers: verifiers, elsewhere: [elsewhere]) else { continue }
      if let row {
        #expect(report.findings.first?.position == row, "byte \(place)")
        rowsFound += 1
      }
    }
    #expect(rowsFound >= 12 * 5)
  }
}

@Suite("checkpoints are kept only for this log")
struct CheckpointStoreTests {
  private static func signed(_ checkpoint: Checkpoint) throws -> String {
    let key = Curve25519.Signing.PrivateKey()
    let verifier = try NoteVerifier(name: "n", publicKey: Array(key.publicKey.rawRepresentation))
    return try SignedNote(
      text: checkpoint.text,
      signatures: [
        NoteSignature(name: "n", keyID: verifier.keyID, signature: Array(key.signature(for: Array(checkpoint.text.utf8))))
      ]
    ).encoded
  }

  private static func check(_ store: any CheckpointingStore) async throws {
    for number in 0..<5 { _ = try await store.commit(Note(number: number)) }
    var notes: [String] = []
    for size: UInt64 in [3, 5, 0] {
      let root = try #require(try await store.auditRoot(size))
      let note = try signed(Checkpoint(origin: "o", size: size, root: root))
      notes.append(note)
      try await store.store(checkpoint: note)
      try await store.store(checkpoint: note)
    }
    #expect(try await store.checkpoints() == [notes[2], notes[0], notes[1]])
    let root3 = try #require(try await store.auditRoot(3))
    for (size, root) in [(UInt64(4), root3), (6, root3), (3, TreeHash.empty), (.max, root3)] {
      let note = try signed(Checkpoint(origin: "o", size: size, root: root))
      await #expect(throws: StorageFault.conflict("the checkpoint is not one of this log")) {
        try await store.store(checkpoint: note)
      }
    }
    await #expect(throws: StorageFault.conflict("the checkpoint is not a signed note")) {
      try await store.store(checkpoint: "o\n3\n")
    }
    #expect(try await store.checkpoints().count == 3)
    // A witness has signed too: the note takes the place of the one it begins with.
    let line = String(notes[1].split(separator: "\n").last ?? "")
    let cosigned = notes[1] + line + "\n"
    try await store.store(checkpoint: cosigned)
    try await store.store(checkpoint: cosigned)
    #expect(try await store.checkpoints() == [notes[2], notes[0], cosigned])
    #expect(try await store.size() == 5)
    let proof = try #require(try await store.auditConsistencyProof(from: 3, to: 5))
    #expect(proof.proves(root3, growsInto: try #require(try await store.auditRoot(5))))
    #expect(try await store.auditRangeProof(of: 1..<3, size: 5)?.hashes.count == 3)
    #expect(try await store.auditRangeProof(of: 1..<6, size: 6) == nil)
    #expect(try await store.auditInclusionProof(of: 4, size: 5) != nil)
    #expect(try await store.auditInclusionProof(of: 5, size: 5) == nil)
  }

  @Test("SQLite") func sqlite() async throws {
    let scratch = try Scratch()
    try await Self.check(try SQLiteStore(path: scratch.database))
  }

  @Test("memory") func memory() async throws { try await Self.check(InMemoryStore()) }
}
