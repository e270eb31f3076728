import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import NIOCore
import NIOPosix
import Storage
import Testing

/// The log goes to a collector that is there, dies, is away, comes back, or is somebody else: nothing is lost, and what comes
/// twice is told by its sequence.
@Suite("the log goes to a collector", .serialized, .timeLimit(.minutes(10)))
struct ForwardTests {
  /// A city that sends its log to `collector`.
  private struct Office {
    let collector: SyslogReceiver
    let city: City

    /// - Parameters:
    ///   - certified: the collector asks for a certificate, and gets one.
    ///   - other: the port of somebody else, instead of the collector's.
    ///   - more: keys of the destination.
    ///   - certificateFor: the address that stands in the collector's certificate.
    init(
      certified: Bool = false, trusting: TestAuthority? = nil, address: String = "127.0.0.1", format: String = "rfc5424",
      showing: TestAuthority? = nil, port other: Int? = nil, more: String = "",
      certificateFor: [UInt8] = [127, 0, 0, 1]
    ) async throws {
      let collectors = try TestAuthority("collectors")
      let clients = try TestAuthority("clients")
      let collector = try SyslogReceiver(
        collectors, clients: certified ? clients : nil,
        chain: collectors.issue("collector", isServer: true, address: certificateFor))
      try await collector.listen()
      self.collector = collector
      let trusted = trusting ?? collectors
      let trust = PEMFile.encode(certificate: try trusted.certificate.derBytes())
      let shown = showing ?? clients
      let leaf = try shown.issue("lgwan-1", isServer: false)
      let port = other ?? collector.port
      city = try await City(
        prepare: { folder in
          try trust.write(toFile: folder + "/collector.pem", atomically: true, encoding: .utf8)
          try PEMFile.encode(certificate: leaf.der).write(toFile: folder + "/client.pem", atomically: true, encoding: .utf8)
          try leaf.key.pemRepresentation.write(toFile: folder + "/client.key", atomically: true, encoding: .utf8)
        },
        lines: { folder in
          let identity = certified ? ", certificate: \(folder)/client.pem, key: \(folder)/client.key" : ""
          return "forward: [{name: soc, address: \"\(address):\(port)\", trust: \(folder)/collector.pem, format: \(format)"
            + "\(identity)\(more)}]"
        })
    }

    func end() async {
      await city.end()
      await collector.stop()
    }

    func status() async throws -> InstanceStatus { try await city.link.fetch("/v1/admin/status") }

    /// Of the destination, in English.
    func line() async throws -> String {
      try await status().warningsEn.first { $0.contains("log to soc") } ?? ""
    }

    /// In the order in which they came.
    func sequences() throws -> [Int] { try collector.messages.map { try ParsedSyslog($0).sequence ?? -1 } }

    /// Waits until everything that is in the log now has come.
    func waitForAll(within seconds: Int = 120) async throws -> Int {
      let rows = Int(try await status().auditRows)
      try await wait(within: seconds) { try Set(sequences()).isSuperset(of: 0..<rows) }
      // And until that is kept: a server that stops before sends its last batch again.
      try await wait(within: seconds) { try await line().contains(", 0 waiting") }
      return rows
    }

    func wait(within seconds: Int = 120, _ isSo: () async throws -> Bool) async throws {
      let end = ContinuousClock.now + .seconds(seconds)
      while try await !isSo() {
        guard ContinuousClock.now < end else {
          let said = try await line()
          Issue.record("nothing for \(seconds) s: \(said)")
          return
        }
        try await Task.sleep(for: .milliseconds(100))
      }
    }

    /// Rows of one kind, without a row about looking.
    func rows(_ action: String) async throws -> [AuditEntry] { try await city.audit("action=\(action)") }
  }

