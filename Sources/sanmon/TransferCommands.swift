import ArgumentParser
import AuthAPI
import DirectorySync
import Foundation

struct DirectoryPlan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a transfer list would do, or how far an approved one has come. / 人事異動の事前確認。",
    discussion: """
      LIST is a CSV as a spreadsheet saves it (UTF-8 or Shift_JIS): 職員番号, 氏名, 新所属 [, 区分, グループ]. 区分 is 異動 (or empty), 退職 or
      採用; 新所属 is the code, the name or the path (部/課) of an OU. Without グループ, the groups are those that the people of the new
      department are usually in. Nothing is changed.

      Without LIST: the approved transfer, who has arrived in the directory, who has not and why, and who else moved.

      EXAMPLES
        sanmon directory plan april.csv --html april.html
        sanmon directory approve --list april.csv --out april.act
        sanmon directory plan

      EXIT CODES
        0 nothing is wrong   1 a line is wrong, somebody has not arrived, or moved beside the list   65 the list cannot be read
      """)
  @Argument(help: "The transfer list. / 異動の一覧（CSV）", completion: .file(extensions: ["csv"])) var list: String?
  @Option(help: "Write a page to read and print, in this language.", completion: .file()) var html: String?
  @Option(help: "Write a table for a spreadsheet.", completion: .file()) var csv: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let report: TransferReport
    if let list {
      report = try await operatorLink.post(
        "/v1/admin/directory/plan", TransferQuestion(list: try TransferText.read(list)), as: TransferReport.self)
    } else {
      report = try await operatorLink.get("/v1/admin/directory/transfer", as: TransferReport.self)
    }
    try TransferText.requireReadable(report, list)
    let title = list.map { URL(fileURLWithPath: $0).lastPathComponent } ?? say("承認した異動", "The approved transfer")
    if let html { try TransferText.write(TransferPage.html(report, title: title), to: html) }
    if let csv { try TransferText.write(TransferPage.csv(report), to: csv) }
    try operatorLink.show(report, TransferText.block)
    if report.lines.contains(where: { ["wrong", "waiting", "unlisted"].contains($0.state) }) { throw ExitCode(1) }
  }
}

enum TransferText {
  static func requireReadable(_ report: TransferReport, _ list: String?) throws {
    guard let ja = report.faultJa, let en = report.faultEn else { return }
    func named(_ text: String) -> String {
      Rows.visible(TextFile.fault(text, of: list, called: TransferReport.listName))
    }
    throw fail(65, named(ja), named(en))
  }

  static func read(_ path: String) throws -> String {
    guard let text = SpreadsheetText.decode(try TextFile.bytes(path)) else {
      throw fail(
        65, "\(path) の文字コードが UTF-8 でも Shift_JIS でもありません。", "\(path) is neither UTF-8 nor Shift_JIS (code page 932)")
    }
    return text
  }

  static func write(_ text: String, to path: String) throws {
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
      throw fail(73, "\(path) に書けません。", "cannot write \(path)")
    }
  }

  static func block(_ report: TransferReport) -> String {
    guard report.plan != nil || !report.lines.isEmpty else {
      return say("承認した異動はありません。", "No transfer is approved.")
    }
    var lines = zip(report.totalsJa, report.totalsEn).map { say($0, $1) }
    lines += zip(report.warningsJa, report.warningsEn).map { "! " + Rows.visible(say($0, $1)) }
    for line in report.lines { lines += Self.lines(line) }
    if report.isApproved {
      lines.append(say("期限: ", "holds until: ") + (report.until.map(Times.show) ?? ""))
    } else if report.plan != nil {
      lines.append(
        say(
          "よければ、管理者 2 人で承認します: sanmon directory approve --list 一覧.csv --out 異動.act",
          "If it is right, two administrators approve it: sanmon directory approve --list LIST.csv --out FILE"))
    }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ line: TransferLine) -> [String] {
    let mark = ["wrong": "✗", "waiting": "…", "unlisted": "!", "arrived": "✓"][line.state] ?? " "
    let place = line.line > 0 ? "\(line.line): " : ""
    var head = "\(mark) \(place)\(Rows.visible(line.number)) \(Rows.visible(line.name)) \(kind(line.kind))"
    if line.from != line.to { head += "  \(Rows.visible(names(line.from))) → \(Rows.visible(names(line.to)))" }
    if line.segmentsFrom != line.segmentsTo { head += "  [\(names(line.segmentsFrom)) → \(names(line.segmentsTo))]" }
    var told = [head]
    func add(_ ja: [String], _ en: [String], _ before: String) {
      told += zip(ja, en).map { "      \(before)\(Rows.visible(say($0, $1)))" }
    }
    add(line.faultsJa, line.faultsEn, "✗ ")
    add(line.missingJa, line.missingEn, say("要準備: ", "missing: "))
    add(line.notesJa, line.notesEn, "")
    return told
  }

  static func kind(_ kind: String) -> String {
    switch kind {
    case "leave": say("退職", "leaves")
    case "join": say("採用", "joins")
    default: say("異動", "moves")
    }
  }

  static func names(_ list: [String]) -> String { list.isEmpty ? say("なし", "none") : list.joined(separator: ", ") }
}
