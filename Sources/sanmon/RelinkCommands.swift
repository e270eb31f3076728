import ArgumentParser
import AuthAPI
import Foundation

struct DirectoryRelink: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relink",
    abstract: "Cards of people who left, for their new registrations. / 再任用・任期更新で、前のカードを引き継ぎます。",
    discussion: """
      A new account is a new person without cards, also with the number or the account name of somebody who left. If it is the same
      person, the former cards can go on: the person shows one of them, with its PIN, at a workstation (sanmon-agent relink), and
      within 30 minutes two administrators sign that exactly these cards become the new person's. Cards alone: rights come
      from the directory, and a password of Sanmon's own, roles as an operator and dated accesses stay behind. Whose card is lost gets a
      card anew (sanmon card enrol).

      EXAMPLES
        sanmon directory relink plan
        sanmon directory relink approve 4711.2 --out tanaka.act
        sanmon operator accept tanaka.act --as suzuki --out tanaka.suzuki
        sanmon directory relink approve 4711.2 --act tanaka.act --approval suzuki=tanaka.suzuki
      """,
    subcommands: [RelinkPlan.self, RelinkApprove.self], defaultSubcommand: RelinkPlan.self)
}

struct RelinkPlan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show who may be a former person, and what is still needed. / 引き継げる登録と、残りの手順を表示します。",
    discussion: """
      Changes nothing. Once a card was shown, it ends with all that 'approve' signs: who signs second runs 'plan' herself and compares
      it with what 'sanmon operator accept' shows.

      EXAMPLE
        sanmon directory relink plan
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let status = try await operatorLink.get("/v1/admin/directory", as: DirectoryStatus.self)
    try operatorLink.show(status.relinks) { offers in
      offers.isEmpty
        ? say("前のカードを引き継げる登録はありません。", "There is nothing to take over.")
        : offers.map(RelinkText.block).joined(separator: "\n")
    }
  }
}

struct RelinkApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Let the former cards be the new person's: two administrators sign it. / 前のカードの引き継ぎを、管理者 2 人で承認します。",
    discussion: """
      What is signed is both people, their objects in the directory, exactly these cards, and the proof that one of them is in hand.
      If any of it changes, or 30 minutes pass, it is refused.

      EXAMPLE
        sanmon directory relink approve 4711.2 --out tanaka.act
        sanmon operator accept tanaka.act --as suzuki --out tanaka.suzuki
        sanmon directory relink approve 4711.2 --act tanaka.act --approval suzuki=tanaka.suzuki
      """)
  @Argument(help: "The new person, as 'plan' shows it. / 新しい登録の番号") var person: String
  @Option(help: "The former person, if several are offered. / 前の登録の番号") var former: String?
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let act = try await draft.signed(
      Act.Kind.relinkPerson, about: Words(" \(person) ", "\(person)"), where: { $0["person"] == person }
    ) {
      let offer = try await offer(operatorLink)
      printError(RelinkText.block(offer))
      guard let proof = offer.proof else { throw ExitCode(1) }
      return try await acting.act(Act.Kind.relinkPerson, offer.parameters(proof))
    }
    guard let act else { return }
    let answer = try await operatorLink.post(
      "/v1/admin/directory/relink", DirectoryAct(act: Data(act.encoded)), as: RelinkDone.self)
    try operatorLink.show(answer, RelinkText.done)
  }

  private func offer(_ operatorLink: OperatorLink) async throws -> RelinkOffer {
    let status = try await operatorLink.get("/v1/admin/directory", as: DirectoryStatus.self)
    let offers = status.relinks.filter { $0.person == person && (former == nil || $0.former == former) }
    guard let offer = offers.first else {
      throw fail(
        1, "\(person) が引き継げる前のカードはありません（sanmon directory relink plan）。",
        "there are no former cards for \(person); see: sanmon directory relink plan")
    }
    guard offers.count == 1 else {
      let names = offers.map(\.former).joined(separator: ", ")
      throw fail(64, "前の登録が複数あります。--former で選んでください: \(names)", "several former people: choose one with --former: \(names)")
    }
    return offer
  }
}

enum RelinkText {
  /// One line for a list of many.
  static func line(_ offer: RelinkOffer) -> String {
    let (number, account) = (offer.because.contains("number"), offer.because.contains("account"))
    let because =
      number && account
      ? say("職員番号とログオン名が同じ", "same number and account name")
      : number ? say("職員番号が同じ", "same number") : say("ログオン名が同じ", "same account name")
    let (former, new) = ("\(offer.former) \(offer.formerName)", "\(offer.person) \(offer.name)（\(offer.account)）")
    return Rows.visible(
      say(
        "新しい登録 \(new)は、前の \(former) と同じ人かもしれません（\(because)）",
        "new person \(offer.person) \(offer.name) (\(offer.account)) may be former person \(former) (\(because))"))
  }

  static func block(_ offer: RelinkOffer) -> String {
    var lines = [line(offer), say("  カード: ", "  cards: ") + offer.cards.joined(separator: ", ")]
    if let proof = offer.proof {
      lines.append(
        say(
          "  前のカードの確認: \(proof.workstation) で \(proof.card)、\(Times.show(proof.until)) まで有効",
          "  former card shown: \(proof.card) at \(proof.workstation), counts until \(Times.show(proof.until))"))
      lines.append(say("  署名するもの:", "  what is signed:"))
      lines += offer.parameters(proof).sorted { $0.key < $1.key }.map { "      \($0.key) = " + Rows.visible($0.value) }
      lines.append(
        say(
          "  → 管理者 2 人で sanmon directory relink approve \(offer.person)",
          "  -> two administrators: sanmon directory relink approve \(offer.person)"))
    } else {
      lines.append(
        say(
          "  → 本人が端末で sanmon-agent relink --person \(offer.person)（前のカードと暗証番号（PIN））。カードがなければ sanmon card enrol",
          "  -> at a workstation, with the former card and its PIN: sanmon-agent relink --person \(offer.person); without the card: sanmon card enrol"
        ))
    }
    return lines.joined(separator: "\n")
  }

  static func done(_ done: RelinkDone) -> String {
    say(
      "\(done.former) のカードを \(done.person) に引き継ぎました。", "The cards of \(done.former) are \(done.person)'s now.") + "\n"
      + done.cards.map(CardCommand.line).joined(separator: "\n")
  }
}
