import AuthTerms
import Crypto
import Sealing
import Testing

@Suite("the key of snapshots")
struct SnapshotKeyTests {
  private let signer = Curve25519.Signing.PrivateKey()
  private var key: SnapshotKey { get throws { try SnapshotKey(bytes: Array(signer.publicKey.rawRepresentation)) } }

  @Test("copied by hand: hyphens, spaces and case do not count, every single slip is found")
  func text() throws {
    let text = try key.text
    #expect(text.hasPrefix("snapshot-1-"))
    #expect(try SnapshotKey(parsing: text) == key)
    #expect(try SnapshotKey(parsing: "snapshot-1-" + text.dropFirst(11).lowercased().replacing("-", with: " ")) == key)
    for place in text.indices where text[place] != "-" && place > text.index(text.startIndex, offsetBy: 10) {
      for letter in ["0", "Z"] where String(text[place]) != letter {
        #expect(throws: MalformedInput.self) { try SnapshotKey(parsing: text.replacingCharacter(at: place, with: letter)) }
      }
    }
    for wrong in [
      "", "snapshot-1-", String(text.dropFirst(11)), String(text.dropLast()), text + "0", "recovery-1-" + text.dropFirst(11),
    ] {
      #expect(throws: MalformedInput.self, "\(wrong)") { try SnapshotKey(parsing: wrong) }
    }
    for count in [0, 31, 33] {
      #expect(throws: MalformedInput.self) { try SnapshotKey(bytes: [UInt8](repeating: 1, count: count)) }
    }
  }

  @Test("the public half of a recovery key is no key of snapshots")
  func otherKind() throws {
    let recovery = try RecoveryKey(random: Secret(copying: (0..<32).map { UInt8($0) })).publicKey.text
    #expect(throws: MalformedInput.self) { try SnapshotKey(parsing: recovery.replacing("recovery-1-", with: "snapshot-1-")) }
  }

  @Test("a signature counts for one instance and one hash, and for no other text that the key signs")
  func signatures() throws {
    let hash = [UInt8](repeating: 7, count: 32)
    let message = SnapshotKey.message(instance: "lgwan-1", hash: hash)
    let signature = Array(try signer.signature(for: message))
    let key = try key
    #expect(key.verifies(signature, instance: "lgwan-1", hash: hash))
    #expect(!key.verifies(signature, instance: "lgwan-2", hash: hash))
    #expect(!key.verifies(signature, instance: "lgwan-1", hash: [UInt8](repeating: 8, count: 32)))
    for wrong in [Array(signature.dropLast()), signature + [0], []] {
      #expect(!key.verifies(wrong, instance: "lgwan-1", hash: hash))
    }
    #expect(!key.verifies(Array(try signer.signature(for: hash)), instance: "lgwan-1", hash: hash))
    let first = String(decoding: message, as: UTF8.self).split(separator: "\n").first
    #expect(first == "sanmon/directory-snapshot/1")
  }
}

extension String {
  fileprivate func replacingCharacter(at place: Index, with letter: String) -> String {
    String(self[..<place]) + letter + String(self[index(after: place)...])
  }
}
