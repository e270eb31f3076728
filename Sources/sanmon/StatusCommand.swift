import ArgumentParser
import AuthAPI

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how the server is. / サーバーの状態を表示します。")
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let status = try await operatorLink.get("/v1/admin/status", as: InstanceStatus.self)
    try operatorLink.show(status) { status in
      [
        say("インスタンス", "instance") + "      \(status.instance) (\(status.city); \(status.segments.joined(separator: ", ")))",
        say("ポリシー版", "policy version") + "  \(status.policyVersion.prefix(16))",
        say("職員・端末", "people, PCs") + "     \(status.people), \(status.workstations)",
        say("利用中", "live sessions") + "   \(status.liveSessions) (\(say("監視接続", "watching")) \(status.watching))",
        say("監査記録", "audit rows") + "      \(status.auditRows) (\(say("署名済み", "signed up to")) \(status.checkpointSize))",
        say("鍵庫", "vault") + "           \(status.vault)",
        say("ポート", "ports") + "           \(status.mainPort), \(say("登録", "enrolment")) \(status.enrolmentPort)",
        say("認証局の指紋", "authority") + "       \(status.authority)",
      ].joined(separator: "\n")
        + (Language.current == .ja ? status.warningsJa : status.warningsEn).map { "\n" + $0 }.joined()
        + (status.unrecordedDenials > 0
          ? "\n"
            + say(
              "警告: 記録できず拒否した回数 \(status.unrecordedDenials)",
              "WARNING: \(status.unrecordedDenials) refused because no row could be written")
          : "")
    }
  }
}
