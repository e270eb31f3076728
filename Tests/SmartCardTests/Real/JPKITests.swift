import AuthTerms
import Crypto
import Foundation
import PCSCReader
import SmartCard
import Testing
import Workstation

extension RealCardSuite {
  @Suite("My Number Cards, at a workstation's reader")
  struct MyNumberCards {
    private static let pinText = "4649"
    private static var pin: Secret<PIN> { Secret<PIN>(copying: Array(pinText.utf8)) }
    private static var wrong: Secret<PIN> { Secret<PIN>(copying: Array("0000".utf8)) }

    /// A fresh card of a kind. Making two RSA keys takes a while, so that one of each kind is made and copied.
    private static func card(_ kind: String = "hanako", _ options: [String] = []) throws -> String {
      _ = try CardBench.card()
      let folder = CardBench.folder
      if !FileManager.default.fileExists(atPath: folder + "/jpki.pem") {
        _ = try CardBench.simulator(
          ["make-ca", "--cert", folder + "/jpki.pem", "--key", folder + "/jpki.key", "--name", "見本 利用者証明CA"])
        try (pinText + "\n").write(toFile: folder + "/pin4", atomically: true, encoding: .utf8)
      }
      let original = folder + "/jpki-\(kind).card"
      if !FileManager.default.fileExists(atPath: original) {
        _ = try CardBench.simulator(
          [
            "issue-jpki", "--card", original, "--name", "三門 花子", "--pin-file", folder + "/pin4", "--ca-cert",
            folder + "/jpki.pem", "--ca-key", folder + "/jpki.key", "--cert-out", folder + "/jpki-\(kind).pem",
          ] + options)
      }
      let copy = folder + "/\(UUID().uuidString).card"
      try FileManager.default.copyItem(atPath: original, toPath: copy)
      return copy
    }

    private static func errand(_ view: JPKICardView, _ pin: Secret<PIN>, leastTries: Int = 2) -> JPKIErrand {
      JPKIErrand(
        reader: view.reader, certificate: view.certificate, digest: RealCardSuite.digest, pin: pin, leastTries: leastTries)
    }

    /// What the card says of who touched it.
    private static func isUntouched(_ file: String) throws -> Bool {
      try CardBench.simulator(["show", "--card", file]).contains("selected   surface 0, signature 0")
    }

    @Test("viewed and signed, verified by another library; nothing was touched that is not ours; no PIV card, no shared key")
    func signs() async throws {
      try await CardBench.run { bench in
        let file = try Self.card()
        let inserted = try await bench.insert(file)
        let cards = ReaderCards()
        #expect(await RealCardSuite.failure { () async throws(CardFailure) in try await cards.view() } == .unsupportedCard)
        let view = try await cards.jpkiCard(isTaken: true)
        #expect(view.reader == CardBench.firstReader && view.triesLeft == 3)
        guard case .signed(let signature, let algorithm) = try await cards.run(Self.errand(view, Self.pin)) else {
          Issue.record("not signed")
          return
        }
        #expect(algorithm == .rsa2048)
        #expect(try RealCardSuite.verifies(signature, CertificateKey(certificate: view.certificate)))
        // The PIN of this use is gone at the next.
        #expect(try await cards.jpkiCard(isTaken: true).triesLeft == 3)
        try inserted.takeOut()
        #expect(try Self.isUntouched(file))
      }
    }

