import ArgumentParser
import AuthAPI
import Foundation

struct DirectoryHistory: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "What the directory changed, what was held, who let it pass. / 同期と承認の履歴を表示します。",
    discussion: """
      EXAMPLES
        sanmon directory history
        sanmon directory history --since 2026-04-01 --limit 200
      """)
  @Option(help: "From: today, yesterday, 2026-04-01 or 2026-04-01T08:30 (local time).") var since: String?
  @Option(help: "At most this many rows, newest first (1 to 1000).") var limit = 20
  @OptionGroup var link: LinkOptions

  /// Every row that the directory and the decisions about it leave: what begins so.
  private static let actions = ["directory.", "access.", "person.purged", "person.relinked", "relink."]

  func run() async throws {
    guard (1...1000).contains(limit) else { throw fail(64, "--limit は 1 から 1000 です。", "--limit: 1 to 1000") }
    var filter = [("purpose", "sanmon directory history")]
    if let since {
      guard let time = Times.parse(since) else {
        throw fail(
          64, "--since の日時を読めません。例: today、2026-04-01、2026-04-01T08:30",
          "--since: write today, 2026-04-01 or 2026-04-01T08:30")
      }
      filter.append(("from", String(time)))
    }
    let operatorLink = OperatorLink(options: link)
    var entries: [AuditEntry] = []
    for action in Self.actions {
      let items = filter + [("action", action), ("limit", String(limit)), ("newest", "true")]
      entries += try await operatorLink.get(query("/v1/admin/audit", items), as: AuditPage.self).entries
    }
    let newest = Array(entries.sorted { $0.sequence < $1.sequence }.suffix(limit))
    try operatorLink.show(newest) { entries in
      entries.isEmpty
        ? say("該当する記録はありません。", "no such rows")
        : entries.map { Rows.line($0) + ($0.note.isEmpty ? "" : "\n    " + Rows.visible($0.note)) }.joined(separator: "\n")
    }
  }
}
