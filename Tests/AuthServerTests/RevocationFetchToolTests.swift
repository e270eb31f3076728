import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Programs
import Testing

/// `sanmon pki fetch` as its timer runs it: the built program, a web server of somebody else, and a server that takes the list up.
@Suite("revocation lists that the tool fetches", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct RevocationFetchToolTests {
  /// Serves a folder on a free port of the loopback, which it prints.
  private static let server = """
    import http.server
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words): pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Quiet)
    print(server.server_address[1], flush=True)
    server.serve_forever()
    """

  private func offering(_ folder: String) async throws -> (Program, Int) {
    let program = try Program(["python3", "-c", Self.server], in: folder)
    let end = ContinuousClock.now + .seconds(30)
    while !program.output.contains("\n"), program.isRunning, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(10))
    }
    return (program, try #require(Int(program.output.trimmingCharacters(in: .whitespacesAndNewlines))))
  }

  private func taken(_ city: City, _ count: Int) async throws -> Int {
    for _ in 0..<300 {
      if try await city.audit("action=revocation.taken").count >= count { break }
      try await Task.sleep(for: .milliseconds(100))
    }
    return try await city.audit("action=revocation.taken").count
  }

  @Test(
    "a list that is offered inside is in force seconds later; an older one, a page and a stranger's are said and change nothing"
  )
  func fetched() async throws {
    let offered = "/tmp/sanmon-offered-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: offered, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: offered) }
    let (web, port) = try await offering(offered)
    defer { web.kill() }
    func lines(_ folder: String) -> String {
      "card-crls: {lgwan: [\(folder)/lists]}\ncard-crl-sources: {lgwan: [\"http://127.0.0.1:\(port)/staff.crl\"]}\n"
    }
    let city = try await City(
      prepare: { folder in
        try FileManager.default.createDirectory(atPath: folder + "/lists", withIntermediateDirectories: true)
      }, lines: lines)
    _ = try await city.importPeople()
    let config = city.folder + "/instance.yaml"
    try City.instanceText(city.folder, .lgwan, false, lines(city.folder)).write(
      toFile: config, atomically: true, encoding: .utf8)
    func offer(_ text: String) throws { try text.write(toFile: offered + "/staff.crl", atomically: true, encoding: .utf8) }
    func fetch() async throws -> ToolProcess.Ran { try await ToolProcess.started(["pki", "fetch", "--config", config]) }

    let missing = try await fetch()
    #expect(missing.status == 1 && missing.errors.contains("HTTP 404"), "\(missing.errors)")
    try offer(try city.cards.revocationList(of: []))
    let first = try await fetch()
    #expect(first.status == 0 && first.output.contains("http://127.0.0.1:\(port)/staff.crl"), "\(first.errors)")
    #expect(try await taken(city, 1) == 1)
    let card = try await city.enrolCard("p-000042")
    let pc = try await city.workstation("LGWAN-PC-0042")
    let session = try await pc.enter(card)
    _ = try await pc.end("logoff", session.session)
    #expect(try await fetch().status == 0, "the same one is no news")

    for (text, word) in [
      ("<html>maintenance</html>", "revocation list"),
      (try CardAuthority(named: "Others").revocationList(of: []), "card roots"),
      (try CardAuthority().revocationList(of: []), "has not signed"),
    ] {
      try offer(text)
      let refused = try await fetch()
      #expect(refused.status == 1 && refused.errors.contains(word), "\(refused.errors)")
    }
    // Made a second later at least: lists are told apart by their second.
    try await Task.sleep(for: .seconds(1.1))
    try offer(try city.cards.revocationList(of: [card.certificate]))
    #expect(try await fetch().status == 0)
    #expect(try await taken(city, 2) == 2)
    #expect(try await refusal { try await pc.enter(card) } != nil)
    #expect(try await city.audit("outcome=denied").contains { $0.code == "AP146" })
    await city.end()
  }

  @Test("a start-up file without addresses, or without a folder for what is fetched, says so")
  func settings() async throws {
    let city = try await City()
    let config = city.folder + "/instance.yaml"
    func run(_ more: String) async throws -> ToolProcess.Ran {
      try City.instanceText(city.folder, .lgwan, false, more).write(toFile: config, atomically: true, encoding: .utf8)
      return try await ToolProcess.started(["pki", "fetch", "--config", config])
    }
    let none = try await run("")
    #expect(none.status == 65 && none.errors.contains("card-crl-sources"), "\(none.errors)")
    let source = "card-crl-sources: {lgwan: [\"http://127.0.0.1:9/x\"]}\n"
    let folderless = try await run(source)
    #expect(folderless.status == 65 && folderless.errors.contains("card-crls"), "\(folderless.errors)")
    let missing = try await ToolProcess.started(["pki", "fetch", "--config", city.folder + "/nowhere.yaml"])
    #expect(missing.status == 66 && missing.errors.contains("nowhere.yaml"), "\(missing.errors)")
    // Wrapped to the width of the terminal.
    let help = try await ToolProcess.started(["pki", "fetch", "--help"]).output.split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    for status in [none.status, missing.status] { #expect(help.contains("\(status) the start-up file")) }
    let outside = try await run(source.replacing("127.0.0.1:9", with: "192.0.2.7") + "card-crls: {lgwan: [\(city.folder)]}\n")
    #expect(outside.status == 1 && outside.errors.contains("outside"), "\(outside.errors)")
    await city.end()
  }
}
