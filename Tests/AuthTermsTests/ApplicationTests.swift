import AuthTerms
import Testing

/// One right definition of each kind, and parts of them to break.
enum Applications {
  static func selector(_ text: String) throws -> Selector { try Selector(parsing: text) }

  static func change(
    path: String = "/password", current: String = "[name=current]", again: String? = "[name=again]",
    submit: String = "[name=change]", success: Sign? = nil, failure: Sign? = nil
  ) throws -> ChangeForm {
    try ChangeForm(
      path: path, form: selector("#change"), current: selector(current), new: selector("[name=new]"),
      again: try again.map(selector), submit: selector(submit), success: try success ?? .selector(selector("#changed")),
      failure: try failure ?? .selector(selector("#change-failed")))
  }

  static func form(
    origin: String = "https://ledger.sanmon.example", loginPath: String = "/login", user: String = "[name=user]",
    success: Sign = .path("/"), failure: Sign? = nil, mustChange: Sign? = .path("/password"), change: ChangeForm? = nil,
    logoffPath: String? = "/logoff"
  ) throws -> BrowserForm {
    try BrowserForm(
      origin: origin, loginPath: loginPath, form: selector("#login"), user: selector(user),
      password: selector("[name=password]"), submit: selector("button[name=enter]"), success: success,
      failure: try failure ?? .selector(selector("#login-failed")), mustChange: mustChange, change: change,
      logoffPath: logoffPath)
  }

  static func password(
    minimum: Int = 12, maximum: Int = 64, classes: Int = 3, symbols: String = "-_."
  ) throws -> PasswordRule {
    try PasswordRule(minimum: minimum, maximum: maximum, classes: classes, symbols: symbols)
  }

  static func definition(
    ja: String = "伝票起票", en: String = "Ledger", segments: [Segment] = [.internet, .lgwan],
    access: ApplicationDefinition.Access? = nil, accounts: [String] = ["approver", "2"], freshness: Int = 3600,
    rotation: Int? = 90
  ) throws -> ApplicationDefinition {
    try ApplicationDefinition(
      id: ApplicationID(parsing: "ledger"), nameJa: ja, nameEn: en, segments: segments,
      access: try access ?? .browser(form(change: change())), accounts: accounts, password: password(),
      freshnessSeconds: freshness, rotationDays: rotation)
  }

