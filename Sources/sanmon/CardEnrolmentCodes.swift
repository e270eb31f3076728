import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import DirectorySync
import Foundation

struct CardEnrolmentCodes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrolment-codes",
    abstract: "Codes by which people register their own cards. / 本人が端末でカードを登録するための登録コード。",
    discussion: """
      A code is handed over in person, through the department. At a workstation of the segment its holder puts the new card on the
      reader and runs 'sanmon-agent register-card': card with PIN, password and code together register the card. Any two of them
      register nothing. One code is one person's in one segment, works once, dies after five wrong ones and ends with its day.

      The segment's file has to say 'first-tap: allowed' under 'card'. My Number's cannot: its cards are the desk's.

      EXAMPLES
        sanmon card enrolment-codes issue --department 010 --segment lgwan --days 7 --out letters.txt
        sanmon card enrolment-codes list --segment lgwan --state open
        sanmon card enrolment-codes withdraw --person p-000042 --segment lgwan
      """,
    subcommands: [EnrolmentCodesIssue.self, EnrolmentCodesList.self, EnrolmentCodesWithdraw.self])
}

struct EnrolmentCodesIssue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Issue codes, and write the letters that are handed over. / 登録コードを発行し、手渡す用紙を作ります。",
    discussion: """
      Your key signs for exactly the people of the list, 500 at a time. The codes are told this once and kept nowhere: without --out
      one page for each person goes to standard output, a form feed between two; --out FILE.csv writes a line a person for a mail
      merge (UTF-8 with byte order mark), --out with any other name the pages. The file is yours alone (0600); it must not exist.
      Print it, and delete it. A new code ends the person's former one; who has a card gets none. Were codes lost on their way (a
      broken connection, a full disk), issue them once more: --department leaves out who has an open code, --again does not.

      A list is a CSV with the column 職員番号 (or number) [, 氏名 (name)].

      EXAMPLES
        sanmon card enrolment-codes issue --person p-000042 --segment lgwan --days 3
        sanmon card enrolment-codes issue --department 010 --segment lgwan --days 7 --out letters.txt
        sanmon card enrolment-codes issue --department 010 --segment lgwan --days 7 --again --out letters-2.txt
        sanmon card enrolment-codes issue --file people.csv --segment lgwan --days 14 --out codes.csv

      EXIT CODES
        0 everybody has a code   1 somebody has none; each is named   65 the list cannot be read   73 the file cannot be written
      """)
  @Option(help: "A person id; may be repeated. / 職員の番号") var person: [String] = []
  @Option(help: "Everybody of this department who has no card and no code. / 所属のコード") var department: String?
  @Flag(help: "With --department: whoever has an open code too; it ends. / 有効なコードのある職員にも、もう一度発行する") var again = false
  @Option(help: "A list of people. / 職員の一覧（CSV）", completion: .file(extensions: ["csv"])) var file: String?
  @Option(help: "The segment of the workstations. / 系統") var segment: String
  @Option(help: "So many days from today they count, 1 to 14. / 有効な日数") var days: Int
  @Option(help: "Write the letters into this new file. / 用紙を書き出すファイル") var out: String?
  @OptionGroup var acting: ActingOptions

  func validate() throws {
    guard (1...FirstTapCodeIssue.mostDays).contains(days) else { throw ValidationError("--days: 1 to 14") }
    guard [!person.isEmpty, department != nil, file != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("one of --person, --department and --file")
    }
    guard !again || department != nil else { throw ValidationError("--again is for --department; others are named anyway") }
  }

  func run() async throws {
    let link = OperatorLink(options: acting.link)
    let people = try await people(link)
    guard !people.isEmpty else {
      print(say("登録コードの要る職員はいません。", "Nobody there needs a code."))
      return
    }
    // Before anything is signed: codes that cannot be written would be lost.
    let letters = try out.map { try Letters(creating: $0) }
    defer { letters?.discardIfEmpty() }
    var issued: [FirstTapCodeIssued] = []
    var until = ""
    for start in stride(from: 0, to: people.count, by: FirstTapCodeIssue.mostPeople) {
      let part = Array(people[start..<min(start + FirstTapCodeIssue.mostPeople, people.count)])
      let hash = Hex.encode(Array(SHA256.hash(data: FirstTapCodeIssue.canonicalBytes(of: part))))
      let act = try await acting.act(
        Act.Kind.issueFirstTapCodes,
        FirstTapCodeIssue.parameters(segment: segment, days: days, count: part.count, hash: hash))
      let answer: FirstTapCodesIssued
      do {
        answer = try await link.post(
          "/v1/admin/enrolment-codes", FirstTapCodeIssue(act: Data(act.encoded), people: part), as: FirstTapCodesIssued.self)
      } catch {
        // Refused as a whole, or issued and not told: only a list of codes shows which.
        printError(
          say(
            "発行されたのに届かなかった登録コードがあれば、もう一度発行してください（所属で発行するときは --again を付けます）。",
            "if codes were issued and did not arrive, issue them once more (a department's with --again)"))
        throw error
      }
      until = answer.until
      let pages = EnrolmentLetter(segment: segment, until: until)
      let new = answer.codes.filter { $0.outcome == "issued" }
      if let letters {
        try letters.append(letters.isTable ? new.map(pages.row).joined() : new.map(pages.page).joined())
      } else {
        for code in new { print(pages.page(code), terminator: "") }
      }
      issued += answer.codes
      printError("  [\(issued.count)/\(people.count)]")
    }
    try letters?.close()
    report(issued, until: until)
    if issued.contains(where: { $0.outcome != "issued" }) { throw ExitCode(1) }
  }

  private func people(_ link: OperatorLink) async throws -> [String] {
    if let department {
      let found = try await link.get(
        query(
          "/v1/admin/enrolment-codes/people",
          [("department", department), ("segment", segment)] + (again ? [("again", "true")] : [])),
        as: FirstTapCandidates.self)
      if found.more > 0 {
        printError(
          say(
            "ほかに \(found.more) 人います。もう一度実行してください。", "\(found.more) more people of this department: run it again afterwards"))
      }
      return found.people
    }
    if let file {
      let text = try TransferText.read(file)
      let name = URL(fileURLWithPath: file).lastPathComponent
      do throws(DirectoryFault) {
        return try StaffNumberList(SourceFile(name: name, bytes: text.utf8)).people.map(\.text)
      } catch {
        throw fail(
          65, "\(Rows.visible(error.place)): \(error.code.rawValue) \(error.ja)",
          "\(Rows.visible(error.place)): \(error.code.rawValue) \(error.en)")
      }
    }
    guard person.allSatisfy({ (try? PersonID(parsing: $0)) != nil }), Set(person).count == person.count else {
      throw fail(64, "--person は職員の番号です（それぞれ 1 回）。", "--person: person ids, each once")
    }
    return person
  }

  private func report(_ issued: [FirstTapCodeIssued], until: String) {
    let count = issued.count { $0.outcome == "issued" }
    printError(
      say("\(count) 人の登録コードを発行しました（\(until) まで）。", "Codes for \(count) people were issued, until \(until)."))
    for one in issued where one.outcome != "issued" {
      guard one.outcome == "refused", let code = one.refusal, let known = DenialCode(rawValue: code) else {
        printError("✗ \(one.person): " + say("この職員は登録されていません。", "no such person"))
        continue
      }
      let sentence = Sentences.of(known)
      printError("✗ \(one.person): \(code): " + say(sentence.ja, sentence.en))
    }
  }
}

