import ArgumentParser
import AuthAPI
import AuthTerms
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
  @Option(help: "Department code: rows of the people who are in it now, for example 0401.") var department: String?
  @Option(help: "Event class: ceremony, session, workstation, enrolment, administration, release, auditRead.") var eventClass:
    String?
  @Option(help: "Action, for example logon, unlock, card.lost; directory. for all that begin so.") var action: String?
  @Option(help: "granted, denied, stillNeeded, done or refused.") var outcome: String?
  @Option(help: "Reason code of a refusal, for example AP105.") var code: String?
  @Option(help: "Words in names, notes, ids, or a reference; one character will do. / 氏名・備考などに含まれる語（一文字から）") var text: String?
  @Option(help: "From: today, yesterday, 2026-04-01 or 2026-04-01T08:30 (local time).") var since: String?
  @Option(help: "Until, exclusive; written like --since.") var until: String?

  /// Query items, checked here so that a typo is told with its option.
  func items() throws -> [(String, String)] {
    var items: [(String, String)] = []
    func add(_ name: String, _ value: String?) { if let value { items.append((name, value)) } }
    add("person", person)
    add("workstation", workstation)
    add("segment", segment)
    add("department", department)
    add("class", eventClass)
    add("action", action)
    add("outcome", outcome)
    add("code", code)
    add("text", text)
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

/// Why somebody reads the log: asked before anything is shown, and a row.
struct PurposeOption: ParsableArguments {
  @Option(help: "Why you read the log: stands in it with your name, 1 to 200 characters; asked if absent. / 閲覧の目的（記録に残ります）")
  var purpose: String?

  /// - Throws: exit 64 for none, and for one that the server would not take.
  func item() throws -> (String, String) {
    guard let said = purpose ?? asked(), let read = try? ReadPurpose(parsing: said) else {
      throw fail(
        64, "--purpose に閲覧の目的を書いてください（200 字までの 1 行）。監査記録に残ります。例: --purpose 四半期点検",
        "--purpose: say why you read the log, one line of at most 200 characters; it stands in the log")
    }
    return ("purpose", read.text)
  }

  private func asked() -> String? {
    guard isatty(STDIN_FILENO) == 1 else { return nil }
    FileHandle.standardError.write(Data(say("閲覧の目的（監査記録に残ります）: ", "Why do you read the log (it stands in the log)? ").utf8))
    return readLine()
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
        sanmon audit list --purpose 朝の確認 --workstation LGWAN-PC-0042 --since today --action logon
        sanmon audit list --purpose 照会対応 --person p-000042 --since 2026-04-01 --until 2026-05-01
        sanmon audit list --purpose 四半期点検 --department 0401 --outcome denied --text 佐藤
      """)
  @OptionGroup var filter: AuditFilter
  @OptionGroup var why: PurposeOption
  @Option(help: "At most this many rows, newest first (1 to 10000).") var limit = 50
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard (1...10_000).contains(limit) else { throw fail(64, "--limit は 1 から 10000 です。", "--limit: 1 to 10000") }
    let operatorLink = OperatorLink(options: link)
    let items = try [why.item()] + filter.items() + [("limit", String(limit)), ("newest", "true")]
    let page = try await operatorLink.get(query("/v1/admin/audit", items), as: AuditPage.self)
    try operatorLink.show(page) { page in
      page.entries.isEmpty
        ? say("該当する記録はありません。", "no such rows")
        : page.entries.reversed().map(Rows.line).joined(separator: "\n")
    }
  }
}

struct AuditShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one row whole. / 一件を詳しく表示します。",
    discussion: """
      EXAMPLE
        sanmon audit show 1234 --purpose 照会対応
      """)
  @Argument(help: "The row's number in the log.") var sequence: UInt64
  @OptionGroup var why: PurposeOption
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let entry = try await operatorLink.get(query("/v1/admin/audit/\(sequence)", [why.item()]), as: AuditEntry.self)
    try operatorLink.show(entry, Rows.whole)
  }
}

struct AuditCheckpoint: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Sign and print a checkpoint of the log, to be kept elsewhere. / 署名済みチェックポイントを出力します。",
    discussion: """
      Keep the printed text on another machine or on paper: with it a later cut of the log is found. With --witnessed the newest
      one is printed that a witness of the start-up file has cosigned: for 'sanmon audit verify --witness-key'.

      EXAMPLES
        sanmon audit checkpoint > checkpoint-2026-04-01.txt
        sanmon audit verify --database copy.sqlite --key-file log.vkey --checkpoint checkpoint-2026-04-01.txt
        sanmon audit checkpoint --witnessed > cosigned-2026-04-01.txt
      """)
  @Flag(help: "Print the newest checkpoint that a witness has cosigned.") var witnessed = false
  @Option(help: "Also write the key that verifies checkpoints to this file.") var keyFile: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.get("/v1/admin/audit/checkpoint", as: CheckpointAnswer.self)
    if let keyFile { try Data((answer.verifierKey + "\n").utf8).write(to: URL(fileURLWithPath: keyFile)) }
    guard !witnessed || answer.witnessed != nil else {
      throw fail(
        1, "証人が連署したチェックポイントは、まだありません。sanmon status をご覧ください。",
        "no witness has cosigned a checkpoint yet: see sanmon status")
    }
    let note = witnessed ? answer.witnessed ?? "" : answer.note
    if link.json { try operatorLink.show(answer) { _ in note } } else { print(note, terminator: "") }
  }
}
