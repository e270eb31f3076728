import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Testing

/// `sanmon policy diff`, `status`, `sign` and `reload` as two administrators use them: the built program, a real server.
@Suite("changes of the rules and the operator's tool", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct PolicyToolTests {
  private func sanmon(_ city: City, _ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
    try await ToolProcess.started(
      arguments + ["--socket", city.folder + "/operator.sock"], environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
  }

  private func sign(_ city: City, _ name: String, _ secret: Data) async throws -> ToolProcess.Ran {
    let path = city.folder + "/\(name).key"
    let text = secret.base64EncodedString() + "\n"
    _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    return try await ToolProcess.started([
      "policy", "sign", city.folder + "/policies", "--instance", "lgwan-1", "--as", name, "--key-file", path,
    ])
  }

  @Test("two folders are compared without a server, in both languages and as JSON; a wrong one is refused")
  func diff() async throws {
    let shipped = Repository.root + "/policies"
    let copy = FileManager.default.temporaryDirectory.appending(path: "sanmon-diff-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: shipped, toPath: copy)
    let same = try await ToolProcess.started(["policy", "diff", shipped, copy])
    #expect(same.status == 0 && same.output == "nothing differs\n", "\(same.errors)")

    let text = try String(contentsOfFile: copy + "/lgwan.yaml", encoding: .utf8)
    let wider = text.replacing("at-once: 2", with: "at-once: 3").replacing("lease-minutes: 15", with: "lease-minutes: 10")
    try wider.write(toFile: copy + "/lgwan.yaml", atomically: true, encoding: .utf8)
    try FileManager.default.removeItem(atPath: copy + "/applications/ledger.yaml")
    let found = try await ToolProcess.started(["policy", "diff", shipped, copy])
    let lines = found.output.split(separator: "\n")
    #expect(found.status == 0 && lines.count == 3, "\(found.output)\(found.errors)")
    #expect(lines.first?.hasPrefix("  [widens] LGWAN segment: workstations at once: 3 instead of 2  (lgwan.yaml:") == true)
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("  [narrows] ") })
    let japanese = try await ToolProcess.started(["policy", "diff", shipped, copy], environment: ["LC_ALL": "ja_JP.UTF-8"])
    #expect(japanese.output.hasPrefix("  [広がる] LGWAN接続系: 一人が同時に使える端末: 2 から 3 へ。"))
    let json = try await ToolProcess.started(["policy", "diff", shipped, copy, "--json"])
    let changes = try JSONDecoder().decode([PolicyChangeShown].self, from: Data(json.output.utf8))
    #expect(changes.map(\.effect) == ["widening", "narrowing", "narrowing"])

    try text.replacing("\nlogon:", with: "\nlogn:").write(toFile: copy + "/lgwan.yaml", atomically: true, encoding: .utf8)
    #expect(try await ToolProcess.started(["policy", "diff", shipped, copy]).status == 65)
    #expect(try await ToolProcess.started(["policy", "diff", shipped, copy + "/nowhere"]).status == 66)
  }

  @Test("what waits is shown with who has signed, one signature is refused and two are taken")
  func waiting() async throws {
    let city = try await City(lines: { _ in "policy-signatures: 1\n" })
    let suzuki = Administrator(id: "suzuki", person: "p-000002")
    #expect(try await city.register(suzuki) == 201)
    let same = try await sanmon(city, ["policy", "status"])
    #expect(same.status == 0 && same.output.contains("the folder holds the same"), "\(same.errors)")

    let path = city.folder + "/policies/lgwan.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("at-once: 2", with: "at-once: 3").write(toFile: path, atomically: true, encoding: .utf8)
    let first = try await sign(city, "yamada", city.operatorKey.rawRepresentation)
    #expect(first.status == 0, "\(first.errors)")
    let refused = try await sanmon(city, ["policy", "reload"])
    #expect(refused.status == 65 && refused.output.contains("[widens] LGWAN segment: workstations at once: 3 instead of 2"))
    #expect(refused.output.contains("two administrators"))
    let waiting = try await sanmon(city, ["policy", "status"], japanese: true)
    #expect(waiting.output.contains("[広がる]") && waiting.output.contains("署名: 1 / 2 人（yamada）"), "\(waiting.output)")

    let second = try await sign(city, "suzuki", suzuki.key.rawRepresentation)
    #expect(second.status == 0 && second.output.contains("yamada, suzuki"), "\(second.errors)")
    // The watch of the folder may have been quicker.
    let taken = try await sanmon(city, ["policy", "reload"])
    #expect(taken.status == 0, "\(taken.output)\(taken.errors)")
    #expect(try await sanmon(city, ["policy", "status"]).output.contains("the folder holds the same"))
    await city.end()
  }
}
