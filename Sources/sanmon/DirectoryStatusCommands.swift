import ArgumentParser
import AuthAPI
import Foundation

/// The directory as the server follows it.
enum DirectoryText {
  static func block(_ status: DirectoryStatus) -> String {
    let access = zip(status.accessJa, status.accessEn).map { "  " + Rows.visible(say($0, $1)) }
    let dated = access.isEmpty ? [] : [say("期限付きの利用（引継期間・臨時体制）:", "Dated accesses:")] + access
    guard status.isConfigured else {
      let source = say(
        "職員はファイルから取り込まれています（sanmon person import）。Active Directory には接続していません。",
        "People are imported from files (sanmon person import); no Active Directory is connected.")
      return ([source] + dated).joined(separator: "\n")
    }
    var lines = [
      (status.readsSnapshots ? say("写しの場所:   ", "snapshots in: ") : say("接続先:       ", "server:       ")) + status.server,
      say("最後の確認:   ", "last look:    ") + (status.lookedAt.map(Times.show) ?? say("まだありません", "none yet")),
      say("オブジェクト: ", "objects:      ") + String(status.objects),
    ]
    if let snapshot = status.snapshot {
      lines.append(
        say("写し:         ", "snapshot:     ")
          + say(
            "\(snapshot.sequence)、\(snapshot.instance) が \(Times.show(snapshot.writtenAt)) に書き出し（\(snapshot.domain)）",
            "\(snapshot.sequence), written by \(snapshot.instance) at \(Times.show(snapshot.writtenAt)) (\(snapshot.domain))"))
    }
    if !status.summaryEn.isEmpty {
      lines.append(
        (status.plan == nil ? say("最後の変更:   ", "last change:  ") : say("保留の内容:   ", "held:         "))
          + say(status.summaryJa, status.summaryEn))
    }
    if let ja = status.faultJa, let en = status.faultEn { lines.append("✗ " + Rows.visible(say(ja, en))) }
    if let plan = status.plan {
      lines.append(say("! 保留しています。今の権限のまま動いています:", "! Held; what was stays in force:"))
      lines += zip(status.heldJa, status.heldEn).map { "    " + Rows.visible(say($0, $1)) }
      lines += zip(status.effectsJa, status.effectsEn).map { "      " + Rows.visible(say($0, $1)) }
      lines.append(say("  計画: ", "  plan: ") + plan)
      lines.append(
        say(
          "  → 誤りなら Active Directory を直す。意図した変更なら、管理者 2 人で sanmon directory approve",
          "  -> a mistake: put the directory right; meant: two administrators, sanmon directory approve"))
    }
    if !status.findingsEn.isEmpty {
      lines.append(say("確かめること:", "To look at:"))
      lines += zip(status.findingsJa, status.findingsEn).map { "    " + Rows.visible(say($0, $1)) }
    }
    for hold in status.holds { lines.append("  " + Self.hold(hold)) }
    if !status.relinks.isEmpty {
      lines.append(say("再任用・任期更新かもしれない登録（sanmon directory relink）:", "Perhaps former people (sanmon directory relink):"))
      lines += status.relinks.prefix(20).map { "    " + RelinkText.line($0) }
      if status.relinks.count > 20 {
        lines.append(say("    ほか \(status.relinks.count - 20) 件", "    and \(status.relinks.count - 20) more"))
      }
    }
    lines += dated
    if !status.leavers.isEmpty {
      lines.append(
        say("離職者の登録の消去（30 日以内）: \(status.leavers.count) 人", "Removed within 30 days, having left: \(status.leavers.count)"))
      lines += status.leavers.prefix(20).map { "    " + Rows.visible($0.person) + Self.when($0) }
      if status.leavers.count > 20 {
        lines.append(say("    ほか \(status.leavers.count - 20) 人", "    and \(status.leavers.count - 20) more"))
      }
    }
    if status.plan == nil, status.faultEn == nil { lines.append(say("すべて反映されています。", "Everything is in force.")) }
    return lines.joined(separator: "\n")
  }

  static func hold(_ hold: DirectoryHold) -> String {
    Rows.visible(
      "\(hold.person) (\(hold.formerNumber)) → \(hold.displayName) \(hold.account)"
        + (hold.number.isEmpty ? say("（番号なし）", " (no number)") : " (\(hold.number))"))
      + say(
        "  → sanmon directory confirm \(hold.person) --same または --another",
        "  -> sanmon directory confirm \(hold.person) --same or --another")
  }

  private static func when(_ leaver: DirectoryLeaver) -> String {
    if leaver.isOperator { return say("  操作者の登録が残っているため、消去しません", "  stays while registered as an operator") }
    return leaver.days == 0 ? say("  次の夜", "  the next night") : say("  \(leaver.days) 日後", "  in \(leaver.days) days")
  }

  /// 0 all in force, 1 held or not reachable.
  static func finish(_ status: DirectoryStatus) throws {
    if status.plan != nil || status.faultEn != nil { throw ExitCode(1) }
  }
}

