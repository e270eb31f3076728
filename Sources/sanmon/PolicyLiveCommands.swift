import ArgumentParser
import AuthAPI

/// `sanmon policy explain`: the live evaluator over live state, with the proofs assumed.
struct PolicyExplain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "What could this person use here, and by which rule? / だれが何で入れるかを規則とともに説明します。",
    discussion: """
      EXAMPLES
        sanmon policy explain --person p-000042 --workstation LGWAN-PC-0042
        sanmon policy explain --person p-000042 --workstation LGWAN-PC-0042 --scenario unlock --at 2026-04-01T08:30
      """)
  @Option(help: "Person id.") var person: String
  @Option(help: "Workstation id.") var workstation: String
  @Option(help: "logon, unlock or remote. Default: what the server would decide now.") var scenario: String?
  @Option(help: "Local time, 2026-04-01T08:30. Default: now.") var at: String?
  @Flag(help: "Show every step of the evaluation.") var steps = false
  @OptionGroup var link: LinkOptions

  func run() async throws {
    var time: Int64?
    if let at {
      guard let parsed = Times.parse(at) else {
        throw fail(64, "--at は 2026-04-01T08:30 のように書きます。", "--at: write 2026-04-01T08:30")
      }
      time = parsed
    }
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post(
      "/v1/admin/explain", ExplainRequest(person: person, workstation: workstation, scenario: scenario, at: time),
      as: ExplainAnswer.self,
      notFound: (
        "職員 \(person) か端末 \(workstation) が登録されていません。", "person \(person) or workstation \(workstation) is not registered"
      ))
    try operatorLink.show(answer) { answer in
      let head =
        "\(answer.person) @ \(answer.workstation), \(answer.scenario), "
        + say("ポリシー版 ", "policy ") + String(answer.policyVersion.prefix(16))
      let tries = answer.tries.map(line)
      return ([head] + (tries.isEmpty ? [say("この場面で使える方法はありません。", "no rule offers anything here")] : tries))
        .joined(separator: "\n")
    }
  }

  private func line(_ attempt: ExplainedTry) -> String {
    let verdict =
      switch attempt.outcome {
      case "granted": say("許可", "granted")
      case "stillNeeded": say("不足", "not complete")
      default: say("拒否", "denied") + " " + (attempt.code ?? "")
      }
    var lines = ["  \(attempt.factors.joined(separator: " + ")): \(verdict)  \(attempt.rule)"]
    if let code = attempt.code { lines.append("      " + Rows.reason(code)) }
    if steps { lines += attempt.steps.map { "      \($0.rule): " + say($0.ja, $0.en) } }
    return lines.joined(separator: "\n")
  }
}

/// `sanmon policy reload`: the files in the server's folder become the rules, or are refused whole.
struct PolicyReload: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload", abstract: "Have the server read its policy files again. / 規則を読み直します。")
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let former = try await operatorLink.get("/v1/admin/status", as: InstanceStatus.self).policyVersion
    let answer = try await operatorLink.postEmpty("/v1/admin/policy/reload", as: PolicyReloaded.self)
    try operatorLink.show(answer) { answer in
      let faults = Language.current == .ja ? answer.faultsJa : answer.faultsEn
      let changes = PolicyChanges.lines(answer.changes ?? [])
      if !faults.isEmpty {
        return
          (changes + faults + [
            say(
              "断りました。前の規則（\(answer.policyVersion.prefix(16))）のまま続けます。",
              "refused; the old rules (\(answer.policyVersion.prefix(16))) stay in force")
          ]).joined(separator: "\n")
      }
      let warnings = (Language.current == .ja ? answer.warningsJa : answer.warningsEn).map { "\n" + $0 }.joined()
      return ([Self.line(answer, former: former)] + changes).joined(separator: "\n") + warnings
    }
    if !answer.faultsEn.isEmpty { throw ExitCode(65) }
  }

  private static func line(_ answer: PolicyReloaded, former: String) -> String {
    let version = answer.policyVersion.prefix(16)
    guard answer.changed else { return say("変わりありません: \(version)", "nothing changed: \(version)") }
    guard answer.policyVersion != former else {
      return say(
        "業務システムまたはカードのファイルを読み直しました。規則は変わっていません: \(version)",
        "the files of applications or cards were read again; the rules are as they were: \(version)")
    }
    return say("新しい規則になりました: \(version)", "new rules in force: \(version)")
  }
}