  @Test(
    "every row comes once and in its order, over a certified connection, and over restarts of the server",
    arguments: ["rfc5424", "cef", "json"])
  func once(format: String) async throws {
    let office = try await Office(certified: true, format: format)
    _ = try await office.city.importPeople()
    _ = try await office.waitForAll()
    try await office.city.restart()
    let pc = try await office.city.workstation("LGWAN-PC-0042")
    _ = try await pc.enter(try await office.city.enrolCard("p-000042"))
    _ = try await office.waitForAll()
    try await office.city.restart()
    let rows = try await office.waitForAll()
    let sequences = try office.sequences()
    #expect(Array(sequences.prefix(rows)) == Array(0..<rows), "none lost, none twice, none out of order")
    #expect(Set(sequences).count == sequences.count)
    // What came is what the log has: each by the hash that a proof would be about.
    let store = try await office.city.audit("limit=500")
    for message in office.collector.messages.prefix(rows) {
      let parsed = try ParsedSyslog(message)
      let entry = try #require(store.first { Int($0.sequence) == parsed.sequence })
      #expect(parsed.kind == entry.action && parsed["instance"] == "lgwan-1" && parsed["leaf"]?.count == 64)
    }
    #expect(try await office.line().hasPrefix("log to soc: delivered up to row "))
    #expect(try await office.rows("forward.").isEmpty)
    await office.end()
  }

  @Test("a collector that dies in the middle loses nothing, and what comes twice is what that connection had brought")
  func dies() async throws {
    let office = try await Office()
    _ = try await office.waitForAll()
    office.collector.behave(.dies(after: 1))
    let had = office.collector.messages.count
    _ = try await office.city.importPeople()
    try await office.wait { office.collector.messages.count > had }
    try await office.wait { try await !office.rows("forward.away").isEmpty }
    office.collector.behave(.takes)
    let rows = try await office.waitForAll()
    try await office.wait { try await !office.rows("forward.back").isEmpty }
    let sequences = try office.sequences()
    #expect(Set(sequences).isSuperset(of: 0..<rows))
    let twice = Dictionary(grouping: sequences) { $0 }.filter { $0.value.count > 1 }.keys
    #expect(!twice.isEmpty, "the connection broke behind what it had brought")
    // The same row has the same bytes: dropping what was seen leaves the log.
    for sequence in twice {
      let forms = try office.collector.messages.filter { try ParsedSyslog($0).sequence == sequence }
      #expect(Set(forms).count == 1)
    }
    await office.end()
  }

  @Test("while it is away clerks log on, the status, a metric and rows say so, and all of it comes when it is back")
  func away() async throws {
    let office = try await Office()
    _ = try await office.city.importPeople()
    let card = try await office.city.enrolCard("p-000042")
    let pc = try await office.city.workstation("LGWAN-PC-0042")
    _ = try await office.waitForAll()
    let port = office.collector.port
    await office.collector.stop()
    _ = try await pc.enter(card)
    try await office.wait { try await office.line().hasPrefix("WARNING: log to soc: delivered up to row ") }
    #expect(try await office.line().contains("it cannot be reached"))
    #expect(try await office.status().warningsJa.contains { $0.hasPrefix("警告: 監査記録の転送（soc）") })
    #expect(try await office.rows("forward.away").count == 1)
    #expect(try await office.rows("forward.overdue").isEmpty)

    // A logon waits for nothing: it is not slower than before by anything that a deadline of the sender could be.
    let start = ContinuousClock.now
    for _ in 0..<5 { _ = try await pc.enter(card) }
    #expect(ContinuousClock.now - start < .seconds(10))

    // A restart does not make it forget since when.
    office.city.clock.advance(seconds: 3700)
    try await office.city.restart()
    try await office.wait { try await office.rows("forward.overdue").count == 1 }
    #expect(try await office.rows("forward.away").count == 1)
    let page = String(decoding: try await office.city.link.request("GET", "/metrics").body, as: UTF8.self)
    #expect(page.contains(/\nsanmon_forward_away_seconds\{destination="soc"\} 3[67]\d\d\n/))
    #expect(page.contains(/\nsanmon_forward_waiting\{destination="soc"\} [1-9]\d*\n/))

    try await office.collector.listen(port: port)
    _ = try await office.waitForAll()
    try await office.wait { try await office.rows("forward.back").count == 1 }
    #expect(try await office.rows("forward.back").first?.note.hasPrefix("soc: back after 3") == true)
    let sequences = try office.sequences()
    #expect(Set(sequences).count == sequences.count, "nothing had been written, so nothing came twice")
    #expect(try await office.line().hasPrefix("log to soc: delivered up to row "))
    await office.end()
  }

