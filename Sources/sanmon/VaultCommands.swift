import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Workstation

struct VaultCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vault", abstract: "Stored credentials: cards, passwords, gaps. / 鍵庫（業務システムのパスワード）の管理。",
    subcommands: [
      VaultCards.self, VaultSet.self, VaultList.self, VaultGaps.self, DeputyCommand.self, CardKeyCommand.self, VaultResume.self,
      VaultRotate.self, VaultUnseal.self, VaultAlarmCommand.self,
    ])
}

struct VaultCards: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cards", abstract: "Bring cards into the vault's own register. / カードを鍵庫の台帳に登録します。",
    discussion: """
      The vault hands credentials to sessions of cards in its own register alone, which the server cannot change. This shows the
      keys that differ (newly enrolled, or lost), at most 256 at a time, and signs them in with your key. A withdrawn key never
      comes back.

      EXAMPLES
        sanmon vault cards
        sanmon vault cards --sign
      """)
  @Flag(help: "Sign what is shown; without it nothing is changed. / 署名して登録する") var sign = false
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let pending = try await operatorLink.get("/v1/admin/vault/cards", as: VaultCardsPending.self)
    guard sign, !pending.cards.isEmpty else { return try operatorLink.show(pending, Self.text) }
    if !acting.link.json { print(Self.text(pending)) }
    let cards = try pending.cards.map { card in
      VaultCard(
        key: try KeyFingerprint(hex: card.key), person: try PersonID(parsing: card.person), isWithdrawn: card.isWithdrawn)
    }
    let hash = Hex.encode(Array(SHA256.hash(data: VaultCard.canonicalBytes(cards))))
    let act = try await acting.act(Act.Kind.registerCards, ["cards": hash])
    let left = try await operatorLink.post(
      "/v1/admin/vault/cards", VaultCardsAct(cards: pending.cards, act: Data(act.encoded)), as: VaultCardsPending.self)
    try operatorLink.show(left) { left in
      say(
        "\(cards.count) 件を鍵庫の台帳に登録しました。残り \(left.count) 件。",
        "\(cards.count) key(s) are in the vault's register; \(left.count) left.")
    }
  }

  static func text(_ pending: VaultCardsPending) -> String {
    guard !pending.cards.isEmpty else {
      return say("鍵庫の台帳は、カードの登録と一致しています。", "the vault's register agrees with the enrolled cards.")
    }
    let lines = pending.cards.map { card in
      "\(card.isWithdrawn ? say("取消", "withdraw") : say("登録", "register"))  \(card.person)  \(card.key)"
    }
    let head = say("\(pending.count) 件が異なります（うち \(lines.count) 件を表示）。", "\(pending.count) differ; \(lines.count) shown.")
    return (lines + [head]).joined(separator: "\n")
  }
}

/// One person's account at one application.
struct CredentialOptions: ParsableArguments {
  @Argument(help: "Person id.") var person: String
  @Argument(help: "The application. / 業務システム") var application: String
  @Option(help: "Label of a second account; without it the first.") var account = ""
}

struct VaultSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set or replace a person's password for an application. / 職員の業務システムのパスワードを設定します。",
    discussion: """
      The password is sealed here to the vault's key: the server carries it and cannot read it, and no command of any operator reads
      it again. The vault's key counts only if the instance's authority signed it, which is known by its SHA-256 (printed when the
      instance was made; 'sanmon status --json' on the server itself shows it).

      EXAMPLE
        sanmon vault set p-000042 ledger --user sato.hanako --vault-authority 0123…cdef --password-fd 3 3< password.txt
      """)
  @OptionGroup var credential: CredentialOptions
  @Option(help: "The name to sign in with. / 業務システムでの利用者名") var user: String
  @OptionGroup var authority: VaultAuthorityOptions
  @Option(help: "Read the password from this file descriptor instead of the terminal.") var passwordFd: Int32?
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let (keys, instance) = try await authority.keys(of: operatorLink, acting)
    let typed = try TerminalSecret.read(prompt: say("パスワード: ", "Password: "), descriptor: passwordFd)
    let password = typed.withBytes { Secret<ApplicationPassword>(copying: $0) }
    guard let stored = try? StoredCredential(user: user, password: password) else {
      throw fail(
        65, "利用者名は 1〜256 バイト、パスワードは 1〜1,024 バイトの UTF-8 です。",
        "a name of 1 to 256 bytes and a password of 1 to 1,024 bytes of UTF-8")
    }
    let sealed = try IntakeMessage.seal(
      stored, to: keys, instance: instance, person: PersonID(parsing: credential.person),
      application: ApplicationID(parsing: credential.application), account: credential.account
    ).encoded
    let act = try await acting.act(
      Act.Kind.setCredential,
      [
        "person": credential.person, "application": credential.application, "account": credential.account,
        "sealed": Hex.encode(Array(SHA256.hash(data: sealed))),
      ])
    try await operatorLink.post(
      "/v1/admin/vault/credentials", VaultCredentialAct(sealed: Data(sealed), act: Data(act.encoded)))
    print(say("設定しました。次のサインインで確かめます。", "set. The next sign-in confirms it."))
  }
}

