import AuthPolicy
import AuthTerms
import Foundation
import Testing

extension Samples {
  /// The files that are shipped: what is broken in a test is what an integrator begins with.
  static func card(_ name: String) -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return (try? String(contentsOf: root.appending(path: "policies/cards/\(name).yaml"), encoding: .utf8)) ?? ""
  }

  static func file(card name: String, _ text: String) throws(PolicyFaults) -> CardScriptFile {
    try CardScriptFile.compile(source("\(name).yaml", text))
  }

  static func faults(card name: String, _ text: String) -> [PolicyFault] {
    do throws(PolicyFaults) {
      _ = try file(card: name, text)
      return []
    } catch { return error.faults }
  }
}

extension Breaks {
  private static func lite(_ expected: String, _ old: String, _ new: String) -> Break {
    Break(expected, old, new, in: .card("felica-lite-s"))
  }
  private static func desfire(_ expected: String, _ old: String, _ new: String) -> Break {
    Break(expected, old, new, in: .card("desfire-ev2"))
  }
  private static let secondRead = "      - {command: \"06\", blocks: [\"92\", \"90\", \"91\"], answer: [any, counter, mac]}\n"
  private static let firstRead =
    "      - {command: \"06\", blocks: [\"82\", \"90\", \"91\"], answer: [card-id, counter, mac]}\n"
  private static let nonce = "      - {command: \"08\", blocks: [\"80\"], data: [nonce]}\n"
  private static let polling = "      - {command: \"00\", data: [\"88b4\"], answer: [number, chip]}\n"
  private static let state =
    "      - {command: \"08\", blocks: [\"92\", \"91\"], data: [\"01000000000000000000000000000000\", mac]}\n"
  private static let many = String(repeating: secondRead, count: 9)

