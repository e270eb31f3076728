import AuthPolicy
import AuthTerms
import Crypto
import Foundation

/// A definition in words, and as JSON.
enum ApplicationReport {
  static func line(_ definition: ApplicationDefinition) -> String {
    let segments = definition.segments.map(\.name).joined(separator: ", ")
    return "\(definition.id)  \(name(definition))  \(segments)  \(place(definition))"
  }

  static func whole(_ definition: ApplicationDefinition) -> String {
    var rows: [(String, String)] = [
      (say("名前", "name"), "\(Rows.visible(definition.nameJa)) / \(Rows.visible(definition.nameEn)) (\(definition.id))"),
      (say("系統", "segments"), definition.segments.map { say($0.title.ja, $0.title.en) }.joined(separator: say("、", ", "))),
    ]
    switch definition.access {
    case .browser(let form): rows += self.rows(form)
    case .program(let use):
      rows.append((say("プログラム", "program"), Rows.visible(use.program)))
      if let title = use.windowTitle { rows.append((say("窓の題", "window title"), Rows.visible(title))) }
    case .windows(let logon):
      rows.append((say("行き先", "goes to"), "Windows"))
      switch logon.credential {
      case .vault(let group): rows.append((say("パスワードを作り直すグループ", "group whose passwords are made"), group))
      case .typed: rows.append((say("渡すもの", "given"), say("ログオンで打ったパスワード", "the password typed at the logon")))
      case .certificate: rows.append((say("渡すもの", "given"), say("カードの証明書の名前", "the name of the card's certificate")))
      }
    }
    let accounts = [say("主な利用者 ID", "the main one")] + definition.accounts
    let rule = definition.password
    let symbols = rule.symbols.isEmpty ? say("なし", "none") : rule.symbols
    let minutes = definition.freshnessSeconds / 60
    rows += [
      (say("利用者 ID", "accounts"), accounts.joined(separator: say("、", ", "))),
      (
        say("パスワード", "password"),
        say(
          "\(rule.minimum)〜\(rule.maximum) 文字、\(rule.classes) 種類以上、記号: \(symbols)",
          "\(rule.minimum) to \(rule.maximum) characters, \(rule.classes) classes at least, symbols: \(symbols)")
      ),
      (say("カードの証明", "proof of the card"), say("\(minutes) 分以内", "at most \(minutes) minutes old")),
      (
        say("パスワードの変更", "rotation"),
        rotation(definition)
      ),
      ("SHA-256", digest(definition)),
    ]
    return rows.map { "\($0): \($1)" }.joined(separator: "\n")
  }

  /// Without a page for it nothing changes by itself, whatever the file asks for.
  private static func rotation(_ definition: ApplicationDefinition) -> String {
    if definition.managedGroup != nil { return say("sanmon-rotator が行う", "by sanmon-rotator") }
    guard let days = definition.rotationDays else { return say("しない", "none") }
    guard case .browser(let form) = definition.access, form.change != nil else {
      return say("自動ではしない（\(days) 日とあるが、change がない）", "not by itself (\(days) days are asked for, and there is no change)")
    }
    return say("\(days) 日ごと", "every \(days) days")
  }

  static func digest(_ definition: ApplicationDefinition) -> String {
    Hex.encode(Array(SHA256.hash(data: definition.canonicalBytes)))
  }

  private static func rows(_ form: BrowserForm) -> [(String, String)] {
    var rows = [
      (say("ログイン画面", "login page"), form.origin + form.loginPath),
      (
        say("入力する欄", "fields"),
        fields([
          ("フォーム", "form", form.form), ("利用者 ID", "user", form.user), ("パスワード", "password", form.password),
          ("ボタン", "button", form.submit),
        ])
      ), (say("成功のしるし", "success"), sign(form.success)), (say("失敗のしるし", "failure"), sign(form.failure)),
    ]
    if let mustChange = form.mustChange { rows.append((say("変更を求めるしるし", "must change"), sign(mustChange))) }
    if let change = form.change {
      let again = change.again.map { [("もう一度", "again", $0)] } ?? []
      rows += [
        (say("変更する画面", "page to change"), form.origin + change.path),
        (
          say("変更する欄", "fields to change"),
          fields(
            [("フォーム", "form", change.form), ("今の", "current", change.current), ("新しい", "new", change.new)] + again
              + [("ボタン", "button", change.submit)])
        ), (say("変更の成功", "changed"), sign(change.success)), (say("変更の失敗", "not changed"), sign(change.failure)),
      ]
    }
    if let path = form.logoffPath { rows.append((say("ログオフの画面", "log-off page"), form.origin + path)) }
    return rows
  }

