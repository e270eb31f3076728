import AuthPolicy
import AuthTerms
import Testing

@Suite("where revocation lists are fetched from, in the start-up file")
struct ListSourceTests {
  private func parse(_ line: String) throws -> InstanceFile {
    try InstanceFile.parse(Samples.source("instance.yaml", Samples.instance + "\n" + line + "\n"))
  }

  @Test("addresses for each segment; without the line there is none")
  func read() throws {
    #expect(try parse("").cardCRLSources.isEmpty)
    let file = try parse("card-crl-sources: {lgwan: [\"http://10.1.0.5/staff.crl\", \"http://crl.city.example:8080/x?a=b\"]}")
    #expect(
      file.cardCRLSources == [
        .lgwan: [
          try ListAddress(parsing: "http://10.1.0.5/staff.crl"), try ListAddress(parsing: "http://crl.city.example:8080/x?a=b"),
        ]
      ])
  }

  @Test(
    "TLS, a user, no path, twice, none, and a segment that is not served",
    arguments: [
      "card-crl-sources: {lgwan: [\"https://10.1.0.5/x\"]}", "card-crl-sources: {lgwan: [\"http://u@10.1.0.5/x\"]}",
      "card-crl-sources: {lgwan: [\"http://10.1.0.5\"]}", "card-crl-sources: {lgwan: [\"/var/lib/x.crl\"]}",
      "card-crl-sources: {lgwan: [\"http://a/x\", \"http://a/x\"]}", "card-crl-sources: {lgwan: []}",
      "card-crl-sources: {internet: [\"http://10.1.0.5/x\"]}", "card-crl-sources: [\"http://10.1.0.5/x\"]",
    ])
  func refused(line: String) {
    #expect(throws: PolicyFaults.self) { try parse(line) }
  }
}
