import AuthPolicy
import AuthTerms
import Testing

extension Samples {
  static let application = """
    application: ledger
    name: {ja: 伝票起票, en: Ledger}
    segments: [lgwan, internet]
    accounts: [approver]
    password: {minimum: 12, maximum: 64, classes: 4, symbols: "-_."}
    freshness-minutes: 480
    rotation-days: 90
    browser:
      origin: https://ledger.example
      login-path: /login
      form: "#login"
      user: "[name=user]"
      password: "[name=word]"
      submit: button[name=enter]
      success: {path: /}
      failure: {selector: "#failed"}
      must-change: {path: /must}
      change:
        path: /password
        form: "#change"
        current: "[name=current]"
        new: "[name=new]"
        again: "[name=again]"
        submit: "[name=change]"
        success: {selector: "#changed"}
        failure: {selector: "#unchanged"}
      logoff-path: /logoff

    """

  static let program = """
    application: ledger
    name: {ja: 伝票起票, en: Ledger}
    segments: [lgwan]
    program: {path: 'C:\\Ledger\\ledger.exe', window-title: 伝票起票 ログイン}
    password: {minimum: 12, maximum: 64, classes: 3}
    freshness-minutes: 1

    """

  static func file(application text: String) throws(PolicyFaults) -> ApplicationFile {
    try ApplicationFile.compile(source("ledger.yaml", text))
  }

  static func faults(application text: String) -> [PolicyFault] {
    do throws(PolicyFaults) {
      _ = try file(application: text)
      return []
    } catch { return error.faults }
  }
}

extension Breaks {
  private static let nine = "[" + (0..<9).map { "s\($0)" }.joined(separator: ", ") + "]"
  private static let long = String(repeating: "伝", count: 65)
  private static let marked = "e" + String(repeating: "\u{301}", count: 64)

  private static func one(_ expected: String, _ old: String, _ new: String, also: (String, String)? = nil) -> Break {
    Break(expected, old, new, in: .application, also: also.map { (old: $0.0, new: $0.1) })
  }