/// The new file that letters go into, its owner's alone.
private final class Letters {
  let isTable: Bool
  private let path: String
  private let output: FileHandle
  private var hasCodes = false

  init(creating path: String) throws {
    self.path = path
    isTable = path.lowercased().hasSuffix(".csv")
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw fail(73, "\(path) を新しく作れません（すでにあるか、書けない場所です）。", "cannot create \(path); it must not exist yet")
    }
    output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    // A spreadsheet takes the file for UTF-8 by this mark.
    guard isTable else { return }
    do { try write("\u{FEFF}" + EnrolmentLetter.header) } catch {
      discardIfEmpty()
      throw error
    }
  }

  /// The letters of some people: from here on the file is kept, whatever comes.
  func append(_ text: String) throws {
    guard !text.isEmpty else { return }
    hasCodes = true
    try write(text)
  }

  /// Without a code it would only be in the way of the next try.
  func discardIfEmpty() {
    if !hasCodes { _ = unlink(path) }
  }

  private func write(_ text: String) throws {
    do { try output.write(contentsOf: Data(text.utf8)) } catch { throw broken }
  }

  func close() throws {
    do { try output.synchronize() } catch { throw broken }
  }

  private var broken: ExitCode {
    fail(
      73, "\(path) に書けません。書けなかった登録コードは、別のファイルへもう一度発行してください（所属で発行するときは --again を付けます）。",
      "cannot write \(path); issue the codes once more into another file (a department's with --again)")
  }
}

/// What is handed over. Both languages, whatever the terminal's: it goes into somebody's hand.
struct EnrolmentLetter {
  static let header = "職員番号,氏名,所属,アカウント,系統,有効期限,登録コード\r\n"

  let segment: String
  /// `2026-12-04`
  let until: String

