import AuditLog
import AuthTerms
import Crypto
import Testing

@Suite("checkpoints are C2SP notes")
struct NoteTests {
  /// Written and signed by a program of its own, over the eight-leaf tree of MerkleTreeTests.
  private static let golden =
    "sanmon.city.example/lgwan\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
    + "\u{2014} sanmon.city.example/lgwan "
    + "zBlcaWAgCQHXowReoeMs7MD/fxREyYXLVCx3A/9dLisSuk38U7YjZInt1fdd0ruZjFHz/NLRi77E+AV5o88V4MN7Xg4=\n"
  private static let vkey = "sanmon.city.example/lgwan+cc195c69+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

  @Test("golden text, key and signature")
  func goldenNote() async throws {
    let note = try SignedNote(parsing: Self.golden)
    #expect(note.encoded == Self.golden)
    let verifier = try NoteVerifier(vkey: Self.vkey)
    #expect(verifier.vkey == Self.vkey)
    #expect(verifier.verifies(note))
    let checkpoint = try Checkpoint(parsing: note.text)
    #expect(checkpoint.origin == "sanmon.city.example/lgwan" && checkpoint.size == 8 && checkpoint.extensions.isEmpty)
    #expect(checkpoint.root.description.hasPrefix("5dc9da79"))
    #expect(try await Samples.signer().sign(checkpoint).text == note.text)
    #expect(try Samples.signer().verifier == verifier)
  }

  @Test("no byte of a note can be changed")
  func everyByte() throws {
    let verifier = try NoteVerifier(vkey: Self.vkey)
    let units = Array(Self.golden.utf8)
    for place in units.indices {
      for flip: UInt8 in [1, 0x20, 0x80] {
        var changed = units
        changed[place] ^= flip
        guard let text = String(validating: changed, as: UTF8.self), let note = try? SignedNote(parsing: text) else { continue }
        #expect(!verifier.verifies(note), "byte \(place)")
      }
      let cut = String(decoding: units[..<place], as: UTF8.self)
      #expect(throws: MalformedInput.self) { try SignedNote(parsing: cut) }
    }
  }

  @Test("other signatures are passed over, a wrong one of this key is not")
  func severalSignatures() async throws {
    let note = try SignedNote(parsing: Self.golden)
    let verifier = try NoteVerifier(vkey: Self.vkey)
    let witness = try await Samples.signer(seed: 9, name: "witness.example").sign(Checkpoint(parsing: note.text)).signatures
    #expect(verifier.verifies(try SignedNote(text: note.text, signatures: witness + note.signatures)))
    #expect(!verifier.verifies(try SignedNote(text: note.text, signatures: witness)))
    let wrong = try NoteSignature(name: verifier.name, keyID: verifier.keyID, signature: Samples.bytes(7, 64))
    #expect(!verifier.verifies(try SignedNote(text: note.text, signatures: note.signatures + [wrong])))
  }

  @Test("a signer that signs with another key is not believed")
  func wrongSigner() async throws {
    let key = Curve25519.Signing.PrivateKey()
    let verifier = try NoteVerifier(vkey: Self.vkey)
    let signer = NoteSigner(verifier: verifier) { Array(try key.signature(for: $0)) }
    let checkpoint = try Checkpoint(origin: Samples.origin, size: 0, root: .empty)
    await #expect(throws: MalformedInput.self) { try await signer.sign(checkpoint) }
  }

  @Test("malformed verifier keys are refused")
  func malformedKeys() {
    let good = Self.vkey
    for vkey in [
      "", "+", "++", "name", good + " ", good + "=", " " + good, good.replacing("cc195c69", with: "cc195c68"),
      good.replacing("cc195c69", with: "CC195C69"), good.replacing("+AQ", with: "+Ag"),
      good.replacing("lgwan+", with: "lgwam+"),
      good.replacing("sanmon", with: "san mon"), "x+00000000+AQ==", String(repeating: "n", count: 600) + good,
    ] {
      #expect(throws: MalformedInput.self) { try NoteVerifier(vkey: vkey) }
    }
    for name in ["", "a b", "a+b", "a\nb", "a\u{3000}b"] {
      #expect(throws: MalformedInput.self) { try NoteVerifier(name: name, publicKey: Samples.keyBytes) }
    }
    for count in [0, 31, 33] {
      #expect(throws: MalformedInput.self) { try NoteVerifier(name: "n", publicKey: Samples.bytes(9, count)) }
    }
  }

