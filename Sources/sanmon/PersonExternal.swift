import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct PersonAddExternal: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-external",
    abstract: "Register somebody from outside until a date: two administrators sign it. / 外部の方（応援職員・派遣・委託）を登録します。",
    discussion: """
      For people without an account in the directory. The number begins with EXT-. The last day is at most 366 days ahead, and a
      member of staff answers: when she leaves or is disabled, access ends at once. Password and cards as for everybody:
      'sanmon person password', 'sanmon card enrol', 'sanmon card lend'.

      EXAMPLES
        sanmon person add-external --number EXT-0001 --name "外部 太郎" --kana "ガイブ タロウ" --department 0201 \\
          --groups seg-lgwan --from 2027-04-01 --until 2028-03-31 --responsible p-000042 --reason "contract 2027-15" --out ext.act
        sanmon operator accept ext.act --as suzuki --out ext.suzuki
        sanmon person add-external --act ext.act --approval suzuki=ext.suzuki
      """)
  @Option(help: "EXT- and capital letters, digits, . _ -; at most 64 characters. / 番号（EXT- で始まる、英大文字と数字）") var number: String?
  @Option(help: "Name, as it is shown. / 氏名") var name: String?
  @Option(help: "Kana reading. / フリガナ") var kana = ""
  @Option(help: "Department code. / 受入れ先の所属") var department: String?
  @Option(help: "Groups that the rules name, with commas. / グループ（カンマ区切り）") var groups: String?
  @Option(help: "First day, YYYY-MM-DD. / 初日") var from: String?
  @Option(help: "Last day, YYYY-MM-DD, at most 366 days ahead. / 最終日（366 日まで）") var until: String?
  @Option(help: "The member of staff who answers, by person id. / 責任者の職員番号") var responsible: String?
  @Option(help: "Why; stands in the log. / 理由") var reason: String?
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let act = try await draft.signed(Act.Kind.addExternal, about: Words("外部の方の登録", "registering somebody from outside")) {
      guard let number, let name, let department, let groups, let from, let until, let responsible, let reason else {
        throw fail(
          64, "--number、--name、--department、--groups、--from、--until、--responsible、--reason をすべて指定してください。",
          "give all of --number, --name, --department, --groups, --from, --until, --responsible and --reason")
      }
      guard let id = try? PersonID(parsing: number), id.isGivenNumber else {
        throw fail(
          64, "--number は EXT- で始まる、英大文字・数字と . _ - の 64 文字までです。",
          "--number: EXT- and capital letters, digits, . _ -; at most 64 characters")
      }
      return try await acting.act(
        Act.Kind.addExternal,
        [
          "person": id.text, "name": name, "kana": kana, "department": department,
          "groups": groups.filter { $0 != " " }, "from": try PersonExternalText.day(from, "--from"),
          "until": try PersonExternalText.day(until, "--until"),
          "responsible": try PersonExternalText.person(responsible, "--responsible"),
          "reason": try PersonExternalText.reason(reason),
        ])
    }
    guard let act else { return }
    try await PersonExternalText.bring(act, to: "", acting)
  }
}

struct PersonExtend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "Another last day, or another responsible person: two administrators sign it. / 外部の方の期限・責任者を変えます。",
    discussion: """
      At most 366 days from today. What had ended comes back by it, with cards and password, until it was purged.

      EXAMPLES
        sanmon person extend EXT-0001 --until 2028-03-31 --responsible p-000007 --reason "contract 2028-03" --out ext.act
        sanmon operator accept ext.act --as suzuki --out ext.suzuki
        sanmon person extend EXT-0001 --act ext.act --approval suzuki=ext.suzuki
      """)
  @Argument(help: "The number of somebody from outside. / 番号") var person: String
  @Option(help: "Last day, YYYY-MM-DD, at most 366 days ahead. / 最終日（366 日まで）") var until: String?
  @Option(help: "The member of staff who answers from now on, by person id. / 責任者の職員番号") var responsible: String?
  @Option(help: "Why; stands in the log. / 理由") var reason: String?
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let id = try PersonExternalText.person(person, "PERSON")
    let subject = Words("\(id) の延長", "extending \(id)")
    let act = try await draft.signed(Act.Kind.extendExternal, about: subject, where: { $0["person"] == id }) {
      guard let until, let responsible, let reason else {
        throw fail(
          64, "--until、--responsible、--reason をすべて指定してください。", "give all of --until, --responsible and --reason")
      }
      return try await acting.act(
        Act.Kind.extendExternal,
        [
          "person": id, "until": try PersonExternalText.day(until, "--until"),
          "responsible": try PersonExternalText.person(responsible, "--responsible"),
          "reason": try PersonExternalText.reason(reason),
        ])
    }
    guard let act else { return }
    try await PersonExternalText.bring(act, to: "/extend", acting)
  }
}