struct VaultList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Which credentials there are, never what is in them. / 登録の一覧（中身は出ません）。",
    discussion: """
      The time is when it was set; of one that the application refused, when it was refused. If a newer one was refused and the former
      took its place, both versions are named: set the newer one anew.

      EXAMPLES
        sanmon vault list --person p-000042
        sanmon vault list --application ledger --json
      """)
  @Option(help: "Only this person's.") var person: String?
  @Option(help: "Only for this application.") var application: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let query = [person.map { "person=" + $0 }, application.map { "application=" + $0 }].compactMap(\.self)
    guard [person, application].allSatisfy({ $0.map { (try? ApplicationID(parsing: $0)) != nil } ?? true }) else {
      throw fail(64, "--person と --application は番号や名前です。", "--person and --application: an id")
    }
    let path = "/v1/admin/vault/credentials" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    let entries = try await operatorLink.get(path, as: [CredentialSummary].self)
    try operatorLink.show(entries) { entries in
      guard !entries.isEmpty else { return say("登録はありません。", "none.") }
      return entries.map { entry in
        "\(entry.person)  \(entry.application)\(entry.account.isEmpty ? "" : "/" + entry.account)  \(Self.standing(entry))  "
          + Times.show(entry.refusedAt ?? entry.setAt)
      }.joined(separator: "\n")
    }
  }

  /// A newer one that was refused comes before the word for what takes its place.
  private static func standing(_ entry: CredentialSummary) -> String {
    guard let refused = entry.refusedVersion else { return state(entry.state) }
    return say(
      "第 \(refused) 版を業務システムが拒否、第 \(entry.version) 版（\(state(entry.state))）に戻っている",
      "version \(refused) was refused, version \(entry.version) (\(state(entry.state))) is used in its place since")
  }

  static func state(_ state: String) -> String {
    switch state {
    case "current": say("確認済み", "confirmed")
    case "unconfirmed": say("未確認（次のサインインで確かめる）", "not confirmed yet")
    case "refused": say("業務システムが拒否（登録し直しが必要）", "refused by the application: register it anew")
    case "mustChange": say("変更が必要", "to be changed")
    case "pending": say("作成中（Windows のパスワード）", "being made (Windows)")
    case "missing": say("未登録", "missing")
    default: state
    }
  }
}

struct VaultGaps: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gaps", abstract: "Who cannot sign in to which application. / 自動サインインできない職員の一覧。",
    discussion: """
      Of everybody who may log on in a segment where an application is published: whose password is missing, was refused, or has to
      be changed. An account that several share counts once, under its owner. Ends with 1 if there is any.

      EXAMPLES
        sanmon vault gaps
        sanmon vault gaps --json
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let answer = try await operatorLink.get("/v1/admin/vault/gaps", as: CredentialGaps.self)
    try operatorLink.show(answer) { answer in
      guard answer.count > 0 else { return say("不足はありません。", "nothing is missing.") }
      let lines = answer.gaps.map { gap in
        "\(gap.application)  \(gap.person)  \(Rows.visible(gap.displayName))  \(Rows.visible(gap.department))  \(VaultList.state(gap.reason))"
          + (gap.refusedAt.map { "  " + Times.show($0) } ?? "")
      }
      let tail = say("合計 \(answer.count) 件（うち \(lines.count) 件を表示）", "\(answer.count) in all; \(lines.count) shown")
      return (lines + [tail]).joined(separator: "\n")
    }
    if answer.count > 0 { throw ExitCode(1) }
  }
}

struct VaultResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let releases go on after an alarm stopped them. / 警報で止まった自動サインインを再開します。",
    discussion: """
      The vault stops all releases when far more are asked for than people work here. Look at the log first:
      sanmon audit list --event-class release.

      EXAMPLE
        sanmon vault resume
      """)
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let act = try await acting.act(Act.Kind.resumeReleases, [:])
    try await OperatorLink(options: acting.link).post("/v1/admin/vault/resume", VaultActMessage(act: Data(act.encoded)))
    print(say("再開しました。", "releases go on."))
  }
}
