import AuthTerms
import Foundation
import PCSCReader
import Programs
import SmartCard
import Testing
import Workstation

extension RealCardSuite {
  @Suite("a card gets another PIN")
  struct PINLife {
    private static func secret<Purpose>(_ text: String) -> Secret<Purpose> { Secret(copying: Array(text.utf8)) }

    private static func change(from old: String, to new: String) async throws -> PINChangeErrandOutcome {
      let cards = ReaderCards()
      return try await cards.run(
        PINChangeErrand(seen: try await cards.view(), allowing: .oldPIN(secret(old)), new: secret(new), leastTries: 1))
    }

    private static func reset(puk: String, to new: String) async throws -> PINChangeErrandOutcome {
      let cards = ReaderCards()
      return try await cards.run(
        PINChangeErrand(seen: try await cards.view(), allowing: .puk(secret(puk)), new: secret(new), leastTries: 0))
    }

    /// - Parameter lines: what a script hands over, a line each.
    private static func agent(_ lines: [String], _ arguments: [String] = []) throws -> Shell.Result {
      try Shell.run(
        "/usr/bin/env",
        [
          "LC_ALL=C.UTF-8", "setsid", "--wait", CardBench.programs + "/sanmon-agent", "pin-change", "--pin-fd", "0",
          "--new-pin-fd", "0",
        ] + arguments, input: Data((lines.joined(separator: "\n") + "\n").utf8))
    }

    @Test("with the old one, over both protocols; the card's count and its power say the same", arguments: ["t1", "t0"])
    func changes(wire: String) async throws {
      try await CardBench.run { bench in
        let file = try CardBench.card(.init(wire: wire))
        let first = try await bench.insert(file)
        #expect(try await Self.change(from: "111112", to: "902817") == .answered(.wrong(triesLeft: 2)))
        #expect(try await Self.change(from: CardBench.pin, to: "902817") == .answered(.changed))
        #expect(try await RealCardSuite.tryPIN(RealCardSuite.pin) == .wrong(triesLeft: 2))
        try first.takeOut()
        let second = try await bench.insert(file)
        #expect(try await RealCardSuite.tryPIN(Self.secret("902817")) == .verified)
        for left in [2, 1] {
          #expect(try await Self.change(from: "111112", to: "550172") == .answered(.wrong(triesLeft: left)))
        }
        #expect(try await Self.change(from: "111112", to: "550172") == .answered(.blocked))
        #expect(try await Self.change(from: "902817", to: "550172") == .answered(.blocked))
        // No PUK was ever set on this card.
        #expect(try await Self.reset(puk: "00000000", to: "550172") == .answered(.notSupported))
        try second.takeOut()
      }
    }

    @Test("F7: a blocked PIN comes back by the PUK, and by nothing when that is blocked too", arguments: ["t1", "t0"])
    func unblocks(wire: String) async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card(.init(hasPUK: true, wire: wire)))
        for _ in 0..<3 { _ = try await RealCardSuite.tryPIN(RealCardSuite.wrongPIN) }
        #expect(try await RealCardSuite.triesLeft() == 0)
        #expect(try await Self.reset(puk: "00000000", to: "902817") == .answered(.wrong(triesLeft: 2)))
        #expect(try await Self.reset(puk: CardBench.puk, to: "902817") == .answered(.changed))
        #expect(try await RealCardSuite.triesLeft() == 3)
        _ = try await RealCardSuite.prove(.authentication, pin: Self.secret("902817"))
        for left in [2, 1] {
          #expect(try await Self.reset(puk: "00000000", to: "550172") == .answered(.wrong(triesLeft: left)))
        }
        for puk in ["00000000", CardBench.puk] { #expect(try await Self.reset(puk: puk, to: "550172") == .answered(.blocked)) }
        #expect(try await RealCardSuite.tryPIN(Self.secret("902817")) == .verified, "the PIN itself is untouched")
        try inserted.takeOut()
      }
    }

    @Test("a key that asks for the PIN at each signature gets it at each, and signs no second time without")
    func always() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card(.init(pinPolicy: "always")))
        let proof = try await RealCardSuite.prove(.authentication, pin: RealCardSuite.pin)
        #expect(try RealCardSuite.verifies(proof.signature, proof.key))
        let second = await RealCardSuite.failure { () async throws(CardFailure) in
          try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
            var card = PIVCard(channel: channel)
            try card.select()
            _ = try card.verifyPIN(RealCardSuite.pin)
            _ = try card.sign(slot: .authentication, algorithm: .p256, digest: RealCardSuite.digest)
            _ = try card.sign(slot: .authentication, algorithm: .p256, digest: RealCardSuite.digest)
          }
        }
        #expect(second == .pinRequired)
        // At the desk it is as good as any key behind a PIN.
        let outcome = try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
          var card = PIVCard(channel: channel)
          return try card.proveSlot(.authentication, digest: RealCardSuite.digest, pin: RealCardSuite.pin)
        }
        guard case .proven(let evidence) = outcome else {
          Issue.record("no evidence")
          return
        }
        #expect(evidence.proofClass == .publicKeyWithPIN)
        // And at a logon: one talk, one PIN, one signature.
        let cards = ReaderCards()
        let view = try await cards.view()
        let signed = try await cards.run(
          CardErrand(
            reader: view.reader, slot: .authentication, certificate: try #require(view.certificates[.authentication]),
            digest: RealCardSuite.digest, pin: RealCardSuite.pin, leastTries: 2))
        guard case .signed = signed else {
          Issue.record("\(signed)")
          return
        }
        try inserted.takeOut()
      }
    }

    @Test("sanmon-agent pin-change: done, and each refusal with its code and exit")
    func program() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        let json = try Self.agent([CardBench.pin, "902817"], ["--json"])
        #expect(json.status == 0 && json.output.contains("pinChanged"), "\(json.output)")
        #expect(try await RealCardSuite.tryPIN(Self.secret("902817")) == .verified)
        let trivial = try Self.agent(["902817", "123456"])
        #expect(trivial.status == 65 && trivial.output.contains("SA110"), "\(trivial.output)")
        let same = try Self.agent(["902817", "902817"])
        #expect(same.status == 65 && same.output.contains("SA110"), "\(same.output)")
        #expect(try await RealCardSuite.triesLeft() == 3)
        let wrong = try Self.agent(["111112", "550172"])
        #expect(wrong.status == 12 && wrong.output.contains("SA109") && wrong.output.contains("2"), "\(wrong.output)")
        _ = try Self.agent(["111112", "550172"])
        let last = try Self.agent(["902817", "550172"])
        #expect(last.status == 12 && last.output.contains("--use-last-try"), "\(last.output)")
        #expect(try await RealCardSuite.triesLeft() == 1)
        #expect(try Self.agent(["902817", "550172"], ["--use-last-try"]).status == 0)
        #expect(try await RealCardSuite.tryPIN(Self.secret("550172")) == .verified)
        let nothing = try Self.agent([])
        #expect(nothing.status == 65, "\(nothing.output)")
        try inserted.takeOut()
        #expect(try Self.agent(["550172", "902817"]).status == 14, "no card")
      }
    }
  }
}
