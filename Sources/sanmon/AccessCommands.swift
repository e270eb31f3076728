import ArgumentParser
import AuthAPI
import Foundation

struct DirectoryAccess: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access",
    abstract: "Rights with an end: handovers and temporary organisations. / 引継期間と臨時体制（期限付きの利用）。",
    discussion: """
      A handover lets people keep their old rights for some days after a transfer; it begins and ends by itself. A temporary
      organisation (early voting, a disaster headquarters) is written and approved beforehand, begins when one administrator switches
      it on, at whatever hour, and ends by itself. Both are one file, looked at with 'plan' and signed by two administrators.

      EXAMPLES
        sanmon directory access plan vote.yaml
        sanmon directory access approve vote.yaml --out vote.act
        sanmon operator accept vote.act --as suzuki --out vote.suzuki
        sanmon directory access approve vote.yaml --act vote.act --approval suzuki=vote.suzuki
        sanmon directory access on kijitsumae-2027
        sanmon directory access list
      """,
    subcommands: [AccessPlan.self, AccessApprove.self, AccessList.self, AccessOn.self, AccessOff.self],
    defaultSubcommand: AccessList.self)
}

struct AccessPlan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show whom a file would open what, and what is missing. / 承認の前に、内容を確かめます。",
    discussion: """
      Nothing is changed. What is wrong in the file is named with line and column.

      EXAMPLE
        sanmon directory access plan vote.yaml

      EXIT CODES
        0 it can be approved   65 it cannot be read, or names somebody or something that is not there
      """)
  @Argument(help: "The file. / 期限付きの利用のファイル（YAML）", completion: .file(extensions: ["yaml"])) var file: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    try operatorLink.show(try await AccessText.plan(file, try AccessText.read(file), operatorLink), AccessText.block)
  }
}

struct AccessApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approve what 'plan' shows: two administrators sign it. / 管理者 2 人で承認します。",
    discussion: """
      What is signed is exactly who gets which groups and on which days. If people or groups change until it is brought, that is
      something else, and it is refused. A handover begins by itself on its first day; a temporary organisation waits for 'on'.

      EXAMPLE
        sanmon directory access approve vote.yaml --out vote.act
        sanmon operator accept vote.act --as suzuki --out vote.suzuki
        sanmon directory access approve vote.yaml --act vote.act --approval suzuki=vote.suzuki
      """)
  @Argument(help: "The file. / 期限付きの利用のファイル（YAML）", completion: .file(extensions: ["yaml"])) var file: String
  @Option(help: "Only sign, into this file, for the second administrator.") var out: String?
  @Option(help: "The file that --out wrote.") var act: String?
  @Option(help: "ID=FILE of the second administrator's 'sanmon operator accept --as ID'.") var approval: [String] = []
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let text = try AccessText.read(file)
    let signed: SignedAct
    if let act {
      signed = try SignedActFile.read(act)
      guard signed.act.kind == Act.Kind.approveAccess else {
        throw fail(65, "\(act) は期限付きの利用についての起案ではありません。", "\(act) is not about a dated access")
      }
    } else {
      let report = try await AccessText.plan(file, text, operatorLink)
      printError(AccessText.block(report))
      signed = try await acting.act(
        Act.Kind.approveAccess,
        Dictionary(report.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
    }
    if let out { return try SignedActFile.write(signed, to: out) }
    let answer = try await operatorLink.post(
      "/v1/admin/directory/access/approve",
      AccessApproval(act: Data(try SignedActFile.approved(signed, by: approval).encoded), file: text), as: AccessSummary.self)
    try operatorLink.show(answer, AccessText.line)
  }
}

