import AuthAPI
import AuthTerms
import Foundation
import Isolation
import MatcherLink
import Testing

/// Whoever listens at the socket in the place of a matcher, and answers what it is told to.
private final class Stranger: Sendable {
  let socket = "/tmp/sanmon-stranger-\(UInt32.random(in: 0...UInt32.max))"
  private let listener: PeerListener

  init(_ answer: @escaping @Sendable (UInt64, MatcherRequest) -> [UInt8]) throws {
    listener = try PeerListener(path: socket, mode: 0o600, frameLimit: MatcherRequest.frameLimit)
    Thread.detachNewThread { [listener] in
      try? listener.run(
        admit: { _ in true },
        serve: { connection in
          while let frame = try? connection.receive(by: Deadline(milliseconds: 10_000)),
            let (id, request) = try? MatcherRequest.decode(frame)
          {
            guard (try? connection.send(answer(id, request), by: Deadline(milliseconds: 5000))) != nil else { return }
          }
        })
    }
  }

  func end() { listener.close() }
}

@Suite("what a link takes for an answer, and what it remembers")
struct MatcherLinkTests {
  private func template(_ number: Int = 1) throws -> BiometricTemplate {
    try BiometricTemplate(format: MatcherFormat("X", version: 1), bytes: withUnsafeBytes(of: number) { Array($0) })
  }

  @Test(
    "what is no answer to the question is a fault, and nobody is asked again at once",
    arguments: ["noise", "number", "kind", "fewer", "more", "quality"])
  func malformed(manner: String) async throws {
    let template = try template()
    let stranger = try Stranger { id, _ in
      switch manner {
      case "noise": [1, 2, 3]
      case "number": MatcherAnswer.scored([.score(1, falseMatch: 1)]).encoded(id: id + 1)
      case "kind": MatcherAnswer.retake(.wet).encoded(id: id)
      case "fewer": MatcherAnswer.scored([.score(1, falseMatch: 1)]).encoded(id: id)
      case "more": MatcherAnswer.scored(Array(repeating: .score(1, falseMatch: 1), count: 3)).encoded(id: id)
      default: MatcherAnswer.extracted(template, quality: 101).encoded(id: id)
      }
    }
    defer { stranger.end() }
    let link = MatcherLink(socket: stranger.socket, user: nil, deadlineMilliseconds: 5000, firstPause: 30_000)
    #expect(await link.fault(comparing: template, with: [template, template])?.word == "malformed")
    // What cannot be read at all is as a failure; on a busy machine the first waits are over before the next question.
    let isNoise = ["noise", "number", "quality"].contains(manner)
    var words: Set<String?> = []
    for _ in 0..<6 { words.insert(await link.fault(comparing: template, with: [template, template])?.word) }
    #expect(words.contains("unreachable") == isNoise && (isNoise || words == ["malformed"]), "\(words)")
  }

  @Test("the matcher's own failures and its right answers are passed on")
  func passedOn() async throws {
    let stranger = try Stranger { id, request in
      guard case .compare(_, let references) = request else { return MatcherAnswer.failed(.unsupported).encoded(id: id) }
      return MatcherAnswer.scored(references.map { _ in .score(3, falseMatch: 5000) }).encoded(id: id)
    }
    defer { stranger.end() }
    let link = MatcherLink(socket: stranger.socket, user: geteuid(), deadlineMilliseconds: 5000)
    let template = try template()
    #expect(try await link.compare(template, with: [template]) == [.score(3, falseMatch: 5000)])
    let sample = try BiometricSample(hand: .left, content: .blob(format: template.format, bytes: [1]))
    #expect(await link.fault(extracting: sample) == .failed(.unsupported))
    let sixteen = Array(repeating: template, count: 16)
    #expect(try await link.compare(template, with: sixteen).count == 16)
    #expect(await link.fault(comparing: template, with: sixteen + [template])?.word == "malformed")
  }

