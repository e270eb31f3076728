import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Revocation lists are taken up as they are brought, and their age is seen before it refuses anybody.
@Suite("Revocation lists of a running server", .serialized)
struct RevocationWatchTests {
  private static let sato = "p-000042"

  /// Writes like a careful job: under another name, then renamed.
  private func bring(_ text: String, to folder: String, as name: String = "cards.crl") throws {
    try Data(text.utf8).write(to: URL(filePath: folder + "/part"))
    #expect(rename(folder + "/part", folder + "/" + name) == 0)
  }

  /// The rows of one kind, when there are `count`; after 30 seconds whatever there is.
  private func rows(_ city: City, _ action: String, _ count: Int) async throws -> [AuditEntry] {
    for _ in 0..<300 {
      let found = try await city.audit("action=\(action)")
      if found.count >= count { return found }
      try await Task.sleep(for: .milliseconds(100))
    }
    return try await city.audit("action=\(action)")
  }

  private func city(grace: Int = 0) async throws -> (City, String) {
    let city = try await City(
      prepare: { folder in
        try FileManager.default.createDirectory(atPath: folder + "/lists", withIntermediateDirectories: true)
      },
      lines: { folder in
        "card-crls: {lgwan: [\(folder)/lists]}\n" + (grace > 0 ? "revocation: {stale-grace-hours: \(grace)}\n" : "")
      })
    return (city, city.folder + "/lists")
  }

  @Test("an empty folder refuses every card; the first list lets them in and the next one withdraws, each with its row")
  func taken() async throws {
    let (city, lists) = try await city()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    #expect(try await rows(city, "revocation.ended", 1).count == 1, "not one list")
    try bring(try city.cards.revocationList(of: []), to: lists)
    #expect(try await rows(city, "revocation.taken", 1).compactMap(\.note) == ["revocation lists: lgwan 1"])
    let card = try await city.enrolCard(Self.sato)
    _ = try await pc.enter(card)

    try bring(try city.cards.revocationList(of: [card.certificate]), to: lists)
    #expect(try await rows(city, "revocation.taken", 2).count == 2)
    let refused = try await refusal { try await pc.enter(card) }
    #expect(refused != nil)
    #expect(try await city.audit("outcome=denied").contains { $0.code == "AP146" })

    // Nothing has moved: nothing is taken up again.
    try await Task.sleep(for: .seconds(3))
    #expect(try await city.audit("action=revocation.taken").count == 2)
    await city.end()
  }

  @Test("a file that cannot be read keeps the old lists in force: one row, until it changes again")
  func refused() async throws {
    let (city, lists) = try await city()
    try bring(try city.cards.revocationList(of: []), to: lists)
    _ = try await rows(city, "revocation.taken", 1)
    _ = try await city.importPeople()
    let card = try await city.enrolCard(Self.sato)
    try bring("nonsense", to: lists, as: "other.crl")
    let said = try await rows(city, "revocation.refused", 1)
    #expect(said.count == 1 && said.first?.note.contains("other.crl") == true)
    _ = try await city.workstation("LGWAN-PC-0042").enter(card)
    try await Task.sleep(for: .seconds(3))
    #expect(try await city.audit("action=revocation.refused").count == 1)
    // A file under a name that is no list's moves nothing.
    try FileManager.default.removeItem(atPath: lists + "/other.crl")
    #expect(try await rows(city, "revocation.taken", 2).count == 2)
    await city.end()
  }

  @Test("a list that is due is spoken of in the status, in a row and in the metrics, before and after")
  func due() async throws {
    let (city, lists) = try await city(grace: 24)
    try bring(try city.cards.revocationList(of: [], due: 0.5), to: lists)
    #expect(try await rows(city, "revocation.soon", 1).first?.note.hasPrefix("lgwan: 1, made ") == true)
    var status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.hasPrefix("WARNING: revocation lists (lgwan): 1, made") && $0.contains("due in") })
    #expect(status.warningsJa.contains { $0.hasPrefix("警告: 失効リスト（lgwan）: 1 件") })

    city.clock.setWall(bySeconds: 86_400 * 3 / 4)
    #expect(try await rows(city, "revocation.late", 1).count == 1)
    let page = String(decoding: try await city.link.request("GET", "/metrics").body, as: UTF8.self)
    #expect(page.contains(/\nsanmon_revocation_age_seconds\{place="lgwan"\} 6[78]\d{3}\n/), "an hour and 18 hours")
    #expect(page.contains(/\nsanmon_revocation_due_seconds\{place="lgwan"\} -21[56]\d\d\n/))

    city.clock.setWall(bySeconds: 86_400)
    #expect(try await rows(city, "revocation.ended", 2).count == 2, "the first when there was no list yet")
    status = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.contains("too old, cards are refused (AP147)") })

    // A new one, dated by this clock: well again. Rows say what was taken up, and nothing worries.
    try bring(try city.cards.revocationList(of: [], due: 30), to: lists)
    _ = try await rows(city, "revocation.taken", 2)
    status = try await city.link.fetch("/v1/admin/status")
    #expect(status.warningsEn.contains { $0.hasPrefix("revocation lists (lgwan): 1, made") && $0.contains("next update in") })
    await city.end()
  }
}