    @Test("where such cards are not taken it is known to be one, and nothing of it is read")
    func notTaken() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try Self.card())
        let view = try await ReaderCards().jpkiCard(isTaken: false)
        #expect(view == JPKICardView(reader: CardBench.firstReader, triesLeft: 0, certificate: []))
        try inserted.takeOut()
        let piv = try await bench.insert(try CardBench.card())
        let found = await RealCardSuite.failure { () async throws(CardFailure) in
          try await ReaderCards().jpkiCard(isTaken: false)
        }
        #expect(found == .unsupportedCard)
        try piv.takeOut()
      }
    }

    @Test("a wrong PIN costs one try, the last is kept for who says so, then the card is blocked")
    func tries() async throws {
      try await CardBench.run { bench in
        let file = try Self.card()
        let inserted = try await bench.insert(file)
        let cards = ReaderCards()
        let view = try await cards.jpkiCard(isTaken: true)
        #expect(try await cards.run(Self.errand(view, Self.wrong)) == .wrongPIN(triesLeft: 2))
        #expect(try await cards.run(Self.errand(view, Self.wrong)) == .wrongPIN(triesLeft: 1))
        #expect(try await cards.run(Self.errand(view, Self.pin)) == .tooFewTries, "the PIN was right, and is not used")
        #expect(try await cards.jpkiCard(isTaken: true).triesLeft == 1)
        #expect(try await cards.run(Self.errand(view, Self.wrong, leastTries: 1)) == .pinBlocked)
        #expect(try await cards.run(Self.errand(view, Self.pin, leastTries: 1)) == .pinBlocked)
        #expect(try await cards.jpkiCard(isTaken: true).triesLeft == 0)
        try inserted.takeOut()
        #expect(try CardBench.simulator(["show", "--card", file]).contains("pin tries  0 of 3 left"))
        #expect(try Self.isUntouched(file))
      }
    }

    @Test(
      "another person's card, put there while the PIN was typed, does not get it; nor does one that shows another certificate")
    func exchanged() async throws {
      try await CardBench.run { bench in
        let cards = ReaderCards()
        let first = try await bench.insert(try Self.card())
        let view = try await cards.jpkiCard(isTaken: true)
        try first.takeOut()
        let file = try Self.card("taro")
        let second = try await bench.insert(file)
        #expect(try await cards.run(Self.errand(view, Self.pin)) == .otherCard)
        #expect(try await cards.jpkiCard(isTaken: true).triesLeft == 3)
        try second.takeOut()
        // A certificate that is not the key's: the signature is the card's, and does not verify with it.
        let third = try await bench.insert(
          try Self.card(), fault: "swap-certificate \(CardBench.folder)/jpki-taro.pem")
        let swapped = try await cards.jpkiCard(isTaken: true)
        #expect(swapped.certificate != view.certificate)
        guard case .signed(let signature, _) = try await cards.run(Self.errand(swapped, Self.pin)) else {
          Issue.record("not signed")
          return
        }
        #expect(try !RealCardSuite.verifies(signature, CertificateKey(certificate: swapped.certificate)))
        try third.takeOut()
      }
    }

    @Test("an expired certificate is read and signed with: the server says what it is worth")
    func expired() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try Self.card("old", ["--valid-days", "10", "--started-days-ago", "20"]))
        let view = try await ReaderCards().jpkiCard(isTaken: true)
        guard case .signed = try await ReaderCards().run(Self.errand(view, Self.pin)) else {
          Issue.record("not signed")
          return
        }
        try inserted.takeOut()
      }
    }

    @Test("hostile data end in a refusal; pulled inside the signature nothing is proven")
    func hostile() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try Self.card())
        let cards = ReaderCards(reader: CardBench.firstReader)
        let view = try await cards.jpkiCard(isTaken: true)
        for fault in ["truncated-tlv", "long-tlv", "indefinite-tlv", "non-minimal-tlv", "endless-61xx", "short-answer"] {
          try inserted.tell("fault \(fault)")
          let start = ContinuousClock.now
          let found = await RealCardSuite.failure { () async throws(CardFailure) in try await cards.jpkiCard(isTaken: true) }
          #expect(found != nil && found != .timedOut, "\(fault): \(String(describing: found))")
          #expect(ContinuousClock.now - start < .seconds(4), "\(fault)")
        }
        try inserted.tell("fault forget-mid-sign")
        let forgot = await RealCardSuite.failure { () async throws(CardFailure) in
          try await cards.run(Self.errand(view, Self.pin))
        }
        #expect(forgot == .refused(.instructionNotSupported))
        try inserted.tell("fault pull-mid-sign")
        let pulled = await RealCardSuite.failure { () async throws(CardFailure) in
          try await cards.run(Self.errand(view, Self.pin))
        }
        #expect(pulled == .cardRemoved)
        try inserted.takeOut()
      }
    }

    @Test("OpenSC's jpki driver: two PINs with three and five tries; pkcs11-tool signs with the first, openssl verifies")
    func foreign() async throws {
      try await CardBench.run { bench in
        let file = try Self.card()
        let inserted = try await bench.insert(file)
        #expect(try Shell.must("opensc-tool", ["-n"]).lowercased().contains("jpki"))
        let pins = try Shell.must("pkcs15-tool", ["--list-pins"])
        #expect(pins.contains("User Authentication PIN") && pins.contains("Digital Signature PIN"), "\(pins)")
        #expect(pins.components(separatedBy: "PIN [").count == 3, "\(pins)")
        let (message, signature, key) = (
          CardBench.folder + "/jpki-message", CardBench.folder + "/jpki-signature", CardBench.folder + "/jpki-key"
        )
        try "見本の文".write(toFile: message, atomically: true, encoding: .utf8)
        try Shell.must(
          "pkcs11-tool",
          [
            "--login", "-p", Self.pinText, "--sign", "--id", "01", "-m", "SHA256-RSA-PKCS", "-i", message, "-o", signature,
          ])
        let pem = try CardBench.simulator(["show", "--card", file, "--certificate", "jpki"])
        try Shell.must("openssl", ["x509", "-noout", "-pubkey", "-out", key], input: Data(pem.utf8))
        #expect(
          try Shell.must("openssl", ["dgst", "-sha256", "-verify", key, "-signature", signature, message])
            .contains("Verified OK"))
        try inserted.takeOut()
      }
    }
  }
}