  @Test("another authority's collector, and one of another name, get nothing")
  func untrusted() async throws {
    for office in [
      try await Office(trusting: TestAuthority("others")), try await Office(certificateFor: [127, 0, 0, 9]),
      try await Office(address: "localhost", certificateFor: [127, 0, 0, 9]),
    ] {
      try await office.wait { try await office.line().contains("its certificate is not of the authority in trust") }
      #expect(office.collector.messages.isEmpty)
      #expect(try await office.line().contains("nothing delivered yet"))
      await office.end()
    }
  }

  @Test("a collector that refuses our certificate has nothing, and nothing counts as delivered")
  func refused() async throws {
    let office = try await Office(certified: true, showing: TestAuthority("others"))
    try await office.wait { try await office.line().hasPrefix("WARNING: log to soc: nothing delivered yet") }
    #expect(office.collector.messages.isEmpty)
    await office.end()
  }

  @Test("one that ends without close_notify is not believed, unless the start-up file says that it is made so")
  func silent() async throws {
    let office = try await Office()
    office.collector.behave(.silent)
    _ = try await office.city.importPeople()
    try await office.wait { try await office.line().contains("ending: unanswered") }
    await office.end()
    let other = try await Office(more: ", ending: unanswered")
    other.collector.behave(.silent)
    _ = try await other.city.importPeople()
    let rows = try await other.waitForAll()
    #expect(try Array(other.sequences().prefix(rows)) == Array(0..<rows))
    await other.end()
  }

  @Test("a collector that takes the connection and never a word has a deadline, and clerks do not wait for it")
  func stuck() async throws {
    let mute = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let office = try await Office(port: mute.localAddress?.port)
    _ = try await office.city.importPeople()
    let card = try await office.city.enrolCard("p-000042")
    let pc = try await office.city.workstation("LGWAN-PC-0042")
    let start = ContinuousClock.now
    for _ in 0..<3 { _ = try await pc.enter(card) }
    #expect(ContinuousClock.now - start < .seconds(10))
    try await office.wait { try await office.line().contains("does not take what is sent in time") }
    #expect(ContinuousClock.now - start < .seconds(90))
    await office.end()
    try await mute.close().get()
  }

  @Test("ten thousand rows of a day away come in their order, each once")
  func tenThousand() async throws {
    let office = try await Office()
    _ = try await office.waitForAll()
    try await office.city.restart { database in
      let store = try SQLiteStore(path: database)
      for _ in 0..<100 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<100 { group.addTask { try await store.commit(ForgedRow()) } }
          try await group.waitForAll()
        }
      }
    }
    let rows = try await office.waitForAll(within: 300)
    #expect(rows > 10_000)
    #expect(try Array(office.sequences().prefix(rows)) == Array(0..<rows))
    #expect(office.collector.connections < 100, "in batches")
    await office.end()
  }

  @Test(
    "a collector that has rows that this log has not, or other ones, is told of, and gets the log from its first row",
    arguments: [true, false])
  func contradicts(isLonger: Bool) async throws {
    let office = try await Office()
    let rows = try await office.waitForAll()
    let path = office.city.folder + "/state/forward/soc"
    try await office.city.restart { _ in
      var position = try #require(try ForwardPosition.read(path))
      if isLonger { position.next += 1000 }
      position.leaf[0] ^= 1
      try position.write(path)
    }
    try await office.wait { try await office.rows("forward.contradicts").count == 1 }
    _ = try await office.waitForAll()
    try await office.wait { try office.sequences().count(where: { $0 == 0 }) == 2 }
    #expect(try office.sequences().filter { $0 < rows }.count >= 2 * rows, "all of it again")
    await office.end()
  }

  @Test("a damaged position begins anew; a position that is whole goes on")
  func damagedPosition() async throws {
    let office = try await Office()
    let rows = try await office.waitForAll()
    let path = office.city.folder + "/state/forward/soc"
    try await office.city.restart { _ in try Data("nonsense".utf8).write(to: URL(filePath: path)) }
    try await office.wait { try office.sequences().count(where: { $0 == rows - 1 }) == 2 }
    let all = try await office.waitForAll()
    #expect(Set(try office.sequences()).isSuperset(of: 0..<all))
    await office.end()
  }
}
