import AuthTerms
import Foundation
import SmartCard
import Testing

extension RealCardSuite {
  /// Programs that know nothing of us judge the simulator: what they accept is a PIV card.
  @Suite("foreign programs accept the simulator")
  struct ForeignClients {
    private static func scratch(_ name: String) -> String { "/tmp/sanmon-card-tests-\(getpid())/\(name)-\(UUID().uuidString)" }

    @Test("opensc-tool and pkcs15-tool")
    func opensc() async throws {
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card())
        #expect(try Shell.must("opensc-tool", ["-n"]).contains("Personal Identity Verification Card"))
        let dump = try Shell.must("pkcs15-tool", ["--dump"])
        for expected in [
          "PIV AUTH key", "CARD AUTH key", "Certificate for PIV Authentication", "Certificate for Card Authentication", "三門 花子",
        ] {
          #expect(dump.contains(expected), "\(expected)")
        }
        try inserted.takeOut()
      }
    }

    @Test(
      "pkcs11-tool signs, openssl verifies", arguments: [("rsa2048", "t1"), ("rsa3072", "t0"), ("p256", "t1"), ("p256", "t0")])
    func pkcs11(kind: String, wire: String) async throws {
      let mechanism = kind == "p256" ? "ECDSA-SHA256" : "SHA256-RSA-PKCS"
      try await CardBench.run { bench in
        let card = try CardBench.card(.init(key: kind, wire: wire))
        let inserted = try await bench.insert(card)
        let (message, signature, key) = (Self.scratch("message"), Self.scratch("signature"), Self.scratch("key"))
        try "見本の文".write(toFile: message, atomically: true, encoding: .utf8)
        for (slot, id) in [("9a", "01"), ("9e", "04")] {
          try Shell.must(
            "pkcs11-tool",
            [
              "--login", "-p", CardBench.pin, "--sign", "--id", id, "-m", mechanism, "-i", message, "-o", signature,
              "--signature-format", "openssl",
            ])
          let pem = try CardBench.simulator(["show", "--card", card, "--certificate", slot])
          try Shell.must("openssl", ["x509", "-noout", "-pubkey", "-out", key], input: Data(pem.utf8))
          #expect(
            try Shell.must("openssl", ["dgst", "-sha256", "-verify", key, "-signature", signature, message]).contains(
              "Verified OK"))
        }
        let refused = try Shell.run(
          "pkcs11-tool", ["--login", "-p", "111111", "--sign", "--id", "01", "-m", mechanism, "-i", message, "-o", signature])
        #expect(refused.status != 0)
        #expect(refused.output.contains("CKR_PIN_INCORRECT"))
        try inserted.takeOut()
      }
    }

    @Test("yubico-piv-tool: status, verify-pin, test-signature", arguments: ["p256", "rsa2048"])
    func yubico(kind: String) async throws {
      func tool(_ arguments: String..., input: String? = nil) throws -> Shell.Result {
        try Shell.run("yubico-piv-tool", ["-r", CardBench.firstReader] + arguments, input: input.map { Data($0.utf8) })
      }
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card(.init(key: kind)))
        let status = try tool("-a", "status")
        #expect(status.output.contains("PIN tries left:\t3"))
        #expect(status.output.contains(kind == "p256" ? "ECCP256" : "RSA2048"))
        for slot in ["9a", "9e"] {
          let certificate = try tool("-a", "read-certificate", "-s", slot)
          #expect(certificate.output.contains("BEGIN CERTIFICATE"))
          let test = try tool(
            "-a", "verify-pin", "-P", CardBench.pin, "-a", "test-signature", "-s", slot, input: certificate.output)
          #expect(test.output.contains(kind == "p256" ? "Successful ECDSA verification" : "Successful RSA verification"))
        }
        #expect(try tool("-a", "verify-pin", "-P", "111111").output.contains("2 tries left"))
        #expect(try tool("-a", "verify-pin", "-P", "111111").output.contains("1 tries left"))
        #expect(try tool("-a", "verify-pin", "-P", "111111").output.contains("blocked"))
        #expect(try await RealCardSuite.triesLeft() == 0)
        try inserted.takeOut()
      }
    }

    @Test("yubico-piv-tool changes the PIN, and unblocks it with the PUK")
    func unblocks() async throws {
      func tool(_ arguments: String...) throws -> Shell.Result {
        try Shell.run("yubico-piv-tool", ["-r", CardBench.firstReader] + arguments)
      }
      try await CardBench.run { bench in
        let inserted = try await bench.insert(try CardBench.card(.init(hasPUK: true)))
        #expect(try tool("-a", "change-pin", "-P", CardBench.pin, "-N", "902817").status == 0)
        #expect(try tool("-a", "verify-pin", "-P", "902817").status == 0)
        for _ in 0..<3 { _ = try tool("-a", "verify-pin", "-P", "111112") }
        #expect(try await RealCardSuite.triesLeft() == 0)
        #expect(try tool("-a", "unblock-pin", "-P", "00000000", "-N", "135792").status != 0)
        #expect(try tool("-a", "unblock-pin", "-P", CardBench.puk, "-N", "135792").status == 0)
        #expect(try await RealCardSuite.tryPIN(Secret<PIN>(copying: Array("135792".utf8))) == .verified)
        try inserted.takeOut()
      }
    }

    @Test("openssl accepts the certificates of make-ca and issue")
    func path() throws {
      let card = try CardBench.card()
      for slot in ["9a", "9e"] {
        let pem = try CardBench.simulator(["show", "--card", card, "--certificate", slot])
        let ca = URL(fileURLWithPath: card).deletingLastPathComponent().path + "/ca.pem"
        #expect(try Shell.must("openssl", ["verify", "-x509_strict", "-CAfile", ca], input: Data(pem.utf8)).contains("OK"))
      }
    }
  }
}