struct PersonEnd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "end", abstract: "End the access of somebody from outside at once. / 外部の方の利用を直ちに終えます（管理者 1 人）。",
    discussion: """
      What is open locks. Cards stand on the collection list ('sanmon card list --to-collect').

      EXAMPLE
        sanmon person end EXT-0001 --reason "the contract has ended"
      """)
  @Argument(help: "The number of somebody from outside. / 番号") var person: String
  @Option(help: "Why; stands in the log. / 理由") var reason: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let id = try PersonExternalText.person(person, "PERSON")
    let act = try await acting.act(
      Act.Kind.endExternal, ["person": id, "reason": try PersonExternalText.reason(reason)])
    try await PersonExternalText.bring(act, to: "/end", acting)
  }
}

enum PersonExternalText {
  static func bring(_ act: SignedAct, to path: String, _ acting: ActingOptions) async throws {
    let link = OperatorLink(options: acting.link)
    let answer = try await link.post(
      "/v1/admin/external-people\(path)", ExternalAct(act: Data(act.encoded)), as: ExternalSummary.self)
    try link.show(answer, line)
  }

  static func list(matching text: String, _ link: OperatorLink) async throws {
    let all = try await link.get("/v1/admin/external-people", as: [ExternalSummary].self)
    let found = all.filter { person in
      text.isEmpty || [person.person, person.displayName, person.kana, person.department].contains { $0.contains(text) }
    }
    try link.show(found) { found in
      found.isEmpty ? say("該当する外部の方はいません。", "nobody from outside") : found.map(line).joined(separator: "\n")
    }
  }

  static func person(_ text: String, _ option: String) throws -> String {
    guard let id = try? PersonID(parsing: text) else {
      throw fail(64, "\(option) の番号の形が正しくありません。", "\(option): not a person id")
    }
    return id.text
  }

  static func day(_ text: String, _ option: String) throws -> String {
    guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil else {
      throw fail(64, "\(option) は 2027-04-01 の形で書いてください。", "\(option): write 2027-04-01")
    }
    return text
  }

  static func reason(_ text: String) throws -> String {
    let reason = try Reasons.checked(text)
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw fail(64, "--reason に理由を書いてください。", "--reason: say why")
    }
    return reason
  }

  static func line(_ person: ExternalSummary) -> String {
    let name = Rows.visible(person.displayName)
    var parts = [person.person, name, Rows.visible(person.department), person.groups.joined(separator: ",")]
    parts.append("\(person.from) – \(person.until)")
    parts.append(
      say("責任者 ", "answered for by ") + person.responsible
        + (person.responsibleName.isEmpty ? "" : " " + Rows.visible(person.responsibleName)))
    if let last = person.responsibleUntil { parts.append(say("（責任者の最終日 \(last)）", "(who leaves on \(last))")) }
    parts.append(state(person.state))
    return parts.joined(separator: "  ")
  }

  private static func state(_ state: String) -> String {
    switch ExternalSummary.State(rawValue: state) {
    case .waiting: say("開始前", "not yet begun")
    case .inForce: say("有効", "in force")
    case .unanswered: say("責任者不在のため停止中", "stopped: nobody answers")
    case .over: say("期限切れ", "over")
    case .ended: say("終了", "ended")
    case nil: Rows.visible(state)
    }
  }
}
