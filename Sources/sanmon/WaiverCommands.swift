import ArgumentParser
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation

/// `sanmon policy waiver …`: the approvers that a policy file names sign its waiver, each with her own key.
struct WaiverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waiver", abstract: "Sign the waivers of the policy files. / 期限付き特例に署名します。",
    discussion: """
      A waiver counts only once every operator under its approvers has signed it: one, or in My Number two people.

      EXAMPLES (one approver)
        sanmon policy waiver list
        sanmon policy waiver approve 4f1c…

      EXAMPLES (two approvers: the first proposes, the second signs, one of them brings both)
        sanmon policy waiver propose 4f1c… --out phase.act
        sanmon policy waiver sign phase.act --as suzuki --out phase.suzuki
        sanmon policy waiver approve phase.act --approval suzuki=phase.suzuki
      """,
    subcommands: [WaiverList.self, WaiverPropose.self, WaiverSign.self, WaiverApprove.self, WaiverWithdraw.self])
}

struct WaiverList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List waivers, who signed them and who has not. / 期限付き特例と署名の状況を一覧します。")
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let waivers = try await operatorLink.get("/v1/admin/policy/waivers", as: [WaiverSummary].self)
    try operatorLink.show(waivers) { waivers in
      waivers.isEmpty
        ? say("期限付き特例はありません。", "There are no waivers.") : waivers.map(WaiverText.block).joined(separator: "\n")
    }
  }
}

struct WaiverPropose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "propose", abstract: "Sign a waiver first, for others to sign too. / 特例に最初の署名をして起案します。",
    discussion: "The proposal is good for a day. / 起案は 1 日のあいだ有効です。")
  @Argument(help: "The hash that 'sanmon policy waiver list' shows. / 一覧に出るハッシュ値") var hash: String
  @Option(help: "File for the signed act.") var out: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let signed = try await WaiverText.act(approving: hash, acting)
    try SignedActFile.write(signed, to: out)
  }
}

struct WaiverSign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a proposed waiver as a further approver. / 起案された特例に、次の承認者として署名します。",
    discussion: """
      Needs no server: it shows what is signed and checks that the hash is of exactly that.

      EXAMPLE
        sanmon policy waiver sign phase.act --as suzuki --out phase.suzuki
      """)
  @Argument(help: "The file of 'sanmon policy waiver propose'.") var act: String
  @Option(name: .customLong("as"), help: "Your operator id.") var operatorID: String
  @OptionGroup var keyOptions: KeyOptions
  @Option(help: "File for the signature.") var out: String

  func run() async throws {
    let signed = try WaiverText.proposal(act)
    guard let id = try? OperatorID(parsing: operatorID) else {
      throw fail(64, "--as は操作者の名前です。", "--as: an operator id")
    }
    try WaiverText.show(signed.act.parameters)
    try await SignedActFile.consent(to: signed.act, as: id, with: try await keyOptions.source.key(), to: out)
  }
}

struct WaiverApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Bring the approvers' signatures to the server. / 承認者の署名を届け、特例を有効にします。",
    discussion: """
      EXAMPLES
        sanmon policy waiver approve 4f1c…
        sanmon policy waiver approve phase.act --approval suzuki=phase.suzuki
      """)
  @Argument(help: "A hash, to sign it now as its only approver, or the file of 'propose'. / ハッシュ値、または起案のファイル")
  var waiver: String
  @Option(help: "ID=FILE of a further approver's 'sanmon policy waiver sign'.") var approval: [String] = []
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let isHash = (try? WaiverHash(hex: waiver)) != nil
    let signed = isHash ? try await WaiverText.act(approving: waiver, acting) : try WaiverText.proposal(waiver)
    let whole = try SignedActFile.approved(signed, by: approval)
    let operatorLink = OperatorLink(options: acting.link)
    let answer = try await operatorLink.post(
      "/v1/admin/policy/waivers/approve", WaiverAct(act: Data(whole.encoded)), as: WaiverSummary.self,
      notFound: WaiverText.notFound)
    try operatorLink.show(answer, WaiverText.block)
  }
}