  /// A page and the form feed behind it.
  func page(_ one: FirstTapCodeIssued) -> String {
    let title = Segment.title(of: segment)
    return
      [
        "==== カードの登録コード / Enrolment code for your card ====",
        "職員 / Person        \(one.person)  \(Rows.visible(one.displayName ?? ""))",
        "所属 / Department    \(Rows.visible(one.departments.first ?? ""))",
        "アカウント / Account \(Rows.visible(one.account ?? ""))",
        "系統 / Segment       \(title.ja) / \(title.en)",
        "有効期限 / Until     \(until)",
        "",
        "登録コード / Code",
        "      \(digits(one))",
        "",
        "1. ご自分の端末で、新しいカードを読み取り機に置きます。",
        "2. 次のとおり入力します： sanmon-agent register-card --account \(Rows.visible(one.account ?? ""))",
        "3. カードの暗証番号（PIN）、いつものパスワード、この登録コードを入力します。",
        "一度だけ使えます。5 回まちがえると使えなくなります。終わったら裁断してください。",
        "この用紙は、本人が職場で受け取るものです。電話やメールで番号を尋ねることはありません。",
        "なくしたとき、ほかの人が開けたように見えるときは、すぐに情報システム担当へ知らせてください。",
        "",
        "1. Put your new card on the reader of your own workstation.",
        "2. Type: sanmon-agent register-card --account \(Rows.visible(one.account ?? ""))",
        "3. Enter the card's PIN, your usual password and this code.",
        "It works once, and five wrong codes end it. Shred this page afterwards.",
        "It is handed to you in person. Nobody will ever ask for the code by telephone or mail.",
        "If it is lost, or looks as if somebody had opened it, tell the IT section at once.",
        "\u{0C}",
      ].joined(separator: "\n")
  }

  /// A line of the table for a mail merge.
  func row(_ one: FirstTapCodeIssued) -> String {
    let fields = [
      one.person, one.displayName ?? "", one.departments.first ?? "", one.account ?? "", Segment.title(of: segment).ja, until,
      digits(one),
    ]
    return fields.map(Self.field).joined(separator: ",") + "\r\n"
  }

  private func digits(_ one: FirstTapCodeIssued) -> String {
    one.code.flatMap { try? LookUpCode(parsing: $0) }?.printed ?? ""
  }

  /// In quotes, on one line; what a spreadsheet would take for a formula is text.
  private static func field(_ text: String) -> String {
    let shown = Rows.visible(text).replacing("\"", with: "\"\"")
    let isFormula = shown.first.map { "=+-@".contains($0) } ?? false
    return "\"" + (isFormula ? "'" : "") + shown + "\""
  }
}

struct EnrolmentCodesList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Which codes there are, never their digits. / 登録コードの一覧（番号は出ません）。",
    discussion: """
      States: open, over (its last day has passed), used, dead (five wrong ones), withdrawn.

      EXAMPLES
        sanmon card enrolment-codes list --segment lgwan --state open
        sanmon card enrolment-codes list --person p-000042
      """)
  @Option(help: "Only this person's. / この職員についてだけ") var person: String?
  @Option(help: "Only of this segment. / 系統") var segment: String?
  @Option(help: "open, over, used, dead or withdrawn.") var state: String?
  @OptionGroup var link: LinkOptions

  func validate() throws {
    guard state.map({ ["open", "over", "used", "dead", "withdrawn"].contains($0) }) ?? true else {
      throw ValidationError("--state: open, over, used, dead or withdrawn")
    }
  }

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let wanted = [("person", person), ("segment", segment), ("state", state)].compactMap { name, value in
      value.map { (name, $0) }
    }
    let shown = try await operatorLink.get(query("/v1/admin/enrolment-codes", wanted), as: FirstTapCodesShown.self)
    try operatorLink.show(shown) { shown in
      guard !shown.codes.isEmpty else { return say("登録コードはありません。", "There are no codes.") }
      return (shown.codes.map(Self.line) + (shown.more > 0 ? ["… +\(shown.more)"] : [])).joined(separator: "\n")
    }
  }

  private static func line(_ code: FirstTapCodeSummary) -> String {
    "\(code.person)  \(code.segment)  \(code.until)  \(state(code.state))  "
      + say("誤り \(code.wrong)  発行 \(code.issuedBy)", "wrong \(code.wrong)  by \(code.issuedBy)")
  }

  private static func state(_ state: String) -> String {
    switch state {
    case "open": say("有効", "open")
    case "over": say("期限切れ", "over")
    case "used": say("使用済み", "used")
    case "dead": say("誤り 5 回で無効", "dead after five wrong codes")
    case "withdrawn": say("取消", "withdrawn")
    default: state
    }
  }
}

struct EnrolmentCodesWithdraw: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "End a code before it is used. / 登録コードを使われる前に取り消します。",
    discussion: """
      For a letter that was lost or opened. A card that was registered with it stays: 'sanmon card revoke'.

      EXAMPLE
        sanmon card enrolment-codes withdraw --person p-000042 --segment lgwan
      """)
  @Option(help: "A person id. / 職員の番号") var person: String
  @Option(help: "The code's segment. / 系統") var segment: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    _ = try await OperatorLink(options: link).post(
      "/v1/admin/enrolment-codes/withdraw", FirstTapCodeWithdrawal(person: person, segment: segment), as: NothingTold.self,
      notFound: ("取り消せる登録コードはありません。", "there is no open code to withdraw"))
    print(say("取り消しました。", "withdrawn."))
  }
}
