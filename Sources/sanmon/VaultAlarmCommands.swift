import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct VaultAlarmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarm", abstract: "What the vault wants somebody to look at. / 鍵庫の警報を確かめ、確認済みにします。",
    discussion: """
      An alarm stays open until an administrator says, signed, what she found. It stays in the vault's log and in the history for
      ever.

      EXAMPLES
        sanmon vault alarm list
        sanmon vault alarm list --all
        sanmon vault alarm seen 17 --reason "card taken in, copy found at the branch"
      """,
    subcommands: [VaultAlarmList.self, VaultAlarmSeen.self], defaultSubcommand: VaultAlarmList.self)
}

struct VaultAlarmList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Alarms that nobody has seen; with --all the history. / 未確認の警報（--all で全部）。",
    discussion: """
      The newest first, 256 at most; of older ones their count. Those that are open come into sight as newer ones are seen.

      EXAMPLES
        sanmon vault alarm list
        sanmon vault alarm list --all --json
      """)
  @Flag(help: "Those that somebody has seen, too. / 確認済みも出す") var all = false
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    try operatorLink.show(await Self.page(operatorLink, withSeen: all)) { page in
      guard !page.alarms.isEmpty else { return say("警報はありません。", "none.") }
      let more = page.more > 0 ? [say("ほかに、これより古いものが \(page.more) 件あります。", "and \(page.more) older ones.")] : []
      return (page.alarms.map(Self.line) + more).joined(separator: "\n")
    }
  }

  static func page(_ link: OperatorLink, withSeen: Bool) async throws -> VaultAlarmPage {
    try await link.get("/v1/admin/vault/alarms" + (withSeen ? "?all=1" : ""), as: VaultAlarmPage.self)
  }

  static func line(_ alarm: VaultAlarmSummary) -> String {
    let time = alarm.firstAt == 0 ? say("日時不明", "time not kept") : Times.show(alarm.firstAt)
    let again = alarm.times > 1 ? say("（\(alarm.times) 回）", " (\(alarm.times) times)") : ""
    let first = "\(alarm.number)  \(time)  \(what(alarm.action))\(again)  \(Rows.visible(alarm.note))"
    guard let by = alarm.seenBy, let at = alarm.seenAt else { return first }
    let reason = Rows.visible(alarm.reason ?? "")
    return first + "\n   " + say("確認済み：\(by)、\(Times.show(at))、\(reason)", "seen by \(by), \(Times.show(at)): \(reason)")
  }

  private static func what(_ action: String) -> String {
    switch action {
    case "card.clone": say("カードの複製の疑い", "a card that may be a copy")
    case "cards.flooded": say("カードの照合が多すぎる", "far too many card exchanges")
    case "register.damaged": say("台帳の行が書き換えられている", "a row of a register is not what was written")
    case "register.changed": say("台帳が外から変えられている", "the registers were changed from outside")
    case "releases.stopped": say("自動サインインを止めた", "releases were stopped")
    case "checkpoint.contradicts": say("以前と合わないチェックポイント", "a checkpoint that contradicts the last one")
    case "alarms.former": say("一覧にする前に数えた警報", "counted before alarms were listed")
    default: Rows.visible(action)
    }
  }
}

