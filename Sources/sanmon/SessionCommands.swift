import ArgumentParser
import AuthAPI
import AuthTerms

struct SessionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session", abstract: "Sessions: list, end. / 利用中のセッションの一覧と終了。",
    subcommands: [SessionList.self, SessionEnd.self])

  static func line(_ session: SessionSummary) -> String {
    let state =
      switch (session.state, session.isRevoked) {
      case ("ended", _): say("終了", "ended")
      case (_, true): say("取消済み", "withdrawn")
      case ("locked", _): say("ロック中", "locked")
      default: say("使用中", "open")
      }
    let heard =
      session.silentSeconds == 0
      ? say("応答あり", "heard") : say("\(session.silentSeconds) 秒間応答なし", "silent for \(session.silentSeconds) s")
    return [
      session.session, session.person + " " + Rows.visible(session.displayName), session.workstation, session.segment, state,
      heard, say("開始 ", "since ") + Times.show(session.openedAt),
    ].joined(separator: "  ")
  }
}

struct SessionList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Sessions that are open or locked. / 使用中・ロック中のセッションを一覧します。",
    discussion: """
      "silent" tells for how long the workstation was not heard; silent for longer than its lease, it has locked itself.

      EXAMPLES
        sanmon session list
        sanmon session list --person p-000042
        sanmon session list --workstation LGWAN-PC-0042
      """)
  @Option(help: "Only this person's.") var person: String?
  @Option(help: "Only at this workstation.") var workstation: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let wanted = [("person", person), ("workstation", workstation)].compactMap { name, value in value.map { (name, $0) } }
    let sessions = try await operatorLink.get(
      query("/v1/admin/sessions", wanted), as: [SessionSummary].self)
    try operatorLink.show(sessions) { sessions in
      sessions.isEmpty ? say("利用中のセッションはありません。", "no sessions") : sessions.map(SessionCommand.line).joined(separator: "\n")
    }
  }
}

struct SessionEnd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "end", abstract: "End a session at once. / セッションを直ちに終了させます。",
    discussion: """
      For a workstation that was left or died without a logoff. The workstation is told at once and logs off; what was not
      saved there may be lost. The session cannot be unlocked any more; its person logs on anew.

      EXAMPLE
        sanmon session end s-3f5a --reason "PC broken, called from the branch"
      """)
  @Argument(help: "Session id, from 'sanmon session list'.") var session: String
  @Option(help: "Why; stands in the log.") var reason: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard (try? SessionID(parsing: session)) != nil else {
      throw fail(64, "セッション番号の形が正しくありません（sanmon session list で確認）。", "not a session id; see: sanmon session list")
    }
    let operatorLink = OperatorLink(options: link)
    let ended = try await operatorLink.post(
      "/v1/admin/sessions/\(session)/end", SessionEndRequest(reason: try Reasons.checked(reason)), as: SessionSummary.self,
      notFound: (
        "利用中のセッション \(session) はありません。既に終了しているか、番号が違います（sanmon session list で確認）。",
        "no live session \(session): it has ended already, or the id is wrong; see: sanmon session list"
      ))
    try operatorLink.show(ended, SessionCommand.line)
  }
}