  static func program(title: String? = "伝票起票 - ログイン") throws -> ApplicationDefinition {
    try definition(access: .program(ProgramUse(program: #"C:\Ledger\ledger.exe"#, windowTitle: title)))
  }

  static func isTaken(_ build: () throws -> Void) -> Bool { (try? build()) != nil }
}

@Suite("definitions of applications")
struct ApplicationTests {
  @Test(
    "1 to 64 visible scalars of each name, not only spaces",
    arguments: [
      ("", false), ("a", true), ("　", false),
      ("a\u{0}b", false), ("a\u{202E}b", false), ("a\nb", false), (String(repeating: "伝", count: 64), true),
      (String(repeating: "伝", count: 65), false), ("e" + String(repeating: "\u{301}", count: 63), true),
      ("e" + String(repeating: "\u{301}", count: 64), false), ("\u{E000}", false),
    ])
  func names(name: String, isTaken: Bool) {
    #expect(Applications.isTaken { _ = try Applications.definition(ja: name) } == isTaken)
    #expect(Applications.isTaken { _ = try Applications.definition(en: name) } == isTaken)
  }

  @Test("1 to 8 segments, sorted, each once")
  func segments() throws {
    let many = try (1...9).map { try Segment(parsing: "s\($0)") }
    for (segments, isTaken) in [
      ([], false), ([.lgwan], true), (Array(many.prefix(8)), true), (many, false), ([.lgwan, .internet], false),
      ([.lgwan, .lgwan], false),
    ] as [([Segment], Bool)] {
      #expect(Applications.isTaken { _ = try Applications.definition(segments: segments) } == isTaken, "\(segments)")
    }
  }

  @Test("up to 8 labels of accounts, each once; the main one has none")
  func accounts() throws {
    let many = (1...9).map { "a\($0)" }
    for (accounts, isTaken) in [
      ([], true), (Array(many.prefix(8)), true), (many, false), (["a", "a"], false), ([""], false), (["a b"], false),
      ([String(repeating: "a", count: 32)], true), ([String(repeating: "a", count: 33)], false), (["A"], false),
      (["-a"], false),
      (["a.b"], false), (["a_b"], false), (["2-b"], true),
    ] as [([String], Bool)] {
      #expect(Applications.isTaken { _ = try Applications.definition(accounts: accounts) } == isTaken, "\(accounts)")
    }
    let definition = try Applications.definition()
    #expect(definition.hasAccount("") && definition.hasAccount("approver") && !definition.hasAccount("other"))
  }

  @Test("a proof of 60 seconds to a day; passwords changed after 1 to 365 days or never")
  func times() {
    for (seconds, isTaken) in [(59, false), (60, true), (86_400, true), (86_401, false), (-60, false)] {
      #expect(Applications.isTaken { _ = try Applications.definition(freshness: seconds) } == isTaken, "\(seconds)")
    }
    for (days, isTaken) in [(0, false), (1, true), (365, true), (366, false), (nil, true)] as [(Int?, Bool)] {
      #expect(Applications.isTaken { _ = try Applications.definition(rotation: days) } == isTaken, "\(days as Any)")
    }
  }

  @Test(
    "an origin is what a browser says of itself, and nothing else",
    arguments: [
      "https://a", "https://ledger.sanmon.example", "https://ledger.sanmon.example:8443", "https://10.1.0.20",
      "https://10.1.0.20:1", "https://a-b.c:65535", "https://3f.example", "https://localhost", "http://localhost",
      "http://localhost:8080", "http://127.0.0.1", "https://a.0xz1", "https://xn.example", "https://ab--c.example",
      "https://a.0x1.b",
      "https://0.0.0.0", "https://255.255.255.255", "https://\(String(repeating: "a.", count: 120))aaaaaaa",
      "http://127.0.0.1:65535", "https://a:80", "http://localhost:443",
    ])
  func origins(origin: String) throws {
    #expect(try Applications.form(origin: origin).origin == origin)
  }

  @Test(
    "refused as an origin",
    arguments: [
      "", "https://", "https:", "https:/a", "ledger.sanmon.example", "//ledger.sanmon.example", "ftp://a", "HTTPS://a",
      "https://Ledger", "https://ledger/", "https://ledger/login", "https://ledger?", "https://ledger#", "https://ledger:",
      "https://ledger:443", "https://ledger:0", "https://ledger:08443", "https://ledger:65536", "https://ledger:99999",
      "https://ledger:+1", "https://ledger:1:2", "https://user@ledger", "https://user:word@ledger", "https://*.example",
      "https://*", "https://a..b", "https://a.", "https://.a", "https://-a", "https://a-", "https://a_b", "https://伝票",
      "https://xn--wgv71a.example", "https://a.xn--wgv71a",
      "https://a b", "https://a\u{0}", "https://a%62", "https://[::1]", "https://10.1.0", "https://10.1.0.256",
      "https://10.1.0.020", "https://1.2.3.4.5", "https://167837716", "https://0xa", "https://a.0x1", "https://a.1",
      "https://10.1.0.0x14", "http://ledger", "http://10.1.0.20", "http://127.0.0.2", "http://localhost:80",
      "http://localhost.example", "http://127.0.0.1.example", "https://\(String(repeating: "a", count: 64))",
      "https://\(String(repeating: "a.", count: 120))aaaaaaaa",
      "https://" + [String](repeating: String(repeating: "a", count: 63), count: 4).joined(separator: "."),
    ])
  func wrongOrigins(origin: String) {
    #expect(throws: MalformedInput.self) { try Applications.form(origin: origin) }
  }

  static let paths: [(String, Bool)] = [
    ("/", true), ("/login", true), ("/app/login.do", true), ("/app/", true), ("/%E4%BC%9D", true), ("/a;b=c,d@e:f", true),
    ("/...", true), ("/.well-known", true), ("/" + String(repeating: "a", count: 511), true), ("", false), ("login", false),
    ("//evil.example", false), ("/a//b", false), ("/a//", false), ("/.", false), ("/..", false), ("/a/../b", false),
    ("/a/./b", false), ("/%2e%2E/b", false), ("/.%2e", false), ("/a?b", false), ("/a#b", false), ("/a b", false),
    ("/a\\b", false), ("/伝票", false), ("/%", false), ("/%4", false), ("/%zz", false), ("/%g1", false), ("/%1g", false),
    ("/%aF", true), ("/*", false), ("/a\u{0}", false),
    ("/" + String(repeating: "a", count: 512), false), ("https://a/", false),
  ]

  @Test("a path leads nowhere but there", arguments: paths)
  func path(path: String, isTaken: Bool) throws {
    #expect(Applications.isTaken { _ = try Applications.form(loginPath: path, success: .path("/other")) } == isTaken)
    #expect(Applications.isTaken { _ = try Applications.form(logoffPath: path) } == isTaken)
    #expect(Applications.isTaken { _ = try Applications.change(path: path) } == isTaken)
    // As a sign; the form's own page is none.
    let (sign, isSign) = (Sign.path(path), isTaken && path != "/login")
    let forms = [
      Applications.isTaken { _ = try Applications.form(success: sign, mustChange: nil) },
      Applications.isTaken { _ = try Applications.form(success: .path("/other"), failure: sign, mustChange: nil) },
      Applications.isTaken { _ = try Applications.form(success: .path("/other"), mustChange: sign) },
    ]
    #expect(forms == [isSign, isSign, isSign])
    #expect(Applications.isTaken { _ = try Applications.change(success: sign) } == isTaken)
    #expect(Applications.isTaken { _ = try Applications.change(failure: sign) } == isTaken)
  }

  @Test("signs that cannot be told apart are refused")
  func signs() throws {
    let other = Sign.selector(try Selector(parsing: "#login-failed"))
    #expect(throws: MalformedInput.self) { try Applications.form(success: .path("/login")) }
    #expect(throws: MalformedInput.self) { try Applications.form(mustChange: .path("/login")) }
    #expect(throws: MalformedInput.self) { try Applications.form(success: .path("/a"), failure: .path("/a")) }
    #expect(throws: MalformedInput.self) { try Applications.form(success: .path("/a"), mustChange: .path("/a")) }
    #expect(throws: MalformedInput.self) { try Applications.form(mustChange: other) }
    #expect(throws: MalformedInput.self) { try Applications.change(success: .path("/password")) }
    #expect(throws: MalformedInput.self) { try Applications.change(success: .path("/a"), failure: .path("/a")) }
    #expect(throws: MalformedInput.self) { try Applications.form(failure: .path("/login")) }
    #expect(throws: MalformedInput.self) { try Applications.change(failure: .path("/password")) }
    #expect(try Applications.form(failure: .path("/error")).failure == .path("/error"))
  }

  @Test("each field has a selector of its own")
  func fields() throws {
    for same in ["#login", "[name=password]", "button[name=enter]"] {
      #expect(throws: MalformedInput.self) { try Applications.form(user: same) }
    }
    for same in ["#change", "[name=new]", "[name=again]", "[name=change]"] {
      #expect(throws: MalformedInput.self) { try Applications.change(current: same) }
    }
    #expect(throws: MalformedInput.self) { try Applications.change(again: "[name=new]") }
    #expect(try Applications.change(again: nil).again == nil)
  }

  @Test(
    "three kinds of selectors",
    arguments: [
      "#login", "#a", "#Z_a-9", "[name=user]", "[type=submit]", "input[name=user]", "h1[data-x=a]", "[id=form:user]",
      "[class=0.a/b_c-D:9]", "#" + String(repeating: "a", count: 64), "[name=\(String(repeating: "a", count: 64))]",
      "\(String(repeating: "a", count: 16))[\(String(repeating: "b", count: 32))=c]",
    ])
  func selectors(text: String) throws {
    #expect(try Selector(parsing: text).text == text)
    #expect("\(try Selector(parsing: text))" == text)
  }

  @Test(
    "and nothing else of CSS",
    arguments: [
      "", "#", "login", ".login", "*", "#a b", "#a,#b", "#a>b", "#a:not(b)", "#伝票", "#a\u{0}", "[name]", "[name=]", "[=a]",
      "[name=\"a\"]", "[name='a']", "[name=a", "name=a]", "[name=a][b=c]", "[name=a]b", "[name^=a]", "[name~=a]", "[Name=a]",
      "Input[name=a]", "1[name=a]", "-a[name=a]", "[1=a]", "input [name=a]", "[ name=a]", "[name=a ]", "#a[name=b]",
      "[name=a]]", "[[name=a]", "[name=a*]", "[name==a]", "#" + String(repeating: "a", count: 65), "#form:user", "#a.b",
      "#1", "#-a", "#_a", "#[a", "#a]", "my-form[name=a]", "[data-x2=a]", "[name=\(String(repeating: "a", count: 65))]",
      "\(String(repeating: "a", count: 17))[b=c]", "[\(String(repeating: "b", count: 33))=c]", "[name=a\\]", "[name=伝票]",
    ])
  func wrongSelectors(text: String) {
    #expect(throws: MalformedInput.self) { try Selector(parsing: text) }
  }

  @Test(
    "a program by its absolute path",
    arguments: [
      ("/usr/bin/ledger", true), ("/opt/伝票/起票", true), (#"C:\Program Files\Ledger\ledger.exe"#, true), (#"Z:\a"#, true),
      ("/" + String(repeating: "a", count: 259), true), ("", false), ("/", false), ("ledger", false), ("./ledger", false),
      ("/usr//bin", false), ("/usr/../bin/a", false), ("/usr/./a", false), ("/usr/bin/", false), (#"c:\a"#, false),
      ("C:/a", false), (#"C:a"#, false), (#"C:\"#, false), (#"C:\a\..\b"#, false), (#"C:\a\\b"#, false), (#"C:\a:b"#, false),
      (#"C:\a/b"#, false), (#"C:\a*"#, false), (#"\\server\share\a"#, false), ("/a\nb", false), ("/a\u{202E}b", false),
      ("/" + String(repeating: "a", count: 260), false),
    ])
  func programs(path: String, isTaken: Bool) {
    #expect(Applications.isTaken { _ = try ProgramUse(program: path) } == isTaken)
  }

  @Test(
    "a title of 1 to 128 visible scalars",
    arguments: [
      ("伝", true), (String(repeating: "伝", count: 128), true), ("", false), ("a\u{7}", false),
      (String(repeating: "伝", count: 129), false),
      ("e" + String(repeating: "\u{301}", count: 127), true), ("e" + String(repeating: "\u{301}", count: 128), false),
    ])
  func titles(title: String, isTaken: Bool) {
    #expect(Applications.isTaken { _ = try ProgramUse(program: "/a", windowTitle: title) } == isTaken)
  }
}
