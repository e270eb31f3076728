import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import Sealing
import Workstation

struct CodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "code",
    abstract: "Printed one-time codes for who forgot the card. / カードを忘れた人の一回限りの代替コード（紙）。",
    discussion: """
      A sheet is for one person, one segment and one day: one code for the logon, a few for unlocks at that same workstation. It
      takes the place of the card, never of the password or the palm. The desk and administrators issue it, nobody for herself.

      EXAMPLES
        sanmon code issue --person p-000042 --segment lgwan
        sanmon code list --person p-000042
        sanmon code withdraw --person p-000042 --segment lgwan
      """,
    subcommands: [CodeIssue.self, CodeWithdraw.self, CodeList.self], defaultSubcommand: CodeList.self)
}

struct CodeIssue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Issue a sheet and print it, once. / 用紙を一枚発行して表示します（一度だけ）。",
    discussion: """
      The codes are shown here and kept nowhere: look at who stands before you first, then print the page and hand it over. They are
      made in the vault and come sealed to this program; the server reads none. A new sheet ends the former one of that segment.
      After five wrong codes a sheet is dead.

      EXAMPLES
        sanmon code issue --person p-000042 --segment lgwan
        sanmon code issue --person p-000042 --segment lgwan --unlock-codes 6 --reason "forgot the card"
        sanmon code issue --person p-000042 --segment lgwan --date 2026-12-01 | lp
      """)
  @Option(help: "Who forgot the card: a person id. / 職員の番号") var person: String
  @Option(help: "Where the codes are to be used. / 使う系統") var segment: String
  @Option(help: "How many codes for unlocks, 0 to 9. / ロック解除用の数") var unlockCodes = 4
  @Option(help: "The one day they are good for, within seven. / 使える日") var date = "today"
  @Option(help: "Why, for the log. / 理由") var reason = ""
  @OptionGroup var acting: ActingOptions

  func validate() throws {
    guard (0...VaultSheet.mostUnlocks).contains(unlockCodes) else {
      throw ValidationError("--unlock-codes: 0 – \(VaultSheet.mostUnlocks)")
    }
    guard !acting.link.server.json else { throw ValidationError("codes are for paper: no --json / 紙だけに出します") }
  }

  func run() async throws {
    guard let from = Times.parse(date), !date.contains("T"), !date.contains(" ") else {
      throw fail(64, "--date は日付（YYYY-MM-DD）です。", "--date: a day (YYYY-MM-DD)")
    }
    guard (try? Remark(parsing: reason)) != nil else {
      throw fail(64, "--reason は 1 行、500 バイトまでです。", "--reason: one line of at most 500 bytes")
    }
    let link = OperatorLink(options: acting.link)
    let clerk = try await link.get(
      "/v1/admin/people/\(person)", as: PersonSummary.self,
      notFound: ("職員 \(person) が登録されていません。", "person \(person) is not registered"))
    // Of this run alone: who reads the server's or the vault's traffic later has nothing to open the sheet with.
    var generator = SystemRandomNumberGenerator()
    let seed = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let key = try SealingKey(.xwing, seed: Secret<KeyMaterial>(copying: seed))
    let signed = try await acting.act(
      Act.Kind.issueCodes,
      [
        "person": clerk.id, "segment": segment, "from": String(from), "until": String(from + VaultSheet.longest),
        "unlocks": String(unlockCodes), "reason": reason, "suite": key.suite.rawValue, "key": Hex.encode(key.publicKey),
      ])
    let answer = try await link.post(
      "/v1/admin/codes", VaultActMessage(act: Data(signed.encoded)), as: SealedSheetMessage.self,
      notFound: ("職員 \(person) が登録されていません。", "person \(person) is not registered"))
    let sheet = SealedSheet(
      sheet: Array(answer.sheet), encapsulated: Array(answer.encapsulated), ciphertext: Array(answer.ciphertext))
    guard let codes = try? sheet.open(with: key, act: signed.act), codes.count == 1 + unlockCodes else {
      throw fail(
        76, "用紙を開けません。鍵庫が作ったものではないかもしれません。発行した用紙は sanmon code withdraw で取り消してください。",
        "the sheet does not open: it may not be the vault's. Withdraw it with 'sanmon code withdraw'")
    }
    print(Self.page(codes, for: clerk, segment: segment, day: Times.show(from), sheet: sheet))
  }

  /// Both languages, whatever the terminal's: it goes into somebody's hand.
  private static func page(
    _ codes: [LookUpCode], for clerk: PersonSummary, segment: String, day: String, sheet: SealedSheet
  ) -> String {
    let unlocks = codes.dropFirst().enumerated().map { "  \($0 + 1)   \($1.printed)" }
    let name = "\(clerk.id)  \(Rows.visible(clerk.displayName))"
    // What she types.
    let account = clerk.account.hasPrefix(AccountName.externalPrefix) ? clerk.id : clerk.account
    let title = Segment.title(of: segment)
    return
      ([
        "==== 一回限りの代替コード / One-time codes ====",
        "職員 / Person        \(name)",
        "アカウント / Account \(Rows.visible(account))",
        "系統 / Segment       \(title.ja) / \(title.en)",
        "使える日 / Good on   \(day.prefix(10))",
        "用紙 / Sheet         \(Hex.encode(Array(sheet.sheet.prefix(4))))",
        "",
        "ログオン / Logon",
        "      \(codes.first?.printed ?? "")",
      ]
      + (unlocks.isEmpty ? [] : ["", "ロック解除（同じ端末だけ） / Unlocks, at the same workstation only"] + unlocks)
      + [
        "",
        "パスワードまたは手のひらと一緒に、一つにつき一度だけ使えます。5 回まちがえると、この用紙は使えなくなります。",
        "帰るときに窓口へ返すか、裁断してください。なくしたときは、すぐに窓口へ知らせてください。",
        "Each works once, with your password or palm. Five wrong codes end this sheet.",
        "Give it back or shred it when you leave. If you lose it, tell the desk at once.",
      ]).joined(separator: "\n")
  }
}

