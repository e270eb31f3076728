import AuthAPI
import AuthTerms
import Testing

@Suite("what a backup says of itself has one spelling")
struct BackupMessageTests {
  private static let hash = [UInt8](repeating: 3, count: 32)

  private static func manifest(_ part: BackupManifest.Part = .server) throws -> BackupManifest {
    BackupManifest(
      part: part, instance: try InstanceID(parsing: "lgwan-1"), madeAt: 5, version: "0.1.0", epoch: 2, size: 9, root: hash,
      checkpoint: part == .server ? "note\n" : "", vaultPart: part == .server ? hash : [], vaultLength: part == .server ? 7 : 0,
      entries: BackupManifest.names(in: part).map { .init(name: $0, length: 1, hash: hash) })
  }

  @Test("a manifest is read as it was written; no prefix, longer form or other spelling is one")
  func manifests() throws {
    for part in [BackupManifest.Part.server, .vault] {
      let bytes = try Self.manifest(part).canonicalBytes
      #expect(try BackupManifest(canonicalBytes: bytes) == Self.manifest(part))
      for length in bytes.indices {
        #expect(throws: MalformedInput.self) { try BackupManifest(canonicalBytes: Array(bytes[..<length])) }
      }
      #expect(throws: MalformedInput.self) { try BackupManifest(canonicalBytes: bytes + [0]) }
    }
  }

  @Test("names are the known ones, each once, the database first; never a path")
  func names() throws {
    for names in [
      [], ["column.key"], ["column.key", "sanmon.sqlite"], ["sanmon.sqlite", "sanmon.sqlite"], ["sanmon.sqlite", "tls.key"],
      ["../sanmon.sqlite"], ["vault.sqlite"],
    ] {
      var manifest = try Self.manifest()
      manifest.entries = names.map { .init(name: $0, length: 1, hash: Self.hash) }
      #expect(throws: MalformedInput.self, "\(names)") { try BackupManifest(canonicalBytes: manifest.canonicalBytes) }
    }
    var manifest = try Self.manifest()
    manifest.entries.removeLast()
    #expect(try BackupManifest(canonicalBytes: manifest.canonicalBytes) == manifest)
    manifest.entries[0] = .init(name: "sanmon.sqlite", length: .max, hash: Self.hash)
    #expect(throws: MalformedInput.self) { try BackupManifest(canonicalBytes: manifest.canonicalBytes) }
    manifest = try Self.manifest()
    manifest.vaultPart = []
    #expect(throws: MalformedInput.self) { try BackupManifest(canonicalBytes: manifest.canonicalBytes) }
  }

  @Test("the vault's word over a backup is no checkpoint, even for an instance whose name is a number")
  func signature() throws {
    let text = BackupSignature.text(instance: try InstanceID(parsing: "5"), hash: Self.hash)
    #expect(text.split(separator: "\n").count == 3 && text.split(separator: "\n")[1] == "instance 5")
  }

  @Test("a mark and an approval are read as they were written, and in no other spelling")
  func approvals() throws {
    let mark = RestoredMark(size: 9, root: Self.hash, madeAt: -1)
    #expect(try RestoredMark(decoding: mark.encoded) == mark)
    for length in mark.encoded.indices {
      #expect(throws: MalformedInput.self) { try RestoredMark(decoding: Array(mark.encoded[..<length])) }
    }
    let approval = RestoreApproval(epoch: 2, size: 5, root: Self.hash, head: 9, headRoot: Self.hash, lost: 4)
    #expect(try RestoreApproval(parameters: approval.parameters) == approval)
    for (key, value) in [
      ("epoch", "02"), ("epoch", "-1"), ("size", ""), ("root", "00"), ("headRoot", Hex.encode(Self.hash).uppercased()),
      ("lost", "9223372036854775808"), ("more", "1"),
    ] {
      var parameters = approval.parameters
      // Digits have no upper case: letters are needed to tell.
      parameters[key] = key == "headRoot" ? String(repeating: "AB", count: 32) : value
      #expect(throws: MalformedInput.self, "\(key)=\(value)") { try RestoreApproval(parameters: parameters) }
    }
    for key in approval.parameters.keys {
      var parameters = approval.parameters
      parameters[key] = nil
      #expect(throws: MalformedInput.self) { try RestoreApproval(parameters: parameters) }
    }
  }
}
