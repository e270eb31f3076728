import ArgumentParser
import AuthPolicy
import AuthTerms
import Foundation

/// Which instance of this machine is looked at.
struct ConfigOption: ParsableArguments {
  @Option(
    help: "The start-up file. Default: the only /etc/sanmon/*/instance.yaml of this machine. / 起動の設定ファイル",
    completion: .file(extensions: ["yaml"]))
  var config: String?

  func path() throws -> String {
    if let config { return config }
    let folder = "/etc/sanmon"
    let found = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .map { "\(folder)/\($0)/instance.yaml" }.filter { FileManager.default.fileExists(atPath: $0) }
    guard let only = found.first, found.count == 1 else {
      throw fail(
        64,
        found.isEmpty
          ? "この装置に \(folder)/*/instance.yaml がありません。--config で指定してください。"
          : "--config でどれかを指定してください: \(found.joined(separator: "、"))",
        found.isEmpty
          ? "there is no \(folder)/*/instance.yaml here; say --config"
          : "say which with --config: \(found.joined(separator: ", "))")
    }
    return only
  }
}

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say on one screen what is wrong with this machine's instance and what to do. / 装置を診断します。",
    discussion: """
      Works while the server or the vault is down. It writes nothing and reads what its caller may read: run it as root to see
      everything. A check that could not be made is marked with ? and says why. Each run makes one connection to each listener,
      which those with TLS count as a failed handshake.

      EXAMPLES
        sanmon doctor
        sanmon doctor --config /etc/sanmon/lgwan/instance.yaml
        sanmon doctor --json

      EXIT CODES
        0 all is well   1 a warning, or a check that could not be made   2 a fault   64 wrong usage
      """)
  @OptionGroup var instance: ConfigOption
  @Flag(help: "Print the findings as JSON, in both languages.") var json = false

  func run() async throws {
    let checkup = await Checkup(config: try instance.path())
    print(try json ? checkup.json() : checkup.screen())
    if checkup.exitCode != 0 { throw ExitCode(checkup.exitCode) }
  }
}

/// All findings about one instance.
struct Checkup {
  /// `nil` when the start-up file cannot be read.
  let file: InstanceFile?
  let examination: Examination?
  let findings: [Finding]
  private let now: Int64

  var instance: String? { file?.instance }

  init(config path: String) async {
    now = Int64(Date().timeIntervalSince1970 * 1000)
    let file: InstanceFile
    do {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw Unread(words: Words("\(path) を読めません", "\(path) cannot be read"))
      }
      file = try InstanceFile.parse(PolicySource(name: path, bytes: Array(data)))
    } catch {
      let said =
        switch error {
        case let faults as PolicyFaults: Words("\(faults.render(.ja))", "\(faults.render(.en))")
        case let unread as Unread: unread.words
        default: Words("\(path) を読めません", "\(path) cannot be read")
        }
      self.file = nil
      examination = nil
      findings =
        [
          .fault(
            .config, said,
            Words(
              "示された場所を直し、sanmond --config \(path) --check で確かめる",
              "mend it where it says, then: sanmond --config \(path) --check"))
        ]
        + Check.allCases.dropFirst().map { .unknown($0, "起動の設定を読めないため", "the start-up file cannot be read") }
      return
    }
    self.file = file
    let at = await Examination(config: path, instance: file, now: now)
    examination = at
    let segments = file.segments.map(\.name).joined(separator: ", ")
    var found: [Finding] = [.ok(.config, "\(file.instance)（\(segments)）", "\(file.instance) (\(segments))")]
    found += at.rules()
    found += [
      at.serverAnswers(), at.vaultAnswers(), at.listeners(), at.certificate(), at.cardRoots(), at.revocation(), at.clock(),
    ]
    found.append(await at.auditLog())
    found += at.forwarding()
    found.append(at.denials())
    found += at.directory()
    found += [at.disk(), at.files(), at.users()]
    findings = found
  }

  private struct Unread: Error { let words: Words }

  var exitCode: Int32 {
    let states = Set(findings.map(\.state))
    return states.contains(.fault) ? 2 : states.isSubset(of: [.ok]) ? 0 : 1
  }

  func screen() -> String {
    var lines = [say("三門の診断  \(instance ?? "-")  \(Times.show(now))", "Sanmon doctor  \(instance ?? "-")  \(Times.show(now))")]
    for finding in findings {
      lines.append("\(finding.state.mark) \(Screen.column(finding.check.title.spoken))\(finding.said.spoken)")
      if let next = finding.next { lines.append("    → \(next.spoken)") }
    }
    func count(_ state: Finding.State) -> Int { findings.count { $0.state == state } }
    let (faults, warnings, unknown) = (count(.fault), count(.warning), count(.unknown))
    lines.append(
      faults + warnings + unknown == 0
        ? say("異常はありません。", "All is well.")
        : say(
          "異常 \(faults)、注意 \(warnings)、確かめられない項目 \(unknown)（? は権限のある利用者か root で）",
          "\(faults) faults, \(warnings) warnings, \(unknown) not looked at (marked ?: ask as root)"))
    return lines.joined(separator: "\n")
  }

  func json() throws -> String {
    struct Report: Encodable {
      let instance: String?
      let time: Int64
      let checks: [Finding]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Report(instance: instance, time: now, checks: findings)), as: UTF8.self)
  }
}
