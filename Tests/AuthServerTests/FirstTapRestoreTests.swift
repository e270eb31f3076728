import AuthAPI
import AuthClient
import Foundation
import Testing

/// What became of a code since the copy was made is not in the copy.
@Suite(
  "a restore ends enrolment codes and announced cards", .serialized,
  .enabled(if: BackupBench.mayRun, "sanmon is not built"))
struct FirstTapRestoreTests {
  @Test("approved, the copy has no open code and expects no card")
  func ended() async throws {
    let bench = try await BackupBench()
    let city = bench.city
    _ = try await city.importPeople()
    try await city.takeFirstTaps()
    _ = try await city.firstTapCode("p-000042")
    _ = try await city.expect([("p-000007", try city.cards.issue(slot: "9a").certificate)])
    #expect(try await bench.create("night.sanmon").status == 0)
    #expect(try await bench.restore("night.sanmon", state: "s", vault: "v").status == 0)
    try await bench.exchange(state: "s", vault: "v")
    #expect(try await bench.approve(["--lost", "0"]).status == 0)
    #expect(try await city.firstTapCodes().map(\.state) == ["withdrawn"])
    let shown: ExpectedCardsShown = try await city.link.fetch("/v1/admin/cards/expected")
    #expect(shown.cards.isEmpty && shown.more == 0)
    await bench.end()
  }
}
