import ArgumentParser
import AuthAPI
import AuthTerms
import CertificateTrust
import DirectorySync
import Foundation

/// `sanmon card import --certificates`: what cards to expect.
struct CertificateCardImport {
  /// Of the certificates of one request, as base64 makes them longer: below the 64 KiB of a body.
  private static let mostCharacters = 44_000

  let list: String
  let segment: String
  let isDryRun: Bool
  let link: LinkOptions

  func run() async throws {
    let cards = try read()
    let operatorLink = OperatorLink(options: link)
    var wrong: [Int: CertificateCardList.Flaw] = [:]
    var lines: [ExpectedCardLine] = []
    for card in cards.cards {
      if let der = try certificate(card.source) {
        lines.append(ExpectedCardLine(line: card.line, person: card.person.text, certificate: Data(der)))
      } else {
        wrong[card.line] = .certificate
      }
    }
    var told: [Int: ExpectedCardLineOutcome] = [:]
    var (sent, part, size) = (0, [ExpectedCardLine](), 0)
    for (index, line) in lines.enumerated() {
      part.append(line)
      size += line.certificate.count * 4 / 3 + 128
      let next = index + 1 < lines.count ? lines[index + 1].certificate.count * 4 / 3 + 128 : Self.mostCharacters
      guard part.count == ExpectedCardImport.mostLines || size + next > Self.mostCharacters else { continue }
      let answer = try await operatorLink.post(
        "/v1/admin/cards/expected", ExpectedCardImport(segment: segment, isDryRun: isDryRun, lines: part),
        as: ExpectedCardsTaken.self)
      for outcome in answer.lines { told[outcome.line] = outcome }
      sent += part.count
      printError("  [\(sent)/\(lines.count)]")
      (part, size) = ([], 0)
    }
    let report = CertificateImportReport(cards, wrong, told, isDryRun: isDryRun)
    try operatorLink.show(report, \.text)
    if !report.isWhole { throw ExitCode(1) }
  }

  private func read() throws -> CertificateCardList {
    let text = try TransferText.read(list)
    let name = URL(fileURLWithPath: list).lastPathComponent
    do throws(DirectoryFault) {
      return try CertificateCardList(SourceFile(name: name, bytes: text.utf8))
    } catch {
      throw fail(
        65, "\(Rows.visible(error.place)): \(error.code.rawValue) \(error.ja)",
        "\(Rows.visible(error.place)): \(error.code.rawValue) \(error.en)")
    }
  }

  /// - Returns: `nil` for a file that is not there, or holds anything but one certificate.
  private func certificate(_ source: CertificateCardList.Source) throws -> [UInt8]? {
    switch source {
    case .der(let der): return der
    case .file(let name):
      let path = URL(fileURLWithPath: list).deletingLastPathComponent().appendingPathComponent(name).path
      guard let data = FileManager.default.contents(atPath: path), data.count <= 4 * CertificateCardList.mostBytes else {
        return nil
      }
      if CertificateCardList.isWhole(Array(data)) { return Array(data) }
      guard let text = String(validating: data, as: UTF8.self), let found = try? PEMFile.certificates(text), found.count == 1,
        CertificateCardList.isWhole(found[0])
      else { return nil }
      return found[0]
    }
  }
}

/// What came of each line of a list of certificates.
struct CertificateImportReport: Encodable {
  struct Line: Encodable {
    let line: Int
    /// As the server says, or `wrong`.
    let outcome: String
    let person: String?
    let code: String?
    let ja: String?
    let en: String?
  }

  let isDryRun: Bool
  let expected: Int
  let already: Int
  let notTaken: Int
  let lines: [Line]

  var isWhole: Bool { notTaken == 0 }

  /// - Parameter unread: lines whose certificate could not be read from its file.
  init(
    _ list: CertificateCardList, _ unread: [Int: CertificateCardList.Flaw], _ told: [Int: ExpectedCardLineOutcome],
    isDryRun: Bool
  ) {
    self.isDryRun = isDryRun
    lines = list.lines.map { line in
      switch line {
      case .wrong(let number, let flaw):
        let sentence = Self.sentence(flaw)
        return Line(line: number, outcome: "wrong", person: nil, code: nil, ja: sentence.ja, en: sentence.en)
      case .card(let card):
        if let flaw = unread[card.line] {
          let sentence = Self.sentence(flaw)
          return Line(
            line: card.line, outcome: "wrong", person: card.person.text, code: nil, ja: sentence.ja, en: sentence.en)
        }
        let outcome = told[card.line]
        let sentence = Self.sentence(outcome)
        return Line(
          line: card.line, outcome: outcome?.outcome ?? "refused", person: card.person.text, code: outcome?.code,
          ja: sentence?.ja, en: sentence?.en)
      }
    }
    expected = lines.count { ["expected", "expectable"].contains($0.outcome) }
    already = lines.count { $0.outcome == "already" }
    notTaken = lines.count - expected - already
  }