struct AccessList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show handovers and temporary organisations, and how they stand. / 一覧を表示します。",
    discussion: """
      EXAMPLE
        sanmon directory access list

      EXIT CODES
        0 all as it shall be   1 one does not hold because its signatures do not count any more
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let all = try await operatorLink.get("/v1/admin/directory/access", as: [AccessSummary].self)
    try operatorLink.show(all) { all in
      all.isEmpty
        ? say("期限付きの利用はありません。", "There are no dated accesses.") : all.map(AccessText.line).joined(separator: "\n")
    }
    if all.contains(where: { $0.state == "lapsed" }) { throw ExitCode(1) }
  }
}

struct AccessOn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "on", abstract: "Switch an approved one on; one administrator is enough. / 承認済みのものを始めます（管理者 1 人）。",
    discussion: """
      Before its first day it then begins by itself on that day.

      EXAMPLE
        sanmon directory access on kijitsumae-2027
      """)
  @Argument(help: "Its name, as 'list' shows it. / 名前") var access: String
  @OptionGroup var acting: ActingOptions

  func run() async throws { try await AccessText.turn(access, Act.Kind.switchAccessOn, "on", acting) }
}

struct AccessOff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "off", abstract: "End one before its last day; sessions that stood on it lock. / 期限より早く終えます（管理者 1 人）。",
    discussion: """
      It stays approved until its last day, and can be switched on again.

      EXAMPLE
        sanmon directory access off kijitsumae-2027
      """)
  @Argument(help: "Its name, as 'list' shows it. / 名前") var access: String
  @OptionGroup var acting: ActingOptions

  func run() async throws { try await AccessText.turn(access, Act.Kind.switchAccessOff, "off", acting) }
}

enum AccessText {
  static func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw fail(65, "\(path) を読めません。", "cannot read \(path)")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw fail(65, "\(path) の文字コードが UTF-8 ではありません。", "\(path) is not UTF-8")
    }
    return text
  }

  /// - Throws: exit 65 with every fault of the file.
  static func plan(_ path: String, _ text: String, _ link: OperatorLink) async throws -> AccessReport {
    let report = try await link.post(
      "/v1/admin/directory/access/plan", AccessQuestion(file: text), as: AccessReport.self)
    guard report.faultsEn.isEmpty else {
      let name = URL(fileURLWithPath: path).lastPathComponent
      for line in zip(report.faultsJa, report.faultsEn).map({ say($0, $1) }) {
        let place = line.hasPrefix("access.yaml:") ? name + line.dropFirst("access.yaml".count) : line
        printError(place.split(separator: "\n").map { Rows.visible(String($0)) }.joined(separator: "\n"))
      }
      throw ExitCode(65)
    }
    return report
  }

  static func turn(_ name: String, _ kind: String, _ what: String, _ acting: ActingOptions) async throws {
    let link = OperatorLink(options: acting.link)
    let all = try await link.get("/v1/admin/directory/access", as: [AccessSummary].self)
    guard let access = all.first(where: { $0.access == name }) else {
      throw fail(1, "\(name) という期限付きの利用はありません。", "there is no dated access \(name)")
    }
    guard let approval = access.act else {
      throw fail(
        1, "\(name) の承認は失効しています（署名した人が管理者でなくなりました）。もう一度、2 人で承認してください。",
        "the approval of \(name) does not count any more (a signer is no administrator now): have it approved again")
    }
    let signed = try await acting.act(kind, ["access": name, "approval": approval])
    let answer = try await link.post(
      "/v1/admin/directory/access/\(what)", AccessSwitch(act: Data(signed.encoded)), as: AccessSummary.self)
    try link.show(answer, line)
  }

  static func block(_ report: AccessReport) -> String {
    guard let access = report.access else { return "" }
    var lines = [line(access)]
    lines += zip(report.warningsJa, report.warningsEn).map { "! " + Rows.visible(say($0, $1)) }
    for person in report.lines {
      lines.append(
        "  \(Rows.visible(person.person)) \(Rows.visible(person.name))  \(person.ways.joined(separator: "; "))")
      lines += zip(person.missingJa, person.missingEn).map { say("      要準備: ", "      missing: ") + say($0, $1) }
      lines += zip(person.notesJa, person.notesEn).map { "      " + Rows.visible(say($0, $1)) }
    }
    if access.state == "unsigned" {
      lines.append(
        say(
          "よければ、管理者 2 人で承認します: sanmon directory access approve ファイル --out 起案",
          "If it is right, two administrators approve it: sanmon directory access approve FILE --out ACT"))
    }
    return lines.joined(separator: "\n")
  }

  static func line(_ access: AccessSummary) -> String {
    var text =
      "\(access.access)  \(kind(access.kind))「\(Rows.visible(say(access.titleJa, access.titleEn)))」 "
      + "\(access.from) – \(access.until)  \(state(access))\n    "
      + say("\(access.people.count) 人、グループ ", "\(access.people.count) people, groups ")
      + (access.groups.isEmpty ? say("なし", "none") : access.groups.joined(separator: ", "))
    if let days = access.days { text += say("、始めてから \(days) 日", ", \(days) days once on") }
    if !access.workstations.isEmpty { text += say("、端末 ", ", at ") + access.workstations.joined(separator: ", ") }
    if !access.hours.isEmpty { text += say("、時間 ", ", hours ") + access.hours.joined(separator: ", ") }
    if !access.signedBy.isEmpty { text += say("、承認 ", ", signed by ") + access.signedBy.joined(separator: ", ") }
    if let by = access.switchedOnBy { text += say("、開始 ", ", switched on by ") + by }
    return text
  }

  static func kind(_ kind: String) -> String {
    kind == "handover" ? say("引継期間", "handover") : say("臨時体制", "temporary")
  }

  static func state(_ access: AccessSummary) -> String {
    switch access.state {
    case "holds": say("有効（\(access.lastDay ?? access.until) まで）", "holds until \(access.lastDay ?? access.until)")
    case "waiting": say("\(access.from) に始まります", "begins on \(access.from)")
    case "ready": say("承認済み（on で始まります）", "ready: begins with 'on'")
    case "off": say("切ってあります", "switched off")
    case "over": say("終わりました", "over")
    case "lapsed": say("署名が失効（効いていません）", "lapsed: its signatures do not count any more")
    default: say("未承認", "not signed yet")
    }
  }
}
