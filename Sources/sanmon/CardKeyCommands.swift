import ArgumentParser
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import SmartCard
import Workstation

struct CardKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card-key",
    abstract: "The city's keys for shared-key cards, in the vault. / 共有鍵のカード（FeliCa Lite-S、DESFire）の庁の鍵。",
    discussion: """
      A key counts for one script and its steps: set it again after each change of the file that is more than a name. Two
      administrators sign; whoever knows the key can make copies of every such card, so keep it on paper, in a safe.

      EXAMPLES
        sanmon vault card-key set --script policies/cards/felica-lite-s.yaml --out key.act
        sanmon operator accept key.act --as suzuki --out key.suzuki
        sanmon vault card-key set --act key.act --approval suzuki=key.suzuki
        sanmon vault card-key list
        sanmon vault card-key remove branch-lite-s --out gone.act
      """,
    subcommands: [CardKeySet.self, CardKeyList.self, CardKeyRemove.self], defaultSubcommand: CardKeyList.self)
}

struct CardKeySet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set or replace the city's key: two administrators sign. / 庁の鍵を登録します（管理者 2 人）。",
    discussion: """
      The key is typed twice, in hexadecimal, and sealed here to the vault's key: the server carries it and cannot read it. --out writes
      the act and, beside it with .sealed behind its name, the sealed key; both have to be there for --act. An act is good for ten minutes.
      A new key takes the former's place at once: cards that have the former one are refused from then on.

      EXAMPLES
        sanmon vault card-key set --script policies/cards/felica-lite-s.yaml --vault-authority 0123…cdef --out key.act
        sanmon vault card-key set --script policies/cards/desfire-ev2.yaml --from-descriptor 3 --out key.act 3< key.txt
        sanmon vault card-key set --act key.act --approval suzuki=key.suzuki
      """)
  @Option(help: "The script's file; not needed with --act. / カードのファイル", completion: .file(extensions: ["yaml"]))
  var script: String?
  @Option(help: "Read the key from this file descriptor, once, instead of the terminal. / 鍵を読む番号") var fromDescriptor: Int32?
  @OptionGroup var authority: VaultAuthorityOptions
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func validate() throws {
    guard (draft.out == nil) != (draft.act == nil), (draft.act == nil) == (script != nil) else {
      throw ValidationError("--script FILE --out FILE; or --act FILE --approval ID=FILE")
    }
  }

  func run() async throws {
    let link = OperatorLink(options: acting.link)
    guard let path = draft.act else {
      guard let script, let out = draft.out else { return }
      return try await write(try Self.read(script), to: out, link)
    }
    guard let data = FileManager.default.contents(atPath: path + ".sealed") else {
      throw fail(66, "\(path).sealed がありません。--out で作ったままの場所に置いてください。", "\(path).sealed is missing: --out wrote it there")
    }
    let hash = Hex.encode(Array(SHA256.hash(data: data)))
    let act = try await draft.signed(
      Act.Kind.setCardKey, about: Words("\(path).sealed の鍵", "the key in \(path).sealed"), where: { $0["sealed"] == hash }
    ) { throw ExitCode(64) }
    guard let act else { return }
    try await link.post("/v1/admin/vault/card-keys", VaultCardKeyAct(sealed: data, act: Data(act.encoded)))
    print(say("登録しました。", "set."))
  }

  private func write(_ script: CardScript, to out: String, _ link: OperatorLink) async throws {
    let (keys, instance) = try await authority.keys(of: link, acting)
    let key = try Self.typed(script, descriptor: fromDescriptor)
    let sealed = try CardKeyMessage.seal(key, for: script, to: keys, instance: instance).encoded
    let act = try await acting.act(
      Act.Kind.setCardKey, ["script": script.id, "sealed": Hex.encode(Array(SHA256.hash(data: sealed)))])
    try Data(sealed).write(to: URL(fileURLWithPath: out + ".sealed"), options: .withoutOverwriting)
    try SignedActFile.write(act, to: out)
    print(
      say(
        "\(out) と \(out).sealed を作りました。10 分以内に、もう一人の管理者が承認してください。",
        "\(out) and \(out).sealed are written. Have a second administrator accept within ten minutes."))
  }

  private static func read(_ path: String) throws -> CardScript {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw fail(66, "\(Rows.visible(path)) を読めません。", "cannot read \(Rows.visible(path))")
    }
    let name = URL(fileURLWithPath: path).lastPathComponent
    do throws(PolicyFaults) {
      return try CardScriptFile.compile(PolicySource(name: name, bytes: Array(data))).script
    } catch {
      printError(error.render(PolicyReport.language))
      throw ExitCode(65)
    }
  }

  // MARK: Typing

  private static func typed(_ script: CardScript, descriptor: Int32?) throws -> Secret<CardKey> {
    let prompt = say("庁の鍵（16 進 \(2 * script.keyLength) 桁）: ", "City's key (\(2 * script.keyLength) hexadecimal digits): ")
    let first = try TerminalSecret.read(prompt: prompt, descriptor: descriptor, option: "--from-descriptor")
    guard let key = CardKeyText.decode(first, count: script.keyLength) else {
      throw fail(
        65, "鍵は 16 進 \(2 * script.keyLength) 桁です。", "the key has \(2 * script.keyLength) hexadecimal digits")
    }
    if descriptor == nil {
      let again = try TerminalSecret.read(prompt: say("もう一度: ", "Once more: "), descriptor: nil, option: "--from-descriptor")
      guard let second = CardKeyText.decode(again, count: script.keyLength), CardKeyText.areEqual(key, second) else {
        throw fail(65, "二度の入力が違います。", "the two are not the same")
      }
    }
    guard CardKeyStrength.isFit(key, for: script.kind) else {
      throw fail(
        65, "出荷時の鍵や、同じ部分をくり返す鍵は使えません。", "a maker's key, or one whose parts repeat, is refused")
    }
    return key
  }
}

struct CardKeyList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "For which scripts there is a key, never a key. / 登録の一覧（鍵は出ません）。",
    discussion: """
      EXAMPLE
        sanmon vault card-key list
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let keys = try await operatorLink.get("/v1/admin/vault/card-keys", as: [VaultCardKeySummary].self)
    try operatorLink.show(keys) { keys in
      guard !keys.isEmpty else { return say("登録はありません。", "none.") }
      return keys.map { key in
        "\(key.script)  \(say("第 \(key.version) 版", "version \(key.version)"))  \(Times.show(key.setAt))"
          + say("  登録カード \(key.cards) 枚", "  \(key.cards) cards registered")
      }.joined(separator: "\n")
    }
  }
}
