import AuthPolicy
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Fuzzing
import Sealing
import Testing

/// What people write or export: rules, start-up files, CSV, LDIF.
@Suite("Fuzz: files of people", .serialized)
struct FileFuzzTests {
  private static func file(_ path: String) throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appending(path: path)))
  }

  /// The head of a file, up to the end of that line.
  private static func head(_ path: String, lines: Int) throws -> [UInt8] {
    let whole = try file(path).split(separator: 0x0A, omittingEmptySubsequences: false)
    return Array(whole.prefix(lines).joined(separator: [0x0A])) + [0x0A]
  }

  @Test("rules: a set compiles, and then its floor is proven, or every fault has a place in a file")
  func rules() throws {
    let names = ["organisation.yaml", "lgwan.yaml"]
    let shipped = try names.map { PolicySource(name: $0, bytes: try Self.file("policies/" + $0)) }
    let words = [
      "card", "pin", "password", "palm", "any", "&a", "*a", "!!", "---", "[", "{", "\t", "  ", "- ", ": ", "true", "~",
      "groups",
    ]
    let digest: ([UInt8]) -> [UInt8] = { Array(SHA256.hash(data: $0)) }
    for (index, source) in shipped.enumerated() {
      let tally = try Fuzzer(
        "rules\(index)", corpus: [source.bytes], words: words, count: 1500, share: 0.5
      ).run { bytes in
        var sources = shipped
        sources[index] = PolicySource(name: source.name, bytes: bytes)
        do throws(PolicyFaults) {
          _ = try PolicySet.compile(sources, digest: digest, today: 20_000)
          return true
        } catch {
          guard error.faults.allSatisfy({ $0.line >= 1 && $0.column >= 1 }) else { throw Fuzzer.Broken("no place") }
          return false
        }
      }
      #expect(tally.refused > 100)
    }
  }

  @Test("start-up files: read or refused with a place")
  func startUp() throws {
    let text = """
      instance: lgwan
      segments: [lgwan]
      listen: {address: 10.1.0.10, port: 8443, tls-minimum: "1.2"}
      enrolment-listen: {address: "::1", port: 8444}
      operator-socket: /run/sanmon/lgwan/operator.sock
      operator-users: [yamada, suzuki]
      vault-socket: /run/sanmon-vault/lgwan/vault.sock
      state: /var/lib/sanmon/lgwan
      policies: /etc/sanmon/lgwan/policies
      card-roots: {lgwan: [/etc/sanmon/lgwan/card-roots/staff-ca.pem]}
      hosts: [sanmon.lgwan.example]
      checkpoint-seconds: 60

      """
    let words = ["/", "..", "0.0.0.0", "65536", "- ", ": ", "[", "{", "\"", "'", "mynumber", "internet"]
    let tally = try Fuzzer("instance", corpus: [Array(text.utf8)], words: words, count: 4000).run { bytes in
      (try? InstanceFile.parse(PolicySource(name: "instance.yaml", bytes: bytes))) != nil
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
  }

  @Test("CSV: read or refused with a place, and no fault quotes the file")
  func csv() throws {
    let people = try Self.head("deploy/sample-city/people.csv", lines: 6)
    let groups = try Self.file("deploy/sample-city/groups.csv")
    let departments = try Self.file("deploy/sample-city/departments.csv")
    let words = ["\"", "\"\"", ",", ";", "\r\n", "\u{FEFF}", "\u{202E}", "2026-02-30", "true"]
    let tally = try Fuzzer("csv", corpus: [people], words: words, count: 1500, share: 0.5).run { bytes in
      try Self.read(
        CSVSource(
          people: SourceFile(name: "p", bytes: bytes), groups: SourceFile(name: "g", bytes: groups),
          departments: SourceFile(name: "d", bytes: departments)))
    }
    #expect(tally.refused > 100)
    try Fuzzer("csvGroups", corpus: [groups, departments], words: words, count: 1500, share: 0.5).run { bytes in
      try Self.read(
        CSVSource(
          people: SourceFile(name: "p", bytes: people), groups: SourceFile(name: "g", bytes: bytes),
          departments: SourceFile(name: "d", bytes: departments)))
    }
  }

  @Test("LDIF: read or refused with a place, and no fault quotes the file")
  func ldif() throws {
    let whole = String(decoding: try Self.file("deploy/sample-city/sample-city.ldif"), as: UTF8.self)
    let records = whole.components(separatedBy: "\n\n")
    let people = records.filter { $0.contains("ou=people") }.prefix(4)
    let city = (records.filter { !$0.contains("ou=people") } + people).joined(separator: "\n\n") + "\n"
    let words = ["\n", "\n ", "::", ":<", "dn: ", "-\n", "objectClass: ", "\\2C", ",", "=", "\u{202E}", "changetype: delete\n"]
    let small = (records.prefix(3) + people).joined(separator: "\n\n") + "\n"
    let corpus = [Array(city.utf8), Array(small.utf8)]
    let tally = try Fuzzer("ldif", corpus: corpus, words: words, count: 600).run { bytes in
      try Self.read(LDIFSource(SourceFile(name: "l", bytes: bytes)))
    }
    #expect(tally.refused > 100)
  }

  @Test("an object of Active Directory: taken or refused, and what it names is taken as it stands")
  func directoryObject() throws {
    let guid = "<GUID=6abf0e63-fe4d-4164-aac5-f0f9b50d4661>;<SID=S-1-5-21-1-2-3-4>;CN=x"
    let corpus = [Array("member\n\(guid)".utf8), Array("member;range=1-1\n\(guid)".utf8), Array("title\n主事".utf8)]
    let words = ["member", ";range=0-0", "\n", "isdeleted", "TRUE", "parentguid", "objectclass", "group", ">", "-"]
    let tally = try Fuzzer("directory-object", corpus: corpus, words: words, count: 3000).run { bytes in
      let parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
      let name = String(decoding: parts[0], as: UTF8.self)
      let entry = LDAPEntry(
        name: "",
        attributes: [name: Array(parts.dropFirst())].merging(["objectguid": [[UInt8](repeating: 7, count: 16)]]) { $1 })
      guard let change = try? DirectoryChange(entry) else { return false }
      var replica = DirectoryReplica()
      replica.apply(change)
      guard replica.objects.count <= 1, replica.members.count <= 1 else { throw Fuzzer.Broken("one object became several") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }

  @Test("what is kept of an object and of a position: taken only as it was written")
  func directoryKept() throws {
    guard let guid = ObjectGUID(bytes: [UInt8](repeating: 7, count: 16)) else { throw Fuzzer.Broken("16 bytes") }
    var replica = DirectoryReplica()
    let links = ["6abf0e63", "7abf0e63"].map { Array("<GUID=\($0)-fe4d-4164-aac5-f0f9b50d4661>;CN=x".utf8) }
    for attributes in [
      ["objectclass": [Array("group".utf8)], "samaccountname": [Array("ka-0401".utf8)], "parentguid": [guid.bytes]],
      ["member": links],
    ] {
      replica.apply(
        try DirectoryChange(
          LDAPEntry(name: "", attributes: attributes.merging(["objectguid": [guid.bytes]]) { first, _ in first })))
    }
    let object = replica.encoded(guid) ?? []
    let position = DirSyncPosition(
      serviceName: "CN=NTDS Settings", invocationID: guid, highestCommittedUSN: 7,
      witness: DirSyncPosition.Witness(guid: guid, usn: 5), cookie: [1, 2, 3]
    ).encoded
    let tally = try Fuzzer("directory-kept", corpus: [object, position], words: ["member", "title"], count: 3000).run { bytes in
      var back = DirectoryReplica()
      if (try? back.restore(guid, from: bytes)) != nil {
        guard back.encoded(guid) == bytes else { throw Fuzzer.Broken("two ways to write one object") }
        return true
      }
      guard back == DirectoryReplica() else { throw Fuzzer.Broken("half an object was kept") }
      guard let found = try? DirSyncPosition(parsing: bytes) else { return false }
      guard found.encoded == bytes else { throw Fuzzer.Broken("two ways to write one position") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }

  @Test("what is kept of the last hour and of an approved transfer: taken only as it was written")
  func guardKept() throws {
    func person(_ id: String) throws -> PersonID { try PersonID(parsing: id) }
    var recent = RecentEffects()
    recent.takeDisabled([try person("p-1"), try person("p-2")], at: 1_800_000_000_000)
    var one = ResolvedPerson(id: try person("p-1"), account: try AccountName(parsing: "a"), displayName: "佐藤", kana: "")
    one.departments = ["0401", "0103"]
    one.groups = ["seg-lgwan"]
    let groups = AccessGroups(segments: [.lgwan: ["seg-lgwan"]])
    let foreseen = ForeseenChanges([
      one.id: ForeseenChange(access: PersonAccess(one, groups: groups), name: "佐藤", joins: ["ka-0401"], leaves: [])
    ])
    let unit = DirectoryRules.Anchor.unit("職員/税務課")
    let anchors = DirectoryRules.encoded([
      .group("seg-lgwan"): try #require(ObjectGUID(bytes: [UInt8](repeating: 7, count: 16))),
      unit: try #require(ObjectGUID(bytes: [UInt8](repeating: 8, count: 16))),
    ])
    let corpus = [recent.encoded, foreseen.encoded, anchors]
    let tally = try Fuzzer("guard-kept", corpus: corpus, words: ["gained:lgwan", "moved"], count: 3000).run { bytes in
      var isTaken = false
      if let found = try? RecentEffects(parsing: bytes) {
        guard try RecentEffects(parsing: found.encoded) == found else { throw Fuzzer.Broken("the last hour is not itself") }
        isTaken = true
      }
      if let found = try? ForeseenChanges(parsing: bytes) {
        guard try ForeseenChanges(parsing: found.encoded) == found else { throw Fuzzer.Broken("a transfer is not itself") }
        isTaken = true
      }
      if let found = try? DirectoryRules.readAnchors(bytes) {
        guard DirectoryRules.encoded(found) == bytes else { throw Fuzzer.Broken("anchors are not themselves") }
        isTaken = true
      }
      return isTaken
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }

  @Test("a transfer list, in UTF-8 or code page 932, is read or refused with a fault that quotes nothing of it")
  func transferList() throws {
    let text = "職員番号,氏名,新所属,区分,グループ\r\n4711,\"山田 太郎\",0401;0103,異動,ka-0401\r\n4712,,,退職,\r\n"
    let windows: [UInt8] = [
      0x90, 0x45, 0x88, 0xF5, 0x94, 0xD4, 0x8D, 0x86, 0x2C, 0x8E, 0x81, 0x96, 0xBC, 0x2C, 0x90, 0x56, 0x8F, 0x8A, 0x91, 0xAE,
      0x0A,
      0x31, 0x2C, 0xFB, 0xFC, 0x8B, 0xB4, 0x2C, 0x87, 0x40, 0x0A,
    ]
    let tally = try Fuzzer(
      "transfer-list", corpus: [Array(text.utf8), windows], words: ["\r\n", ",", ";", "\"", "採用", "\u{FEFF}"], count: 3000
    ).run { bytes in
      guard let text = SpreadsheetText.decode(bytes) else { return false }
      do throws(DirectoryFault) {
        _ = try TransferList(SourceFile(name: "list.csv", bytes: Array(text.utf8)))
        return true
      } catch {
        let told = error.description + error.ja + error.en
        guard !told.contains("山田"), told.unicodeScalars.allSatisfy(VisibleText.shows) else {
          throw Fuzzer.Broken("a fault quotes the list")
        }
        return false
      }
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }

  @Test("a snapshot of the directory, whatever was signed: taken only as it was written, or refused")
  func snapshot() throws {
    let text = """
      object 01010101-0101-0101-0101-010101010101 person -
      displayname: 佐藤 花子
      objectclass: top
      objectclass: user
      objectsid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA6QMAAA==
      object 02020202-0202-0202-0202-020202020202 group 01010101-0101-0101-0101-010101010101
      objectclass: group
      member 01010101-0101-0101-0101-010101010101

      """
    let head = """
      sanmon directory snapshot 1
      instance lgwan-1
      domain S-1-5-21-1-2-3
      service: CN=NTDS Settings
      invocation 4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d
      sequence 7
      read 1
      written 2
      objects 2
      body \(Hex.encode(SHA256.hash(data: Array(text.utf8))))


      """
    let key = Curve25519.Signing.PrivateKey()
    let known = try SnapshotKey(bytes: Array(key.publicKey.rawRepresentation))
    func read(_ bytes: [UInt8]) throws -> Bool {
      let message = SnapshotKey.message(instance: "lgwan-1", hash: Array(SHA256.hash(data: bytes)))
      let signature = Array(try key.signature(for: message))
      let file = bytes + Array("signature \(Base64.encode(signature))\n".utf8)
      guard let found = try? SignedSnapshot(parsing: file, signedBy: known) else { return false }
      let again = try UnsignedSnapshot(
        of: found.replica, instance: found.header.instance,
        position: DirSyncPosition(
          serviceName: found.header.serviceName, invocationID: found.header.invocationID, highestCommittedUSN: 0, witness: nil,
          cookie: []),
        sequence: found.header.sequence, readAt: found.header.readAt, writtenAt: found.header.writtenAt)
      guard again.bytes == bytes else { throw Fuzzer.Broken("two ways to write one snapshot") }
      let position = SnapshotPosition(of: found)
      guard try SnapshotPosition(parsing: position.encoded) == position else { throw Fuzzer.Broken("a position is not itself") }
      return true
    }
    #expect(try read(Array((head + text).utf8)))
    let words = ["object ", "member ", ":: ", ": ", "\n", " person ", "\u{202E}", "objectclass: ", "\n\n", "-"]
    let heads = try Fuzzer("snapshot-head", corpus: [Array(head.utf8)], words: words, count: 2000, share: 0.4).run {
      try read($0 + Array(text.utf8))
    }
    // With the hash that the lines have: what a faulty writer would sign.
    let bodies = try Fuzzer("snapshot-body", corpus: [Array(text.utf8)], words: words, count: 3000, share: 0.6).run { bytes in
      let lines = head.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.hasPrefix("body ") ? "body \(Hex.encode(SHA256.hash(data: bytes)))" : String(line)
      }
      return try read(Array(lines.joined(separator: "\n").utf8) + bytes)
    }
    #expect(heads.accepted > 10 && heads.refused > 500 && bodies.accepted > 10 && bodies.refused > 500)
  }

  private static func read(_ source: some DirectorySource & Sendable) throws -> Bool {
    do throws(DirectoryFault) {
      switch source {
      case let csv as CSVSource: _ = try csv.read()
      case let ldif as LDIFSource: _ = try ldif.read()
      default: break
      }
      return true
    } catch {
      let told = error.description + error.ja + error.en
      guard !told.contains("山田"), !told.contains("yamada"), told.unicodeScalars.allSatisfy(VisibleText.shows) else {
        throw Fuzzer.Broken("a fault quotes the file")
      }
      return false
    }
  }
}