  static let application: [Break] = [
    one("PF201 1:1", "application:", "aplication:"), one("PF203 1:1", "application: ledger\n", ""),
    one("PF215 1:14", ": ledger\n", ": Ledger\n"), one("PF215 1:14", ": ledger\n", ": led.ger\n"),
    one("PF215 1:14", ": ledger\n", ": \(String(repeating: "a", count: 49))\n"), one("PF216 1:14", ": ledger\n", ": led*\n"),
    one("PF812 1:14", ": ledger\n", ": sanitiser\n"),
    one("PF203 2:7", ", en: Ledger", ""), one("PF203 2:7", "ja: 伝票起票, ", ""),
    one("PF204 2:7", "{ja: 伝票起票, en: Ledger}", "Ledger"),
    one("PF209 2:12", "伝票起票", long), one("PF209 2:22", "en: Ledger", "en: \(marked)"),
    one("PF209 2:22", "en: Ledger", "en: \" \""),
    one("PF203 1:1", "segments: [lgwan, internet]\n", ""), one("PF211 3:11", "[lgwan, internet]", "[]"),
    one("PF211 3:11", "[lgwan, internet]", nine), one("PF212 3:19", "internet]", "lgwan]"),
    one("PF215 3:12", "[lgwan, internet]", "[LGWAN]"), one("PF216 3:12", "[lgwan, internet]", "[\"*\"]"),
    one("PF211 4:11", "[approver]", "[]"), one("PF211 4:11", "[approver]", nine),
    one("PF212 4:22", "[approver]", "[approver, approver]"),
    one("PF215 4:12", "approver", "Approver"), one("PF215 4:12", "approver", "a_b"), one("PF215 4:12", "[approver]", "[\"\"]"),
    one("PF215 4:12", "approver", String(repeating: "a", count: 33)),
    one("PF203 5:11", "minimum: 12, ", ""), one("PF203 5:11", "maximum: 64, ", ""), one("PF203 5:11", "classes: 4, ", ""),
    one("PF206 5:21", "minimum: 12", "minimum: 7"), one("PF206 5:34", "maximum: 64", "maximum: 257"),
    one("PF206 5:47", "classes: 4", "classes: 5"), one("PF206 5:47", "classes: 4", "classes: 0"),
    one("PF810 5:25", "maximum: 64", "maximum: 11"), one("PF811 5:38", ", symbols: \"-_.\"", ""),
    one("PF809 5:59", "\"-_.\"", "\"\""), one("PF809 5:59", "\"-_.\"", "\"--\""), one("PF809 5:59", "\"-_.\"", "\"-a\""),
    one("PF809 5:59", "\"-_.\"", "\"- \""), one("PF809 5:59", "\"-_.\"", "\"－\""), one("PF210 5:59", "\"-_.\"", "-1"),
    one("PF203 1:1", "freshness-minutes: 480\n", ""), one("PF206 6:20", "480", "0"), one("PF206 6:20", "480", "1441"),
    one("PF205 6:20", "480", "8h"), one("PF206 7:16", "days: 90", "days: 0"), one("PF206 7:16", "days: 90", "days: 366"),
    one("PF807 8:1", "browser:", "program: {path: /a}\nbrowser:"),
    one(
      "PF807 1:1", "rotation-days: 90\nbrowser:", "rotation-days: 90 #",
      also: (
        "\n  origin: https://ledger.example\n  login-path: /login\n  form: \"#login\"\n  user: \"[name=user]\"\n  password: \"[name=word]\"\n  submit: button[name=enter]\n  success: {path: /}\n  failure: {selector: \"#failed\"}\n  must-change: {path: /must}\n  change:\n    path: /password\n    form: \"#change\"\n    current: \"[name=current]\"\n    new: \"[name=new]\"\n    again: \"[name=again]\"\n    submit: \"[name=change]\"\n    success: {selector: \"#changed\"}\n    failure: {selector: \"#unchanged\"}\n  logoff-path: /logoff\n",
        "\n"
      )),
    one("PF203 9:3", "  origin: https://ledger.example\n", ""),
    one("PF801 9:11", "https://ledger.example", "https://ledger.example/"),
    one("PF801 9:11", "https://ledger.example", "http://ledger.example"),
    one("PF801 9:11", "https://ledger.example", "https://ledger.example:443"),
    one("PF801 9:11", "https://ledger.example", "https://*.example"),
    one("PF801 9:11", "https://ledger.example", "https://yamada@ledger.example"),
    one("PF801 9:11", "https://ledger.example", "https://Ledger.example"),
    one("PF203 9:3", "  login-path: /login\n", ""), one("PF802 10:15", "/login", "login"),
    one("PF802 10:15", "/login", "/login?a=b"),
    one("PF802 10:15", "/login", "//evil.example"), one("PF802 10:15", "/login", "/a/../b"),
    one("PF203 9:3", "  form: \"#login\"\n", ""), one("PF204 11:8", "form: \"#login\"", "form: #login"),
    one("PF803 11:9", "\"#login\"", "login"), one("PF803 11:9", "\"#login\"", "\".login\""),
    one("PF803 11:9", "\"#login\"", "\"*\""),
    one("PF203 9:3", "  user: \"[name=user]\"\n", ""), one("PF204 12:9", "\"[name=user]\"", "[name=user]"),
    one("PF806 13:3", "\"[name=user]\"", "\"[name=word]\""), one("PF806 12:3", "\"[name=user]\"", "\"#login\""),
    one("PF803 13:13", "\"[name=word]\"", "\"[name='word']\""), one("PF203 9:3", "  password: \"[name=word]\"\n", ""),
    one("PF203 9:3", "  submit: button[name=enter]\n", ""), one("PF803 14:11", "button[name=enter]", "button"),
    one("PF203 9:3", "  success: {path: /}\n", ""), one("PF804 15:12", "{path: /}", "{}"),
    one("PF804 15:12", "{path: /}", "{path: /, selector: \"#a\"}"), one("PF204 15:12", "{path: /}", "/"),
    one("PF201 15:13", "{path: /}", "{url: /}"), one("PF802 15:19", "{path: /}", "{path: a}"),
    one("PF805 15:3", "{path: /}", "{path: /login}"),
    one("PF203 9:3", "  failure: {selector: \"#failed\"}\n", ""), one("PF803 16:23", "\"#failed\"", "\"failed\""),
    one("PF805 16:3", "{selector: \"#failed\"}", "{path: /}"), one("PF805 16:3", "{selector: \"#failed\"}", "{path: /login}"),
    one("PF805 17:3", "{path: /must}", "{selector: \"#failed\"}"), one("PF805 17:3", "{path: /must}", "{path: /login}"),
    one("PF804 17:16", "{path: /must}", "{}"), one("PF802 19:11", "/password", "password"),
    one("PF203 19:5", "    path: /password\n", ""),
    one("PF203 19:5", "    current: \"[name=current]\"\n", ""), one("PF806 23:5", "\"[name=again]\"", "\"[name=new]\""),
    one("PF806 21:5", "\"[name=current]\"", "\"#change\""), one("PF803 22:10", "\"[name=new]\"", "new"),
    one("PF201 23:5", "again:", "repeat:"), one("PF805 25:5", "{selector: \"#changed\"}", "{path: /password}"),
    one("PF805 26:5", "\"#unchanged\"", "\"#changed\""), one("PF203 19:5", "    failure: {selector: \"#unchanged\"}\n", ""),
    one(
      "PF204 18:11", "change:\n    path: /password", "change: again #",
      also: (
        "\n    form: \"#change\"\n    current: \"[name=current]\"\n    new: \"[name=new]\"\n    again: \"[name=again]\"\n    submit: \"[name=change]\"\n    success: {selector: \"#changed\"}\n    failure: {selector: \"#unchanged\"}\n",
        "\n"
      )),
    one("PF802 27:16", "/logoff", "logoff"), one("PF201 27:3", "logoff-path", "logout-path"),
  ]