  @Test(
    "malformed checkpoints are refused",
    arguments: [
      "", "\n", "o\n0\n", "o\n-1\nROOT\n", "o\n+8\nROOT\n", "o\n08\nROOT\n", "o\n8 \nROOT\n", "o\n８\nROOT\n", "o\n8\nROOT",
      "o\n8\nROOT\n\n",
      "\n8\nROOT\n", "o\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg\n", "o\n8\nXcna\n", "o\n8\nROOT\n\next\n",
      "o\r\n8\r\nROOT\r\n",
      "o\n18446744073709551616\nROOT\n", "o\n0\nROOT\n", "o\n8\nROOT \n", "o\t\n8\nROOT\n",
      "o\n8\nROOT\n" + String(repeating: "x\n", count: 17),
    ])
  func malformedCheckpoint(template: String) {
    let root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    #expect(throws: MalformedInput.self) { try Checkpoint(parsing: template.replacing("ROOT", with: root)) }
  }

  @Test("extension lines are kept, and one spelling is read")
  func extensions() throws {
    let checkpoint = try Checkpoint(origin: "o", size: 0, root: .empty, extensions: ["time 1700000000", "別の行"])
    #expect(try Checkpoint(parsing: checkpoint.text) == checkpoint)
    #expect(throws: MalformedInput.self) { try Checkpoint(origin: "o", size: 0, root: .empty, extensions: [""]) }
    #expect(throws: MalformedInput.self) { try Checkpoint(origin: "o\np", size: 0, root: .empty) }
    #expect(throws: MalformedInput.self) { try Checkpoint(origin: "o", size: 0, root: TreeHash.leaf([])) }
  }

  @Test(
    "malformed notes are refused",
    arguments: [
      "", "\n", "\n\n", "text", "text\n", "text\n\n", "text\n\nsig\n", "text\n\n\u{2014} name\n",
      "text\n\n\u{2014} name AAAA\n",
      "text\n\n- name AAAAAAAA\n", "text\n\n\u{2014}  name AAAAAAAA\n", "text\n\n\u{2014} name AAAAAAAA \n",
      "text\n\n\u{2014} name AAAAAAAA\nrest\n", "text\n\n\u{2014} na+me AAAAAAAA\n", "text\n\n\u{2014} name AAAAAAA\n",
      "te\u{1}xt\n\n\u{2014} name AAAAAAAA\n", "text\n\u{2014} name AAAAAAAA\n", "text\n\n\u{2014} name AAAAAAAA",
    ])
  func malformedNote(note: String) {
    #expect(throws: MalformedInput.self) { try SignedNote(parsing: note) }
  }

  @Test("what is no text of a note makes none, and a checkpoint of any size is not read")
  func noText() throws {
    let signature = try NoteSignature(name: "name", keyID: [1, 2, 3, 4], signature: [1])
    for text in ["", "no line feed", "a\u{1}\n", String(repeating: "x", count: SignedNote.limit) + "\n"] {
      #expect(throws: MalformedInput.self) { try SignedNote(text: text, signatures: [signature]) }
    }
    #expect(throws: MalformedInput.self) { try SignedNote(text: "text\n", signatures: []) }
    #expect(try SignedNote(text: "text\n", signatures: [signature]).text == "text\n")
    let longest = String(repeating: "x", count: 65_535) + "\n"
    #expect(try SignedNote(text: longest, signatures: [signature]).text == longest)
    #expect(throws: MalformedInput.self) { try SignedNote(text: "x" + longest, signatures: [signature]) }
    let root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    let long = "o\n8\n\(root)\n" + String(repeating: String(repeating: "x", count: 255) + "\n", count: 257)
    #expect(throws: MalformedInput.self) { try Checkpoint(parsing: long) }
  }

  @Test("a signature of one byte and a text of words are read")
  func shortest() throws {
    let note = try SignedNote(parsing: "two words\n\n\u{2014} name AQIDBAU=\n")
    #expect(note.text == "two words\n")
    #expect(note.signatures == [try NoteSignature(name: "name", keyID: [1, 2, 3, 4], signature: [5])])
    #expect(throws: MalformedInput.self) { try SignedNote(parsing: "two words\n\n\u{2014} name AQIDBA==\n") }
  }

  @Test("a note of any size is not read")
  func noteLimits() {
    let line = "\u{2014} name AAAAAAAA\n"
    #expect(throws: MalformedInput.self) { try SignedNote(parsing: "text\n\n" + String(repeating: line, count: 65)) }
    #expect(throws: Never.self) { try SignedNote(parsing: "text\n\n" + String(repeating: line, count: 64)) }
    #expect(throws: MalformedInput.self) {
      try SignedNote(parsing: String(repeating: "x", count: SignedNote.limit) + "\n\n" + line)
    }
  }
}