  @Test("calls under a key: right answers are passed on, other kinds and other numbers of them are faults")
  func underKey() async throws {
    let (one, two) = (try template(1), try template(2))
    let stranger = try Stranger { id, request in
      let answer: MatcherAnswer =
        switch request {
        case .protect(let probe, let key): .protected(Array(repeating: probe, count: Int(key.id)))
        case .verify(let probe, let references, _, _):
          probe == references[0] ? .verified(.failed(.implausible)) : .scored([.score(1, falseMatch: 1)])
        case .rekey(let templates, _, let new): .protected(new.id == 1 ? templates.reversed() : [one])
        case .search(_, let references, let key):
          .found(references.dropFirst(Int(key.id) - 1).map { _ in .score(1, falseMatch: 1) })
        default: .failed(.unsupported)
        }
      return answer.encoded(id: id)
    }
    defer { stranger.end() }
    let link = MatcherLink(socket: stranger.socket, user: nil, deadlineMilliseconds: 5000)
    let (key, other) = (try Built.key(1), try Built.key(2))
    #expect(try await link.protect(one, under: key) == one)
    #expect(await link.fault { (link) throws(MatcherFault) in try await link.protect(one, under: other) }?.word == "malformed")
    #expect(try await link.verify(one, with: [one, two], former: [], under: key) == MatchResult.failed(.implausible))
    #expect(
      await link.fault { (link) throws(MatcherFault) in try await link.verify(one, with: [two], former: [], under: key) }?.word
        == "malformed")
    #expect(try await link.rekey([one, two], from: other, to: key) == [two, one])
    #expect(
      await link.fault { (link) throws(MatcherFault) in try await link.rekey([one, two], from: key, to: other) }?.word
        == "malformed")
    #expect(try await link.search(one, in: Array(repeating: two, count: 2500), under: key).count == 2500)
    #expect(try await link.search(one, in: [], under: key).isEmpty)
    #expect(
      await link.fault { (link) throws(MatcherFault) in try await link.search(one, in: [one, two], under: other) }?.word
        == "malformed")
    // What no frame may hold is not sent.
    let many = Array(repeating: one, count: 17)
    let large = try BiometricTemplate(format: one.format, bytes: [UInt8](repeating: 0, count: 3073))
    let faults = [
      await link.fault { (link) throws(MatcherFault) in try await link.verify(one, with: many, former: [], under: key) },
      await link.fault { (link) throws(MatcherFault) in try await link.verify(one, with: [], former: [], under: key) },
      await link.fault { (link) throws(MatcherFault) in try await link.verify(one, with: [one], former: many, under: key) },
      await link.fault { (link) throws(MatcherFault) in try await link.rekey(many, from: key, to: key) },
      await link.fault { (link) throws(MatcherFault) in try await link.rekey([], from: key, to: key) },
      await link.fault { (link) throws(MatcherFault) in try await link.search(one, in: [large], under: key) },
    ]
    #expect(faults.map { $0?.word } == Array(repeating: "malformed", count: faults.count))
  }

  @Test("nobody there: told at once, and again without a second try")
  func nobody() async throws {
    let link = MatcherLink(
      socket: "/tmp/sanmon-nobody-\(UInt32.random(in: 0...UInt32.max))", user: nil, deadlineMilliseconds: 1500,
      firstPause: 30_000)
    let template = try template()
    for _ in 0..<2 { #expect(await link.fault(comparing: template, with: [template])?.word == "unreachable") }
  }

  @Test("twice is enough, whoever else was in the call; the oldest are forgotten")
  func ledger() throws {
    var ledger = CrashLedger()
    let (one, two) = (try template(1), try template(2))
    ledger.ended(with: [one, one, two])
    #expect(!ledger.isQuarantined(one))
    ledger.ended(with: [one])
    #expect(ledger.isQuarantined(one) && !ledger.isQuarantined(two))
    for number in 0..<4095 { ledger.ended(with: [try template(number + 10)]) }
    #expect(!ledger.isQuarantined(one), "4,096 others came since")
    ledger.ended(with: [two])
    #expect(ledger.isQuarantined(two), "the second oldest is still known")
  }
}