  static let card: [Break] = [
    lite("PF201 2:1", "card:", "cards:"), lite("PF203 2:1", "card: felica-lite-s\n", ""),
    lite("CP001 2:7", "card: felica-lite-s", "card: felica-lite"), lite("PF215 2:7", "card: felica-lite-s", "card: Felica"),
    lite("PF209 3:12", "{ja: FeliCa Lite-S,", "{ja: \" \","), lite("PF203 3:7", ", en: FeliCa Lite-S", ""),
    lite("PF209 3:12", "ja: FeliCa Lite-S", "ja: \(String(repeating: "あ", count: 41))"),
    lite("PF208 4:7", "kind: felica-lite-s", "kind: felica-lite"), lite("PF208 5:8", "sym-3des", "sym-2des"),
    lite("CP003 5:1", "sym-3des", "sym-aes"), desfire("CP003 5:1", "sym-aes", "pk-pin"),
    lite("PF208 6:27", "lite-s-ck", "lite-s"), lite("PF203 6:18", "method: lite-s-ck", ""),
    lite("CP005 6:38", "{method: lite-s-ck}", "{method: lite-s-ck, input: [number]}"),
    lite("CP005 6:1", "{method: lite-s-ck}", "{method: an10922, input: [number, \"0011223344556677\"]}"),
    desfire("CP005 7:1", "[number, \"f73a10\", \"53616e6d6f6e\"]", "[number, \"f73a10\"]"),
    desfire("CP005 7:1", "[number, \"f73a10\", \"53616e6d6f6e\"]", "[\"53616e6d6f6e53616e6d6f6e53616e6d6f6e\"]"),
    desfire("CP005 7:1", "[number, \"f73a10\"", "[number, number, \"f73a10\""),
    desfire("CP005 7:1", "[number, \"f73a10\"", "[number, nonce, \"f73a10\""),
    desfire("CP005 7:1", "method: an10922, input: [number, \"f73a10\", \"53616e6d6f6e\"]", "method: none"),
    desfire("PF203 7:18", ", input: [number, \"f73a10\", \"53616e6d6f6e\"]", ""),
    desfire("CP002 7:52", "\"f73a10\", \"53616e6d6f6e\"", "\"F73A10\", \"53616e6d6f6e\""),
    lite("PF208 7:13", "generation: lite-s", "generation: lite"), lite("CP004 7:1", "generation: lite-s", "generation: ev2"),
    desfire("CP004 8:1", "generation: ev2", "generation: lite-s"),
    lite("PF210 8:12", "[\"00\",", "[00,"), lite("PF212 8:30", "\"08\"]", "\"08\", \"08\"]"),
    lite("PF211 8:11", "[\"00\", \"06\", \"08\"]", "[]"),
    lite("CP002 8:12", "[\"00\",", "[\"000\","), lite("CP002 8:12", "[\"00\",", "[\"\","),
    lite("CP006 8:30", "\"08\"]", "\"08\", \"10\"]"), desfire("CP006 9:44", "\"90af\"]", "\"90af\", \"90c4\"]"),
    lite("CP006 8:30", "\"08\"]", "\"08\", \"905a\"]"),
    desfire(
      "CP008 9:12", "      - {command: \"905a\", data: [\"f73a10\"], status: \"9100\"}\n", ""),
    lite("CP007 13:9", "[\"00\", \"06\", \"08\"]", "[\"06\", \"08\"]"),
    lite("CP006 13:9", "{command: \"00\"", "{command: \"02\""),
    lite("PF211 10:9", "rounds:", "rounds: []\nround:"), lite("PF201 11:1", "rounds:", "rounds: []\nround:"),
    lite("PF203 12:5", "steps:\n" + polling, "step:\n" + polling), lite("PF211 18:7", secondRead, many),
    lite("CP002 14:34", "[\"80\"]", "[\"8000\"]"), lite("PF211 14:33", "[\"80\"]", "[]"),
    lite("CP009 14:9", "[\"80\"]", "[\"87\"]"), lite("CP009 14:9", "[\"80\"]", "[\"00\"]"),
    lite("CP009 15:9", "\"82\", \"90\", \"91\"]", "\"82\", \"87\", \"91\"]"),
    lite("CP009 15:9", "\"82\", \"90\", \"91\"]", "\"82\", \"91\", \"90\"]"),
    lite("CP009 15:9", "\"82\", \"90\", \"91\"]", "\"82\", \"82\", \"91\"]"),
    lite("CP009 13:9", "data: [\"88b4\"]", "blocks: [\"82\"], data: [\"88b4\"]"),
    desfire("CP009 17:9", "data: [\"f73a10\"]", "blocks: [\"82\"], data: [\"f73a10\"]"),
    lite("CP010 13:9", "data: [\"88b4\"]", "data: [\"88\"]"), lite("CP010 13:9", "[number, chip]", "[number, number, chip]"),
    lite("CP010 14:9", "data: [nonce]", "data: [\"00112233445566778899aabbccddeeff\"]"),
    lite("CP010 15:9", "[card-id, counter, mac]", "[counter, card-id, mac]"),
    lite("CP010 15:9", "[card-id, counter, mac]", "[card-id, counter]"),
    lite("CP010 15:9", "[card-id, counter, mac]", "[card-id, counter, any]"),
    lite("CP010 15:9", "[card-id, counter, mac]", "[card-id, \"00\", mac]"),
    lite("CP010 18:9", "\"01000000000000000000000000000000\"", "\"02000000000000000000000000000000\""),
    lite("CP010 18:9", "00000000\", mac]", "00000000\"]"), lite("CP002 15:62", "[card-id,", "[cardid,"),
    desfire("CP010 17:9", "[\"f73a10\"]", "[\"f73a\"]"), desfire("CP010 19:9", "[\"0100\"]", "[\"0e00\"]"),
    desfire("CP010 19:9", "[\"0100\"]", "[\"0106\"]"), desfire("CP010 19:9", "[\"0100\"]", "[\"010700000000000000\"]"),
    desfire("CP010 21:9", "[sealed-nonces]", "[sealed-nonce]"),
    lite("CP011 14:9", "data: [nonce]", "data: [nonce], status: \"9000\""),
    desfire(
      "CP011 13:9", ", status: \"91af\"}\n      - {command: \"90af\", answer: [any], status: \"91af\"}",
      "}\n      - {command: \"90af\", answer: [any], status: \"91af\"}"),
    desfire("CP011 15:9", "[any], status: \"9100\"", "[any], status: \"91af\""),
    desfire("CP011 21:9", "[sealed-proof], status: \"9100\"", "[sealed-proof], status: \"9000\""),
    desfire("CP002 17:53", "\"f73a10\"], status: \"9100\"", "\"f73a10\"], status: \"91\""),
    lite("CP012 14:9", nonce, ""),
    lite("CP012 15:9", "answer: [card-id, counter, mac]", "answer: [any, counter, mac]"),
    lite("CP013 10:1", "answer: [card-id, counter, mac]", "answer: [any, counter, mac]"),
    lite("CP012 20:9", secondRead, secondRead + nonce), lite("CP012 16:9", firstRead, firstRead + state),
    desfire(
      "CP012 14:9", "      - {command: \"90af\", answer: [any], status: \"91af\"}\n",
      "      - {command: \"905a\", data: [\"f73a10\"], status: \"9100\"}\n"),
    desfire(
      "CP013 11:1",
      "  - steps:\n      - {command: \"90af\", data: [sealed-nonces], answer: [sealed-proof], status: \"9100\"}\n", ""),
    lite("CP014 10:1", polling, polling + polling), lite("CP008 8:12", polling, ""), lite("CP014 10:1", polling, ""),
  ]
}

