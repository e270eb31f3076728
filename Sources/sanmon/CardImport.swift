import ArgumentParser
import AuthAPI
import AuthTerms
import DirectorySync
import Foundation

struct CardImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Register many cards by their numbers, from a list. / 一覧から、多数のカードを番号で登録します。",
    discussion: """
      LIST is a CSV as a spreadsheet saves it (UTF-8 with or without byte order mark, or Shift_JIS): 職員番号, カード番号 (or
      number, uid) [, 種類 (kind): felica or iso14443, 世代 (generation): des, lite-s or aes]. A card's number is written in hexadecimal
      digits, 4, 7, 8 or 10 bytes, together or with : - or a space between all bytes. A spreadsheet that takes it for a number
      spoils it: set the column to text.

      Each line is registered by itself, with a row of its own; a wrong line leaves the others as they are. Give the whole list
      again after mending it: what is registered already for the same person is passed over. --dry-run writes nothing.

      With --certificates the list is its issuer's: 職員番号 (or number), 証明書 (or certificate): DER in base64 on one line, or the
      name of a .pem, .crt, .cer or .der file beside the list. A certificate is public and shows nothing of a card, so its card is
      only expected: it becomes the person's, of class pk, at the first logon in which its key signs ('sanmon card expected').

      EXAMPLES
        sanmon card import cards.csv --segment lgwan --dry-run
        sanmon card import cards.csv --segment lgwan
        sanmon card import cards.csv --segment lgwan --json
        sanmon card import issued.csv --segment lgwan --certificates --dry-run

      EXIT CODES
        0 every line is registered, or would be   1 some are not; each is named   65 the list cannot be read
      """)
  @Argument(help: "The list of cards. / カードの一覧（CSV）", completion: .file(extensions: ["csv"])) var list: String
  @Option(help: "The segment where they are to be used.") var segment: String
  @Flag(help: "Only say what would come of each line.") var dryRun = false
  @Flag(help: "The list names certificates. / 証明書の一覧") var certificates = false
  @OptionGroup var link: LinkOptions

  func run() async throws {
    if certificates {
      return try await CertificateCardImport(list: list, segment: segment, isDryRun: dryRun, link: link).run()
    }
    let cards = try read()
    let operatorLink = OperatorLink(options: link)
    var told: [Int: NumberCardLineOutcome] = [:]
    let all = cards.cards
    for start in stride(from: 0, to: all.count, by: NumberCardImport.mostLines) {
      let part = all[start..<min(start + NumberCardImport.mostLines, all.count)]
      let message = NumberCardImport(
        segment: segment, isDryRun: dryRun,
        lines: part.map {
          NumberCardLine(
            line: $0.line, person: $0.person.text, number: Data($0.number.bytes), generation: $0.generation?.name)
        })
      let answer = try await operatorLink.post("/v1/admin/cards/numbers/import", message, as: NumberCardsImported.self)
      for outcome in answer.lines { told[outcome.line] = outcome }
      printError("  [\(part.endIndex)/\(all.count)]")
    }
    let report = CardImportReport(cards, told, isDryRun: dryRun)
    try operatorLink.show(report, \.text)
    if !report.isWhole { throw ExitCode(1) }
  }

  private func read() throws -> NumberCardList {
    let text = try TransferText.read(list)
    let name = URL(fileURLWithPath: list).lastPathComponent
    do throws(DirectoryFault) {
      return try NumberCardList(SourceFile(name: name, bytes: text.utf8))
    } catch {
      throw fail(
        65, "\(Rows.visible(error.place)): \(error.code.rawValue) \(error.ja)",
        "\(Rows.visible(error.place)): \(error.code.rawValue) \(error.en)")
    }
  }
}

/// What came of each line of a list.
struct CardImportReport: Encodable {
  struct Line: Encodable {
    let line: Int
    /// As the server says, or `wrong`.
    let outcome: String
    let person: String?
    let code: String?
    let card: String?
    let ja: String?
    let en: String?
  }

  let isDryRun: Bool
  let registered: Int
  let already: Int
  let notRegistered: Int
  let lines: [Line]

