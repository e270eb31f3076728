import AuthTerms

/// `browser:` of an application file.
struct BrowserReader {
  private static let keys = [
    "origin", "login-path", "form", "user", "password", "submit", "success", "failure", "must-change", "change", "logoff-path",
  ]
  private static let changeKeys = ["path", "form", "current", "new", "again", "submit", "success", "failure"]
  private static let anOrigin = Bilingual("https://ホスト名[:ポート](英小文字、パスなし)", "https://host[:port] in lower case, without a path")
  private static let aPath = Bilingual("/ で始まるパス(? # * .. // なし)", "a path that begins with /, without ? # * .. //")
  private static let aSelector = Bilingual(
    "引用符で囲んだ \"#id\"、\"tag[name=値]\"、\"[name=値]\" のどれか", "\"#id\", \"tag[name=value]\" or \"[name=value]\", in quotes")

  let log: FaultLog

  /// - Returns: besides, where the path of the login page stands.
  func read(_ node: MarkedNode) -> (form: BrowserForm?, place: Position) {
    let fields = Fields(node, allowed: Self.keys, log)
    let place = fields.place("login-path")
    let origin = log.name(fields.required("origin"), Self.anOrigin, as: .applicationOrigin) { text throws(MalformedInput) in
      try WebPlace.checkOrigin(text)
      return text
    }
    if let origin, origin.hasPrefix("http:") { log.warn(.applicationInsecureOrigin, fields.place("origin")) }
    let loginPath = path(fields.required("login-path"))
    let selectors = selectors(["form", "user", "password", "submit"], fields)
    let success = fields.required("success").flatMap(sign)
    let failure = fields.required("failure").flatMap(sign)
    let mustChange = fields.optional("must-change").map(sign)
    check([("success", success), ("failure", failure), ("must-change", mustChange ?? nil)], fields, page: loginPath)
    let change = fields.optional("change").map(change)
    let logoffPath = fields.optional("logoff-path").map(path)
    guard let origin, let loginPath, let success, let failure, selectors.count == 4, mustChange != .some(nil),
      change != .some(nil), logoffPath != .some(nil), let form = selectors["form"], let user = selectors["user"],
      let password = selectors["password"], let submit = selectors["submit"]
    else { return (nil, place) }
    let read = try? BrowserForm(
      origin: origin, loginPath: loginPath, form: form, user: user, password: password, submit: submit, success: success,
      failure: failure, mustChange: mustChange ?? nil, change: change ?? nil, logoffPath: logoffPath ?? nil)
    return (read, place)
  }

  private func change(_ node: MarkedNode) -> ChangeForm? {
    let fields = Fields(node, allowed: Self.changeKeys, log)
    let place = path(fields.required("path"))
    let names = ["form", "current", "new", "submit"] + (fields.optional("again") == nil ? [] : ["again"])
    let selectors = selectors(names, fields)
    let success = fields.required("success").flatMap(sign)
    let failure = fields.required("failure").flatMap(sign)
    check([("success", success), ("failure", failure)], fields, page: place)
    guard let place, let success, let failure, selectors.count == names.count, let form = selectors["form"],
      let current = selectors["current"], let new = selectors["new"], let submit = selectors["submit"]
    else { return nil }
    return try? ChangeForm(
      path: place, form: form, current: current, new: new, again: selectors["again"], submit: submit, success: success,
      failure: failure)
  }

  private func path(_ node: MarkedNode?) -> String? {
    log.name(node, Self.aPath, as: .applicationPath) { text throws(MalformedInput) in
      try WebPlace.checkPath(text)
      return text
    }
  }

  /// One for each key, all different.
  private func selectors(_ names: [String], _ fields: Fields) -> [String: Selector] {
    var found: [String: Selector] = [:]
    for name in names {
      guard let selector = selector(fields.required(name)) else { continue }
      if found.values.contains(selector) { log.add(.applicationFieldTwice, fields.place(name)) }
      found[name] = selector
    }
    return found
  }

  private func selector(_ node: MarkedNode?) -> Selector? {
    log.name(node, Self.aSelector, as: .applicationSelector) { text throws(MalformedInput) in try Selector(parsing: text) }
  }

  /// `{path: /}` or `{selector: "#login-failed"}`
  private func sign(_ node: MarkedNode) -> Sign? {
    let fields = Fields(node, allowed: ["path", "selector"], log)
    guard case .map = node.content else { return nil }
    switch (fields.optional("path"), fields.optional("selector")) {
    case (let node?, nil): return path(node).map(Sign.path)
    case (nil, let node?): return selector(node).map(Sign.selector)
    default:
      log.add(.applicationSign, node.position)
      return nil
    }
  }

  private func check(_ signs: [(key: String, sign: Sign?)], _ fields: Fields, page: String?) {
    var seen: Set<Sign> = []
    for (key, sign) in signs {
      guard let sign else { continue }
      let isPage = page.map { sign == .path($0) } ?? false
      if isPage || !seen.insert(sign).inserted { log.add(.applicationSignsAlike, fields.place(key)) }
    }
  }
}
