import AuthTerms
import Foundation
import PCSCReader
import SmartCard
import Testing

extension RealCardSuite {
  @Suite("a card proves itself")
  struct Logon {
    @Test(
      "9A with PIN and 9E without, verified by another library, over both protocols",
      arguments: ["p256", "p384", "rsa2048", "rsa3072"], ["t1", "t0"])
    func signs(kind: String, wire: String) async throws {
      try await CardBench.run { bench in
        let card = try CardBench.card(.init(key: kind, wire: wire))
        let inserted = try await bench.insert(card)
        for slot in PIVSlot.allCases {
          let proof = try await RealCardSuite.prove(slot, pin: slot == .authentication ? RealCardSuite.pin : nil)
          #expect("\(proof.key.algorithm)" == kind)
          #expect(try RealCardSuite.verifies(proof.signature, proof.key))
        }
        let guid = try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
          var card = PIVCard(channel: channel)
          try card.select()
          return try card.guid()
        }
        #expect(try CardBench.simulator(["show", "--card", card]).contains(Hex.encode(guid)))
        #expect(try inserted.takeOut() == 0)
      }
    }

    @Test("the PIN of one use is gone at the next: the card is reset")
    func resets() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in try await RealCardSuite.prove(.authentication, pin: nil)
          } == .pinRequired)
        _ = try await RealCardSuite.prove(.authentication, pin: RealCardSuite.pin)
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in try await RealCardSuite.prove(.authentication, pin: nil)
          } == .pinRequired)
        // Also when the body failed after the PIN.
        let failed = await RealCardSuite.failure { () async throws(CardFailure) in
          try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
            var card = PIVCard(channel: channel)
            try card.select()
            _ = try card.verifyPIN(RealCardSuite.pin)
            throw .malformedCommand
          }
        }
        #expect(failed == .malformedCommand)
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in try await RealCardSuite.prove(.authentication, pin: nil)
          } == .pinRequired)
        try inserted.takeOut()
      }
    }

    @Test("enrolment finds out what a key is worth")
    func evidence() async throws {
      func prove(_ slot: PIVSlot, pin: Secret<PIN>?) async throws -> PIVEnrolmentOutcome {
        try await CardReaders.withCard(deadline: .seconds(5)) { channel throws(CardFailure) in
          var card = PIVCard(channel: channel)
          return try card.proveSlot(slot, digest: RealCardSuite.digest, pin: pin)
        }
      }
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        for (slot, expected) in [(PIVSlot.authentication, ProofClass.publicKeyWithPIN), (.cardAuthentication, .publicKey)] {
          guard case .proven(let evidence) = try await prove(slot, pin: RealCardSuite.pin) else {
            Issue.record("no evidence for \(slot.name)")
            continue
          }
          #expect(evidence.proofClass == expected)
          #expect(try RealCardSuite.verifies(evidence.signature, try CertificateKey(certificate: evidence.certificate)))
        }
        #expect(try await prove(.authentication, pin: RealCardSuite.wrongPIN) == .wrongPIN(triesLeft: 2))
        #expect(try await prove(.authentication, pin: RealCardSuite.wrongPIN) == .wrongPIN(triesLeft: 1))
        #expect(try await prove(.authentication, pin: RealCardSuite.wrongPIN) == .pinBlocked)
        #expect(try await prove(.authentication, pin: RealCardSuite.pin) == .pinBlocked)
        try inserted.takeOut()

        // A 9A key that signs for anybody, as a careless issuer makes it: never pk-pin, and the PIN is not even sent.
        let careless = try await bench.insert(try CardBench.card(.init(pinPolicy: "never")))
        guard case .proven(let evidence) = try await prove(.authentication, pin: RealCardSuite.wrongPIN) else {
          Issue.record("no evidence")
          return
        }
        #expect(evidence.proofClass == .publicKey)
        #expect(try await RealCardSuite.triesLeft() == 3)
        try careless.takeOut()
      }
    }

    @Test("F7: wrong, last try, blocked; and the counter survives the card's loss of power")
    func pin() async throws {
      try await CardBench.run { bench in
        let file = try CardBench.card()
        let first = try await bench.insert(file)
        #expect(try await RealCardSuite.triesLeft() == 3)
        #expect(
          await RealCardSuite.failure { () async throws(CardFailure) in
            try await RealCardSuite.tryPIN(Secret<PIN>(copying: Array("12".utf8)))
          } == .unusablePIN)
        #expect(try await RealCardSuite.tryPIN(RealCardSuite.wrongPIN) == .wrong(triesLeft: 2))
        try first.takeOut()

        let second = try await bench.insert(file)
        #expect(try await RealCardSuite.triesLeft() == 2)
        #expect(try await RealCardSuite.tryPIN(RealCardSuite.wrongPIN) == .wrong(triesLeft: 1))
        #expect(try await RealCardSuite.tryPIN(RealCardSuite.pin) == .verified)
        #expect(try await RealCardSuite.triesLeft() == 3)
        for left in [2, 1] { #expect(try await RealCardSuite.tryPIN(RealCardSuite.wrongPIN) == .wrong(triesLeft: left)) }
        #expect(try await RealCardSuite.tryPIN(RealCardSuite.wrongPIN) == .blocked)
        try second.takeOut()

        let third = try await bench.insert(file)
        #expect(try await RealCardSuite.triesLeft() == 0)
        #expect(try await RealCardSuite.tryPIN(RealCardSuite.pin) == .blocked)
        // 9E asks for no PIN and goes on.
        _ = try await RealCardSuite.prove(.cardAuthentication, pin: nil)
        try third.takeOut()
      }
    }

    @Test("a command takes no time: the acknowledgement trap of vpcd is avoided")
    func latency() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        let median = try await CardReaders.withCard(deadline: .seconds(20)) { channel throws(CardFailure) in
          var card = PIVCard(channel: channel)
          try card.select()
          var times: [Duration] = []
          for _ in 0..<100 {
            let start = ContinuousClock.now
            _ = try card.pinTriesLeft()
            times.append(ContinuousClock.now - start)
          }
          return times.sorted()[50]
        }
        #expect(median < .milliseconds(10), "44 ms is the trap")
        try inserted.takeOut()
      }
    }
  }
}
