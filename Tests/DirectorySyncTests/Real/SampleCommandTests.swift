import AuthTerms
import DirectorySync
import Foundation
import Programs
import RealDirectory
import Testing

/// deploy/ad-sample, as somebody uses it who tries things out.
@Suite(
  "the sample Active Directory", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct SampleCommandTests {
  private struct Ran {
    let code: Int32
    let output: String
    let errors: String
  }

  private func run(_ arguments: [String]) throws -> Ran {
    let ended = try Program.run([DomainController.root + "/deploy/ad-sample"] + arguments, within: 180)
    return Ran(code: ended.status, output: ended.output, errors: ended.errors)
  }

  /// What the printed lines say, asked over LDAPS.
  private func people(_ lines: String) async throws -> Int {
    func value(_ name: String) throws -> String {
      let line = lines.split(separator: "\n").first { $0.contains("  \(name): ") }
      return try #require(line.map { String($0.drop { $0 == " " }.dropFirst(name.count + 2)) })
    }
    let port = try #require(lines.firstMatch(of: /host: 127\.0\.0\.1, port: ([0-9]+)/)?.1)
    let password = try Data(contentsOf: URL(filePath: value("password-file")))
    let server = try LDAPServer(host: "127.0.0.1", port: UInt16(port), authorities: value("authorities"))
    let connection = LDAPConnection(
      server, account: try value("account"), password: Secret(copying: Array(password)), patience: .seconds(20))
    let (replica, _) = try await DirSyncReader(connection).everything()
    let rules = DirectoryRules(base: [try value("base")])
    return DirectoryView(of: replica, rules: rules, known: [], current: [], adopts: false, now: 0).people
      .count(where: \.isEnabled)
  }

  @Test("made, started, shown, changed, stopped, started again with its state, and removed without a trace")
  func life() async throws {
    let folder = NSTemporaryDirectory() + "sanmon-ad-sample-\(UUID().uuidString)"
    defer { _ = try? run(["remove", folder]) }
    #expect(try run(["show", folder]).code == 1)
    #expect(try run(["stop", folder]).code == 1)
    let started = try run(["start", folder])
    #expect(started.code == 0, "\(started.errors)")
    let before = try await people(started.output)
    #expect(before > 1100)
    #expect(try run(["show", folder]).output == started.output)
    #expect(try run(["start", folder]).output == started.output, "it runs already")
    let password = try String(contentsOfFile: folder + "/svc-sanmon.password", encoding: .utf8)
    #expect(!(started.output + started.errors).contains(password))
    for name in ["", "/svc-sanmon.password", "/provision.log"] {
      let mode = try FileManager.default.attributesOfItem(atPath: folder + name)[.posixPermissions] as? Int
      #expect(mode == (name.isEmpty ? 0o700 : 0o600), "\(name)")
    }
    #expect(try run(["tool", folder, "user", "disable", "sato.hanako"]).code == 0)
    #expect(try await people(started.output) == before - 1)
    #expect(try run(["stop", folder]).code == 0)
    await #expect(throws: LDAPFault.self) { _ = try await people(started.output) }
    #expect(try run(["tool", folder, "user", "list"]).code == 1)
    let again = try run(["start", folder])
    #expect(try await people(again.output) == before - 1, "\(again.errors)")
    #expect(try run(["remove", folder]).code == 0)
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  @Test("a folder with something else in it is left as it is; wrong words are wrong usage")
  func refused() throws {
    let folder = NSTemporaryDirectory() + "sanmon-ad-sample-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: folder + "/letter"))
    #expect(try run(["start", folder]).code == 64)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["letter"])
    for wrong in [["nothing"], ["tool"], ["start", folder, "more"], ["stop", "relative"]] {
      #expect(try run(wrong).code == 64, "\(wrong)")
    }
    let help = try run(["--help"])
    #expect(help.code == 0 && help.output.contains("deploy/ad-sample start") && help.output.contains("EXIT CODES"))
  }
}
