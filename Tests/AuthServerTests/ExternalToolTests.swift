import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Testing

/// `sanmon person` and `sanmon workstation` as two administrators use them for people from outside and for own workstations: the
/// built program, a real server.
@Suite("people from outside and the operator's tool", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct ExternalToolTests {
  private func sanmon(_ city: City, _ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
    try await ToolProcess.started(
      arguments + ["--socket", city.folder + "/operator.sock"], environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
  }

  private func key(_ city: City, _ name: String, _ secret: Data) -> [String] {
    let path = city.folder + "/\(name).key"
    let text = secret.base64EncodedString() + "\n"
    _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    return ["--as", name, "--key-file", path]
  }

  @Test("proposed by one, accepted by the other who sees all of it, brought; extended by both, ended by one")
  func together() async throws {
    try await ExternalOffice.run { office in
      let city = office.city
      let yamada = key(city, "yamada", city.operatorKey.rawRepresentation)
      let suzuki = key(city, "suzuki", office.suzuki.key.rawRepresentation)
      let act = city.folder + "/ext.act"
      func accept() async throws -> ToolProcess.Ran {
        try await ToolProcess.started(["operator", "accept", act, "--out", act + ".suzuki"] + suzuki)
      }
      func clear() throws {
        for path in [act, act + ".suzuki"] { try FileManager.default.removeItem(atPath: path) }
      }
      let add = [
        "person", "add-external", "--number", "EXT-0001", "--name", "外部 太郎", "--department", "0401", "--groups", "seg-lgwan",
        "--from", office.day(0), "--until", office.day(30), "--responsible", "p-000042", "--reason", "contract 15",
      ]
      let proposed = try await sanmon(city, add + ["--out", act] + yamada)
      #expect(proposed.status == 0, "\(proposed.errors)")
      let accepted = try await accept()
      #expect(accepted.errors.contains("  groups=seg-lgwan\n") && accepted.errors.contains("  responsible=p-000042\n"))
      #expect(accepted.errors.contains("  name=外部 太郎\n") && accepted.errors.contains("  until=\(office.day(30))\n"))
      let bring = ["--act", act, "--approval", "suzuki=\(act).suzuki"] + yamada
      let added = try await sanmon(city, ["person", "add-external"] + bring)
      #expect(added.status == 0 && added.output.contains("EXT-0001  外部 太郎"), "\(added.errors)")
      #expect(added.output.contains("answered for by p-000042 佐藤 花子") && added.output.contains("in force"))
      let again = try await sanmon(city, ["person", "add-external"] + bring)
      #expect(again.status == 1 && again.errors.contains("HT409"), "\(again.errors)")
      let listed = try await sanmon(city, ["person", "list", "--external"], japanese: true)
      #expect(listed.output.contains("EXT-0001") && listed.output.contains("責任者 p-000042") && listed.output.contains("有効"))
      #expect(try await sanmon(city, ["person", "list", "次郎", "--external"]).output.contains("nobody from outside"))
      try clear()

      let extend = ["person", "extend", "EXT-0001", "--until", office.day(60), "--responsible", "p-000007", "--reason", "16"]
      #expect(try await sanmon(city, extend + ["--out", act] + yamada).status == 0)
      #expect(try await accept().status == 0)
      let other = try await sanmon(city, ["person", "extend", "EXT-0002"] + bring)
      #expect(other.status == 65 && other.errors.contains("not about extending EXT-0002"), "\(other.errors)")
      let extended = try await sanmon(city, ["person", "extend", "EXT-0001"] + bring)
      #expect(extended.status == 0 && extended.output.contains(office.day(60)) && extended.output.contains("p-000007"))
      let sheet = try await sanmon(city, ["code", "issue", "--person", "EXT-0001", "--segment", "lgwan"] + yamada)
      #expect(sheet.status == 0 && sheet.output.contains("Account EXT-0001\n"), "\(sheet.errors)")
      let ended = try await sanmon(city, ["person", "end", "EXT-0001", "--reason", "over"] + yamada, japanese: true)
      #expect(ended.status == 0 && ended.output.contains("終了"), "\(ended.errors)")
      let twice = try await sanmon(city, ["person", "end", "EXT-0001", "--reason", "over"] + yamada)
      #expect(
        twice.status == 1 && twice.errors.contains("AP206") && twice.errors.contains("the row says why"), "\(twice.errors)")
      for action in ["added", "extended", "ended"] { #expect(twice.errors.contains("person.external.\(action)")) }
    }
  }

  @Test("what is wrong is said before anything is signed or sent")
  func refusals() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    _ = try await city.workstation("LGWAN-PC-0042")
    let whole = [
      "--name", "x", "--department", "0401", "--groups", "seg-lgwan", "--until", "2027-03-31", "--responsible", "p-000042",
      "--reason", "x",
    ]
    for (arguments, status, word) in [
      (["person", "add-external", "--number", "EXT-1"] + whole, 64, "give all of"),
      (["person", "add-external", "--number", "p-1", "--from", "2026-04-01"] + whole, 64, "EXT- and capital letters"),
      (["person", "add-external", "--number", "EXT-a", "--from", "2026-04-01"] + whole, 64, "EXT- and capital letters"),
      (["person", "add-external", "--number", "EXT-1", "--from", "tomorrow"] + whole, 64, "--from: write 2027-04-01"),
      (["person", "extend", "EXT-1", "--until", "2027-03-31"], 64, "give all of"),
      (["person", "extend", "EXT 1", "--until", "2027-03-31"], 64, "not a person id"),
      (["person", "end", "EXT-1", "--reason", " "], 64, "say why"),
      (["workstation", "set-site", "LGWAN-PC-0042"], 64, "--site SITE or --none"),
      (["workstation", "set-site", "LGWAN-PC-0042", "--site", "nowhere"], 1, "no site nowhere"),
      (["workstation", "set-site", "LGWAN-PC-9999", "--none"], 1, "no workstation LGWAN-PC-9999 is enrolled\n"),
      (["workstation", "set-site", "../x", "--none"], 64, "not a workstation"),
      (["workstation", "assign", "LGWAN-PC-0042", "--person", "p-none"], 1, "no person p-none"),
      (["workstation", "unassign", "LGWAN-PC-9999", "--person", "p-000042"], 1, "no workstation LGWAN-PC-9999"),
    ] as [([String], Int32, String)] {
      let ran = try await sanmon(city, arguments)
      #expect(ran.status == status && ran.errors.contains(word), "\(arguments): \(ran.status) \(ran.errors)")
    }
    #expect(try await sanmon(city, ["workstation", "set-site", "LGWAN-PC-0042", "--site", "honcho"]).output.contains("honcho"))
    let own = try await sanmon(city, ["workstation", "assign", "LGWAN-PC-0042", "--person", "p-000042"])
    #expect(own.status == 0 && own.output.contains("honcho  own of p-000042"), "\(own.errors)")
    let not = try await sanmon(city, ["workstation", "unassign", "LGWAN-PC-0042", "--person", "p-000042"])
    #expect(not.status == 0 && !not.output.contains("p-000042"), "\(not.errors)")
    let assign = ["workstation", "assign", "LGWAN-PC-0042", "--person"]
    for person in 2...5 { #expect(try await sanmon(city, assign + ["p-00000\(person)"]).status == 0) }
    let fifth = try await sanmon(city, assign + ["p-000042"])
    #expect(fifth.status == 1 && fifth.errors.contains("4 people a workstation"), "\(fifth.errors)")
    #expect(try await sanmon(city, assign + ["p-000042"], japanese: true).errors.contains("一人 4 台、1 台 4 人まで"))
    await city.end()
  }
}