  private static func fields(_ named: [(String, String, Selector)]) -> String {
    named.map { "\(say($0, $1)) \($2)" }.joined(separator: say("、", ", "))
  }

  private static func sign(_ sign: Sign) -> String {
    switch sign {
    case .path(let path): say("\(path) に着く", "\(path) is reached")
    case .selector(let selector): say("\(selector) がある", "there is \(selector)")
    }
  }

  private static func name(_ definition: ApplicationDefinition) -> String {
    Rows.visible(say(definition.nameJa, definition.nameEn))
  }

  private static func place(_ definition: ApplicationDefinition) -> String {
    switch definition.access {
    case .browser(let form): form.origin + form.loginPath
    case .program(let use): Rows.visible(use.program)
    case .windows: "Windows"
    }
  }
}

/// A definition as `sanmon application show --json` prints it.
struct ApplicationView: Encodable {
  struct Mark: Encodable {
    var path: String?
    var selector: String?

    init(_ sign: Sign) {
      switch sign {
      case .path(let path): self.path = path
      case .selector(let selector): self.selector = selector.text
      }
    }
  }

  struct Change: Encodable {
    var path, form, current, new, submit: String
    var again: String?
    var success, failure: Mark

    init(_ change: ChangeForm) {
      (path, form, current, new) = (change.path, change.form.text, change.current.text, change.new.text)
      (submit, again) = (change.submit.text, change.again?.text)
      (success, failure) = (Mark(change.success), Mark(change.failure))
    }
  }

  struct Browser: Encodable {
    var origin, loginPath, form, user, password, submit: String
    var success, failure: Mark
    var mustChange: Mark?
    var change: Change?
    var logoffPath: String?

    init(_ form: BrowserForm) {
      (origin, loginPath, self.form, user) = (form.origin, form.loginPath, form.form.text, form.user.text)
      (password, submit, logoffPath) = (form.password.text, form.submit.text, form.logoffPath)
      (success, failure, mustChange) = (Mark(form.success), Mark(form.failure), form.mustChange.map(Mark.init))
      change = form.change.map(Change.init)
    }
  }

  struct Program: Encodable {
    var path: String
    var windowTitle: String?
  }

  struct Windows: Encodable {
    var credential: String
    var managedGroup: String?

    init(_ logon: WindowsLogon) {
      switch logon.credential {
      case .vault(let group): (credential, managedGroup) = ("vault", group)
      case .typed: credential = "typed"
      case .certificate: credential = "certificate"
      }
    }
  }

  struct Password: Encodable {
    var minimum, maximum, classes: Int
    var symbols: String
  }

  var id, nameJa, nameEn: String
  var segments, accounts: [String]
  var browser: Browser?
  var program: Program?
  var windows: Windows?
  var password: Password
  var freshnessSeconds: Int
  var rotationDays: Int?
  var sha256: String

  init(_ definition: ApplicationDefinition) {
    (id, nameJa, nameEn) = (definition.id.text, definition.nameJa, definition.nameEn)
    (segments, accounts) = (definition.segments.map(\.name), definition.accounts)
    switch definition.access {
    case .browser(let form): browser = Browser(form)
    case .program(let use): program = Program(path: use.program, windowTitle: use.windowTitle)
    case .windows(let logon): windows = Windows(logon)
    }
    let rule = definition.password
    password = Password(minimum: rule.minimum, maximum: rule.maximum, classes: rule.classes, symbols: rule.symbols)
    (freshnessSeconds, rotationDays) = (definition.freshnessSeconds, definition.rotationDays)
    sha256 = ApplicationReport.digest(definition)
  }
}

/// What `sanmon application check --json` prints.
struct ApplicationCheckView: Encodable {
  struct Fault: Encodable {
    var severity, file, code, ja, en, hintJa, hintEn: String
    var line, column: Int
  }

  var applications: [String]
  var faults: [Fault]
  var isRight: Bool

  init(_ found: [ApplicationDefinition], _ faults: [PolicyFault]) {
    applications = found.map(\.id.text)
    isRight = faults.allSatisfy { $0.severity == .warning }
    self.faults = faults.map {
      Fault(
        severity: $0.severity.rawValue, file: $0.file, code: $0.code, ja: $0.ja, en: $0.en, hintJa: $0.hintJa,
        hintEn: $0.hintEn, line: $0.line, column: $0.column)
    }
  }
}
