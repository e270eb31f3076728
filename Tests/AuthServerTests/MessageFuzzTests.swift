import AuthServer
import AuthTerms
import Foundation
import Fuzzing
import Testing
import Workstation

/// Requests and answers in JSON, and bytes in front of HTTP. What files, rows and certificates are fed with stands in FuzzTests.
@Suite("Fuzz: messages", .serialized)
struct MessageFuzzTests {
  private static let words = [
    "\"", "\\u0000", "\\ud800", "{", "}", "[", "]", "null", "true", "1e9", "-0", ":", ",", "\u{202E}", "AAE=", "\"card\":",
  ]

  @Test("every message of the catalogue: refused with its reason, or read and written back as the same")
  func messages() async throws { try await onOwnThread { try Self.fuzzMessages() } }

  private static func fuzzMessages() throws {
    let all = OpenAPITests.types.keys.sorted()
    for name in all {
      let type = try #require(OpenAPITests.types[name])
      let whole = try JSONSerialization.data(withJSONObject: OpenAPITests.example(named: name))
      let fuzzer = Fuzzer(
        "message" + name, corpus: [Array(whole)], words: words, count: 500, share: 1 / Double(all.count))
      try fuzzer.run { bytes in
        do {
          let message = try JSONBody.decode(type, from: bytes)
          let written = try JSONBody.encode(message)
          guard try JSONBody.encode(JSONBody.decode(type, from: written)) == written else {
            throw Fuzzer.Broken("what was read is not what is written")
          }
          return true
        } catch is HTTPFault {
          return false
        }
      }
    }
  }

  @Test("commands on the agent's socket and its answers: read or refused")
  func agent() async throws { try await onOwnThread { try Self.fuzzAgent() } }

  private static func fuzzAgent() throws {
    let command = #"{"command":"sign","session":"s-1","ceremony":"c-1","nonce":"AAE=","reader":"R"}"#
    let reply = #"{"fault":"malformed","state":"open","connected":true,"signature":"AAE="}"#
    let corpus = [command, reply, #"{"command":"status"}"#].map { Array($0.utf8) }
    let tally = try Fuzzer("agentSocket", corpus: corpus, words: words).run { bytes in
      let command = try? JSONDecoder().decode(WatchCommand.self, from: Data(bytes))
      let reply = try? JSONDecoder().decode(WatchReply.self, from: Data(bytes))
      return command != nil || reply != nil
    }
    #expect(tally.accepted > 100 && tally.refused > 1000)
  }

  @Test("what administrators sign about somebody from outside: refused, or each part within its limits")
  func external() async throws { try await onOwnThread { try Self.fuzzExternal() } }

  private static func fuzzExternal() throws {
    let names = ["person", "name", "kana", "department", "groups", "from", "until", "responsible", "reason"]
    let good = """
      EXT-0001
      外部 太郎
      ガイブ タロウ
      0401
      seg-lgwan,ka-0401
      2027-04-01
      2028-03-31
      p-000042
      contract 15
      """
    let more = words + ["EXT-", "ext-", ",", "\n", "2027-02-29"]
    let tally = try Fuzzer("externalPerson", corpus: [Array(good.utf8)], words: more).run { bytes in
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      var parameters: [String: String] = [:]
      for (name, part) in zip(names + ["another"], parts) { parameters[name] = part }
      guard let asked = try? ExternalRegistration(parameters) else { return false }
      guard asked.person.text.hasPrefix("EXT-"), asked.from <= asked.until, (1...16).contains(asked.groups.count),
        parameters.count == names.count
      else { throw Fuzzer.Broken("somebody was read who is over the limits") }
      return true
    }
    #expect(tally.accepted > 20 && tally.refused > 1000)
  }

  @Test("damaged requests: an answer of ours or the end of the connection, and the server lives")
  func http() async throws {
    let head = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    let mutator = Fuzzer(
      "http",
      corpus: [
        "POST /echo HTTP/1.1\r\n" + head, "GET /echo?a=%41 HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
      ].map { Array($0.utf8) },
      words: [
        "\r\n", "\n", " ", "\0", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Expect: 100-continue\r\n",
        "Upgrade: h2c\r\n", "HTTP/2.0", "HTTP/1.0", "CONNECT ", "OPTIONS * ", "%00", "/../", "Host: y\r\n",
      ])
    var limits = Limits()
    limits.connectionsPerSource = 500
    try await TestServer.withPlain(limits: limits, HTTPLimitTests.echo) { _, port in
      try await mutator.run(count: 150) { bytes in
        let client = try await TestClient.connect(port: port)
        try? await client.send(bytes)
        let reply = try? await client.reply(within: 0.05)
        await client.close()
        guard let reply else { return false }
        // 100 asks for the body that was announced.
        guard [100, 200, 400, 404, 405, 413, 414, 415, 417, 431, 501, 505].contains(reply.status) else {
          throw Fuzzer.Broken("status \(reply.status)")
        }
        return true
      }
      let client = try await TestClient.connect(port: port)
      #expect(try await client.request("POST", "/echo", body: HTTPJSONTests.whole).status == 200)
    }
  }
}
