import ArgumentParser
import AuthAPI
import Foundation

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Read, export and prove the log. / 監査記録を読み、書き出し、検証します。",
    subcommands: [
      AuditList.self, AuditShow.self, AuditExport.self, AuditVerify.self, AuditCheckpoint.self, AuditPack.self,
      AuditCheck.self,
    ])
}

struct AuditFilter: ParsableArguments {
  @Option(help: "Person id, for example p-000042.") var person: String?
  @Option(help: "Workstation id, for example LGWAN-PC-0042.") var workstation: String?
  @Option(help: "Segment: mynumber, lgwan or internet.") var segment: String?
  @Option(help: "Event class: ceremony, session, workstation, enrolment, administration, release, auditRead.") var eventClass:
    String?
  @Option(help: "Action, for example logon, unlock, card.lost; directory. for all that begin so.") var action: String?
  @Option(help: "granted, denied, stillNeeded, done or refused.") var outcome: String?
  @Option(help: "From: today, yesterday, 2026-04-01 or 2026-04-01T08:30 (local time).") var since: String?
  @Option(help: "Until, exclusive; written like --since.") var until: String?

  /// Query items, checked here so that a typo is told with its option.
  func items() throws -> [(String, String)] {
    var items: [(String, String)] = []
    func add(_ name: String, _ value: String?) { if let value { items.append((name, value)) } }
    add("person", person)
    add("workstation", workstation)
    add("segment", segment)
    add("class", eventClass)
    add("action", action)
    add("outcome", outcome)
    for (name, option, text) in [("from", "--since", since), ("until", "--until", until)] {
      guard let text else { continue }
      guard let time = Times.parse(text) else {
        throw fail(
          64, "\(option) の日時を読めません。例: today、2026-04-01、2026-04-01T08:30",
          "\(option): write today, 2026-04-01 or 2026-04-01T08:30")
      }
      items.append((name, String(time)))
    }
    return items
  }
}

func query(_ path: String, _ items: [(String, String)]) -> String {
  guard !items.isEmpty else { return path }
  let allowed = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
  let pairs = items.map { name, value in "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")" }
  return path + "?" + pairs.joined(separator: "&")
}

struct AuditList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List rows: who, where, with what, by which rule. / 記録を一覧します。",
    discussion: """
      EXAMPLES
        sanmon audit list --workstation LGWAN-PC-0042 --since today --action logon
        sanmon audit list --person p-000042 --since 2026-04-01 --until 2026-05-01
      """)
  @OptionGroup var filter: AuditFilter
  @Option(help: "At most this many rows, newest first (1 to 10000).") var limit = 50
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard (1...10_000).contains(limit) else { throw fail(64, "--limit は 1 から 10000 です。", "--limit: 1 to 10000") }
    let operatorLink = OperatorLink(options: link)
    let items = try filter.items() + [("limit", String(limit)), ("newest", "true")]
    let page = try await operatorLink.get(query("/v1/admin/audit", items), as: AuditPage.self)
    try operatorLink.show(page) { page in
      page.entries.isEmpty
        ? say("該当する記録はありません。", "no such rows")
        : page.entries.reversed().map(Rows.line).joined(separator: "\n")
    }
  }
}

struct AuditShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one row whole. / 一件を詳しく表示します。")
  @Argument(help: "The row's number in the log.") var sequence: UInt64
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let entry = try await operatorLink.get("/v1/admin/audit/\(sequence)", as: AuditEntry.self)
    try operatorLink.show(entry, Rows.whole)
  }
}

struct AuditCheckpoint: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Sign and print a checkpoint of the log, to be kept elsewhere. / 署名済みチェックポイントを出力します。",
    discussion: """
      Keep the printed text on another machine or on paper: with it a later cut of the log is found.

      EXAMPLE
        sanmon audit checkpoint > checkpoint-2026-04-01.txt
        sanmon audit verify --database copy.sqlite --key-file log.vkey --checkpoint checkpoint-2026-04-01.txt
      """)
  @Option(help: "Also write the key that verifies checkpoints to this file.") var keyFile: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.get("/v1/admin/audit/checkpoint", as: CheckpointAnswer.self)
    if let keyFile { try Data((answer.verifierKey + "\n").utf8).write(to: URL(fileURLWithPath: keyFile)) }
    if link.json { try operatorLink.show(answer) { $0.note } } else { print(answer.note, terminator: "") }
  }
}

struct AuditExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write rows as CSV for Excel, or JSON Lines. / 記録を書き出します。")
  @OptionGroup var filter: AuditFilter
  @Option(help: "csv or jsonl") var format = "csv"
  @Option(name: .shortAndLong, help: "File to write; must not exist. Default: standard output.") var output: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard ["csv", "jsonl"].contains(format) else { throw fail(64, "--format は csv か jsonl です。", "--format: csv or jsonl") }
    let file: FileHandle
    if let output {
      guard FileManager.default.createFile(atPath: output, contents: nil, attributes: [.posixPermissions: 0o600]),
        let handle = FileHandle(forWritingAtPath: output)
      else { throw fail(65, "\(output) に書けません。", "cannot write \(output)") }
      file = handle
    } else {
      file = .standardOutput
    }
    if format == "csv" { file.write(Data(Rows.csvHeader.utf8)) }
    let operatorLink = OperatorLink(options: link)
    let items = try filter.items()
    var next: UInt64 = 0
    var written = 0
    while true {
      let page = try await operatorLink.get(
        query("/v1/admin/audit", items + [("fromSequence", String(next)), ("limit", "5000")]), as: AuditPage.self)
      guard let last = page.entries.last else { break }
      for entry in page.entries { file.write(Data((format == "csv" ? Rows.csv(entry) : try Rows.json(entry) + "\n").utf8)) }
      written += page.entries.count
      next = last.sequence + 1
      if output != nil { printError(say("\(written) 件", "\(written) rows")) }
      if page.entries.count < 5_000 { break }
    }
  }
}
