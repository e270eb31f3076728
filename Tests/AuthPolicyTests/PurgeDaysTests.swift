import AuthPolicy
import Testing

@Suite("days until people who left are removed")
struct PurgeDaysTests {
  private func compile(_ line: String) throws -> PolicySet {
    try Samples.compile([
      Samples.source("organisation.yaml", Samples.organisation(["lgwan"]) + line),
      Samples.source("lgwan.yaml", Samples.lgwan),
    ])
  }

  @Test(
    "from the organisation file, 400 without it",
    arguments: [("", 400), ("purge-after-days: 30\n", 30), ("purge-after-days: 3650\n", 3650)])
  func fromFile(line: String, days: Int) throws {
    #expect(try compile(line).organisation.purgeAfterDays == days)
  }

  @Test(
    "nothing shorter than a month or longer than ten years, nothing but a number",
    arguments: ["29", "3651", "0", "-1", "never", "400d", ""])
  func bounded(text: String) {
    #expect(throws: PolicyFaults.self) { try compile("purge-after-days: \(text)\n") }
  }
}
