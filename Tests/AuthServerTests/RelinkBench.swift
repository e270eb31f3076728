import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// A city whose people come from signed snapshots, and of whom number seven leaves and comes back.
struct RelinkBench {
  static let former = "p-000007"
  static let new = "p-000007.2"
  static let password = "kawa-no-nagare-7"

  let city: City
  let pc: TestWorkstation
  let suzuki: Administrator
  /// Of number seven, before she left.
  let card: TestCard
  private let path: String

  /// - Parameters:
  ///   - adding: a file with roots of further cards.
  ///   - prepare: before she leaves.
  static func together(
    adding roots: String? = nil, _ prepare: (RelinkBench) async throws -> Void = { _ in },
    _ test: (RelinkBench, inout OtherSegment) async throws -> Void
  ) async throws {
    let path = "/tmp/sanmon-relink-\(UInt32.random(in: 0...UInt32.max)).txt"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var office = try OtherSegment()
    let lines = """
      directory:
        snapshot: \(path)
        snapshot-key: \(try office.keyText)
        base: 職員
        effective-attribute: info
        tick-seconds: 3600
      """
    let city = try await City(
      segment: .mynumber,
      prepare: { folder in
        let more = try roots.map { try String(contentsOfFile: $0, encoding: .utf8) } ?? ""
        let cards = folder + "/cards.pem"
        try (String(contentsOfFile: cards, encoding: .utf8) + more).write(toFile: cards, atomically: true, encoding: .utf8)
      }, lines: { _ in lines })
    do {
      try await read(office, city, path)
      let suzuki = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await city.register(suzuki) == 201)
      let bench = try await RelinkBench(
        city: city, pc: city.workstation("MYNUMBER-PC-0007"), suzuki: suzuki, card: city.enrolCard(former), path: path)
      try await prepare(bench)
      try office.delete(7...7)
      try await bench.read(office)
      try await test(bench, &office)
    } catch {
      await city.end()
      throw error
    }
    await city.end()
  }

  /// She has left, and is there again under a new object with her number and her account.
  static func renewed(
    adding roots: String? = nil, _ prepare: (RelinkBench) async throws -> Void = { _ in },
    _ test: (RelinkBench, inout OtherSegment) async throws -> Void
  ) async throws {
    try await together(adding: roots, prepare) { bench, office in
      try office.hire(61, number: former, account: "clerk7")
      try await bench.read(office)
      try await test(bench, &office)
    }
  }

  private static func read(_ office: OtherSegment, _ city: City, _ path: String) async throws {
    let now = city.clock.now().wallMilliseconds
    try Data(try office.file(UInt64(now), at: now)).write(to: URL(filePath: path))
    let status: DirectoryStatus = try await city.link.call("POST", "/v1/admin/directory/sync")
    #expect(status.faultEn == nil && status.plan == nil, "\(status.faultEn ?? "") \(status.heldEn)")
  }

  func read(_ office: OtherSegment) async throws {
    city.clock.advance(seconds: 1)
    try await Self.read(office, city, path)
  }

  func offers() async throws -> [RelinkOffer] {
    try await city.link.fetch("/v1/admin/directory", returning: DirectoryStatus.self).relinks
  }

  func offer() async throws -> RelinkOffer { try #require(try await offers().first) }

  /// The act over what is offered and proven now.
  func act(_ change: (inout [String: String]) -> Void = { _ in }) async throws -> Act {
    let offer = try await offer()
    var parameters = offer.parameters(
      offer.proof ?? RelinkProofShown(card: card.id, workstation: pc.name, until: 0, hash: ""))
    change(&parameters)
    return try city.act("directory.relink", parameters)
  }

  func both(_ act: Act) throws -> SignedAct {
    let signed = try city.sign(act)
    return SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try suzuki.approval(act)])
  }

  /// - Returns: the status, and the code of a refusal.
  @discardableResult
  func bring(_ act: SignedAct) async throws -> (status: Int, code: String) {
    let body = Array(try JSONEncoder().encode(DirectoryAct(act: Data(act.encoded))))
    let answer = try await city.link.request("POST", "/v1/admin/directory/relink", body: body)
    if answer.status == 200 { return (200, "") }
    return (answer.status, try JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)).code)
  }

  func person(_ id: String) async throws -> PersonSummary { try await city.link.fetch("/v1/admin/people/\(id)") }

  func rows(_ action: String) async throws -> [AuditEntry] { try await city.audit("newest=true&limit=500&action=\(action)") }

  func code(_ work: () async throws -> some Any) async throws -> String? { try await refusal(work)?.body.code }
}
