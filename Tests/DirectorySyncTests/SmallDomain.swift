import AuthTerms
import DirectorySync
import Testing

/// A domain of a few objects in memory, changed as a directory tells changes.
struct SmallDomain {
  private(set) var replica = DirectoryReplica()
  static let staff: UInt8 = 200

  /// The OU 職員, with 総務課 (201) below it, and Domain Users (210).
  init() throws {
    try unit(Self.staff, "職員")
    try unit(201, "総務課", below: Self.staff)
    try set(
      210,
      [
        "objectclass": ["top", "group"], "samaccountname": ["Domain-Users"],
      ], bytes: ["objectsid": Self.sid(513)])
  }

  static func guid(_ number: UInt8) -> ObjectGUID {
    guard let guid = ObjectGUID(bytes: [UInt8](repeating: number, count: 16)) else { preconditionFailure("16 bytes") }
    return guid
  }

  /// S-1-5-21-1-2-3-`last`
  static func sid(_ last: UInt16) -> [UInt8] {
    [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, UInt8(last & 255), UInt8(last >> 8), 0, 0]
  }

  mutating func set(
    _ number: UInt8, _ attributes: [String: [String]], bytes: [String: [UInt8]] = [:]
  ) throws {
    var values = attributes.mapValues { $0.map { Array($0.utf8) } }
    for (name, value) in bytes { values[name] = [value] }
    values["objectguid"] = [Self.guid(number).bytes]
    replica.apply(try DirectoryChange(LDAPEntry(name: "", attributes: values)))
  }

  mutating func unit(_ number: UInt8, _ name: String, below: UInt8? = nil) throws {
    try set(
      number, ["objectclass": ["top", "organizationalUnit"], "name": [name]],
      bytes: below.map { ["parentguid": Self.guid($0).bytes] } ?? [:])
  }

  mutating func user(
    _ number: UInt8, _ account: String, id: String?, family: String = "佐藤", given: String = "花子", in unit: UInt8 = 201,
    _ more: [String: [String]] = [:]
  ) throws {
    var attributes = [
      "objectclass": ["top", "person", "user"], "samaccountname": [account], "useraccountcontrol": ["512"], "sn": [family],
      "givenname": [given], "displayname": ["\(family) \(given)"], "primarygroupid": ["513"],
    ]
    if let id { attributes["employeenumber"] = [id] }
    try set(
      number, attributes.merging(more) { _, new in new },
      bytes: ["parentguid": Self.guid(unit).bytes, "objectsid": Self.sid(1000 + UInt16(number))])
  }

  mutating func group(_ number: UInt8, _ account: String, members: UInt8...) throws {
    try set(number, ["objectclass": ["top", "group"], "samaccountname": [account]])
    let links = members.map { "<GUID=\(Self.guid($0))>;CN=x" }
    try set(number, ["member": links])
  }

  /// One value of any bytes.
  mutating func replicaSet(_ number: UInt8, _ name: String, _ value: [UInt8]) {
    guard
      let change = try? DirectoryChange(
        LDAPEntry(name: "", attributes: ["objectguid": [Self.guid(number).bytes], name: [value]]))
    else { preconditionFailure("an object with one attribute") }
    replica.apply(change)
  }

  mutating func delete(_ number: UInt8) throws { try set(number, ["isdeleted": ["TRUE"]]) }

  // MARK: As a store follows it

  private var kept = KeptPeople()
  var identities: [DirectoryIdentity] {
    get { kept.identities }
    set { kept.identities = newValue }
  }
  var people: [ResolvedPerson] {
    get { kept.people }
    set { kept.people = newValue }
  }

  /// Looks, and keeps what was seen, as a store without limits would.
  @discardableResult
  mutating func look(_ rules: DirectoryRules = DirectoryRules(), adopts: Bool = false, now: Int64 = 0) -> DirectoryView {
    kept.look(at: replica, rules, adopts: adopts, now: now)
  }

  func person(_ id: String) throws -> ResolvedPerson { try #require(people.first { $0.id.text == id }) }
}
