import AuthAPI
import AuthClient
import Foundation
import Testing

/// What became of a code since the copy was made is not in the copy.
@Suite(
  "a restore ends enrolment codes and announced cards", .serialized,
  .enabled(if: BackupBench.mayRun, "sanmon is not built"))
struct FirstTapRestoreTests {
  @Test("approved, the copy has no open code and expects no card, however many there are")
  func ended() async throws {
    let bench = try await BackupBench()
    let city = bench.city
    _ = try await city.importPeople(everybody: true)
    try await city.takeFirstTaps()
    let everybody = (2...1200).map { "p-" + String(repeating: "0", count: 6 - String($0).count) + String($0) }
    var open = 0
    for start in stride(from: 0, to: everybody.count, by: FirstTapCodeIssue.mostPeople) {
      let part = Array(everybody[start..<min(start + FirstTapCodeIssue.mostPeople, everybody.count)])
      open += try await city.bring(city.firstTapIssue(part)).codes.count { $0.outcome == "issued" }
    }
    #expect(open > 1000)
    _ = try await city.expect([("p-000007", try city.cards.issue(slot: "9a").certificate)])
    #expect(try await bench.create("night.sanmon").status == 0)
    #expect(try await bench.restore("night.sanmon", state: "s", vault: "v").status == 0)
    try await bench.exchange(state: "s", vault: "v")
    #expect(try await bench.approve(["--lost", "0"]).status == 0)
    let codes: FirstTapCodesShown = try await city.link.fetch("/v1/admin/enrolment-codes")
    #expect(codes.codes.count + codes.more == open && codes.codes.allSatisfy { $0.state == "withdrawn" })
    let left: FirstTapCodesShown = try await city.link.fetch("/v1/admin/enrolment-codes?state=open")
    #expect(left.codes.isEmpty && left.more == 0)
    let shown: ExpectedCardsShown = try await city.link.fetch("/v1/admin/cards/expected")
    #expect(shown.cards.isEmpty && shown.more == 0)
    await bench.end()
  }
}
