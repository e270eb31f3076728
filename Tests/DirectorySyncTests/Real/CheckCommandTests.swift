import DirectorySync
import Foundation
import Programs
import RealDirectory
import Testing

@Suite(
  "sanmon directory check at a real domain controller", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct CheckCommandTests {
  private static let program =
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/sanmon"

  private static func check(
    _ dc: DomainController, _ more: [String] = [], account: String = DomainController.account, password: String? = nil,
    language: String = "C.UTF-8"
  ) throws -> (status: Int32, output: String) {
    let server = try dc.server()
    let ended = try Program.run(
      [program, "directory", "check", "--host", server.host, "--port", "\(server.port)", "--authorities", server.authorities]
        + ["--account", account, "--password-fd", "0"] + more,
      environment: ["LC_ALL": language, "PATH": "/usr/bin:/bin"], input: .text(password ?? dc.passwordText()),
      output: .together)
    return (ended.status, ended.output)
  }

  @Test("all is well, in both languages; then each thing that is wrong is named with what to do")
  func screens() async throws {
    try await DomainController.run { dc in
      try dc.tool("user delete kato.ichiro")
      let well = try Self.check(dc, ["--group", "seg-lgwan", "--group", "SEG-MyNumber"])
      #expect(well.status == 0 && well.output.contains("All is well."), "\(well.output)")
      let rows = try String(contentsOfFile: DomainController.root + "/deploy/sample-city/people.csv", encoding: .utf8)
      let people = rows.split(whereSeparator: \.isNewline).filter { $0.contains(",true,") && !$0.contains("kato.ichiro") }.count
      #expect(people > 1000 && well.output.contains("\(people) people;"), "\(people): \(well.output)")
      let ja = try Self.check(dc, language: "ja_JP.UTF-8")
      #expect(ja.status == 0 && ja.output.contains("異常はありません。") && ja.output.contains("\(people) 人。"), "\(ja.output)")

      let noGroup = try Self.check(dc, ["--group", "seg-lgwan", "--group", "seg-nowhere"])
      #expect(noGroup.status == 2 && noGroup.output.contains("not there: seg-nowhere"), "\(noGroup.output)")
      try dc.tool("group addmembers ka-0401 seg-lgwan")
      let circle = try Self.check(dc)
      #expect(circle.status == 1 && circle.output.contains("contain each other") && circle.output.contains("ka-0401"))
      try dc.change(
        "dn: CN=twice,CN=Users,\(DomainController.base)\nchangetype: add\nobjectClass: user\nsAMAccountName: twice\nemployeeNumber: p-000042\n"
      )
      let twice = try Self.check(dc)
      #expect(twice.status == 2 && twice.output.contains("sato.hanako = twice"), "\(twice.output)")

      let password = "Blind-4711-Account"
      try dc.tool("user create svc.blind '\(password)'")
      let blind = try Self.check(dc, account: "svc.blind@ad.sanmon.example", password: password)
      #expect(blind.output.contains("are not seen") && blind.output.contains("dsacls"), "\(blind.output)")
      let wrong = try Self.check(dc, password: "wrong")
      #expect(wrong.status == 2 && wrong.output.contains("DS204") && wrong.output.contains("52e"), "\(wrong.output)")
      #expect(!wrong.output.contains("wrong\n"), "a password is never shown")
      try dc.stop()
      let nobody = try Self.check(dc)
      #expect(nobody.status == 2 && nobody.output.contains("DS202"), "\(nobody.output)")
    }
  }

  @Test("wrong usage ends with 64")
  func usage() throws {
    let words = [Self.program, "directory", "check", "--host", "dc/1", "--authorities", "ca.pem", "--account", "a"]
    #expect(try Program.run(words).status == 64)
  }
}
