import AuthAPI
import AuthTerms
import Fuzzing
import Sealing
import Testing

/// What a backup file is fed with, and what is typed from paper.
@Suite("Fuzz: backups", .serialized)
struct BackupFuzzTests {
  private static let hash = [UInt8](repeating: 3, count: 32)

  @Test("manifests and marks have one spelling")
  func manifests() throws {
    let instance = try InstanceID(parsing: "lgwan-1")
    let corpus = [BackupManifest.Part.server, .vault].map { part in
      BackupManifest(
        part: part, instance: instance, madeAt: 5, version: "0.1.0", epoch: 2, size: 9, root: Self.hash, checkpoint: "note\n",
        vaultPart: part == .server ? Self.hash : [], vaultLength: 7,
        entries: BackupManifest.names(in: part).map { .init(name: $0, length: 1, hash: Self.hash) }
      ).canonicalBytes
    }
    let tally = try Fuzzer("manifests", corpus: corpus, words: ["../", "tls.key", "column.key", "server", "vault"]).run {
      bytes in
      guard let read = try? BackupManifest(canonicalBytes: bytes) else { return false }
      guard read.canonicalBytes == bytes else { throw Fuzzer.Broken("two spellings of one manifest") }
      guard read.entries.allSatisfy({ BackupManifest.names(in: read.part).contains($0.name) }) else {
        throw Fuzzer.Broken("a file of another name")
      }
      return true
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
    let mark = RestoredMark(size: 9, root: Self.hash, madeAt: 5).encoded
    let marks = try Fuzzer("marks", corpus: [mark], share: 0.5).run { bytes in
      guard let read = try? RestoredMark(decoding: bytes) else { return false }
      guard read.encoded == bytes else { throw Fuzzer.Broken("two spellings of one mark") }
      return true
    }
    #expect(marks.accepted > 50 && marks.refused > 500)
  }

  @Test("a damaged stream gives out nothing that was not sealed, and is never whole")
  func streams() throws {
    let key = try RecoveryKey(random: Secret(copying: Self.hash))
    let pieces: [[UInt8]] = [Array("front".utf8), Array(repeating: 9, count: 300), []]
    var sealer = try StreamSealer(to: key.publicKey, label: "fuzz")
    var whole = sealer.header
    for (index, piece) in pieces.enumerated() { whole += try sealer.seal(piece, isLast: index == pieces.count - 1) }
    let tally = try Fuzzer("streams", corpus: [whole]).run { bytes in
      var rest = bytes[...]
      func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
      }
      do {
        var opener = try StreamOpener(header: take(SealedStream.headerLength), key: key, label: "fuzz")
        var index = 0
        while !opener.isComplete {
          let (length, isLast) = try SealedStream.frame(take(SealedStream.frameHeaderLength))
          let sealed = take(length)
          // A length that reaches behind the end of the file is a file that was cut off.
          guard sealed.count == length else { return false }
          guard try opener.open(sealed, isLast: isLast) == pieces[index] else { throw Fuzzer.Broken("another piece") }
          index += 1
        }
        guard Array(bytes.prefix(whole.count)) == whole else { throw Fuzzer.Broken("a damaged stream was whole") }
        return true
      } catch is SealingFault {
        return false
      }
    }
    #expect(tally.refused > 1000)
  }

  @Test("a typed key is the one that was printed, or none")
  func keys() throws {
    let key = try RecoveryKey(random: Secret(copying: Self.hash))
    let corpus = [key.text, key.text.lowercased(), key.publicKey.text].map { Array($0.utf8) }
    let tally = try Fuzzer("recoveryKeys", corpus: corpus, words: ["-", " ", "O", "l", "recovery-1-"]).run { bytes in
      if let typed = try? RecoveryKey(typed: Secret(copying: bytes)), typed.publicKey != key.publicKey {
        throw Fuzzer.Broken("a slip was taken for a key")
      }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let read = try? RecoveryPublicKey(parsing: text) else { return false }
      guard read == key.publicKey, try RecoveryPublicKey(parsing: read.text) == read else {
        throw Fuzzer.Broken("another public half")
      }
      return true
    }
    #expect(tally.refused > 1000)
  }
}