struct VaultAlarmSeen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seen", abstract: "Say that an alarm was looked at, and what was found. / 警報を確認済みにします。",
    discussion: """
      Signed with your key, for the alarm as it is shown now: if it was raised again meanwhile, look again. Nothing else changes: a
      card that was copied is still to be taken in, and releases that stopped go on with 'sanmon vault resume'.

      EXAMPLE
        sanmon vault alarm seen 17 --reason "card taken in, copy found at the branch"
      """)
  @Argument(help: "The alarm's number, from 'sanmon vault alarm list'. / 番号") var number: Int64
  @Option(help: "What was found; stands in both logs. / 調べた結果") var reason: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let reason = try Reasons.checked(reason)
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw fail(64, "--reason に調べた結果を書いてください。", "--reason: say what was found")
    }
    let operatorLink = OperatorLink(options: acting.link)
    func find(withSeen: Bool) async throws -> VaultAlarmSummary? {
      try await VaultAlarmList.page(operatorLink, withSeen: withSeen).alarms.first { $0.number == number }
    }
    var found = try await find(withSeen: false)
    if found == nil { found = try await find(withSeen: true) }
    guard let alarm = found else {
      throw fail(1, "警報 \(number) はありません（sanmon vault alarm list で確認）。", "no alarm \(number); see: sanmon vault alarm list")
    }
    if let by = alarm.seenBy {
      throw fail(1, "警報 \(number) は \(by) が確認済みです。", "alarm \(number) was seen by \(by) already")
    }
    if !acting.link.json { print(VaultAlarmList.line(alarm)) }
    let act = try await acting.act(
      Act.Kind.seeAlarm,
      ["alarm": String(number), "action": alarm.action, "times": String(alarm.times), "reason": reason])
    let none: (ja: String, en: String) = (
      "警報 \(number) は、そのあいだにまた発生しました。もう一度確かめてください。", "alarm \(number) was raised again meanwhile: look again"
    )
    let seen: (ja: String, en: String) = (
      "警報 \(number) は、そのあいだにほかの管理者が確認済みにしました（sanmon vault alarm list --all）。",
      "another administrator has seen alarm \(number) meanwhile; see: sanmon vault alarm list --all"
    )
    _ = try await operatorLink.post(
      "/v1/admin/vault/alarms", VaultActMessage(act: Data(act.encoded)), as: VaultNothing.self, notFound: none, conflict: seen)
    print(say("確認済みにしました。記録と履歴には残ります。", "seen. It stays in the log and in the history."))
  }
}

/// An answer without content.
struct VaultNothing: Decodable {}

struct CardKeyRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take a city's key away: two administrators sign. / 庁の鍵を消します（管理者 2 人）。",
    discussion: """
      Nobody gets in with such a card afterwards, and the vault cannot bring the key back: keep the paper until the cards are shredded.
      While cards of it are registered you have to say how many with --anyway; both administrators sign that number, and if it
      is another one by then nothing is removed. Backups of before still hold the key, sealed.

      EXAMPLES
        sanmon vault card-key remove branch-lite-s --out gone.act
        sanmon vault card-key remove branch-lite-s --anyway 12 --out gone.act
        sanmon operator accept gone.act --as suzuki --out gone.suzuki
        sanmon vault card-key remove branch-lite-s --act gone.act --approval suzuki=gone.suzuki
      """)
  @Argument(help: "Name of the script, from 'sanmon vault card-key list'. / カードのファイルの名前") var script: String
  @Option(help: "Although so many cards of it are registered. / 登録カードの枚数（承知のうえで消す）") var anyway: Int64?
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func validate() throws {
    guard (draft.out == nil) != (draft.act == nil), draft.act == nil || anyway == nil else {
      throw ValidationError("--out FILE [--anyway N]; or --act FILE --approval ID=FILE")
    }
  }

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let about = Words("\(script) の鍵を消すこと", "the removal of the key of \(script)")
    let act = try await draft.signed(Act.Kind.removeCardKey, about: about, where: { $0["script"] == script }) {
      let keys = try await operatorLink.get("/v1/admin/vault/card-keys", as: [VaultCardKeySummary].self)
      guard let key = keys.first(where: { $0.script == script }) else {
        throw fail(
          1, "\(script) の鍵はありません（sanmon vault card-key list で確認）。", "no key of \(script); see: sanmon vault card-key list")
      }
      guard key.cards == anyway ?? 0 else {
        throw fail(
          65, "この鍵のカードが \(key.cards) 枚登録されています。承知のうえで消すときは --anyway \(key.cards) を付けてください。",
          "\(key.cards) cards of this key are registered; to remove it all the same: --anyway \(key.cards)")
      }
      return try await acting.act(Act.Kind.removeCardKey, ["script": script, "cards": String(key.cards)])
    }
    guard let act else {
      print(
        say("起案を作りました。10 分以内に、もう一人の管理者が承認してください。", "written. Have a second administrator accept within ten minutes."))
      return
    }
    let changed: (ja: String, en: String) = (
      "登録枚数が署名のときと変わりました。sanmon vault card-key list で確かめ、起案し直してください。",
      "another number of its cards is registered than both have signed; see: sanmon vault card-key list, and write it anew"
    )
    _ = try await operatorLink.post(
      "/v1/admin/vault/card-keys/removal", VaultActMessage(act: Data(act.encoded)), as: VaultNothing.self, conflict: changed)
    print(say("消しました。", "removed."))
  }
}
