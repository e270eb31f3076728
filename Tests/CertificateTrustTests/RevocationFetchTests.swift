import AuthTerms
import CertificateTrust
import Foundation
import Testing

@Suite(
  "revocation lists from inside the city's network", .serialized,
  .enabled(if: RealPart.hasOpenSSL, "needs the openssl command"))
struct RevocationFetchTests {
  let city: CardCity
  private let folder: String
  private static let now = CardCity.now * 1000

  init() throws {
    city = try CardCity.shared.get()
    folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-lists-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func authorities() throws -> [[UInt8]] { [try city.der("root"), try city.der("inter")] }

  private func judged(_ list: String, _ present: [String] = [], at now: Int64 = now) throws -> String {
    try word { try RevocationFetch.judge(city.der(list), authorities: authorities(), present: present.map(city.der), at: now) }
  }

  private func word(_ work: () throws -> [UInt8]?) throws -> String {
    do { return try work() == nil ? "unchanged" : "taken" } catch let fault as ListFetchFault { return "\(fault)" }
  }

  /// One run against a server; the folder's files are looked at behind it.
  private func fetched(_ behaviour: ListServer.Behaviour, seconds: Int = 5) throws -> String {
    let server = try ListServer(behaviour)
    defer { server.stop() }
    let address = try ListAddress(parsing: "http://127.0.0.1:\(server.port)/ca/staff.crl")
    do {
      switch try RevocationFetch.fetch(
        address, into: folder, authorities: authorities(), at: Self.now, seconds: seconds)
      {
      case .taken: return "taken"
      case .unchanged: return "unchanged"
      }
    } catch { return "\(error)" }
  }

  private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

  // MARK: Which lists

  @Test("a list of an authority of the segment that is newer than what is there; the same one again is no news")
  func newer() throws {
    #expect(try judged("fresh") == "taken")
    #expect(try judged("fresh", ["stale"]) == "taken")
    #expect(try judged("fresh", ["fresh"]) == "unchanged")
    #expect(try judged("fresh", ["rootfresh"]) == "taken", "another authority's is another matter")
    #expect(try judged("delta", ["fresh"]) == "taken", "a delta list stands beside its base")
    #expect(try judged("rootfresh") == "taken")
  }

  @Test("older than what is there, or of the same second and different: the new one would bring back who was withdrawn")
  func older() throws {
    #expect(try judged("stale", ["fresh"]) == "older")
    #expect(try judged("none", ["fresh"]) == "older", "made in the same second, with nobody withdrawn")
    #expect(try judged("olddelta", ["delta"]) == "older")
  }

  @Test("another authority's, one in its name by another key, one from the future: refused")
  func strangers() throws {
    let root = try [city.der("root")]
    #expect(
      try word { try RevocationFetch.judge(city.der("fresh"), authorities: root, present: [], at: Self.now) } == "issuerUnknown"
    )
    #expect(try judged("forged") == "signatureWrong")
    #expect(try judged("early") == "fromTheFuture")
    let made = CardCity.now + 86_400
    #expect(try judged("early", at: made * 1000) == "taken")
    #expect(try judged("early", at: (made - 1) * 1000) == "fromTheFuture")
    // The root has a stranger of its own name beside it: either key is tried.
    let both = try [city.der("stranger"), city.der("root")]
    #expect(
      try word { try RevocationFetch.judge(city.der("rootfresh"), authorities: both, present: [], at: Self.now) } == "taken")
    let stranger = try [city.der("stranger")]
    #expect(
      try word { try RevocationFetch.judge(city.der("rootfresh"), authorities: stranger, present: [], at: Self.now) }
        == "signatureWrong")
  }

  @Test("a page, nothing, a certificate, half a list, a list with a bit turned, two lists in one file: none")
  func noLists() throws {
    let fresh = try city.der("fresh")
    var bent = fresh
    bent[bent.count - 3] ^= 1
    let pem = try city.text("fresh.crl.pem")
    let bodies: [([UInt8], String)] = [
      (Array("<!DOCTYPE html><html>".utf8), "notAList"), ([], "notAList"), (try city.der("good"), "notAList"),
      (Array(fresh.dropLast()), "notAList"), (fresh + [0], "notAList"), (bent, "signatureWrong"),
      (Array((pem + pem).utf8), "notAList"), (Array(pem.utf8), "taken"), ([0xFF, 0xFE], "notAList"),
    ]
    for (body, expected) in bodies {
      #expect(
        try word { try RevocationFetch.judge(body, authorities: authorities(), present: [], at: Self.now) } == expected)
    }
  }

  // MARK: Over the network

  @Test("one request, and the list lies in the folder under one name, whole, for others to read; again it is unchanged")
  func taken() throws {
    let fresh = try city.der("fresh")
    let server = try ListServer(ListServer.ok(fresh))
    defer { server.stop() }
    let address = try ListAddress(parsing: "http://127.0.0.1:\(server.port)/ca/staff.crl?of=cards")
    let first = try RevocationFetch.fetch(address, into: folder, authorities: authorities(), at: Self.now)
    #expect(first == .taken(try ValidityPeriod(revocationList: fresh)))
    #expect(try RevocationFetch.fetch(address, into: folder, authorities: authorities(), at: Self.now) == .unchanged)
    let name = try #require(RevocationFetch.name(of: fresh))
    #expect(try files() == [name])
    let path = folder + "/" + name
    #expect(FileManager.default.contents(atPath: path) == Data(fresh))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o644)
    #expect(try RevocationFiles.read(folder) == [fresh])
    let request = try #require(server.requests.first)
    #expect(request.hasPrefix("GET /ca/staff.crl?of=cards HTTP/1.0\r\nHost: 127.0.0.1:\(server.port)\r\n"))
    #expect(request.hasSuffix("\r\n\r\n") && server.requests.count == 2)
  }

  @Test("a newer one takes its place; an older one that comes later changes nothing")
  func replaced() throws {
    let (stale, fresh) = (try city.der("stale"), try city.der("fresh"))
    let server = try ListServer(ListServer.ok(fresh))
    defer { server.stop() }
    let address = try ListAddress(parsing: "http://127.0.0.1:\(server.port)/x")
    let name = try #require(RevocationFetch.name(of: fresh))
    #expect(RevocationFetch.name(of: stale) == name)
    try Data(stale).write(to: URL(filePath: folder + "/" + name))
    let taken = try RevocationFetch.fetch(address, into: folder, authorities: authorities(), at: Self.now)
    #expect(taken == .taken(try ValidityPeriod(revocationList: fresh)))
    #expect(try RevocationFiles.read(folder) == [fresh], "in the place of the former one")
    #expect(try fetched(ListServer.ok(stale)) == "older")
    #expect(try RevocationFiles.read(folder) == [fresh])
  }

  @Test("another authority's list or a delta list at the same address stands beside: an old one does not come in behind it")
  func beside() throws {
    let server = try ListServer(.waits)
    defer { server.stop() }
    let address = try ListAddress(parsing: "http://127.0.0.1:\(server.port)/ca/staff.crl")
    func run(_ list: String) throws -> String {
      server.offer(ListServer.ok(try city.der(list)))
      do {
        switch try RevocationFetch.fetch(address, into: folder, authorities: authorities(), at: Self.now) {
        case .taken: return "taken"
        case .unchanged: return "unchanged"
        }
      } catch let fault as ListFetchFault { return "\(fault)" }
    }
    #expect(try run("fresh") == "taken")
    #expect(try run("rootfresh") == "taken" && run("delta") == "taken")
    #expect(try run("stale") == "older", "it would bring back who was withdrawn")
    #expect(try run("fresh") == "unchanged")
    let names = try ["fresh", "rootfresh", "delta"].compactMap { list in RevocationFetch.name(of: try city.der(list)) }
    #expect(try Set(names).count == 3 && files() == names.sorted())
    #expect(RevocationFetch.name(of: [0x30, 0]) == nil)
  }

  @Test("without a length the end of the connection is the end; PEM is as good")
  func plain() throws {
    let body = Array(try city.text("fresh.crl.pem").utf8)
    #expect(try fetched(.says(Array("HTTP/1.0 200 OK\r\nServer: x\r\n\r\n".utf8) + body)) == "taken")
  }

  @Test("redirects, errors, pages, cut off, in pieces, packed, two lengths, no HTTP: nothing is put there")
  func hostile() throws {
    let fresh = try city.der("fresh")
    func head(_ text: String) -> ListServer.Behaviour { .says(Array(text.utf8) + fresh) }
    let cases: [(ListServer.Behaviour, String)] = [
      (head("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/x\r\nContent-Length: 0\r\n\r\n"), "status(302)"),
      (head("HTTP/1.1 404 Not Found\r\n\r\n"), "status(404)"), (head("HTTP/1.1 206 Partial\r\n\r\n"), "status(206)"),
      (ListServer.ok(Array("<html>maintenance</html>".utf8), "Content-Type: text/html\r\n"), "notAList"),
      (head("HTTP/1.1 200 OK\r\nContent-Length: \(fresh.count + 1)\r\n\r\n"), "malformedAnswer"),
      (head("HTTP/1.1 200 OK\r\nContent-Length: \(fresh.count - 1)\r\n\r\n"), "malformedAnswer"),
      (head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "malformedAnswer"),
      (head("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), "malformedAnswer"),
      (head("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "malformedAnswer"),
      (head("HTTP/1.1 200 OK\nContent-Length: 1\n\n"), "malformedAnswer"), (.says([]), "malformedAnswer"),
      (.says([UInt8](repeating: 0x61, count: ListAnswer.limit + 1)), "malformedAnswer"),
      (head("HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n"), "tooLarge"),
      (ListServer.ok(try city.der("forged")), "signatureWrong"),
    ]
    for (behaviour, expected) in cases { #expect(try fetched(behaviour) == expected) }
    #expect(try files().isEmpty)
  }

  @Test("a body without end, a head without end, a byte now and then, and nothing at all: each ends in time and in size")
  func endless() throws {
    let start = ContinuousClock.now
    #expect(try fetched(.pours(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), seconds: 30) == "tooLarge")
    #expect(try fetched(.pours([])) == "malformedAnswer")
    #expect(ContinuousClock.now - start < .seconds(20))
    let half = Array("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n".utf8)
    for behaviour: ListServer.Behaviour in [
      .drips(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .drips([]), .waits, .drips(half),
    ] {
      let begin = ContinuousClock.now
      #expect(try fetched(behaviour, seconds: 1) == "slow")
      #expect(ContinuousClock.now - begin < .seconds(5))
    }
    #expect(try files().isEmpty)
  }

  @Test("nobody there, a name that is none, an address outside: no connection is made to the last")
  func unreachable() throws {
    func at(_ text: String) throws -> String {
      do {
        _ = try RevocationFetch.fetch(
          ListAddress(parsing: text), into: folder, authorities: authorities(), at: Self.now, seconds: 2)
        return "taken"
      } catch let fault as ListFetchFault { return "\(fault)" }
    }
    #expect(try at("http://127.0.0.1:1/x") == "unreachable")
    #expect(try at("http://no-such-host.invalid/x") == "unreachable")
    for outside in ["http://192.0.2.1/x", "http://8.8.8.8/x", "http://[2001:db8::1]/x"] {
      #expect(try at(outside) == "notInternal")
    }
  }

  @Test("of several addresses of a name each has its share of the time, the last one all that is left")
  func shares() {
    let now = ContinuousClock.now
    let end = now + .seconds(30)
    #expect(RevocationFetch.endOfAttempt(at: now, remaining: 1, before: end) == end)
    #expect(RevocationFetch.endOfAttempt(at: now, remaining: 3, before: end) == now + .seconds(10))
    #expect(RevocationFetch.endOfAttempt(at: now + .seconds(10), remaining: 2, before: end) == now + .seconds(20))
    #expect(RevocationFetch.endOfAttempt(at: now, remaining: 0, before: end) == end)
  }

  @Test(
    "inside is what no router carries out of a city",
    arguments: [
      ([10, 0, 0, 1], true), ([127, 0, 0, 1], true), ([172, 16, 0, 1], true), ([172, 31, 255, 255], true),
      ([172, 32, 0, 1], false),
      ([172, 15, 0, 1], false), ([192, 168, 1, 1], true), ([192, 169, 1, 1], false), ([8, 8, 8, 8], false),
      ([0, 0, 0, 0], false),
      ([169, 254, 0, 1], false), ([100, 64, 0, 1], false), ([224, 0, 0, 1], false), ([255, 255, 255, 255], false),
    ] as [([UInt8], Bool)])
  func inside(bytes: [UInt8], isInternal: Bool) {
    #expect(InternalAddress.isInternal(bytes) == isInternal)
    // The same in the clothes of IPv6.
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes
    #expect(InternalAddress.isInternal(mapped) == isInternal)
  }

  @Test("of IPv6, unique local addresses and this machine itself")
  func insideSix() {
    func six(_ first: [UInt8], _ last: UInt8 = 1) -> [UInt8] {
      first + [UInt8](repeating: 0, count: 15 - first.count) + [last]
    }
    #expect(InternalAddress.isInternal(six([0xFC])) && InternalAddress.isInternal(six([0xFD, 0x12])))
    #expect(InternalAddress.isInternal(six([])))
    for other in [six([], 0), six([], 2), six([0xFE, 0x80]), six([0xFF, 0x02]), six([0x20, 0x01]), [], [10], [10, 0, 0]] {
      #expect(!InternalAddress.isInternal(other))
    }
  }

  @Test("a folder that is not there, cannot be read as lists, or is full keeps what it has")
  func folders() throws {
    let fresh = try city.der("fresh")
    let server = try ListServer(ListServer.ok(fresh))
    defer { server.stop() }
    let address = try ListAddress(parsing: "http://127.0.0.1:\(server.port)/x")
    func run(_ folder: String) throws -> ListFetchFault? {
      do {
        _ = try RevocationFetch.fetch(address, into: folder, authorities: authorities(), at: Self.now)
        return nil
      } catch let fault as ListFetchFault { return fault }
    }
    #expect(try run(folder + "/nowhere") == .folder)
    try Data("nonsense".utf8).write(to: URL(filePath: folder + "/other.crl"))
    #expect(try run(folder) == .folder)
    try FileManager.default.removeItem(atPath: folder + "/other.crl")
    // What a run left that was ended by force is no obstacle, and nobody reads it.
    let name = try #require(RevocationFetch.name(of: fresh))
    try Data("half".utf8).write(to: URL(filePath: folder + "/." + name + ".part"))
    #expect(try run(folder) == nil)
    #expect(try files() == [name])
  }

  @Test("one list more than 254 is taken, no second one; in a full folder a list still takes its predecessor's place")
  func full() throws {
    let (other, fresh) = (Data(try city.der("rootfresh")), try city.der("fresh"))
    for number in 1...254 { try other.write(to: URL(filePath: folder + "/brought-\(number).crl")) }
    #expect(try fetched(ListServer.ok(fresh)) == "taken")
    #expect(try files().count == 255)
    #expect(try fetched(ListServer.ok(city.der("delta"))) == "folder")
    let name = try #require(RevocationFetch.name(of: fresh))
    try Data(try city.der("stale")).write(to: URL(filePath: folder + "/" + name))
    #expect(try fetched(ListServer.ok(fresh)) == "taken")
    #expect(FileManager.default.contents(atPath: folder + "/" + name) == Data(fresh))
    try FileManager.default.removeItem(atPath: folder + "/" + name)
    try other.write(to: URL(filePath: folder + "/brought-255.crl"))
    #expect(try fetched(ListServer.ok(fresh)) == "folder", "255 others, and no place of its own")
    #expect(try files().count == 255)
  }
}