struct WaiverWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Make an approved waiver count no more, at once. / 特例の承認をすぐに取り消します。",
    discussion: """
      One administrator is enough. Sessions that are open go on until they end.

      EXAMPLE
        sanmon policy waiver withdraw 4f1c…
      """)
  @Argument(help: "The hash that 'sanmon policy waiver list' shows. / 一覧に出るハッシュ値") var hash: String
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let signed = try await acting.act(Act.Kind.withdrawWaiver, ["hash": hash.lowercased()])
    let operatorLink = OperatorLink(options: acting.link)
    let answer = try await operatorLink.post(
      "/v1/admin/policy/waivers/withdraw", WaiverAct(act: Data(signed.encoded)), as: WaiverWithdrawn.self,
      notFound: WaiverText.notFound)
    try operatorLink.show(answer) { _ in say("特例の承認を取り消しました。", "The waiver is not approved any more.") }
  }
}

/// Waivers as people read them, and the act that approves one.
private enum WaiverText {
  static let notFound = (
    ja: "このハッシュ値の特例はありません。sanmon policy waiver list で確かめてください。", en: "no waiver has this hash; see sanmon policy waiver list"
  )

  static func block(_ waiver: WaiverSummary) -> String {
    let state =
      switch waiver.state {
      case "approved":
        waiver.isWithinDates ? say("有効", "in force") : say("署名済み（期間外）", "signed, outside its days")
      case "lapsed":
        say("失効（承認者が管理者でなくなったか、鍵が変わりました）", "lapsed: an approver is no administrator any more, or her key changed")
      default: say("署名待ち（効いていません）", "not signed, does not count")
      }
    var lines = [
      "\(waiver.segment)  \(waiver.waiver)  \(waiver.from) – \(waiver.until)  \(state)  \(waiver.rule)",
      "  " + say("理由: ", "reason: ") + Rows.visible(waiver.reason), "  " + say("ハッシュ値: ", "hash: ") + waiver.hash,
    ]
    if !waiver.signedBy.isEmpty {
      let moment = waiver.signedAt.map { "  " + Times.show($0) } ?? ""
      lines.append("  " + say("署名: ", "signed by: ") + waiver.signedBy.joined(separator: ", ") + moment)
    }
    if !waiver.missing.isEmpty {
      lines.append("  " + say("署名が必要: ", "missing: ") + waiver.missing.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }

  /// The act over what the server says the file says. The hash is computed here again: nobody signs a bare digest.
  static func act(approving hash: String, _ acting: ActingOptions) async throws -> SignedAct {
    let operatorLink = OperatorLink(options: acting.link)
    let waivers = try await operatorLink.get("/v1/admin/policy/waivers", as: [WaiverSummary].self)
    guard let waiver = waivers.first(where: { $0.hash == hash.lowercased() }) else {
      throw fail(1, notFound.ja, notFound.en)
    }
    let parameters = [
      "hash": waiver.hash, "segment": waiver.segment, "waiver": waiver.waiver, "from": waiver.from, "until": waiver.until,
      "approvers": waiver.approvers.joined(separator: ","), "reason": waiver.reason,
    ]
    try show(parameters)
    return try await acting.act(Act.Kind.approveWaiver, parameters)
  }

  static func proposal(_ path: String) throws -> SignedAct {
    let signed = try SignedActFile.read(path)
    guard signed.act.kind == Act.Kind.approveWaiver else {
      throw fail(65, "\(path) は特例の起案ではありません。", "\(path) is not a proposed waiver")
    }
    return signed
  }

  /// Shows what is about to be signed.
  /// - Throws: if the hash is not of exactly that.
  static func show(_ parameters: [String: String]) throws {
    func part(_ key: String) -> String { parameters[key] ?? "" }
    let bytes = Waiver.canonicalBytes(
      segment: part("segment"), waiver: part("waiver"), from: part("from"), until: part("until"),
      approvers: part("approvers").split(separator: ",").map(String.init), reason: part("reason"))
    guard Hex.encode(SHA256.hash(data: bytes)) == part("hash") else {
      throw fail(65, "ハッシュ値が内容と合いません。署名しません。", "the hash is not of what is shown; nothing is signed")
    }
    printError(
      say("署名する特例: ", "signing the waiver: ")
        + [
          part("segment"), part("waiver"), part("from") + " – " + part("until"), part("approvers"),
          Rows.visible(part("reason")),
        ]
        .joined(separator: "  "))
  }
}
