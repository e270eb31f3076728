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
      Nothing is changed. What is wrong in the file is named with line and column. The hash at the end is what 'approve' signs: who
      signs second runs 'plan' herself and compares it with what 'sanmon operator accept' shows.

      EXAMPLE
        sanmon directory access plan vote.yaml

      EXIT CODES
        0 it can be approved   65 it cannot be read, or names somebody or something that is not there
      """)
  @Argument(help: "The file. / 期限付きの利用のファイル（YAML）", completion: .file(extensions: ["yaml"])) var file: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    try operatorLink.show(try await AccessText.plan(file, try TextFile.read(file), operatorLink), AccessText.block)
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
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let text = try TextFile.read(file)
    // Where an act is brought too: the server says only that it does not fit any more.
    let report = try await AccessText.plan(file, text, operatorLink)
    let parameters = AccessText.parameters(report)
    let act = try await draft.signed(Act.Kind.approveAccess, about: Words("期限付きの利用", "a dated access")) {
      printError(AccessText.block(report))
      return try await acting.act(Act.Kind.approveAccess, parameters)
    }
    guard let act else { return }
    let other = Set(parameters.keys).union(act.act.parameters.keys).filter { parameters[$0] != act.act.parameters[$0] }
    guard other.isEmpty else {
      let names = other.sorted().joined(separator: ", ")
      throw fail(
        65, "起案は別の内容です（違うもの: \(names)）。ファイルか、職員の所属・グループが変わっています。plan で確かめ、署名からやり直してください。",
        "the act is about something else (\(names)): the file, or people and groups, are not as they were; look with 'plan' and sign anew"
      )
    }
    let answer = try await operatorLink.post(
      "/v1/admin/directory/access/approve", AccessApproval(act: Data(act.encoded), file: text), as: AccessSummary.self)
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
        0 all as it shall be   1 one does not hold, or cannot be begun, because its signatures do not count any more
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
      It stays approved until its last day, and can be switched on again. One whose approval does not count any more is forgotten.

      EXAMPLE
        sanmon directory access off kijitsumae-2027
      """)
  @Argument(help: "Its name, as 'list' shows it. / 名前") var access: String
  @OptionGroup var acting: ActingOptions

  func run() async throws { try await AccessText.turn(access, Act.Kind.switchAccessOff, "off", acting) }
}

enum AccessText {
  /// What is signed of it.
  static func parameters(_ report: AccessReport) -> [String: String] {
    Dictionary(report.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// - Throws: exit 65 with every fault of the file.
  static func plan(_ path: String, _ text: String, _ link: OperatorLink) async throws -> AccessReport {
    let report = try await link.post(
      "/v1/admin/directory/access/plan", AccessQuestion(file: text), as: AccessReport.self)
    guard report.faultsEn.isEmpty else {
      for line in zip(report.faultsJa, report.faultsEn).map({ say($0, $1) }) {
        let told = TextFile.fault(line, of: path, called: AccessReport.fileName)
        printError(told.split(separator: "\n").map { Rows.visible(String($0)) }.joined(separator: "\n"))
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
    var parameters = ["access": name]
    parameters["approval"] = access.act
    guard access.act != nil || kind == Act.Kind.switchAccessOff else {
      throw fail(
        1, "\(name) の承認は失効しています（署名した人が管理者でなくなったか、鍵が変わりました）。もう一度、2 人で承認してください。",
        "the approval of \(name) does not count any more (a signer is no administrator now, or has another key): have it approved again"
      )
    }
    let signed = try await acting.act(kind, parameters)
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
    if let hash = parameters(report)["hash"] { lines.append(say("ハッシュ（署名するもの）: ", "hash (what is signed): ") + hash) }
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
    case "lapsed" where access.act != nil:
      say("開始の署名が失効（効いていません。on にし直せます）", "lapsed: who switched it on is no administrator any more ('on' again)")
    case "lapsed": say("承認の署名が失効（効いていません）", "lapsed: its signatures do not count any more (approve it again)")
    default: say("未承認", "not signed yet")
    }
  }
}
