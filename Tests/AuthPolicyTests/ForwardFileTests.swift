import AuthPolicy
import AuthTerms
import Testing

@Suite("where the log is sent to, in the start-up file")
struct ForwardFileTests {
  private func parse(_ lines: String) throws -> InstanceFile {
    try InstanceFile.parse(Samples.source("instance.yaml", Samples.instance + "\n" + lines + "\n"))
  }

  private static let whole = "name: soc, address: \"siem.city.example:6514\", trust: /etc/sanmon/siem.pem, format: cef"
  private static let five = (1...5)
    .map { "{name: s\($0), address: \"a:1\", trust: /etc/sanmon/siem.pem, format: cef}" }.joined(separator: ", ")

  @Test("everything that can be said; without the line the log goes nowhere")
  func read() throws {
    #expect(try parse("").forward.isEmpty)
    let file = try parse(
      """
      forward:
        - name: soc
          address: siem.city.example:6514
          trust: /etc/sanmon/siem.pem
          certificate: /etc/sanmon/siem-client.pem
          key: /etc/sanmon/siem-client.key
          format: json
          ending: unanswered
        - {name: soc-2, address: 192.0.2.20:601, trust: /etc/sanmon/siem.pem, format: rfc5424}
        - {name: soc-3, address: "[2001:db8::20]:6514", trust: /etc/sanmon/siem.pem, format: cef, ending: answered}
      """)
    #expect(
      file.forward == [
        ForwardDestination(
          name: "soc", address: try ForwardAddress(parsing: "siem.city.example:6514"), trust: "/etc/sanmon/siem.pem",
          identity: .init(certificate: "/etc/sanmon/siem-client.pem", key: "/etc/sanmon/siem-client.key"), format: .json,
          ending: .unanswered),
        ForwardDestination(
          name: "soc-2", address: try ForwardAddress(parsing: "192.0.2.20:601"), trust: "/etc/sanmon/siem.pem",
          format: .rfc5424),
        ForwardDestination(
          name: "soc-3", address: try ForwardAddress(parsing: "[2001:db8::20]:6514"), trust: "/etc/sanmon/siem.pem",
          format: .cef),
      ])
  }

  @Test(
    "an unknown key or word, half an identity, no name twice, no port, five of them",
    arguments: [
      "forward: [{\(whole), port: 6514}]", "forward: [{\(whole), certificate: /etc/sanmon/c.pem}]",
      "forward: [{\(whole), key: /etc/sanmon/c.key}]", "forward: [{\(whole), ending: never}]",
      "forward: [{\(whole)}, {\(whole)}]", "forward: []", "forward: {\(whole)}",
      "forward: [{name: soc, address: \"siem.city.example\", trust: /etc/sanmon/siem.pem, format: cef}]",
      "forward: [{name: soc, address: \"siem.city.example:0\", trust: /etc/sanmon/siem.pem, format: cef}]",
      "forward: [{name: soc, address: \"siem.city.example:65536\", trust: /etc/sanmon/siem.pem, format: cef}]",
      "forward: [{name: soc, address: \"2001:db8::20:6514\", trust: /etc/sanmon/siem.pem, format: cef}]",
      "forward: [{name: soc, address: \"a:1\", trust: siem.pem, format: cef}]",
      "forward: [{name: soc, address: \"a:1\", trust: /etc/sanmon/siem.pem, format: leef}]",
      "forward: [{name: soc, address: \"a:1\", trust: /etc/sanmon/siem.pem}]",
      "forward: [{name: \"../soc\", address: \"a:1\", trust: /etc/sanmon/siem.pem, format: cef}]",
      "forward: [\(five)]",
    ])
  func refused(line: String) {
    #expect(throws: PolicyFaults.self) { try parse(line) }
  }

  @Test("a fault names the line that it stands on")
  func place() throws {
    let lines = Samples.instance.split(separator: "\n", omittingEmptySubsequences: false).count
    do {
      _ = try parse("forward:\n  - \(Self.whole.replacing(", ", with: "\n    "))\n    colour: red")
      Issue.record("an unknown key was read")
    } catch let faults as PolicyFaults {
      #expect(faults.faults.map(\.line) == [lines + 6])
    }
  }

  @Test("an address has one spelling", arguments: ["", ":1", "a:", "a:01", "a:1 ", "[a]:1", "[::1]1", "a b:1", "a:+1"])
  func address(text: String) {
    #expect(throws: MalformedInput.self) { try ForwardAddress(parsing: text) }
  }
}
