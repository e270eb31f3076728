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
    #expect(fault([UInt8](repeating: 0x61, count: SnapshotFile.byteLimit + 1))?.code == .tooLarge)
  }

  @Test("a domain is known by the SIDs of its accounts, and by no other")
  func domains() throws {
    #expect(domain.replica.domains == [try DomainSID(parsing: "S-1-5-21-1-2-3")])
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

  @Test("every fault says in both languages what to look at", arguments: SnapshotFault.Code.allCases)
  func sentences(code: SnapshotFault.Code) {
    let fault = SnapshotFault(code, line: 3, "detail")
    #expect(!fault.ja.isEmpty && !fault.en.isEmpty && fault.ja != fault.en && fault.description.hasPrefix(code.rawValue))
  }
}