  static let program: [Break] = [
    Break("PF203 4:10", "path: 'C:\\Ledger\\ledger.exe', ", "", in: .program),
    Break("PF201 4:11", "path:", "exe:", in: .program),
    Break("PF808 4:17", "'C:\\Ledger\\ledger.exe'", "ledger.exe", in: .program),
    Break("PF808 4:17", "'C:\\Ledger\\ledger.exe'", "/usr/../ledger", in: .program),
    Break("PF113 4:20", "'C:\\Ledger\\ledger.exe'", "\"C:\\Ledger\"", in: .program),
    Break("PF209 4:55", "伝票起票 ログイン", String(repeating: "あ", count: 129), in: .program),
    Break("PF204 4:10", "{path: 'C:\\Ledger\\ledger.exe', window-title: 伝票起票 ログイン}", "ledger.exe", in: .program),
    Break("PF807 1:1", "program: {path: 'C:\\Ledger\\ledger.exe', window-title: 伝票起票 ログイン}\n", "", in: .program),
    Break("PF811 5:38", "classes: 3", "classes: 4", in: .program),
  ]
}

@Suite("files of applications")
struct ApplicationFileTests {
  @Test("what a right file comes to")
  func right() throws {
    let file = try Samples.file(application: Samples.application)
    let definition = file.definition
    #expect(
      file.warnings.isEmpty && definition.id.text == "ledger" && definition.nameJa == "伝票起票" && definition.nameEn == "Ledger")
    #expect(definition.segments == [.internet, .lgwan], "sorted")
    #expect(definition.accounts == ["approver"] && definition.freshnessSeconds == 28_800 && definition.rotationDays == 90)
    #expect(definition.password == (try PasswordRule(minimum: 12, maximum: 64, classes: 4, symbols: "-_.")))
    func selector(_ text: String) throws -> Selector { try Selector(parsing: text) }
    let change = try ChangeForm(
      path: "/password", form: selector("#change"), current: selector("[name=current]"), new: selector("[name=new]"),
      again: selector("[name=again]"), submit: selector("[name=change]"), success: .selector(selector("#changed")),
      failure: .selector(selector("#unchanged")))
    let form = try BrowserForm(
      origin: "https://ledger.example", loginPath: "/login", form: selector("#login"), user: selector("[name=user]"),
      password: selector("[name=word]"), submit: selector("button[name=enter]"), success: .path("/"),
      failure: .selector(selector("#failed")), mustChange: .path("/must"), change: change, logoffPath: "/logoff")
    #expect(definition.access == .browser(form))
  }

  @Test("a program, and the shortest file there can be")
  func program() throws {
    let file = try Samples.file(application: Samples.program)
    let use = try ProgramUse(program: #"C:\Ledger\ledger.exe"#, windowTitle: "伝票起票 ログイン")
    #expect(file.warnings.isEmpty && file.definition.access == .program(use) && file.definition.freshnessSeconds == 60)
    #expect(file.definition.rotationDays == nil && file.definition.accounts.isEmpty && file.definition.password.symbols.isEmpty)
    let short = Samples.program.breaking(", window-title: 伝票起票 ログイン", "")
    #expect(try Samples.file(application: short).definition.access == .program(ProgramUse(program: use.program)))
    var lines = Samples.application.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.removeSubrange(16...26)
    let form = try Samples.file(application: lines.joined(separator: "\n").breaking("rotation-days: 90\n", "")).definition
      .access
    guard case .browser(let form) = form else { return #expect(Bool(false)) }
    #expect(form.mustChange == nil && form.change == nil && form.logoffPath == nil)
  }

  @Test(
    "what is right and worth a look, at its place",
    arguments: [
      ("https://ledger.example", "http://127.0.0.1:8080", "PF817 9:3"), ("minutes: 480", "minutes: 721", "PF818 6:1"),
      ("minutes: 480", "minutes: 720", nil), ("rotation-days: 90\n", "", "PF819 7:1"),
      ("minimum: 12", "minimum: 11", "PF821 5:12"),
    ] as [(String, String, String?)])
  func warnings(old: String, new: String, expected: String?) throws {
    let file = try Samples.file(application: Samples.application.breaking(old, new))
    #expect(file.warnings.map { "\($0.code) \($0.line):\($0.column)" } == [expected].compactMap { $0 })
    #expect(file.warnings.allSatisfy { $0.severity == .warning && !$0.hintJa.isEmpty && !$0.hintEn.isEmpty })
  }

  @Test("a rotation that nothing here can do")
  func rotationByHand() throws {
    var lines = Samples.application.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.removeSubrange(17...25)
    let file = try Samples.file(application: lines.joined(separator: "\n"))
    #expect(file.warnings.map { "\($0.code) \($0.line):\($0.column)" } == ["PF820 7:1"])
    let program = try Samples.file(application: Samples.program + "rotation-days: 30\n")
    #expect(program.warnings.isEmpty, "of a program somebody else may know how")
  }

  @Test("a selector without quotes is a remark or a list to YAML: the hint says so", arguments: ["#login", "[name=user]"])
  func unquoted(selector: String) throws {
    let fault = try #require(
      Samples.faults(application: Samples.application.breaking("form: \"#login\"", "form: \(selector)")).first)
    #expect(fault.code == "PF204" && fault.hintEn.contains("Quote a value that begins with #"))
    #expect(fault.hintJa.contains("引用符") && fault.hintJa.contains("\"#login\""))
  }

  @Test("limits, and not one more")
  func limits() throws {
    func codes(_ old: String, _ new: String) -> [String] {
      Samples.faults(application: Samples.application.breaking(old, new)).map(\.code)
    }
    func names(_ count: Int) -> String { "[" + (0..<count).map { "n\($0)" }.joined(separator: ", ") + "]" }
    #expect(codes("[lgwan, internet]", names(8)) == [] && codes("[lgwan, internet]", names(9)) == ["PF211"])
    #expect(codes("[approver]", names(8)) == [] && codes("[approver]", names(9)) == ["PF211"])
    #expect(
      codes("伝票起票", String(repeating: "伝", count: 64)) == [] && codes("伝票起票", String(repeating: "伝", count: 65)) == ["PF209"])
    #expect(codes("480", "1440") == [] && codes("480", "1") == [] && codes("days: 90", "days: 365") == [])
    #expect(codes("minimum: 12, maximum: 64", "minimum: 8, maximum: 256") == [])
    #expect(codes("maximum: 64", "maximum: 12") == [] && codes("maximum: 64", "maximum: 11") == ["PF810"])
    #expect(codes("/login", "login") == ["PF802"], "and nothing is said of the signs")
    let name = String(repeating: "a", count: 48)
    let file = Samples.source(name + ".yaml", Samples.application.breaking(": ledger\n", ": \(name)\n"))
    #expect(try ApplicationFile.compile(file).definition.id.text == name)
  }

  @Test("every fault at once, and none of the file's words")
  func together() {
    let text = Samples.application.breaking("https://ledger.example", "https://kakushi:himitsu@ledger.example")
      .breaking("\"#failed\"", "\"himitsu\"").breaking("480", "himitsu")
    let faults = Samples.faults(application: text)
    #expect(faults.map(\.code) == ["PF205", "PF801", "PF803"])
    for fault in faults { #expect(!fault.render(.ja).contains("himitsu") && !fault.render(.en).contains("himitsu")) }
  }
}
