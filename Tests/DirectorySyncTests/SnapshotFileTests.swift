import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Sealing
import Testing

@Suite("a signed snapshot of the directory")
struct SnapshotFileTests {
  private let key = Curve25519.Signing.PrivateKey()
  private let domain: SmallDomain

  init() throws {
    var domain = try SmallDomain()
    try domain.user(1, "sato.hanako", id: "4711")
    try domain.user(
      2, "takahashi", id: "4712", family: "髙橋", given: "﨑", ["description": [" a", "b ", "", "x\ny", "東\u{3000}京"]])
    try domain.group(20, "ka-0401", members: 2, 1, 99)
    domain.replicaSet(2, "logonhours", [UInt8](0...20))
    domain.replicaSet(2, "title", [0xFF, 0xFE])
    self.domain = domain
  }

  private func unsigned(_ replica: DirectoryReplica? = nil, sequence: UInt64 = 7, at: Int64 = 1_800_000_000_000) throws
    -> UnsignedSnapshot
  {
    try UnsignedSnapshot(
      of: replica ?? domain.replica, instance: "lgwan-1",
      position: DirSyncPosition(
        serviceName: "CN=NTDS Settings,CN=DC1", invocationID: SmallDomain.guid(77), highestCommittedUSN: 9, witness: nil,
        cookie: [1]),
      sequence: sequence, readAt: at - 5, writtenAt: at)
  }

  private func signature(_ bytes: [UInt8], by other: Curve25519.Signing.PrivateKey? = nil, as instance: String = "lgwan-1")
    throws -> [UInt8]
  {
    let message = SnapshotKey.message(instance: instance, hash: Array(SHA256.hash(data: bytes)))
    return Array(try (other ?? key).signature(for: message))
  }

  private func file(_ snapshot: UnsignedSnapshot) throws -> [UInt8] { snapshot.signed(try signature(snapshot.bytes)) }

  private func read(_ bytes: [UInt8]) throws(SnapshotFault) -> SignedSnapshot {
    guard let key = try? SnapshotKey(bytes: Array(key.publicKey.rawRepresentation)) else { throw SnapshotFault(.signature) }
    return try SignedSnapshot(parsing: bytes, signedBy: key)
  }

  private func fault(_ bytes: [UInt8]) -> SnapshotFault? {
    do throws(SnapshotFault) {
      _ = try read(bytes)
      return nil
    } catch { return error }
  }

  /// The text with one place changed, with its own hash and signed again: what nobody but a faulty writer sends.
  private func changed(_ old: String, _ new: String) throws -> [UInt8] {
    let text = String(decoding: try unsigned().bytes, as: UTF8.self)
    #expect(text.components(separatedBy: old).count > 1, "'\(old)' stands there")
    guard let place = text.range(of: old) else { return [] }
    return try whole(text.replacingCharacters(in: place, with: new))
  }

  private func whole(_ text: String) throws -> [UInt8] {
    var bytes = Array(text.utf8)
    if let gap = text.range(of: "\n\n"), let at = text.range(of: "\nbody ") {
      let hash = Hex.encode(SHA256.hash(data: Array(text[gap.upperBound...].utf8)))
      bytes = Array((text[..<at.upperBound] + hash + text[gap.lowerBound...]).utf8)
    }
    return bytes + Array("signature \(Base64.encode(try signature(bytes)))\n".utf8)
  }

  @Test("what is read is what was written: every object, every value of any bytes, every member")
  func roundTrip() throws {
    let snapshot = try unsigned()
    let back = try read(try file(snapshot))
    #expect(back.replica == domain.replica && back.header == snapshot.header && back.hash == snapshot.hash)
    #expect(back.header.domain.description == "S-1-5-21-1-2-3" && back.header.sequence == 7 && back.header.objects == 6)
    #expect(back.header.serviceName == "CN=NTDS Settings,CN=DC1" && back.header.writtenAt == 1_800_000_000_000)
  }

