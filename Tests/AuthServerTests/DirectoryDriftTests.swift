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

  private func rows(_ city: City) async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=500").filter { $0.action == "directory.drift" }
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
      func objects() async throws -> Int {
        try await city.link.fetch("/v1/admin/directory", returning: DirectoryStatus.self).objects
      }
      try await becomes("the city is read") { try await objects() > 1200 }
      let whole = try await objects()
      try await city.restart { path in
        let store = try SQLiteStore(path: path, localDayOffsetSeconds: 32_400)
        var replica = DirectoryReplica()
        for object in try await store.read({ (state) throws(StorageFault) in try state.directoryObjects() }) {
          try replica.restore(object.guid, from: object.body)
        }
        let user = try #require(replica.objects.values.first { $0.text("employeenumber") == "p-000007" })
        let ghost = try #require(ObjectGUID(bytes: [UInt8](repeating: 9, count: 16)))
        replica.apply(
          try DirectoryChange(
            LDAPEntry(name: "", attributes: ["objectguid": [user.guid.bytes], "title": [Array("違う".utf8)]])))
        replica.apply(
          try DirectoryChange(
            LDAPEntry(
              name: "",
              attributes: [
                "objectguid": [ghost.bytes], "objectclass": [Array("organizationalUnit".utf8)],
                "name": [Array("幽霊課".utf8)],
              ])))
        let spoiled = try [user.guid, ghost].map { guid in
          DirectoryObjectRecord(guid: guid, body: try #require(replica.encoded(guid)))
        }
        try await store.commit(Spoil(objects: spoiled))
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
      try dc.tool("user disable sato.hanako")
      night(city)
      try await becomes("nothing is otherwise the next night") { try await metric(city) == "sanmon_directory_drift 0" }
      #expect(try await warnings(city).en.isEmpty)
      #expect(try await rows(city).count == 1)
      await city.end()
    }
  }
}