@Suite("files of cards")
struct CardScriptFileTests {
  @Test("the shipped ones are right and have nothing to look at", arguments: ["felica-lite-s", "desfire-ev2"])
  func shipped(name: String) throws {
    let file = try Samples.file(card: name, Samples.card(name))
    #expect(file.warnings.isEmpty && file.script.id == name && file.script.rounds.count == 2)
    #expect(try CardScript(canonicalBytes: file.script.canonicalBytes) == file.script)
    #expect(file.script.keyLength == (name == "felica-lite-s" ? 24 : 16))
    #expect(file.script.readsCounter == (name == "felica-lite-s"))
  }

  @Test("the folder has no other file")
  func folder() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "policies/cards").path)
    #expect(names.sorted() == ["desfire-ev2.yaml", "felica-lite-s.yaml"])
  }

  @Test("a key that all cards share, and a counter that stands still, are worth a look")
  func warnings() throws {
    let text = Samples.card("felica-lite-s")
    let shared = try Samples.file(card: "felica-lite-s", text.breaking("method: lite-s-ck", "method: none"))
    #expect(shared.warnings.map { "\($0.code) \($0.line):\($0.column)" } == ["CP015 6:1"])
    #expect(shared.script.keyLength == 16)
    let second = try #require(text.range(of: "  # 庁側"))
    let once = try Samples.file(card: "felica-lite-s", String(text[..<second.lowerBound]))
    #expect(once.warnings.map { "\($0.code) \($0.line):\($0.column)" } == ["CP016 10:1"])
    for warning in shared.warnings + once.warnings { #expect(warning.severity == .warning && !warning.hintEn.isEmpty) }
  }

  @Test("a card of another make: its own blocks and application, without a line of Swift")
  func another() throws {
    let blocks = Samples.card("felica-lite-s").breaking("card: felica-lite-s", "card: branch-office")
      .breaking(
        "{command: \"06\", blocks: [\"92\", \"90\", \"91\"], answer: [any, counter, mac]}",
        "{command: \"06\", blocks: [\"00\", \"92\", \"90\", \"91\"], answer: [\"\(String(repeating: "41", count: 16))\", any, counter, mac]}"
      )
    #expect(try Samples.file(card: "branch-office", blocks).script.rounds[1][1].blocks == [0, 0x92, 0x90, 0x91])
    let other = Samples.card("desfire-ev2").breaking("\"f73a10\"], status", "\"010203\"], status")
      .breaking("\"0100\"", "\"0d06000000000000\"").breaking("generation: ev2", "generation: ev3")
    #expect(try Samples.file(card: "desfire-ev2", other).script.generation == "ev3")
  }
}
