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
        ("インスタンス", "instance", "\(status.instance) (\(status.city); \(status.segments.joined(separator: ", ")))"),
        ("ポリシー版", "policy version", String(status.policyVersion.prefix(16))),
        ("職員／端末", "people / PCs", "\(status.people) / \(status.workstations)"),
        ("利用中／監視接続", "live / connected", "\(status.liveSessions) / \(status.watching)"),
        ("監査記録／署名済み", "audit rows / signed", "\(status.auditRows) / \(status.checkpointSize)"),
        ("鍵庫", "vault", Self.vault(status)),
        ("ポート／登録用", "port / enrolment", "\(status.mainPort) / \(status.enrolmentPort)"),
        ("認証局の指紋", "authority", status.authority),
      ].map { ja, en, value in Self.row(say(ja, en), value) }.joined(separator: "\n")
        + (Language.current == .ja ? status.warningsJa : status.warningsEn).map { "\n" + $0 }.joined()
        + (status.unrecordedDenials > 0
          ? "\n"
            + say(
              "警告: 記録できず拒否した回数 \(status.unrecordedDenials)",
              "WARNING: \(status.unrecordedDenials) refused because no row could be written")
          : "")
    }
  }

  private static func vault(_ status: InstanceStatus) -> String {
    guard let rows = status.vaultRows, let alarms = status.vaultAlarms else { return say("応答がありません", "does not answer") }
    return say("応答あり、記録 \(rows) 件、警報 \(alarms) 件", "answers; \(rows) log rows, \(alarms) alarms")
  }

  /// Kanji and kana are two columns wide.
  private static func row(_ name: String, _ value: String) -> String {
    let width = name.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E7F ? 2 : 1) }
    return name + String(repeating: " ", count: max(1, 22 - width)) + value
  }
}
