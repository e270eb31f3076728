import AuthPolicy
import AuthTerms
import CardCiphers
import Foundation
import PCSCReader
import SmartCard
import Synchronization
import Testing
import Workstation

/// The vault's part in one exchange, asked over something slow.
private final class FarSide: Sendable {
  private struct State {
    var exchange: SmartCard.CardExchange<OpenSSLCardCipher>?
    var step: ExchangeStep?
    var rounds = 0
  }
  private let script: CardScript
  private let delay: Duration
  private let state = Mutex(State())

  init(_ kind: SharedKeyCardKind, delay: Duration = .milliseconds(150)) throws {
    let path = CardBench.root + "/policies/cards/\(kind.name).yaml"
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    script = try CardScriptFile.compile(PolicySource(name: "\(kind.name).yaml", bytes: bytes)).script
    self.delay = delay
  }

  func ask(_ answers: [[UInt8]]?, _ card: SharedCardView) async -> SharedCardReply {
    try? await Task.sleep(for: delay)
    return state.withLock { state in
      state.rounds += 1
      do {
        if let answers {
          state.step = try state.exchange?.step(answers)
        } else {
          var exchange = try SmartCard.CardExchange(
            script: script, number: card.number, knownCounter: nil,
            masterKey: Secret(copying: CardBench.cityKey(card.kind)),
            random: Secret(copying: (0..<16).map { UInt8($0) &* 11 &+ 2 }), cipher: OpenSSLCardCipher())
          state.step = try exchange.begin()
          state.exchange = exchange
        }
      } catch { return .over }
      if case .send(let commands)? = state.step { return .send(script, commands) }
      return .over
    }
  }

  var isProven: Bool { state.withLock { if case .proven? = $0.step { true } else { false } } }
  var rounds: Int { state.withLock { $0.rounds } }
}

extension RealCardSuite {
  @Suite("shared-key cards at a workstation's reader")
  struct SharedKeyPort {
    private let kinds = Set(SharedKeyCardKind.allCases)

    @Test(
      "recognised by its number, proven in one talk while the far side takes its time", arguments: SharedKeyCardKind.allCases)
    func proven(kind: SharedKeyCardKind) async throws {
      try await CardBench.run { bench in
        let cards = ReaderCards()
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.sharedCard(kinds) } == .noCard)
        let inserted = try await bench.insert(try CardBench.sharedCard(kind))
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.view() } == .unsupportedCard)
        let card = try await cards.sharedCard(kinds)
        #expect(card.kind == kind && card.reader == CardBench.firstReader && card.number.count == kind.numberLength)
        for _ in 0..<2 {
          let far = try FarSide(kind)
          try await cards.talk(card) { answers in await far.ask(answers, card) }
          #expect(far.isProven && far.rounds == 3)
        }
        let other = kinds.subtracting([kind])
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in try await cards.sharedCard(other) } == .unsupportedCard)
        try inserted.takeOut()
      }
    }

    @Test("another card than the one that was looked at is asked nothing")
    func exchanged() async throws {
      try await CardBench.run { bench in
        let cards = ReaderCards()
        let first = try await bench.insert(try CardBench.sharedCard(.felicaLiteS))
        let card = try await cards.sharedCard(kinds)
        try first.takeOut()
        let second = try await bench.insert(try CardBench.sharedCard(.felicaLiteS, number: "012e4cd8a1b2c3d5"))
        let far = try FarSide(.felicaLiteS)
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in
            try await cards.talk(card) { answers in await far.ask(answers, card) }
          } == .unsupportedCard)
        #expect(far.rounds == 0)
        try second.takeOut()
      }
    }

    @Test("a far side that does not answer ends the talk in time")
    func silent() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.sharedCard(.desfireEV2))
        let cards = ReaderCards()
        let card = try await cards.sharedCard(kinds)
        let far = try FarSide(.desfireEV2, delay: .seconds(8))
        let start = ContinuousClock.now
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in
            try await cards.talk(card) { answers in await far.ask(answers, card) }
          } == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(7))
        try inserted.takeOut()
      }
    }
  }
}
