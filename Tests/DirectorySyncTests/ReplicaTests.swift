import AuthTerms
import DirectorySync
import Testing

@Suite("what a domain says, kept")
struct ReplicaTests {
  private static func guid(_ number: UInt8) -> ObjectGUID {
    guard let guid = ObjectGUID(bytes: [UInt8](repeating: number, count: 16)) else { preconditionFailure("16 bytes") }
    return guid
  }

  private static func link(_ number: UInt8) -> [UInt8] {
    Array("<GUID=\(guid(number))>;<SID=S-1-5-21-1-2-3-1104>;CN=誰か,DC=ad,DC=sanmon,DC=example".utf8)
  }

  private static func change(_ number: UInt8, _ attributes: [String: [[UInt8]]]) throws -> DirectoryChange {
    try DirectoryChange(
      LDAPEntry(name: "", attributes: attributes.merging(["objectguid": [guid(number).bytes]]) { first, _ in first }))
  }

  private static func text(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }

  @Test("a GUID is written and read as the directory writes it, in either case, and nothing else is one")
  func guids() throws {
    let bytes: [UInt8] = [0x63, 0x0E, 0xBF, 0x6A, 0x4D, 0xFE, 0x64, 0x41, 0xAA, 0xC5, 0xF0, 0xF9, 0xB5, 0x0D, 0x46, 0x61]
    let guid = try #require(ObjectGUID(bytes: bytes))
    #expect(guid.description == "6abf0e63-fe4d-4164-aac5-f0f9b50d4661")
    #expect(ObjectGUID(text: guid.description) == guid && ObjectGUID(text: guid.description.uppercased()) == guid)
    for text in [
      "", "6abf0e63", "6abf0e63-fe4d-4164-aac5-f0f9b50d466", "6abf0e63-fe4d-4164-aac5-f0f9b50d46611",
      "6abf0e63fe4d4164aac5f0f9b50d4661", "6abf0e6g-fe4d-4164-aac5-f0f9b50d4661", "{6abf0e63-fe4d-4164-aac5-f0f9b50d4661}",
      "6abf0e63-fe4d-4164-aac5-f0f9b50d4661-", "６abf0e63-fe4d-4164-aac5-f0f9b50d4661",
    ] { #expect(ObjectGUID(text: text) == nil, "\(text)") }
    for count in [0, 15, 17] { #expect(ObjectGUID(bytes: [UInt8](repeating: 0, count: count)) == nil) }
  }

  @Test("GUIDs stand in the order of their bytes, and give back the bytes they were made of")
  func order() throws {
    var random = SystemRandomNumberGenerator()
    let lists = (0..<200).map { _ in
      (0..<16).map { _ in [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)].randomElement() ?? 0 }
    }
    let guids = try lists.map { try #require(ObjectGUID(bytes: $0)) }
    #expect(guids.map(\.bytes) == lists)
    #expect(guids.sorted().map(\.bytes) == lists.sorted { $0.lexicographicallyPrecedes($1) })
    for guid in guids { #expect(ObjectGUID(text: guid.description) == guid) }
    #expect(Set(guids).count == Set(lists).count)
  }

  @Test("kinds are told by class names in any case, computers are nobody, and half a name is none")
  func kinds() throws {
    func kind(_ classes: String...) throws -> DirectoryItem.Kind? {
      var replica = DirectoryReplica()
      replica.apply(try Self.change(1, ["objectclass": classes.map { Array($0.utf8) }]))
      return replica.objects[Self.guid(1)]?.kind
    }
    #expect(try kind("top", "person", "organizationalPerson", "user") == .person && kind("TOP", "User") == .person)
    #expect(try kind("top", "user", "computer") == nil && kind("top", "user", "COMPUTER") == nil)
    #expect(try kind("top", "Group") == .group && kind("top", "organizationalUnit") == .unit)
    #expect(try kind("top", "groupx") == nil && kind("grou") == nil && kind("gro\u{75}\u{50}") == .group)
    #expect(try kind("us\u{45}r", "\u{5B}roup") == .person && kind("contact") == nil && kind() == nil)
  }

  @Test("what is named replaces what was known, what is not stays, and an empty list takes it away")
  func attributes() throws {
    var replica = DirectoryReplica()
    replica.apply(
      try Self.change(1, ["objectclass": Self.text("top", "user"), "title": Self.text("主事"), "l": Self.text("本庁舎")]))
    replica.apply(try Self.change(1, ["title": Self.text("係長"), "l": [], "parentguid": [Self.guid(9).bytes]]))
    let item = try #require(replica.objects[Self.guid(1)])
    #expect(item.kind == .person && item.text("title") == "係長" && item.text("l") == nil && item.parent == Self.guid(9))
    replica.apply(try Self.change(2, ["objectclass": Self.text("top", "user", "computer")]))
    replica.apply(try Self.change(3, ["objectclass": Self.text("top", "group")]))
    replica.apply(try Self.change(4, ["objectclass": Self.text("organizationalUnit")]))
    #expect(replica.objects[Self.guid(2)]?.kind == nil && replica.objects[Self.guid(3)]?.kind == .group)
    #expect(replica.objects[Self.guid(4)]?.kind == .unit)
  }

  @Test("members come, go and are replaced; with the group itself they are gone")
  func members() throws {
    var replica = DirectoryReplica()
    replica.apply(try Self.change(1, ["member": [Self.link(5), Self.link(6)]]))
    replica.apply(try Self.change(1, ["member;range=1-1": [Self.link(7)], "member;range=0-0": [Self.link(5), Self.link(8)]]))
    #expect(replica.members == [Self.guid(1): [Self.guid(6), Self.guid(7)]])
    replica.apply(try Self.change(1, ["member": [Self.link(8)]]))
    #expect(replica.members == [Self.guid(1): [Self.guid(8)]])
    replica.apply(try Self.change(1, ["isdeleted": Self.text("TRUE")]))
    #expect(replica == DirectoryReplica())
    // Somebody who was brought back is told as not deleted.
    replica.apply(try Self.change(1, ["isdeleted": [], "title": Self.text("主事")]))
    #expect(replica.objects[Self.guid(1)]?.text("title") == "主事")
  }

  @Test("a part of the members of a large group is never taken for the whole")
  func ranges() throws {
    let links = [Self.link(5), Self.link(6)]
    let part = try Self.change(1, ["member": [], "member;range=0-1499": links])
    #expect(part.restFrom == 1500)
    let whole = try Self.change(1, ["member": [], "member;range=0-*": links])
    #expect(whole.restFrom == nil)
    for change in [part, whole] {
      var replica = DirectoryReplica()
      replica.apply(change)
      #expect(replica.members == [Self.guid(1): [Self.guid(5), Self.guid(6)]])
    }
    for name in [
      "member;range=1500-*", "member;range=2-1", "member;range=0-", "member;range=-1", "member;range=0-1-2", "member;range=*-0",
      "member;range=0-99999999999999999999", "member;range=0-1;x", "member;range=",
    ] {
      #expect(throws: LDAPFault.self, "\(name)") { try Self.change(1, [name: links]) }
    }
    #expect(MemberRange("member;range=1500-2999")?.last == 2999 && MemberRange("title;range=0-1") == nil)
  }

  @Test("what deltas missed is found: objects, attributes, parents, members; not the order of values, not links to computers")
  func drift() throws {
    func replica(_ changes: (UInt8, [String: [[UInt8]]])...) throws -> DirectoryReplica {
      var replica = DirectoryReplica()
      for (number, attributes) in changes { replica.apply(try Self.change(number, attributes)) }
      return replica
    }
    let user: [String: [[UInt8]]] = ["objectclass": Self.text("top", "user"), "name": Self.text("佐藤 花子")]
    let group: [String: [[UInt8]]] = ["objectclass": Self.text("group"), "name": Self.text("課")]
    let kept = try replica(
      (1, user.merging(["title": Self.text("主事"), "departmentnumber": Self.text("1", "2")]) { $1 }),
      (2, group.merging(["member": [Self.link(1), Self.link(99)]]) { $1 }), (3, group), (4, user))
    let full = try replica(
      (1, user.merging(["title": Self.text("係長"), "departmentnumber": Self.text("2", "1")]) { $1 }),
      (2, group.merging(["member": [Self.link(5)]]) { $1 }),
      (4, user.merging(["parentguid": [Self.guid(2).bytes]]) { $1 }), (5, user))
    let drift = DirectoryDrift(kept: kept, full: full)
    #expect(drift.differences.map(\.guid) == [1, 2, 3, 4, 5].map(Self.guid))
    #expect(drift.differences.map(\.kind) == [.changed, .changed, .surplus, .changed, .missing])
    #expect(drift.differences.map(\.fields) == [["title"], ["members"], [], ["parent"], []])
    #expect(drift.differences.map(\.name) == [nil, "課", "課", nil, nil])
    #expect(drift.note.hasPrefix("1 missing, 1 surplus, 3 changed; changed ") && !drift.note.contains("佐藤"))
    #expect(DirectoryDrift(kept: kept, full: kept).isEmpty)
    let computers = try replica(
      (1, user.merging(["title": Self.text("主事"), "departmentnumber": Self.text("2", "1")]) { $1 }),
      (2, group.merging(["member": [Self.link(1)]]) { $1 }), (3, group), (4, user))
    #expect(DirectoryDrift(kept: kept, full: computers).isEmpty)
  }

  @Test("what no directory says is refused")
  func malformed() throws {
    #expect(throws: LDAPFault.self) { try DirectoryChange(LDAPEntry(name: "", attributes: [:])) }
    #expect(throws: LDAPFault.self) { try DirectoryChange(LDAPEntry(name: "", attributes: ["objectguid": [[1, 2]]])) }
    let good = String(decoding: Self.link(5), as: UTF8.self)
    for member in [
      "", "CN=somebody", "<GUID=>;CN=x", "<GUID=6abf0e63>", String(good.dropFirst()), good.replacing(">", with: ""),
      "<SID=S-1>;CN=x",
    ] {
      #expect(throws: LDAPFault.self, "\(member)") { try Self.change(1, ["member": [Array(member.utf8)]]) }
    }
    #expect(throws: LDAPFault.self) { try Self.change(1, ["member": [[0xFF, 0xFE]]]) }
    #expect(throws: LDAPFault.self) { try Self.change(1, ["title;lang-ja": Self.text("x")]) }
  }

  @Test(
    "the code behind data in a refusal",
    arguments: [
      (
        "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580",
        BindResult.Refusal.wrongPassword
      ),
      ("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v3839", .lockedOut),
      ("…, data 773, v1db1", .mustChangePassword), ("…, data 532, v1db1", .passwordExpired), ("data 533", .disabled),
      ("data 52E, v1", .wrongPassword), ("data 9999999999, v1", .other), ("data ", .other), ("", .other), ("data xyz", .other),
    ])
  func bindCodes(diagnostic: String, refusal: BindResult.Refusal) {
    #expect(BindResult(diagnostic: diagnostic) == .refused(refusal))
  }

  @Test(
    "an address is a name or a number, and no part of a URL",
    arguments: ["", "-dc", ".dc", "dc/x", "dc@x", "dc x", "dc?x", "ｄｃ", "d\u{0}c"])
  func addresses(host: String) throws {
    #expect(throws: LDAPFault.self) { try LDAPServer(host: host, authorities: "/ca.pem") }
    #expect(throws: LDAPFault.self) { try LDAPServer(host: "dc1", port: 0, authorities: "/ca.pem") }
    #expect(
      try LDAPServer(host: "dc1.ad.sanmon.example", authorities: "/ca.pem").description == "ldaps://dc1.ad.sanmon.example:636")
    #expect(
      try LDAPServer(host: "fd00::1", protection: .startTLS, authorities: "/ca.pem").description == "ldap://[fd00::1]:389")
  }

  @Test("every fault says in both languages what to look at", arguments: LDAPFault.Code.allCases)
  func sentences(code: LDAPFault.Code) {
    let fault = LDAPFault(code, "detail")
    #expect(!fault.ja.isEmpty && !fault.en.isEmpty && fault.ja != fault.en && fault.description.hasPrefix(code.rawValue))
  }
}
