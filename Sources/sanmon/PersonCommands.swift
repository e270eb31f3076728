import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct PersonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "person", abstract: "People of the embedded directory. / 職員の取り込み・表示・パスワード設定。",
    subcommands: [
      PersonImport.self, PersonList.self, PersonShow.self, PersonPassword.self, PersonAddExternal.self, PersonExtend.self,
      PersonEnd.self,
    ])
}

struct PersonImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take in a whole directory file set. / 職員データを取り込みます。",
    discussion: """
      A file set is complete: people who do not stand in it are disabled (never deleted). If more than 5 % of the enabled
      people would lose access, nothing is applied until you name their number with --confirm.

      EXAMPLES
        sanmon person import --csv deploy/sample-city --preview
        sanmon person import --csv deploy/sample-city
        sanmon person import --ldif export.ldif
      """)
  @Option(help: "Folder with people.csv, groups.csv and departments.csv.") var csv: String?
  @Option(help: "LDIF file.") var ldif: String?
  @Flag(help: "Only tell what would change.") var preview = false
  @Option(help: "The number of people who lose access, as the preview told it.") var confirm: Int?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let message: PeopleImport
    switch (csv, ldif) {
    case (let folder?, nil):
      message = PeopleImport(
        format: "csv", people: try TextFile.read(folder + "/people.csv"), groups: try TextFile.read(folder + "/groups.csv"),
        departments: try TextFile.read(folder + "/departments.csv"), confirmed: confirm, preview: preview)
    case (nil, let file?):
      message = PeopleImport(
        format: "ldif", people: try TextFile.read(file), groups: nil, departments: nil, confirmed: confirm, preview: preview)
    default: throw fail(64, "--csv フォルダー か --ldif ファイル のどちらか一つを指定してください。", "give either --csv FOLDER or --ldif FILE")
    }
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.post("/v1/admin/people", message, as: PeopleImported.self)
    try operatorLink.show(answer) { answer in
      let notes = (Language.current == .ja ? answer.notesJa : answer.notesEn).map { "  " + $0 }
      let counts = say(
        "追加 \(answer.added)、変更 \(answer.changed)、無効化 \(answer.disabled)、変更なし \(answer.unchanged)（利用できなくなる人 \(answer.losingAccess)）",
        "\(answer.added) added, \(answer.changed) changed, \(answer.disabled) disabled, \(answer.unchanged) unchanged "
          + "(\(answer.losingAccess) lose access)")
      let verdict =
        answer.applied
        ? say("取り込みました。", "applied.")
        : preview ? say("確認のみ。何も変更していません。", "preview only; nothing was changed.") : say("取り込みませんでした。", "not applied.")
      return ([counts] + notes + [verdict]).joined(separator: "\n")
    }
    if !preview, !answer.applied { throw ExitCode(65) }
  }
}

struct PersonList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Find people by name, kana, account or department. / 職員を検索します。",
    discussion: """
      EXAMPLES
        sanmon person list 髙橋
        sanmon person list --external
      """)
  @Argument(help: "Part of a name, kana reading, former name or account.") var text = ""
  @Option(help: "At most this many (1 to 1000).") var limit = 50
  @Flag(help: "Only people from outside, with their last day and who answers. / 外部の方だけを、期限と責任者とともに。") var external = false
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    guard !external else { return try await PersonExternalText.list(matching: text, operatorLink) }
    let people = try await operatorLink.get(
      query("/v1/admin/people", [("q", text), ("limit", String(limit))]), as: [PersonSummary].self)
    try operatorLink.show(people) { people in
      people.isEmpty ? say("該当する職員はいません。", "nobody found") : people.map(Self.line).joined(separator: "\n")
    }
  }

  static func line(_ person: PersonSummary) -> String {
    [
      person.id, person.account, Rows.visible(person.displayName), person.departments.joined(separator: ","),
      person.groups.filter { $0.hasPrefix("seg-") }.joined(separator: ","),
      person.isEnabled ? "" : say("無効", "disabled"), say("カード", "cards") + " \(person.cards.count { $0.state == "active" })",
    ].filter { !$0.isEmpty }.joined(separator: "  ")
  }
}

struct PersonShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one person. / 職員を表示します。")
  @Argument(help: "Person id, for example p-000042.") var person: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let person = try await operatorLink.get(
      "/v1/admin/people/\(person)", as: PersonSummary.self,
      notFound: ("職員 \(person) は取り込まれていません。", "no person \(person) has been imported"))
    try operatorLink.show(person) { person in
      ([
        PersonList.line(person), say("フリガナ", "kana") + ": " + Rows.visible(person.kana),
        say("グループ", "groups") + ": " + person.groups.joined(separator: ", "),
        say("パスワード", "password") + ": " + (person.hasPassword ? say("設定済み", "set") : say("未設定", "not set")),
      ] + person.cards.map(CardCommand.line)).joined(separator: "\n")
    }
  }
}

struct PersonPassword: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password", abstract: "Set a person's local password. / パスワードを設定します。",
    discussion: """
      The password is asked on the terminal without echo, or read from a file descriptor; it never stands in the arguments.

      EXAMPLE
        sanmon person password p-000042
      """)
  @Argument(help: "Person id.") var person: String
  @Option(help: "Read the password from this file descriptor instead of the terminal.") var passwordFd: Int32?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let secret = try TerminalSecret.read(
      prompt: say("新しいパスワード: ", "New password: "), descriptor: passwordFd)
    let body = PasswordSetting(password: secret.withBytes { Data($0) })
    let operatorLink = OperatorLink(options: link)
    try await operatorLink.post("/v1/admin/people/\(person)/password", body)
    print(say("設定しました。", "password set."))
  }
}
