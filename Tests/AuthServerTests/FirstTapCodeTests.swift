import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

/// Enrolment codes: who gets one, by whose signature, and what is kept of them.
@Suite("Enrolment codes", .serialized)
struct FirstTapCodeTests {
  private let sato = "p-000042"
  private let word = "kanariya-Hk27-toroku"

  private struct Clerk: Sendable {
    let pc: TestWorkstation
    let person: String
    let account: String
    let password: String
    let card: TestCard
    let code: String
  }

  private func city(everybody: Bool = false) async throws -> City {
    let city = try await City()
    _ = try await city.importPeople(everybody: everybody)
    try await city.takeFirstTaps()
    return city
  }

  @Test("the act is for exactly this list, once, and for 14 days at the most; another list, kind or signer is refused")
  func acts() async throws {
    let city = try await city()
    let right = try city.firstTapIssue([sato, "p-000007"])
    let issued = try await city.bring(right)
    #expect(issued.codes.map(\.person) == [sato, "p-000007"] && issued.codes.allSatisfy { $0.outcome == "issued" })
    #expect(issued.codes.first?.displayName == "佐藤 花子" && issued.codes.first?.departments == ["0401"])
    #expect(try await refusal { try await city.bring(right) }?.status == 409, "once")
    func status(_ issue: FirstTapCodeIssue) async throws -> Int? { try await refusal { try await city.bring(issue) }?.status }
    #expect(try await status(city.firstTapIssue([sato], signed: ["p-000007"])) == 403)
    #expect(try await status(city.firstTapIssue([sato], days: 15)) == 400)
    #expect(try await status(city.firstTapIssue([sato], days: 0)) == 400)
    #expect(try await status(city.firstTapIssue([sato, sato])) == 400)
    #expect(try await status(city.firstTapIssue([])) == 400)
    #expect(try await status(city.firstTapIssue((1...501).map { "p-\($0)" })) == 400)
    #expect(try await status(city.firstTapIssue([sato], segment: "mynumber")) == 409, "My Number's cards are the desk's")
    let kind = try city.act("directory.approve", ["plan": String(repeating: "a", count: 64)])
    let foreign = FirstTapCodeIssue(act: Data(try city.sign(kind).encoded), people: [sato])
    #expect(try await status(foreign) == 400, "without segment and days it is no such act")
    let desk = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(desk, role: "desk") == 201)
    let hers = try city.act(
      Act.Kind.issueFirstTapCodes, SignedAct(decoding: Array(right.act)).act.parameters, by: "suzuki")
    #expect(try await status(FirstTapCodeIssue(act: Data(desk.sign(hers).encoded), people: right.people)) == 403)
    let old = try city.firstTapIssue([sato])
    city.clock.advance(seconds: 25 * 3600)
    #expect(try await status(old) == 403, "an act is a day's")
    #expect(try await city.firstTapCodes("?person=\(sato)").count == 1)
    await city.end()
  }

  @Test("nobody gets one by her own signature, with a card already, disabled, or unknown; each has a row")
  func refused() async throws {
    let city = try await city()
    _ = try await city.enrolCard("p-000007")
    let issued = try await city.bring(city.firstTapIssue(["p-000001", "p-000007", "p-999999", sato]))
    #expect(issued.codes.map(\.outcome) == ["refused", "refused", "personUnknown", "issued"])
    #expect(issued.codes.map(\.refusal) == ["AP202", "AP170", nil, nil])
    #expect(issued.codes.compactMap(\.code).count == 1)
    let rows = try await city.audit("class=enrolment&action=enrolment-code.issued")
    #expect(rows.map(\.outcome) == ["refused", "refused", "refused", "done"])
    #expect(rows.map(\.note).first == "the issuer is the holder" && rows.allSatisfy { $0.operatorID == "yamada" })
    let act = try #require(try await city.audit("class=administration&action=enrolment-codes.signed").last)
    #expect(act.count == 4 && act.segment == "lgwan" && act.note.hasPrefix("codes for 4 people; signed by yamada; act "))
    let candidates: FirstTapCandidates = try await city.link.fetch(
      "/v1/admin/enrolment-codes/people?department=0401&segment=lgwan")
    #expect(!candidates.people.contains(sato) && !candidates.people.isEmpty && candidates.more == 0)
    // Where codes were lost on their way: who has an open one too.
    let again: FirstTapCandidates = try await city.link.fetch(
      "/v1/admin/enrolment-codes/people?department=0401&segment=lgwan&again=true")
    #expect(Set(again.people) == Set(candidates.people + [sato]))
    let same: FirstTapCandidates = try await city.link.fetch(
      "/v1/admin/enrolment-codes/people?department=0401&segment=lgwan&again=false")
    #expect(same.people == candidates.people)
    for query in ["&again=yes", "&again=true&again=true", "&person=\(sato)"] {
      let answer = try await city.link.request(
        "GET", "/v1/admin/enrolment-codes/people?department=0401&segment=lgwan" + query)
      #expect(answer.status == 400, "\(query)")
    }
    await city.end()
  }

  @Test("codes for a whole city, and fifty of them used at once: fifty cards, each its holder's")
  func wholeCity() async throws {
    let city = try await city(everybody: true)
    let everybody = (2...1200).map { "p-" + String(repeating: "0", count: 6 - String($0).count) + String($0) }
    var codes: [String: String] = [:]
    for start in stride(from: 0, to: everybody.count, by: FirstTapCodeIssue.mostPeople) {
      let part = Array(everybody[start..<min(start + FirstTapCodeIssue.mostPeople, everybody.count)])
      for one in try await city.bring(city.firstTapIssue(part)).codes {
        if let code = one.code { codes[one.person] = String(decoding: code, as: UTF8.self) }
      }
    }
    #expect(codes.count > 1000 && Set(codes.values).count == codes.count)
    let chosen = Array(codes.keys.sorted().prefix(50))
    // Ten workstations, five people at each, one after the other: there is one challenge at a time.
    var work: [[Clerk]] = []
    for start in stride(from: 0, to: chosen.count, by: 5) {
      let pc = try await city.workstation("LGWAN-PC-\(1000 + start)")
      var clerks: [Clerk] = []
      for person in chosen[start..<start + 5] {
        try await city.setPassword(person, "\(word)-\(person)")
        clerks.append(
          Clerk(
            pc: pc, person: person, account: try await city.account(person), password: "\(word)-\(person)",
            card: try city.cards.issue(slot: "9a"), code: try #require(codes[person])))
      }
      work.append(clerks)
    }
    let done = try await withThrowingTaskGroup(of: [(String, FirstTapDone)].self) { group in
      for clerks in work {
        group.addTask {
          var done: [(String, FirstTapDone)] = []
          for clerk in clerks {
            done.append(
              (
                clerk.person,
                try await clerk.pc.register(
                  clerk.card, account: clerk.account, password: clerk.password, code: clerk.code)
              ))
          }
          return done
        }
      }
      var all: [(String, FirstTapDone)] = []
      for try await some in group { all += some }
      return all
    }
    #expect(done.count == 50 && done.allSatisfy { $0.0 == $0.1.person } && Set(done.map(\.1.card)).count == 50)
    #expect(try await city.firstTapCodes("?state=used").map(\.person).sorted() == chosen)
    #expect(try await city.link.request("GET", "/v1/admin/enrolment-codes?state=Used").status == 400, "no such state")
    await city.end()
  }

  @Test("neither the code nor the password stands in a database, a log or a row afterwards")
  func canary() async throws {
    let city = try await city()
    try await city.setPassword(sato, word)
    let pc = try await city.workstation("LGWAN-PC-0042")
    let unused = try await city.firstTapCode("p-000007")
    let digits = try await city.firstTapCode(sato)
    let account = try await city.account(sato)
    let card = try city.cards.issue(slot: "9a")
    _ = try await refusal { try await pc.register(card, account: account, password: word + "x", code: digits) }
    city.clock.advance(seconds: 900)
    _ = try await pc.register(card, account: account, password: word, code: digits)
    for secret in [digits, unused, word] + [digits, unused].compactMap({ try? LookUpCode(parsing: $0.utf8).printed }) {
      #expect(
        CanaryTests.finds(secret, below: [city.folder + "/state", city.folder + "/vault"]) == [], "a spelling of a secret")
    }
    let text = String(decoding: try JSONEncoder().encode(try await city.audit()), as: UTF8.self)
    #expect(!text.contains(digits) && !text.contains(unused) && !text.contains(word))
    let told = FirstTapCodeIssued(person: sato, outcome: "issued", code: Data(digits.utf8))
    #expect(!String(reflecting: told).contains(digits))
    await city.end()
  }
}
