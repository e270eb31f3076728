import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct DeputyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deputy",
    abstract: "Who may use another's password, or a shared one, and until when. / 代理と共有のアカウント。",
    discussion: """
      On leave, or for a secretary: the deputy signs in to the owner's account with the deputy's own card, from one day to another,
      and each row of the log names both. Two administrators sign; it ends by itself. An account that several people share belongs to
      an owner that is nobody (shared-kaikei), and those who use it are its deputies. A card is never lent.

      EXAMPLES
        sanmon vault deputy add p-000007 ledger --deputy p-000042 --from 2026-12-01 --until 2026-12-28 --out leave.act
        sanmon operator accept leave.act --as suzuki --out leave.suzuki
        sanmon vault deputy add p-000007 ledger --deputy p-000042 --act leave.act --approval suzuki=leave.suzuki
        sanmon vault deputy list
      """,
    subcommands: [DeputyAdd.self, DeputyWithdraw.self, DeputyList.self], defaultSubcommand: DeputyList.self)
}

/// Who uses which of whose passwords.
struct DeputyOptions: ParsableArguments {
  @Argument(help: "Whose password it is: a person id, or the shared account's. / 本人の番号、または共有のアカウントの番号")
  var owner: String
  @Argument(help: "The application. / 業務システム") var application: String
  @Option(help: "Label of a second account; without it the first.") var account = ""
  @Option(help: "Who may use it; may be repeated, at most 32 at a time. / 使う職員の番号") var deputy: [String]

  func parameters() throws -> [String: String] {
    guard (1...VaultDeputy.mostInAct).contains(deputy.count), Set(deputy).count == deputy.count, !deputy.contains(owner),
      ([owner] + deputy).allSatisfy({ (try? PersonID(parsing: $0)) != nil })
    else {
      throw fail(
        64, "--deputy は、本人とは別の職員の番号です（1〜\(VaultDeputy.mostInAct) 人、重複なし）。",
        "--deputy: 1 to \(VaultDeputy.mostInAct) different people, and not the owner")
    }
    return [
      "owner": owner, "application": application, "account": account, "deputies": deputy.joined(separator: " "),
    ]
  }
}

struct DeputyAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Let people use it for a time: two administrators sign. / 期間を決めて代理を登録します（管理者 2 人）。",
    discussion: """
      Both days count, in Japanese time; at most 400 days. Whoever becomes a deputy does not sign. An owner whom the directory does not
      know is an account that several share; set its password afterwards with 'sanmon vault set'.

      EXAMPLES
        sanmon vault deputy add p-000007 ledger --deputy p-000042 --until 2026-12-28 --out leave.act
        sanmon vault deputy add p-000007 ledger --deputy p-000042 --act leave.act --approval suzuki=leave.suzuki
      """)
  @OptionGroup var subject: DeputyOptions
  @Option(help: "The first day. / 始まる日") var from = "today"
  @Option(help: "The last day; not needed with --act. / 終わる日") var until: String?
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let who = try subject.parameters()
    let act = try await draft.signed(
      Act.Kind.registerDeputies, about: Words("\(subject.owner) の代理", "deputies of \(subject.owner)"),
      where: { parameters in who.allSatisfy { parameters[$0.key] == $0.value } }
    ) {
      guard let until, let first = Times.parse(from), let end = Times.parse(until).map({ Self.end(of: until, $0) }),
        first < end, end - first <= VaultDeputy.longest
      else {
        throw fail(
          64, "--from と --until は日付（YYYY-MM-DD）で、400 日以内です。", "--from and --until: days (YYYY-MM-DD), at most 400 apart")
      }
      let days = ["from": String(first), "until": String(end)]
      return try await acting.act(Act.Kind.registerDeputies, who.merging(days) { one, _ in one })
    }
    guard let act else { return }
    try await OperatorLink(options: acting.link).post(
      "/v1/admin/vault/deputies", VaultActMessage(act: Data(act.encoded)))
    print(say("登録しました。期間が過ぎると、ひとりでに終わります。", "registered. It ends by itself."))
  }

  /// A day counts whole; an hour is taken as it is.
  private static func end(of text: String, _ time: Int64) -> Int64 { text.contains("T") ? time : time + 86_400_000 }
}

struct DeputyWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "End it before its last day; one administrator signs. / 期限より早く終えます（管理者 1 人）。",
    discussion: """
      From then on nothing is handed over. Whoever saw the password at the application may still know it: change it there.

      EXAMPLE
        sanmon vault deputy withdraw p-000007 ledger --deputy p-000042
      """)
  @OptionGroup var subject: DeputyOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let act = try await acting.act(Act.Kind.withdrawDeputies, subject.parameters())
    try await OperatorLink(options: acting.link).post(
      "/v1/admin/vault/deputies", VaultActMessage(act: Data(act.encoded)))
    print(say("終えました。", "ended."))
  }
}

struct DeputyList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show deputies and how they stand. / 代理と共有の一覧を表示します。",
    discussion: """
      EXAMPLES
        sanmon vault deputy list
        sanmon vault deputy list --person p-000042
      """)
  @Option(help: "Only whom this person stands in for, and who stands in for her. / この職員についてだけ") var person: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    guard person.map({ (try? PersonID(parsing: $0)) != nil }) ?? true else {
      throw fail(64, "--person は職員の番号です。", "--person: a person id")
    }
    let all = try await operatorLink.get(
      "/v1/admin/vault/deputies" + (person.map { "?person=" + $0 } ?? ""), as: [DeputySummary].self)
    try operatorLink.show(all) { all in
      all.isEmpty
        ? say("代理の登録はありません。", "There are no deputies.") : all.map(Self.line).joined(separator: "\n")
    }
  }

  private static func line(_ entry: DeputySummary) -> String {
    let place = entry.application + (entry.account.isEmpty ? "" : "/" + entry.account)
    return
      "\(entry.owner)  \(place)  ←  \(entry.deputy)  \(Times.show(entry.from)) – \(Times.show(entry.until))  \(state(entry.state))"
  }

  private static func state(_ state: String) -> String {
    switch state {
    case "planned": say("これから", "not begun")
    case "inForce": say("有効", "in force")
    case "ended": say("終了", "ended")
    case "withdrawn": say("取消", "withdrawn")
    default: state
    }
  }
}
