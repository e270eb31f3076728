import AuditLog
import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Storage
import Testing

@Suite(
  "what was kept of the directory is compared with it every night", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirectoryDriftTests {
  /// What no delta would have made of the objects that are kept.
  private struct Spoil: Change {
    let objects: [DirectoryObjectRecord]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for object in objects { try state.put(object) }
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "spoiled", outcome: .done))
    }
  }

  private func rows(_ city: City, _ action: String = "directory.drift") async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=500").filter { $0.action == action }
  }

  private func directory(_ city: City) async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  /// Until what is kept is a delta's: a full read has no witness yet, and a server that starts again reads everything once more.
  private func follow(_ city: City, _ dc: DomainController) async throws {
    try dc.tool("user disable kato.ichiro")
    try await becomes("a change is followed") { try await rows(city, "directory.synced").count == 2 }
  }

  private static func kept(_ store: SQLiteStore) async throws -> DirectoryReplica {
    var replica = DirectoryReplica()
    for object in try await store.read({ (state) throws(StorageFault) in try state.directoryObjects() }) {
      try replica.restore(object.guid, from: object.body)
    }
    return replica
  }

  private static func spoil(_ store: SQLiteStore, _ replica: DirectoryReplica, _ guids: [ObjectGUID]) async throws {
    let objects = try guids.map { DirectoryObjectRecord(guid: $0, body: try #require(replica.encoded($0))) }
    try await store.commit(Spoil(objects: objects))
  }

  private static func change(_ guid: ObjectGUID, _ attributes: [String: [[UInt8]]]) throws -> DirectoryChange {
    try DirectoryChange(LDAPEntry(name: "", attributes: attributes.merging(["objectguid": [guid.bytes]]) { _, new in new }))
  }

  private func warnings(_ city: City) async throws -> (ja: [String], en: [String]) {
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    return (status.warningsJa, status.warningsEn)
  }

  private func metric(_ city: City) async throws -> String? {
    let answer = try await city.link.request("GET", "/metrics")
    return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").first {
      $0.hasPrefix("sanmon_directory_drift ")
    }.map(String.init)
  }

  /// 04:10, local time: behind the minute of every instance.
  private func night(_ city: City) {
    let local = (city.clock.now().wallMilliseconds / 1000 + 9 * 3600) % 86_400
    city.clock.advance(seconds: (4 * 3600 + 600 - local + 86_400) % 86_400 + (local == 4 * 3600 + 600 ? 86_400 : 0))
  }

  @Test("a difference is told once with what it is, put right, and gone from the screen the night after")
  func compared() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      func objects() async throws -> Int { try await directory(city).objects }
      try await becomes("the city is read") { try await objects() > 1200 }
      try await follow(city, dc)
      let whole = try await objects()
      try await city.restart { path in
        let store = try SQLiteStore(path: path, localDayOffsetSeconds: 32_400)
        var replica = try await Self.kept(store)
        let user = try #require(replica.objects.values.first { $0.text("employeenumber") == "p-000007" }).guid
        let ghost = try #require(ObjectGUID(bytes: [UInt8](repeating: 9, count: 16)))
        replica.apply(try Self.change(user, ["title": [Array("違う".utf8)]]))
        replica.apply(
          try Self.change(ghost, ["objectclass": [Array("organizationalUnit".utf8)], "name": [Array("幽霊課".utf8)]]))
        try await Self.spoil(store, replica, [user, ghost])
        store.close()
      }
      try await becomes("it goes on from what was kept") { try await objects() == whole + 1 }
      #expect(try await metric(city) == "sanmon_directory_drift 0")
      night(city)
      try await becomes("it is told") { try await rows(city).count == 1 }
      let row = try #require(try await rows(city).first)
      #expect(row.count == 2 && row.note.hasPrefix("0 missing, 1 surplus, 1 changed; "))
      #expect(row.note.contains(" 幽霊課") && row.note.contains("(title)") && !row.note.contains("髙橋"))
      try await becomes("it is put right") { try await objects() == whole }
      #expect(try await metric(city) == "sanmon_directory_drift 2")
      let words = try await warnings(city)
      #expect(words.en.contains { $0.hasPrefix("the nightly comparison found 2 objects") })
      #expect(words.ja.contains { $0.hasPrefix("夜間の照合") } && words.ja.count == words.en.count)
      try await city.restart()
      try await becomes("it goes on, and still says so") {
        try await warnings(city).en.contains {
          $0.hasPrefix("the nightly comparison found 2 objects") && $0.contains("is in force")
        }
      }
      #expect(try await rows(city).count == 1)
      #expect(try await metric(city) == "sanmon_directory_drift 2")
      try dc.tool("user disable sato.hanako")
      night(city)
      try await becomes("nothing is otherwise the next night") { try await metric(city) == "sanmon_directory_drift 0" }
      try await becomes("that is told") { try await rows(city, "directory.compared").count == 1 }
      #expect(try await warnings(city).en.isEmpty)
      try await city.restart()
      try await becomes("all is kept") { try await objects() == whole }
      #expect(try await warnings(city).en.isEmpty)
      #expect(try await rows(city).count == 1)
      await city.end()
    }
  }

  @Test("a difference that is too large is held, which the warning says, and after a restart it is found and held again")
  func held() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      try await becomes("the city is read") { try await directory(city).objects > 1200 }
      try await follow(city, dc)
      try await city.restart { path in
        let store = try SQLiteStore(path: path, localDayOffsetSeconds: 32_400)
        var replica = try await Self.kept(store)
        let group = try #require(replica.objects.values.first { $0.text("samaccountname") == "seg-lgwan" }).guid
        let unit = try #require(replica.objects.values.first { $0.text("employeenumber") == "p-000007" }?.parent)
        var ghosts: [ObjectGUID] = []
        for number in UInt8(1)...40 {
          let guid = try #require(ObjectGUID(bytes: [UInt8](repeating: number, count: 16)))
          ghosts.append(guid)
          replica.apply(
            try Self.change(
              guid,
              [
                "objectclass": [Array("user".utf8)], "samaccountname": [Array("ghost\(number)".utf8)],
                "useraccountcontrol": [Array("512".utf8)], "employeenumber": [Array("g-\(number)".utf8)],
                "parentguid": [unit.bytes],
              ]))
        }
        replica.apply(try Self.change(group, ["member;range=1-1": ghosts.map { Array("<GUID=\($0)>;CN=x".utf8) }]))
        try await Self.spoil(store, replica, ghosts + [group])
        store.close()
      }
      try await becomes("what is kept is in force") {
        try await city.link.request("GET", "/v1/admin/people/g-40").status == 200
      }
      night(city)
      for count in 1...2 {
        try await becomes("it is held") { try await directory(city).plan != nil }
        try await becomes("it is told") { try await rows(city).count == count }
        #expect(try await rows(city).first?.note.hasSuffix("; held") == true)
        let words = try await warnings(city)
        #expect(words.en.contains { $0.hasPrefix("the nightly comparison found 41 objects") && $0.contains("is held") })
        #expect(words.ja.contains { $0.hasPrefix("夜間の照合") && $0.contains("保留中") })
        if count == 1 { try await city.restart() }
      }
      #expect(try await city.link.fetch("/v1/admin/people/g-40", returning: PersonSummary.self).isEnabled)
      await city.end()
    }
  }

  @Test("a comparison that is cut off every time keeps no change from arriving")
  func cut() async throws {
    try await DomainController.run { dc in
      let proxy = try CutProxy(to: dc.server().port)
      defer { proxy.end() }
      let lines = try dc.lines(ports: [proxy.port])
      let city = try await City(lines: { _ in lines })
      try await becomes("the city is read") { try await directory(city).objects > 1200 }
      // Enough for changes, even where every object is asked for by name because deletions are not told.
      let most = proxy.carried * 2 / 3
      proxy.allowEach(most)
      let before = proxy.carried
      night(city)
      try await becomes("the comparison was cut off") { proxy.carried - before >= most }
      try dc.tool("user disable sato.hanako")
      try await becomes("the change arrives") {
        try await !city.link.fetch("/v1/admin/people/p-000042", returning: PersonSummary.self).isEnabled
      }
      #expect(try await directory(city).faultEn == nil)
      #expect(try await rows(city).isEmpty)
      await city.end()
    }
  }
}