  var isWhole: Bool { notRegistered == 0 }

  init(_ list: NumberCardList, _ told: [Int: NumberCardLineOutcome], isDryRun: Bool) {
    self.isDryRun = isDryRun
    lines = list.lines.map { line in
      switch line {
      case .wrong(let number, let flaw):
        let sentence = Self.sentence(flaw)
        return Line(
          line: number, outcome: "wrong", person: nil, code: nil, card: nil, ja: sentence.ja, en: sentence.en)
      case .card(let card):
        let outcome = told[card.line]
        let sentence = Self.sentence(outcome)
        return Line(
          line: card.line, outcome: outcome?.outcome ?? "refused", person: card.person.text, code: outcome?.code,
          card: outcome?.card, ja: sentence?.ja, en: sentence?.en)
      }
    }
    registered = lines.count { ["registered", "registrable"].contains($0.outcome) }
    already = lines.count { $0.outcome == "already" }
    notRegistered = lines.count - registered - already
  }

  /// The totals, and every line that was not taken.
  var text: String {
    let totals =
      isDryRun
      ? say(
        "登録できる \(registered) 枚、登録済み \(already) 枚、登録できない \(notRegistered) 行。確認のみで、何も変更していません。",
        "\(registered) can be registered, \(already) are already, \(notRegistered) lines cannot; nothing was changed")
      : say(
        "登録した \(registered) 枚、登録済み \(already) 枚、登録できなかった \(notRegistered) 行。",
        "\(registered) registered, \(already) were already, \(notRegistered) lines were not")
    let wrong = lines.compactMap { line -> String? in
      guard let ja = line.ja, let en = line.en else { return nil }
      return "✗ \(line.line): " + (line.person.map { $0 + " " } ?? "") + say(ja, en)
    }
    return ([totals] + wrong).joined(separator: "\n")
  }

  private static func sentence(_ outcome: NumberCardLineOutcome?) -> (ja: String, en: String)? {
    guard let outcome else { return ("サーバーの応答にありません。", "the server's answer does not have it") }
    switch outcome.outcome {
    case "registered", "registrable", "already": return nil
    case "personUnknown": return ("この職員番号の職員は取り込まれていません。", "no person of this staff number has been imported")
    default:
      let code = outcome.code ?? "?"
      guard let known = DenialCode(rawValue: code) else { return ("\(code)", "\(code)") }
      let sentence = Sentences.of(known)
      guard known != .keyRegistered else {
        return ("\(code): この番号は、ほかの職員に登録されています。", "\(code): this number is registered for another person")
      }
      return ("\(code): \(sentence.ja)", "\(code): \(sentence.en)")
    }
  }

  private static func sentence(_ flaw: NumberCardList.Flaw) -> (ja: String, en: String) {
    switch flaw {
    case .staffNumber: ("職員番号の形が違います。", "this is no staff number")
    case .cardNumber:
      (
        "カード番号は 16 進数で 4、7、8、10 バイトです。毎回変わる番号（08、01FE、02FE で始まるもの）は登録できません。",
        "a card's number is 4, 7, 8 or 10 bytes in hexadecimal; one that changes each time (08…, 01FE…, 02FE…) cannot be registered"
      )
    case .kind:
      (
        "種類が番号の長さと合いません（8 バイトは felica、4、7、10 バイトは iso14443）。",
        "the kind does not go with the number: 8 bytes are felica; 4, 7 and 10 iso14443"
      )
    case .generation: ("世代は、FeliCa の des、lite-s、aes のどれかです。", "a generation is des, lite-s or aes, of a FeliCa")
    case .certificate:
      (
        "証明書は一覧からは登録できません。証明書だけの一覧を --certificates で取り込むか、窓口で登録してください（sanmon card enrol）。",
        "a certificate is not registered from a list with numbers: list certificates alone with --certificates, or use sanmon card enrol"
      )
    case .cardTwice(let line):
      ("同じカードが \(line) 行目にもあります。", "the same card stands in line \(line)")
    }
  }
}
