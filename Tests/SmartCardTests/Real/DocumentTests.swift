import AuthTerms
import Foundation
import Testing

extension RealCardSuite {
  @Suite("docs/card-simulator.md")
  struct Document {
    private static func text() throws -> String {
      try String(contentsOfFile: CardBench.root + "/docs/card-simulator.md", encoding: .utf8)
    }

    @Test("its commands work as they stand there")
    func commands() throws {
      let parts = try Self.text().components(separatedBy: "```sh\n").dropFirst()
      let commands = parts.map { $0.components(separatedBy: "\n```")[0] }.joined(separator: "\n")
      #expect(commands.contains("pcscd_start"))
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sanmon-document-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let said = try Shell.must(
        "env",
        [
          "--chdir=\(folder)", "SANMON_BIN=\(CardBench.programs)", "SANMON_ROOT=\(CardBench.root)", "bash", "-euc", commands,
        ])
      for expected in ["三門 花子", "inserted", "Personal Identity Verification Card", "removed"] {
        #expect(said.contains(expected), "\(expected)")
      }
    }

    @Test("it names every fault the program knows")
    func faults() throws {
      let help = try CardBench.simulator(["help", "insert"])
      let list = try #require(help.components(separatedBy: "Faults: ").last?.components(separatedBy: ".").first)
      let names = list.split { $0 == "," || $0.isWhitespace }.map(String.init).filter { $0 != "FILE" && $0 != "none" }
      #expect(names.count >= 14)
      let text = try Self.text()
      for name in names { #expect(text.contains("`\(name)") || text.contains("`\(name) FILE`"), "\(name)") }
    }
  }

  @Suite("the simulator's own refusals")
  struct SimulatorRefusals {
    private static func run(_ arguments: [String]) throws -> Shell.Result {
      try Shell.run(CardBench.programs + "/sanmon-cardsim", arguments)
    }

    @Test("exit codes: usage 64, data 65, no reader 69, cannot create 73")
    func exitCodes() throws {
      let card = try CardBench.card()
      let folder = URL(fileURLWithPath: card).deletingLastPathComponent().path
      #expect(try Self.run(["issue"]).status == 64)
      #expect(try Self.run(["insert", "--card", card, "--fault", "no-such"]).status == 64)
      #expect(try Self.run(["show", "--card", folder + "/pin"]).status == 65)
      #expect(try Self.run(["show", "--card", "/nonexistent"]).status == 65)
      #expect(try Self.run(["insert", "--card", card, "--port", "1", "--wait", "0", "--until-signal"]).status == 69)
      let issue = ["issue", "--name", "x", "--ca-cert", folder + "/ca.pem", "--ca-key", folder + "/ca.key", "--card"]
      #expect(try Self.run(issue + [card, "--pin-file", folder + "/pin"]).status == 73, "a card is never overwritten")
      #expect(try Self.run(issue + [folder + "/new.card", "--pin-file", folder + "/ca.pem"]).status == 65, "that is no PIN")
      #expect(try Self.run(issue + [folder + "/new.card"]).status == 64, "a PIN has to come from somewhere")
    }

    @Test("a shared-key card: the same codes, and a key for its owner alone")
    func shared() throws {
      let card = try CardBench.sharedCard(.felicaLiteS)
      let folder = URL(fileURLWithPath: card).deletingLastPathComponent().path
      func issue(_ kind: String, _ number: String, card: String = folder + "/new", master: String = "city.key") throws -> Int32
      {
        try Self.run([
          "issue-shared", "--card", card, "--name", "x", "--kind", kind, "--number", number, "--master-file",
          folder + "/" + master,
        ]).status
      }
      #expect(try issue("felica-lite", "012e4cd8a1b2c3d4") == 64)
      for number in ["", "012e4cd8a1b2c3", "012E4CD8A1B2C3D4", "012e4cd8a1b2c3d40", "0x2e4cd8a1b2c3d4"] {
        #expect(try issue("felica-lite-s", number) == 65, "\(number)")
      }
      #expect(try issue("felica-lite-s", "012e4cd8a1b2c3d4", master: "card") == 65, "that is no key")
      #expect(try issue("desfire-ev2", "04782e21801d80") == 65, "a key of another length")
      #expect(try issue("felica-lite-s", "012e4cd8a1b2c3d4", master: "none") == 65)
      #expect(try issue("felica-lite-s", "012e4cd8a1b2c3d4", card: card) == 73, "a card is never overwritten")
      let mode = try FileManager.default.attributesOfItem(atPath: card)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try CardBench.simulator(["show", "--card", card]).contains("kind       felica-lite-s"))
    }

    @Test("card and CA key are readable by their owner alone")
    func modes() throws {
      let card = try CardBench.card()
      let folder = URL(fileURLWithPath: card).deletingLastPathComponent().path
      for path in [folder + "/p256-once.card", folder + "/ca.key"] {
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600, "\(path)")
      }
    }
  }
}
