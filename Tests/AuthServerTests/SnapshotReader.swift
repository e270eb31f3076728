import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Sealing
import Testing

/// An office in another segment that writes signed snapshots of a domain of sixty people.
struct OtherSegment {
  var key = Curve25519.Signing.PrivateKey()
  var domain: UInt8 = 1
  private(set) var replica = DirectoryReplica()

  init() throws {
    try set(201, ["objectclass": ["top", "organizationalUnit"], "name": ["職員"]])
    for number in 1...60 { try set(number, person(number)) }
    try set(202, ["objectclass": ["top", "group"], "samaccountname": ["seg-mynumber"]])
    try set(202, ["member": (1...60).map { "<GUID=\(Self.guid($0))>;CN=x" }])
  }

  static func guid(_ number: Int) -> ObjectGUID {
    guard let guid = ObjectGUID(bytes: [UInt8](repeating: UInt8(number), count: 16)) else { preconditionFailure("16 bytes") }
    return guid
  }

  private func person(_ number: Int) -> [String: [String]] {
    [
      "objectclass": ["top", "person", "user"], "samaccountname": ["clerk\(number)"], "useraccountcontrol": ["512"],
      "sn": ["山田"], "givenname": ["花子\(number)"], "displayname": ["山田 花子\(number)"],
      "employeenumber": ["p-\(String(format: "%06d", number))"],
    ]
  }

  private mutating func set(_ number: Int, _ attributes: [String: [String]]) throws {
    var values = attributes.mapValues { $0.map { Array($0.utf8) } }
    values["objectguid"] = [Self.guid(number).bytes]
    if attributes["objectclass"]?.contains("user") == true {
      values["objectsid"] = [
        [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, domain, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, UInt8(number), 4, 0, 0]
      ]
      values["parentguid"] = [Self.guid(201).bytes]
    }
    replica.apply(try DirectoryChange(LDAPEntry(name: "", attributes: values)))
  }

  /// Every account again, with the SID of the domain that it is now.
  mutating func becomeDomain(_ number: UInt8) throws {
    domain = number
    for number in 1...60 { try set(number, person(number)) }
  }

  mutating func call(_ number: Int, _ name: String) throws { try set(number, ["displayname": [name]]) }
  mutating func delete(_ numbers: ClosedRange<Int>) throws {
    for number in numbers { try set(number, ["isdeleted": ["TRUE"]]) }
  }
  /// A new object, with a number and an account that somebody else may have had.
  mutating func hire(_ object: Int, number: String, account: String, control: Int = 512, from day: String? = nil) throws {
    var attributes = person(object)
    attributes["employeenumber"] = [number]
    attributes["samaccountname"] = [account]
    attributes["useraccountcontrol"] = [String(control)]
    attributes["info"] = day.map { [$0] }
    try set(object, attributes)
    try set(202, ["member;range=1-1": ["<GUID=\(Self.guid(object))>;CN=x"]])
  }
  /// Out of the bin of deleted objects.
  mutating func bringBack(_ number: Int) throws { try set(number, person(number)) }
  /// - Parameter time: milliseconds since 1970-01-01 UTC.
  mutating func expire(_ number: Int, at time: Int64) throws {
    try set(number, ["accountexpires": ["\((time + 11_644_473_600_000) * 10_000)"]])
  }
  mutating func disable(_ number: Int) throws { try set(number, ["useraccountcontrol": ["514"]]) }
  /// Into an OU beside that of the staff.
  mutating func moveOut(_ numbers: ClosedRange<Int>) throws {
    try set(203, ["objectclass": ["top", "organizationalUnit"], "name": ["退職者"]])
    for number in numbers {
      replica.apply(
        try DirectoryChange(
          LDAPEntry(
            name: "", attributes: ["objectguid": [Self.guid(number).bytes], "parentguid": [Self.guid(203).bytes]])))
    }
  }
  /// The account as at first, but for this; an attribute without a value is gone.
  mutating func put(_ number: Int, _ other: [String: [String]]) throws {
    try set(number, person(number).merging(other) { _, new in new })
  }

  var keyText: String { get throws { try SnapshotKey(bytes: Array(key.publicKey.rawRepresentation)).text } }

  func file(_ sequence: UInt64, at: Int64, by other: Curve25519.Signing.PrivateKey? = nil) throws -> [UInt8] {
    let snapshot = try UnsignedSnapshot(
      of: replica, instance: "lgwan-1",
      position: DirSyncPosition(
        serviceName: "CN=NTDS Settings,CN=DC1", invocationID: Self.guid(77), highestCommittedUSN: 9, witness: nil, cookie: []),
      sequence: sequence, readAt: at, writtenAt: at)
    let message = SnapshotKey.message(instance: "lgwan-1", hash: snapshot.hash)
    return snapshot.signed(Array(try (other ?? key).signature(for: message)))
  }
}

/// A server for My Number, and where its snapshots arrive.
struct SnapshotReader {
  let city: City
  let path: String

  func put(_ bytes: [UInt8], _ name: String = "") throws {
    try Data(bytes).write(to: URL(filePath: name.isEmpty ? path : "\(path)/\(name)"))
  }

  func look() async throws -> DirectoryStatus {
    let answer = try await city.link.request("POST", "/v1/admin/directory/sync")
    return try JSONDecoder().decode(DirectoryStatus.self, from: Data(answer.body))
  }

  func status() async throws -> InstanceStatus { try await city.link.fetch("/v1/admin/status") }

  func person(_ number: Int) async throws -> PersonSummary {
    try await city.link.fetch("/v1/admin/people/p-\(String(format: "%06d", number))")
  }

  func rows(_ action: String) async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=500").filter { $0.action == action }
  }

  /// Thirty seconds of the same trouble, and a look.
  func wait() async throws -> DirectoryStatus {
    city.clock.advance(seconds: 31)
    return try await look()
  }

  var now: Int64 { city.clock.now().wallMilliseconds }

  static func lines(_ office: OtherSegment, _ path: String, _ more: String = "") throws -> String {
    """
    directory:
      snapshot: \(path)
      snapshot-key: \(try office.keyText)
      base: 職員
      tick-seconds: 3600
    \(more)
    """
  }

  static func with(_ office: OtherSegment, _ more: String = "", _ test: (SnapshotReader) async throws -> Void) async throws {
    let path = "/tmp/sanmon-snapshot-\(UInt32.random(in: 0...UInt32.max)).txt"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let lines = try lines(office, path, more)
    let city = try await City(segment: .mynumber, lines: { _ in lines })
    do { try await test(SnapshotReader(city: city, path: path)) } catch {
      await city.end()
      throw error
    }
    await city.end()
  }
}