struct CodeWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "End a sheet before its day is over. / 用紙をその日のうちに取り消します。",
    discussion: """
      For a sheet that was lost or came back. A session that was opened by it stays: lock it with 'sanmon session'.

      EXAMPLE
        sanmon code withdraw --person p-000042 --segment lgwan
      """)
  @Option(help: "A person id. / 職員の番号") var person: String
  @Option(help: "The sheet's segment. / 系統") var segment: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let act = try await acting.act(Act.Kind.withdrawCodes, ["person": person, "segment": segment])
    _ = try await OperatorLink(options: acting.link).post(
      "/v1/admin/codes/withdraw", VaultActMessage(act: Data(act.encoded)), as: Done.self,
      notFound: ("取り消せる用紙はありません。", "there is no sheet to withdraw"))
    print(say("取り消しました。", "withdrawn."))
  }

  private struct Done: Decodable {}
}

struct CodeList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Which sheets there are, never a code. / 用紙の一覧（コードは出ません）。",
    discussion: """
      EXAMPLES
        sanmon code list
        sanmon code list --person p-000042
      """)
  @Option(help: "Only this person's. / この職員についてだけ") var person: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    guard person.map({ (try? PersonID(parsing: $0)) != nil }) ?? true else {
      throw fail(64, "--person は職員の番号です。", "--person: a person id")
    }
    let all = try await operatorLink.get(
      "/v1/admin/codes" + (person.map { "?person=" + $0 } ?? ""), as: [SheetSummary].self)
    try operatorLink.show(all) { all in
      all.isEmpty ? say("用紙はありません。", "There are no sheets.") : all.map(Self.line).joined(separator: "\n")
    }
  }

  private static func line(_ entry: SheetSummary) -> String {
    let used = "\(entry.isLogonUsed ? 1 : 0)+\(entry.unlocksUsed)/1+\(entry.unlocks)"
    let place = entry.workstation.map { "  \($0)" } ?? ""
    return
      "\(entry.person)  \(entry.segment)  \(Times.show(entry.from).prefix(10))  \(entry.sheet)  \(state(entry.state))  "
      + say("使用 \(used)  誤り \(entry.wrong)  発行 \(entry.issuedBy)", "used \(used)  wrong \(entry.wrong)  by \(entry.issuedBy)")
      + place
  }

  private static func state(_ state: String) -> String {
    switch state {
    case "planned": say("これから", "not begun")
    case "inForce": say("有効", "in force")
    case "ended": say("終了", "ended")
    case "dead": say("誤り 5 回で無効", "dead after five wrong codes")
    case "withdrawn": say("取消", "withdrawn")
    default: state
    }
  }
}