  @Test("plain text: Japanese names can be read in it, and nothing else than visible characters and line feeds stands there")
  func plain() throws {
    let text = try #require(String(validating: try file(unsigned()), as: UTF8.self))
    #expect(text.contains("\ndisplayname: 佐藤 花子\n") && text.contains("\ntitle:: //4=\n") && text.contains("\ndescription:\n"))
    // What normalisation would change is kept from it.
    #expect(text.contains("\ngivenname:: 76iR\n") && text.contains("\ndescription:: IGE=\n"))
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || VisibleText.shows($0) })
  }

  @Test("two of the same state differ in their headers and signatures only")
  func sameState() throws {
    func body(_ bytes: [UInt8]) -> String {
      let text = String(decoding: bytes, as: UTF8.self)
      return String(text[text.range(of: "\n\n")!.lowerBound..<text.range(of: "\nsignature ")!.upperBound])
    }
    let (one, two) = (try file(unsigned()), try file(unsigned(sequence: 8, at: 1_800_000_090_000)))
    #expect(one != two && body(one) == body(two))
  }

  @Test("cut off anywhere, longer by anything, or changed in any byte: refused")
  func damaged() throws {
    let whole = try file(unsigned())
    for length in 0..<whole.count {
      #expect([.truncated, .version].contains(fault(Array(whole.prefix(length)))?.code), "\(length)")
    }
    #expect(fault([])?.code == .truncated)
    for more in ["\n", "x", " ", "signature \n", "object "] { #expect(fault(whole + Array(more.utf8)) != nil) }
    #expect(fault(whole + whole.suffix(99))?.code == .signature)
    for place in whole.indices {
      for bit in [UInt8(1), 0x20, 0x80] {
        var bytes = whole
        bytes[place] ^= bit
        #expect(fault(bytes) != nil, "\(place)")
      }
    }
    #expect(fault([0xEF, 0xBB, 0xBF] + whole)?.code == .altered)
    let windows = String(decoding: whole, as: UTF8.self).replacing("\n", with: "\r\n")
    #expect(fault(Array(windows.utf8))?.code == .altered)
  }

  @Test("another key, another instance's name, a checkpoint's text in place of ours: refused before an object is looked at")
  func signatures() throws {
    let snapshot = try unsigned()
    let other = Curve25519.Signing.PrivateKey()
    #expect(fault(snapshot.signed(try signature(snapshot.bytes, by: other)))?.code == .signature)
    #expect(fault(snapshot.signed(try signature(snapshot.bytes, as: "lgwan-2")))?.code == .signature)
    #expect(fault(snapshot.signed(Array(try key.signature(for: snapshot.bytes))))?.code == .signature)
    #expect(fault(snapshot.signed(Array(try key.signature(for: snapshot.hash))))?.code == .signature)
    let nonsense = Array(String(decoding: snapshot.bytes, as: UTF8.self).replacing("object ", with: "abject ").utf8)
    #expect(fault(nonsense + Array("signature \(Base64.encode([UInt8](repeating: 0, count: 64)))\n".utf8))?.code == .signature)
  }

  @Test(
    "signed and still not as it must be: refused with the line",
    arguments: [
      ("instance lgwan-1", "instance lgwan 1", 2), ("domain S-1-5-21-1-2-3", "domain S-1-5-21-1-2-4", 0),
      ("domain S-1-5-21-1-2-3", "domain S-1-5-21-01-2-3", 3), ("domain S-1-5-21-1-2-3", "domain S-1-5-21-1-2", 3),
      ("service: CN", "service:: CN", 4), ("invocation 4d", "invocation 4D", 5), ("sequence 7", "sequence 07", 6),
      ("sequence 7", "sequence 0", 6), ("sequence 7", "sequence 9223372036854775808", 6), ("sequence 7", "sequence -7", 6),
      ("read 1", "read  1", 7), ("written 1", "wrote 1", 8), ("objects 6", "objects 7", 0), ("objects 6", "objects 5", 0),
      ("objects 6", "objects 200001", 9), ("\n\n", "\n\n\n", 12), ("\nobject ", "\nobjekt ", 12),
      ("\nobject ", "\n object ", 12),
      (" person ", " group ", 12), (" person ", " human ", 12), (" person c9c9", " person C9C9", 12),
      (" unit -\n", " unit\n", 0),
      ("displayname: 佐藤 花子\n", "displayname:: 5L2Q6JekIOiKseWtkA==\n", 13), ("displayname: 佐藤", "displayName: 佐藤", 13),
      ("displayname: 佐藤 花子", "displayname:  佐藤 花子", 13), ("displayname: 佐藤 花子", "displayname: 佐藤\u{202E}", 13),
      ("displayname: 佐藤 花子", "displayname 佐藤", 13), ("displayname: 佐藤", "zz: 佐藤", 14), ("title:: //4=", "title:: //5=", 0),
      ("title:: //4=", "title:: //4", 0), ("logonhours:: ", "logonhours:: =", 0),
      ("member 01010101-0101-0101-0101-010101010101\n", "", -1),
      ("member 02020202-0202-0202-0202-020202020202", "member 01010101-0101-0101-0101-010101010101", 0),
      ("member 63", "title: a\nmember 63", 0),
      ("member 63636363", "member 6363636", 0),
    ])
  func malformed(old: String, new: String, line: Int) throws {
    let found = fault(try changed(old, new))
    if line < 0 {
      // One member less is another state, and a right one.
      #expect(found == nil)
    } else {
      #expect(
        found?.code == .malformed && (found?.line ?? 0) > 0 && (line == 0 || found?.line == line),
        "\(String(describing: found))")
    }
  }

  @Test("the same object twice, two in another order, an attribute that comes again: refused")
  func order() throws {
    let text = String(decoding: try unsigned().bytes, as: UTF8.self)
    let gap = try #require(text.range(of: "\n\n"))
    let objects = text[gap.upperBound...].components(separatedBy: "object ").dropFirst().map { "object " + $0 }
    let head = String(text[..<gap.upperBound])
    #expect(fault(try whole(head + objects.joined())) == nil)
    #expect(fault(try whole(head + objects.reversed().joined()))?.code == .malformed)
    let twice = head.replacing("objects 6", with: "objects 7")
    #expect(fault(try whole(twice + objects[0] + objects.joined()))?.code == .malformed)
    #expect(
      fault(try changed("displayname: 佐藤 花子\n", "displayname: 佐藤 花子\nemployeenumber: 1\ndisplayname: 花\n"))?.code == .malformed)
    #expect(fault(try whole(head))?.code == .malformed)
  }

  @Test("another version, or another file, is told as such")
  func versions() throws {
    #expect(fault(try changed("snapshot 1\n", "snapshot 2\n"))?.code == .version)
    #expect(fault(try changed("snapshot 1\n", "snapshot 1 \n"))?.code == .version)
    #expect(fault(Array("dn: dc=city\n".utf8))?.code == .version)
  }

  @Test("over a limit nothing is written that could not be read; at the limit it is read")
  func limits() throws {
    var domain = domain
    domain.replicaSet(1, "title", [UInt8](repeating: 0x61, count: 16 << 10))
    domain.replicaSet(2, "title", [UInt8](repeating: 0xFF, count: 16 << 10))
    #expect(try read(try file(unsigned(domain.replica))).replica == domain.replica)
    domain.replicaSet(1, "title", [UInt8](repeating: 0x61, count: (16 << 10) + 1))
    #expect(throws: SnapshotFault(.unwritable, "values")) { try unsigned(domain.replica) }
    #expect(throws: SnapshotFault(.unwritable, "objectSid")) { try unsigned(DirectoryReplica()) }
    domain.replicaSet(1, "title", [0x61])
    domain.replicaSet(1, "objectsid", [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 4, 0, 0])
    #expect(throws: SnapshotFault(.unwritable, "objectSid")) { try unsigned(domain.replica) }
    domain.replicaSet(1, "objectsid", SmallDomain.sid(1001))
    for (name, count) in [("title", 4096), ("title", 4097)] {
      try domain.set(2, [name: (0..<count).map { "\($0)" }])
      if count == 4096 {
        #expect(try read(try file(unsigned(domain.replica))).replica == domain.replica)
      } else {
        #expect(throws: SnapshotFault(.unwritable, "values")) { try unsigned(domain.replica) }
      }
    }
    try domain.set(2, ["title": ["a"]])
    let free = 128 - (domain.replica.objects[SmallDomain.guid(2)]?.attributes.count ?? 0)
    for number in 0..<free { domain.replicaSet(2, "x\(number)", [0x61]) }
    #expect(try read(try file(unsigned(domain.replica))).replica == domain.replica)
    domain.replicaSet(2, "y", [0x61])
    #expect(throws: SnapshotFault(.unwritable, "attributes")) { try unsigned(domain.replica) }
  }

  @Test("a file of the largest size is looked at, one byte more is not; so are 200,000 objects and no more")
  func sizes() throws {
    var bytes = [UInt8](repeating: 0x61, count: SnapshotFile.byteLimit)
    #expect(fault(bytes)?.code == .version)
    bytes.append(0x61)
    #expect(fault(bytes)?.code == .tooLarge)
    var replica = domain.replica
    for number in 0..<(200_001 - replica.objects.count) {
      let guid = [7] + [UInt8](repeating: 7, count: 11) + withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
      replica.apply(try DirectoryChange(LDAPEntry(name: "", attributes: ["objectguid": [guid]])))
    }
    #expect(replica.objects.count == 200_001)
    #expect(throws: SnapshotFault(.unwritable, "objects")) { try unsigned(replica) }
    #expect(fault(try changed("objects 6", "objects 200000"))?.detail == "objects")
  }

  @Test("a line of the header has 256 bytes at most, but for the name of the domain controller")
  func headerLines() throws {
    for (length, isRead) in [(64, true), (65, false), (247, false), (248, false), (100_000, false)] {
      let found = fault(try changed("instance lgwan-1", "instance " + String(repeating: "a", count: length)))
      // Whoever signs for another name than the header's is not heard; a name that is none is not even looked at.
      #expect(isRead ? found?.code == .signature : found == SnapshotFault(.malformed, line: 2, "instance"), "\(length)")
    }
    #expect(fault(Array("sanmon directory snapshot 1".utf8) + [UInt8](repeating: 0x31, count: 300))?.code == .truncated)
    for (length, kept) in [(1024, 1024), (1025, 0)] {
      let position = DirSyncPosition(
        serviceName: String(repeating: "C", count: length), invocationID: SmallDomain.guid(77), highestCommittedUSN: 9,
        witness: nil, cookie: [])
      let snapshot = try UnsignedSnapshot(
        of: domain.replica, instance: "lgwan-1", position: position, sequence: 1, readAt: 0, writtenAt: 0)
      #expect(try read(try file(snapshot)).header.serviceName.utf8.count == kept)
    }
  }

  @Test("numbers count within one key; what is kept of a snapshot comes back as it was")
  func positions() throws {
    func position(_ sequence: UInt64, _ key: Curve25519.Signing.PrivateKey, at: Int64 = 5) throws -> SnapshotPosition {
      let snapshot = try unsigned(sequence: sequence, at: at)
      let known = try SnapshotKey(bytes: Array(key.publicKey.rawRepresentation))
      return SnapshotPosition(
        of: try SignedSnapshot(parsing: snapshot.signed(try signature(snapshot.bytes, by: key)), signedBy: known))
    }
    let other = Curve25519.Signing.PrivateKey()
    let last = try position(7, key)
    #expect(try SnapshotPosition(parsing: last.encoded) == last)
    #expect(try position(8, key).follows(last, in: nil) && position(1, other).follows(last, in: nil))
    #expect(try !position(7, key).follows(last, in: nil))
    #expect(throws: SnapshotFault(.older, "6 < 7")) { try position(6, key).follows(last, in: nil) }
    #expect(throws: SnapshotFault(.sameNumber, "7")) { try position(7, key, at: 6).follows(last, in: nil) }
    let there = try DomainSID(parsing: "S-1-5-21-9-9-9")
    #expect(throws: SnapshotFault(.otherDomain, "S-1-5-21-1-2-3 ≠ S-1-5-21-9-9-9")) {
      try position(1, other).follows(last, in: there)
    }
    for wrong in [[], Array(last.encoded.dropLast()), last.encoded + [0]] {
      #expect(throws: MalformedInput.self) { try SnapshotPosition(parsing: wrong) }
    }
  }

  @Test("a domain is known by the SIDs of its accounts, and by no other")
  func domains() throws {
    #expect(try domain.replica.domain == DomainSID(parsing: "S-1-5-21-1-2-3"))
    #expect(DomainSID(account: SmallDomain.sid(1000))?.description == "S-1-5-21-1-2-3")
    for sid in [
      [], Array(SmallDomain.sid(1).dropLast()), [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0], SmallDomain.sid(1) + [0],
    ] {
      #expect(DomainSID(account: sid) == nil)
    }
    for text in [
      "", "S-1-5-21-", "S-1-5-21-1-2", "S-1-5-21-1-2-3-4", "S-1-5-21-1-2-4294967296", "s-1-5-21-1-2-3", "S-1-5-21-1-+2-3",
      "S-1-5-32-1-2-3",
    ] {
      #expect(throws: MalformedInput.self, "\(text)") { try DomainSID(parsing: text) }
    }
    #expect(try DomainSID(parsing: "S-1-5-21-4294967295-0-3").description == "S-1-5-21-4294967295-0-3")
  }

  @Test("an account whose SID cannot be read is of no domain: such a directory is neither written nor read")
  func unreadableSID() throws {
    for sid in [nil, [], [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0]] as [[UInt8]?] {
      var domain = domain
      if let sid { domain.replicaSet(2, "objectsid", sid) } else { try domain.set(2, ["objectsid": []]) }
      #expect(domain.replica.domain == nil)
      #expect(throws: SnapshotFault(.unwritable, "objectSid")) { try unsigned(domain.replica) }
    }
    let line = "objectsid:: " + Base64.encode(SmallDomain.sid(1002)) + "\n"
    for instead in ["", "objectsid:\n"] {
      let found = fault(try changed(line, instead))
      #expect(found?.code == .malformed && found?.detail == "objectSid", "\(String(describing: found))")
    }
  }

  @Test("every fault says in both languages what to look at", arguments: SnapshotFault.Code.allCases)
  func sentences(code: SnapshotFault.Code) {
    let fault = SnapshotFault(code, line: 3, "detail")
    #expect(!fault.ja.isEmpty && !fault.en.isEmpty && fault.ja != fault.en && fault.description.hasPrefix(code.rawValue))
  }
}
