import AuditLog
import AuthTerms
import Crypto
import Testing

@Suite("witnesses cosign as C2SP says")
struct WitnessTests {
  /// Written and signed by a program of its own (python3-cryptography), over the note of NoteTests.
  static let golden =
    "\u{2014} witness.example/w1 "
    + "yHaDKwAAAABkGFDLZKVavYXE45GSazVw4yW+XjRahIOMB7d8AL7PAeC7bx5YGxSjUKKT3s7PuKTSkSELzj2hEUQXT2Agfdxj9V/4Bw==\n"
  static let vkey = "witness.example/w1+c876832b+BGd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq"

  static func cosigner(seed: UInt8 = 9, name: String = "witness.example/w1") throws -> Cosigner {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Samples.keyBytes.map { $0 &+ seed })
    let verifier = try WitnessVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation))
    return Cosigner(verifier: verifier) { Array(try key.signature(for: $0)) }
  }

  static func note(_ rows: [StoredRow], seed: UInt8 = 0, origin: String = Samples.origin) async throws -> SignedNote {
    let checkpoint = try Checkpoint(origin: origin, size: UInt64(rows.count), root: Samples.root(of: rows))
    return try await Samples.signer(seed: seed, name: origin).sign(checkpoint)
  }

  // MARK: Cosignatures

  @Test("golden key, key id, time and signature")
  func goldenCosignature() async throws {
    let root = try TreeHash(parsing: Base64.decode("XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="))
    let log = try await Samples.signer().sign(Checkpoint(origin: Samples.origin, size: 8, root: root))
    let verifier = try WitnessVerifier(vkey: Self.vkey)
    #expect(verifier.vkey == Self.vkey)
    #expect(try Self.cosigner().verifier == verifier)
    let note = try SignedNote(parsing: log.encoded + Self.golden)
    #expect(verifier.time(of: note) == 1_679_315_147)
    let cosigned = try Self.cosigner().cosign(log, at: 1_679_315_147)
    #expect(verifier.time(of: cosigned) == 1_679_315_147 && cosigned.signatures.count == 2)
    #expect(cosigned.signatures.last?.line.hasPrefix("\u{2014} witness.example/w1 yHaDKwAAAABkGFDL") == true)
    // The log's own line still counts, and a later word of the witness does too.
    #expect(try Samples.signer().verifier.verifies(cosigned))
    #expect(verifier.time(of: try Self.cosigner().cosign(cosigned, at: 1_679_315_148)) == 1_679_315_148)
  }

  @Test("no bit of a cosignature can be changed, and nothing else stands for one")
  func everyBit() async throws {
    let log = try await Self.note(Samples.log(3))
    let verifier = try Self.cosigner().verifier
    let cosigned = try Self.cosigner().cosign(log, at: 77)
    let line = try #require(cosigned.signatures.last)
    for byte in line.signature.indices {
      var bytes = line.signature
      bytes[byte] ^= 1 << UInt8(byte % 8)
      let changed = try NoteSignature(name: line.name, keyID: line.keyID, signature: bytes)
      #expect(verifier.time(of: try SignedNote(text: log.text, signatures: [changed])) == nil, "byte \(byte)")
      // One right line beside it does not make it right.
      #expect(verifier.time(of: try SignedNote(text: log.text, signatures: [line, changed])) == nil)
    }
    #expect(verifier.time(of: log) == nil)
    #expect(verifier.time(of: try Self.cosigner(seed: 5).cosign(log, at: 77)) == nil)
    let other = try await Self.note(Samples.log(2))
    #expect(verifier.time(of: try SignedNote(text: other.text, signatures: [line])) == nil)
    // A log's signature by the same key is no cosignature: the first bytes of what is signed are others.
    let asLog = try await Samples.signer(seed: 9, name: "witness.example/w1").sign(Checkpoint(parsing: log.text)).signatures
    let time = Array(line.signature.prefix(8))
    let posing = try asLog.map { try NoteSignature(name: $0.name, keyID: line.keyID, signature: time + $0.signature) }
    #expect(verifier.time(of: try SignedNote(text: log.text, signatures: posing)) == nil)
    #expect(throws: MalformedInput.self) { try Self.cosigner().cosign(log, at: 1 << 63) }
    let key = Curve25519.Signing.PrivateKey()
    let wrong = Cosigner(verifier: verifier) { Array(try key.signature(for: $0)) }
    #expect(throws: MalformedInput.self) { try wrong.cosign(log, at: 77) }
  }

  @Test(
    "a key that is not a witness's is refused",
    arguments: [
      "", "witness.example/w1", "witness.example/w1+c876832c+BGd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq",
      "witness.example/w2+c876832b+BGd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq",
      "witness.example/w1+C876832B+BGd+3Zx6b7ql1gnccAXOgBHVTgMUrPicoXIFe8FA7eYq", "+c876832b+BGd+3Zx6",
      // The key of a log.
      "sanmon.city.example/lgwan+cc195c69+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    ])
  func keyRefused(text: String) {
    #expect(throws: MalformedInput.self) { try WitnessVerifier(vkey: text) }
  }

  // MARK: What is asked

  @Test("a request has one spelling, and reads back as it was")
  func request() async throws {
    let rows = try Samples.log(5)
    let note = try await Self.note(rows)
    let hashes = [TreeHash.leaf([1]), TreeHash.leaf([2])]
    let asked = try AddCheckpoint(oldSize: 3, proof: hashes, note: note)
    #expect(try AddCheckpoint(parsing: asked.encoded) == asked && asked.checkpoint.size == 5)
    let text = String(decoding: asked.encoded, as: UTF8.self)
    #expect(text == "old 3\n" + hashes.map { Base64.encode($0.bytes) + "\n" }.joined() + "\n" + note.encoded)
    let empty = try AddCheckpoint(oldSize: 0, proof: [], note: note)
    #expect(try AddCheckpoint(parsing: empty.encoded) == empty)
    let most = try AddCheckpoint(oldSize: 3, proof: Array(repeating: hashes[0], count: 63), note: note)
    #expect(try AddCheckpoint(parsing: most.encoded) == most)
    #expect(throws: MalformedInput.self) {
      try AddCheckpoint(oldSize: 3, proof: Array(repeating: hashes[0], count: 64), note: note)
    }
    #expect(throws: MalformedInput.self) { try AddCheckpoint(oldSize: 6, proof: [], note: note) }
    let line = Base64.encode(hashes[0].bytes)
    let (whole, cut) = (note.encoded, String(note.encoded.dropLast()))
    let many = String(repeating: line + "\n", count: 64)
    let refused: [String] = [
      "", "\n\n", "old 3\n", "old 03\n\n\(whole)", "old -1\n\n\(whole)", "old +1\n\n\(whole)", "old 6\n\n\(whole)",
      "new 3\n\n\(whole)", "old  3\n\n\(whole)", "old 3\r\n\r\n\(whole)", "old 3\n\(whole)", "\nold 3\n\n\(whole)",
      "old 3\nAAAA\n\n\(whole)", "old 3\n\(line.dropLast())\n\n\(whole)", "old 3\n\n\(cut)", "old 3\n\n\(whole)\n",
      "old 3\n\n\(note.text)", "old 18446744073709551616\n\n\(whole)", "old 3\n\(many)\n\(whole)",
    ]
    for broken in refused {
      #expect(throws: MalformedInput.self, "\(broken.prefix(40))") { try AddCheckpoint(parsing: Array(broken.utf8)) }
    }
    #expect(AddCheckpoint.size(parsing: Array(AddCheckpoint.encode(size: .max).utf8)) == .max)
    for broken in ["", "\n", "7", "07\n", "-7\n", "7\n\n", " 7\n", "18446744073709551616\n"] {
      #expect(AddCheckpoint.size(parsing: Array(broken.utf8)) == nil)
    }
  }

  @Test("what the head of a request asks")
  func calls() {
    let hash = "b2373178a6e5d8dc4bb2ac3a9cf0d80fbdcefd1e894ae15fc6073b4d898208aa"
    #expect(WitnessCall.newestPath(origin: Samples.origin) == "/checkpoint/" + hash)
    func call(_ line: String, _ fields: String...) -> WitnessCall {
      WitnessCall(head: Array((([line] + fields).map { $0 + "\r\n" }.joined() + "\r\n").utf8))
    }
    #expect(call("POST /add-checkpoint HTTP/1.1", "Host: w", "Content-Length: 12") == .addCheckpoint(length: 12))
    #expect(call("POST /add-checkpoint HTTP/1.0", "content-length:0") == .addCheckpoint(length: 0))
    #expect(call("GET /checkpoint/\(hash) HTTP/1.1") == .newest(originHash: hash))
    let most = AddCheckpoint.limit
    #expect(call("POST /add-checkpoint HTTP/1.1", "Content-Length: \(most)") == .addCheckpoint(length: most))
    #expect(call("POST /add-checkpoint HTTP/1.1", "Content-Length: \(most + 1)") == .refused(413))
    #expect(call("POST /add-checkpoint HTTP/1.1") == .refused(411))
    #expect(call("POST /add-checkpoint HTTP/1.1", "Transfer-Encoding: chunked") == .refused(411))
    for (line, status) in [
      ("GET /add-checkpoint HTTP/1.1", 405), ("POST /checkpoint/\(hash) HTTP/1.1", 405), ("GET / HTTP/1.1", 404),
      ("GET /checkpoint/\(hash.uppercased()) HTTP/1.1", 404), ("GET /checkpoint/../witness.key HTTP/1.1", 404),
      ("GET /checkpoint/\(hash)0 HTTP/1.1", 404), ("GET /checkpoint/\(hash) HTTP/2", 400), ("GET  / HTTP/1.1", 400), ("", 400),
    ] { #expect(call(line) == .refused(status), "\(line)") }
    for field in ["Content-Length: 1x", "Content-Length: -1", "Content-Length: ", "no colon", ": 1", " folded: 1"] {
      #expect(call("POST /add-checkpoint HTTP/1.1", field) == .refused(400), "\(field)")
    }
    #expect(call("POST /add-checkpoint HTTP/1.1", "Content-Length: 1", "Content-Length: 2") == .refused(400))
    #expect(WitnessCall(head: Array("GET / HTTP/1.1\n\n".utf8)) == .refused(400))
    #expect(WitnessCall(head: Array("GET /\u{e9} HTTP/1.1\r\n\r\n".utf8)) == .refused(400))
    #expect(call("GET / HTTP/1.1", "a: " + String(repeating: "b", count: WitnessCall.limit)) == .refused(400))
  }

  // MARK: What is answered

  /// A witness of two logs that has cosigned the first four rows of the first.
  private static func memory(_ rows: [StoredRow]) async throws -> (WitnessMemory, [NoteVerifier]) {
    var memory = WitnessMemory()
    let logs = [try Samples.signer().verifier, try Samples.signer(seed: 3, name: "sanmon.city.example/internet").verifier]
    let first = try AddCheckpoint(oldSize: 0, proof: [], note: try await note(Array(rows.prefix(4))))
    let answer = memory.take(first, logs: logs)
    #expect(answer == nil)
    return (memory, logs)
  }

  private static func proof(_ rows: [StoredRow], from old: UInt64) throws -> [TreeHash] {
    var tree = DictionaryTree()
    for row in rows { try MerkleTree.append(TreeHash.leaf(row.encoded), to: &tree) }
    return try MerkleTree.consistencyProof(from: old, to: UInt64(rows.count), in: tree)?.path ?? []
  }

  @Test("what extends is cosigned and remembered; the same once more, too")
  func extends() async throws {
    let rows = try Samples.log(9)
    let (start, logs) = try await Self.memory(rows)
    var memory = start
    let note = try await Self.note(rows)
    let next = try AddCheckpoint(oldSize: 4, proof: try Self.proof(rows, from: 4), note: note)
    // Each log has a memory of its own, the empty one too.
    let none = try await Self.note([], seed: 3, origin: "sanmon.city.example/internet")
    for request in [
      next, try AddCheckpoint(oldSize: 9, proof: [], note: note), try AddCheckpoint(oldSize: 0, proof: [], note: none),
    ] {
      let answer = memory.take(request, logs: logs)
      #expect(answer == nil)
    }
    #expect(memory.seen[Samples.origin]?.size == 9 && memory.seen.count == 2)
    var later = WitnessMemory()
    for checkpoint in memory.seen.values { later.recall(checkpoint) }
    later.recall(try Checkpoint(origin: Samples.origin, size: 0, root: .empty))
    #expect(later == memory)
  }

  @Test("each refusal has the protocol's status, and changes no memory")
  func refusals() async throws {
    let rows = try Samples.log(9)
    let (memory, logs) = try await Self.memory(rows)
    let proof = try Self.proof(rows, from: 4)
    let note = try await Self.note(rows)
    var forged = rows
    forged[2].encoded = try RecordEncoding.encode(Samples.row(50))
    let stranger = try await Self.note(rows, seed: 8)
    let unknown = try await Self.note(rows, seed: 3, origin: "sanmon.city.example/mynumber")
    let both = try SignedNote(text: note.text, signatures: stranger.signatures + note.signatures)
    let cases: [(SignedNote, UInt64, [TreeHash], WitnessMemory.Refusal, Int)] = [
      (unknown, 4, proof, .logUnknown, 404),
      (stranger, 4, proof, .notSigned, 403),
      (note, 0, [], .sizeDiffers(last: 4), 409),
      (note, 5, try Self.proof(rows, from: 5), .sizeDiffers(last: 4), 409),
      // A log that was put back.
      (try await Self.note(Array(rows.prefix(2))), 2, [], .sizeDiffers(last: 4), 409),
      (try await Self.note(Array(forged.prefix(4))), 4, [], .rootDiffers(last: 4), 409),
      (note, 4, [], .proofWrong, 422),
      (note, 4, Array(proof.dropLast()), .proofWrong, 422),
      (note, 4, proof + [proof[0]], .proofWrong, 422),
      // Rewritten with all its hashes, and signed by who holds the log's key.
      (try await Self.note(forged), 4, try Self.proof(forged, from: 4), .proofWrong, 422),
      (try await Self.note(Array(rows.prefix(4))), 4, [proof[0]], .proofWrong, 422),
    ]
    for (note, old, proof, refusal, status) in cases {
      var trying = memory
      let answer = trying.take(try AddCheckpoint(oldSize: old, proof: proof, note: note), logs: logs)
      #expect(answer == refusal && refusal.status == status && trying == memory)
      #expect(refusal.isEvidence == ([.rootDiffers(last: 4), .proofWrong].contains(refusal)))
    }
    var fresh = WitnessMemory()
    let needless = fresh.take(try AddCheckpoint(oldSize: 0, proof: [proof[0]], note: note), logs: logs)
    #expect(needless == .proofWrong)
    // A line of a stranger is passed over.
    let beside = fresh.take(try AddCheckpoint(oldSize: 0, proof: [], note: both), logs: logs)
    #expect(beside == nil)
  }
}
