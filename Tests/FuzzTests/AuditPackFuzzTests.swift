import AuditLog
import AuthTerms
import Crypto
import Fuzzing
import Testing

/// What an auditor is handed by somebody he does not trust.
@Suite("Fuzz: audit packs", .serialized)
struct AuditPackFuzzTests {
  @Test("a damaged pack is never sound, whatever was done to it")
  func packs() async throws {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 7, count: 32))
    let verifier = try NoteVerifier(name: "sanmon.example/lgwan-1", publicKey: Array(key.publicKey.rawRepresentation))
    let signer = NoteSigner(verifier: verifier) { Array(try key.signature(for: $0)) }
    let order = try AuditPackOrder(from: 1, until: 2, purpose: "a & b")
    var rows: [[UInt8]] = []
    for time in 0..<3 as Range<Int64> {
      rows.append(
        try RecordEncoding.encode(AuditRecord(time: time, eventClass: .session, action: "lock", outcome: .done)))
    }
    rows.append(try RecordEncoding.encode(order.record(at: 3, by: OperatorID(parsing: "audit-01"))))
    let leaves = rows.map { TreeHash.leaf($0) }
    let root = TreeHash.node(.node(leaves[0], leaves[1]), .node(leaves[2], leaves[3]))
    let note = try await signer.sign(Checkpoint(origin: verifier.name, size: 4, root: root))
    let export = try ProvenRow(
      sequence: 3, encoded: rows[3],
      proof: RangeProof(first: 3, end: 4, size: 4, hashes: [.node(leaves[0], leaves[1]), leaves[2]]))
    var writer = try AuditPackWriter(
      note: note, export: export, rows: RangeProof(first: 0, end: 3, size: 4, hashes: [leaves[3]]))
    var pack = writer.head
    for row in rows.prefix(3) { pack += try writer.row(row) }
    pack += try writer.tail()
    let good = pack
    let words = ["<p id=\"r1\"", "\n", "&amp;", "</pre>", "<p class=\"span\">0 3", "=\"><b>"]
    let tally = try Fuzzer("packs", corpus: [good], words: words, share: 0.2).run { bytes in
      var check = AuditPackVerifier(verifiers: [verifier])
      check.feed(bytes)
      let report = check.finish()
      guard report.findings.count <= AuditPackVerifier.findingLimit + 2 else { throw Fuzzer.Broken("findings without end") }
      guard report.isSound == (bytes == good) else { throw Fuzzer.Broken("a damaged pack was sound") }
      return report.isSound
    }
    #expect(tally.refused > 1000)
  }
}