  /// The totals, and every line that was not taken.
  var text: String {
    let totals =
      isDryRun
      ? say(
        "予定に加えられる \(expected) 枚、登録済み・予定済み \(already) 枚、加えられない \(notTaken) 行。確認のみで、何も変更していません。",
        "\(expected) can be expected, \(already) are already, \(notTaken) lines cannot; nothing was changed")
      : say(
        "予定に加えた \(expected) 枚、登録済み・予定済み \(already) 枚、加えられなかった \(notTaken) 行。カードは、最初のログオンで登録されます。",
        "\(expected) expected, \(already) were already, \(notTaken) lines were not; each card is registered at its first logon")
    let wrong = lines.compactMap { line -> String? in
      guard let ja = line.ja, let en = line.en else { return nil }
      return "✗ \(line.line): " + (line.person.map { $0 + " " } ?? "") + say(ja, en)
    }
    return ([totals] + wrong).joined(separator: "\n")
  }

  private static func sentence(_ outcome: ExpectedCardLineOutcome?) -> (ja: String, en: String)? {
    guard let outcome else { return ("サーバーの応答にありません。", "the server's answer does not have it") }
    switch outcome.outcome {
    case "expected", "expectable", "already": return nil
    case "personUnknown": return ("この職員番号の職員は取り込まれていません。", "no person of this staff number has been imported")
    default:
      let code = outcome.code ?? "?"
      guard let known = DenialCode(rawValue: code) else { return (code, code) }
      guard known != .keyRegistered else {
        return ("\(code): この鍵は、ほかの職員のものとして登録・予定されています。", "\(code): this key is registered or expected for another person")
      }
      let sentence = Sentences.of(known)
      return ("\(code): \(sentence.ja)", "\(code): \(sentence.en)")
    }
  }

  private static func sentence(_ flaw: CertificateCardList.Flaw) -> (ja: String, en: String) {
    switch flaw {
    case .staffNumber: ("職員番号の形が違います。", "this is no staff number")
    case .certificate:
      (
        "証明書は、1 行の base64（DER）か、一覧と同じ場所にある .pem・.crt・.cer・.der のファイル名で書いてください（1 ファイルに 1 つ）。",
        "a certificate is DER in base64 on one line, or the name of a .pem, .crt, .cer or .der file beside the list that holds just one"
      )
    case .cardTwice(let line): ("同じ証明書が \(line) 行目にもあります。", "the same certificate stands in line \(line)")
    }
  }
}

struct CardExpected: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expected", abstract: "Cards that lists announced and nobody has seen. / 一覧で予定され、まだ使われていないカード。",
    discussion: """
      'sanmon card import --certificates' announces cards. Each becomes its person's card at the first logon in which its key signs;
      until then it stands here, for 90 days.

      EXAMPLES
        sanmon card expected list
        sanmon card expected list --person p-000042
        sanmon card expected withdraw 3f5a…
      """,
    subcommands: [CardExpectedList.self, CardExpectedWithdraw.self], defaultSubcommand: CardExpectedList.self)
}

struct CardExpectedList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Which cards are expected. / 予定のカードの一覧。",
    discussion: """
      EXAMPLE
        sanmon card expected list --person p-000042
      """)
  @Option(help: "Only this person's. / この職員についてだけ") var person: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    guard person.map({ (try? PersonID(parsing: $0)) != nil }) ?? true else {
      throw fail(64, "--person は職員の番号です。", "--person: a person id")
    }
    let shown = try await operatorLink.get(
      "/v1/admin/cards/expected" + (person.map { "?person=" + $0 } ?? ""), as: ExpectedCardsShown.self)
    try operatorLink.show(shown) { shown in
      guard !shown.cards.isEmpty else { return say("予定のカードはありません。", "No cards are expected.") }
      let more = shown.more > 0 ? ["… +\(shown.more)"] : []
      return
        (shown.cards.map { "\($0.person)  \($0.segment)  \($0.until)  \($0.key)  " + say("登録者 ", "by ") + $0.importedBy }
        + more).joined(separator: "\n")
    }
  }
}

struct CardExpectedWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Wait for a card no more. / カードの予定を取り消します。",
    discussion: """
      EXAMPLE
        sanmon card expected withdraw 3f5a…
      """)
  @Argument(help: "The key's 64 digits, as 'list' shows them. / 鍵（64 桁）") var key: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard (try? KeyFingerprint(hex: key)) != nil else {
      throw fail(64, "鍵は、list が示す 64 桁です。", "the key is the 64 digits that 'list' shows")
    }
    _ = try await OperatorLink(options: link).post(
      "/v1/admin/cards/expected/withdraw", ExpectedCardWithdrawal(key: key), as: NothingTold.self,
      notFound: ("その鍵のカードは予定されていません。", "no card with this key is expected"))
    print(say("取り消しました。", "withdrawn."))
  }
}

/// An answer that says only that it was done.
struct NothingTold: Decodable {}