struct DirectoryShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how the directory is followed, and what is held. / 同期の状況と保留を表示します。",
    discussion: """
      EXAMPLE
        sanmon directory status

      EXIT CODES
        0 everything is in force   1 something is held, or no domain controller answers
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let status = try await operatorLink.get("/v1/admin/directory", as: DirectoryStatus.self)
    try operatorLink.show(status, DirectoryText.block)
    try DirectoryText.finish(status)
  }
}

struct DirectorySyncNow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "Look at the directory now, not at the next tick. / 今すぐ同期します。",
    discussion: """
      EXAMPLE
        sanmon directory sync

      EXIT CODES
        0 everything is in force   1 something is held, or no domain controller answers
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let status = try await operatorLink.postEmpty("/v1/admin/directory/sync", as: DirectoryStatus.self)
    try operatorLink.show(status, DirectoryText.block)
    try DirectoryText.finish(status)
  }
}

struct DirectoryApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Let a held change, or a transfer list beforehand, pass: two sign it. / 保留や異動を管理者 2 人で承認します。",
    discussion: """
      What is signed is exactly what 'sanmon directory status' shows, by its hash: if the directory says anything else meanwhile,
      that is another change, and it is held again.

      With --list, a transfer is approved before the directory says it ('sanmon directory plan LIST'): what happens to exactly those
      people on their way to exactly those ends counts against no limit for 31 days; anything else is held as ever.

      EXAMPLES
        sanmon directory approve --list april.csv --out april.act
        sanmon operator accept april.act --as suzuki --out april.suzuki
        sanmon directory approve --list april.csv --act april.act --approval suzuki=april.suzuki

        sanmon directory approve --out april.act
        sanmon operator accept april.act --as suzuki --out april.suzuki
        sanmon directory approve --act april.act --approval suzuki=april.suzuki
      """)
  @Option(help: "A transfer list, approved before the directory says it. / 異動の一覧（CSV）", completion: .file(extensions: ["csv"]))
  var list: String?
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    if let list { return try await approve(list, operatorLink) }
    let act = try await draft.signed(
      Act.Kind.approveDirectory, about: Words("ディレクトリの変更", "a change of the directory")
    ) {
      let status = try await operatorLink.get("/v1/admin/directory", as: DirectoryStatus.self)
      guard let plan = status.plan else { throw fail(1, "保留している変更はありません。", "nothing is held") }
      printError(DirectoryText.block(status))
      return try await acting.act(Act.Kind.approveDirectory, ["plan": plan])
    }
    guard let act else { return }
    let answer = try await operatorLink.post(
      "/v1/admin/directory/approve", DirectoryAct(act: Data(act.encoded)), as: DirectoryStatus.self)
    try operatorLink.show(answer, DirectoryText.block)
  }
}

extension DirectoryApprove {
  private func approve(_ list: String, _ operatorLink: OperatorLink) async throws {
    let text = try TransferText.read(list)
    let act = try await draft.signed(Act.Kind.foreseeTransfer, about: Words("人事異動", "a transfer")) {
      let report = try await operatorLink.post(
        "/v1/admin/directory/plan", TransferQuestion(list: text), as: TransferReport.self)
      try TransferText.requireReadable(report, list)
      guard let plan = report.plan else { throw fail(1, "承認できる行がありません。", "no line can be approved") }
      printError(TransferText.block(report))
      return try await acting.act(Act.Kind.foreseeTransfer, ["transfer": plan])
    }
    guard let act else { return }
    let answer = try await operatorLink.post(
      "/v1/admin/directory/foresee", TransferAct(act: Data(act.encoded), list: text), as: TransferReport.self)
    try operatorLink.show(answer, TransferText.block)
  }
}

struct DirectoryConfirm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm", abstract: "Say who a held account is: two administrators sign it. / 止めているアカウントがだれかを、管理者 2 人で確認します。",
    discussion: """
      An account whose staff number changed, whose family and given name changed at once, or that was deleted and brought back is
      held. --same: it is the person it was (a corrected number, a restored account); cards and everything else are as before.
      --another: somebody new has the account now; the former person stays without access, the new one begins without cards.

      EXAMPLE
        sanmon directory confirm p-000042 --same --out sato.act
        sanmon operator accept sato.act --as suzuki --out sato.suzuki
        sanmon directory confirm p-000042 --act sato.act --approval suzuki=sato.suzuki
      """)
  @Argument(help: "The person that 'sanmon directory status' shows. / 職員の番号") var person: String
  @Flag(help: "It is the person it was. / 同じ人") var same = false
  @Flag(help: "Somebody new has the account. / 別の人") var another = false
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let act = try await draft.signed(
      Act.Kind.confirmDirectory, about: Words(" \(person) ", "\(person)"), where: { $0["person"] == person }
    ) {
      guard same != another else {
        throw fail(64, "--same（同じ人）か --another（別の人）のどちらかを指定してください。", "say --same or --another")
      }
      let status = try await operatorLink.get("/v1/admin/directory", as: DirectoryStatus.self)
      guard let hold = status.holds.first(where: { $0.person == person }) else {
        throw fail(1, "\(person) は止められていません。", "\(person) is not held")
      }
      printError(DirectoryText.hold(hold))
      return try await acting.act(Act.Kind.confirmDirectory, hold.parameters(isSame: same))
    }
    guard let act else { return }
    let answer = try await operatorLink.post(
      "/v1/admin/directory/confirm", DirectoryAct(act: Data(act.encoded)), as: DirectoryStatus.self)
    try operatorLink.show(answer, DirectoryText.block)
  }
}
