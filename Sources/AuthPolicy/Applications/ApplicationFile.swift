public import AuthTerms

/// One `NAME.yaml` of the folder of applications, read by the same closed schema as a policy file.
public struct ApplicationFile: Sendable {
  public let definition: ApplicationDefinition
  /// What is right and somebody should look at, in the order of lines.
  public let warnings: [PolicyFault]
  /// Where the segments stand, and the path of the login page, for what only a set can tell.
  let segmentPlaces: [Segment: Position]
  let formPlace: Position

  private static let keys = [
    "application", "name", "segments", "browser", "program", "kind", "managed-group", "credential", "accounts", "password",
    "freshness-minutes", "rotation-days",
  ]
  /// Minutes of a morning's and an afternoon's work: a card's proof that may be older is worth a look.
  static let longFreshness = 720
  /// Characters below which a password is short (NIST SP 800-63B-4 §3.1.1.2 asks for 15 of one that is the only factor).
  static let shortPassword = 12

  /// Reads one file by itself; whether it fits beside others is asked by `ApplicationSet`.
  /// - Throws: every fault of the file, never only the first.
  public static func compile(_ source: PolicySource) throws(PolicyFaults) -> ApplicationFile {
    let log = FaultLog(file: source.name)
    let file = MarkedTree.parse(source.bytes, log).flatMap { read($0, log) }
    // What the types refuse and this reader did not: still a fault with a place.
    if file == nil, log.isClean {
      log.add(.wrongShape, .start, FaultDetail(expected: Bilingual("業務システムの定義", "an application")))
    }
    guard log.isClean, let file else { throw PolicyFaults(log.inOrder) }
    return file
  }

  static func read(_ root: MarkedNode, _ log: FaultLog) -> ApplicationFile? {
    let fields = Fields(root, allowed: keys, log)
    let id = applicationID(fields.required("application"), log)
    let name = fields.required("name").map { Fields($0, allowed: ["ja", "en"], log) }
    let ja = shortText(name?.required("ja"), most: ApplicationDefinition.longestName, log)
    let en = shortText(name?.required("en"), most: ApplicationDefinition.longestName, log)
    var segmentPlaces: [Segment: Position] = [:]
    let segments = log.distinct(fields.required("segments"), 1...ApplicationDefinition.mostSegments) { entry in
      let segment = Names.segment(entry, log)
      if let segment, segmentPlaces[segment] == nil { segmentPlaces[segment] = entry.position }
      return segment
    }
    let accounts = fields.optional("accounts").map { node in
      log.distinct(node, 1...ApplicationDefinition.mostAccounts) { account($0, log) }
    }
    let isWindows = log.isWindows(fields)
    let (access, formPlace) = isWindows ? windows(fields, log) : access(fields, log)
    let password = isWindows ? WindowsLogon.password : fields.required("password").flatMap { passwordRule($0, log) }
    let freshness = log.integer(fields.required("freshness-minutes"), 1...1440)
    if let freshness, freshness > longFreshness { log.warn(.applicationFreshnessLong, fields.place("freshness-minutes")) }
    let rotation = fields.optional("rotation-days").flatMap { log.integer($0, ApplicationDefinition.rotation) }
    if case .browser(let form) = access { warnOfRotation(form, fields, log) }
    guard log.isClean, let id, let ja, let en, let access, let password, let freshness else { return nil }
    let definition = try? ApplicationDefinition(
      id: id, nameJa: ja, nameEn: en, segments: segments.sorted(), access: access, accounts: accounts ?? [],
      password: password, freshnessSeconds: freshness * 60, rotationDays: rotation)
    return definition.map {
      ApplicationFile(
        definition: $0, warnings: FaultLog.sorted(log.warnings), segmentPlaces: segmentPlaces, formPlace: formPlace)
    }
  }

  /// Letters that are made of several code points count as several: a name has to fit a button.
  private static func shortText(_ node: MarkedNode?, most: Int, _ log: FaultLog) -> String? {
    guard let node, let text = log.text(node, most: most) else { return nil }
    guard text.unicodeScalars.count <= most else {
      log.add(.badText, node.position, FaultDetail(expected: Bilingual("1〜\(most) 文字の文字列", "text of 1 to \(most) characters")))
      return nil
    }
    return text
  }

  private static func applicationID(_ node: MarkedNode?, _ log: FaultLog) -> ApplicationID? {
    let expected = Bilingual("英小文字、数字、- の 1〜48 文字", "1 to 48 of a-z 0-9 -")
    let id = log.name(node, expected) { text throws(MalformedInput) in
      guard text.utf8.count <= 48, text == text.lowercased(), !text.contains(where: { "._".contains($0) }) else {
        throw MalformedInput("application", expected: "lower case")
      }
      return try ApplicationID(parsing: text)
    }
    if let id, let node, id.text + ".yaml" != log.file { log.add(.applicationFileName, node.position) }
    return id
  }

  private static func account(_ node: MarkedNode, _ log: FaultLog) -> String? {
    log.name(node, Bilingual("英小文字、数字、- の 1〜32 文字", "1 to 32 of a-z 0-9 -")) { text throws(MalformedInput) in
      try ApplicationDefinition.checkAccount(text)
      return text
    }
  }

  /// What a page or a program has stands in no file of the logon to Windows.
  private static func windows(_ fields: Fields, _ log: FaultLog) -> (ApplicationDefinition.Access?, Position) {
    for key in ["browser", "program", "accounts", "password", "rotation-days"] where fields.optional(key) != nil {
      log.add(.applicationWindowsKey, fields.place(key))
    }
    return (windowsLogon(fields, log).map(ApplicationDefinition.Access.windows), fields.place("kind"))
  }

  /// Only where the vault keeps them are anybody's passwords made.
  private static func windowsLogon(_ fields: Fields, _ log: FaultLog) -> WindowsLogon? {
    let word = fields.optional("credential").map { log.word($0, of: ["vault", "typed", "certificate"]) } ?? "vault"
    if let word, word != "vault" {
      if fields.optional("managed-group") != nil { log.add(.applicationWindowsKey, fields.place("managed-group")) }
      return word == "typed" ? .typed : .certificate
    }
    let group = fields.required("managed-group").flatMap { Names.group($0, log) }
    return group.flatMap { try? WindowsLogon(managedGroup: $0) }
  }

  /// Exactly one of the two, and where its form stands.
  private static func access(_ fields: Fields, _ log: FaultLog) -> (ApplicationDefinition.Access?, Position) {
    switch (fields.optional("browser"), fields.optional("program")) {
    case (let node?, nil):
      let (form, place) = BrowserReader(log: log).read(node)
      return (form.map(ApplicationDefinition.Access.browser), place)
    case (nil, let node?): return (program(node, log).map(ApplicationDefinition.Access.program), node.position)
    case (.some, .some):
      log.add(.applicationAccess, fields.place("program"))
      return (nil, fields.position)
    case (nil, nil):
      log.add(.applicationAccess, fields.position)
      return (nil, fields.position)
    }
  }

  private static func program(_ node: MarkedNode, _ log: FaultLog) -> ProgramUse? {
    let fields = Fields(node, allowed: ["path", "window-title"], log)
    let expected = Bilingual("/ か C:\\ で始まる絶対パス", "an absolute path that begins with / or C:\\")
    let path = log.name(fields.required("path"), expected, as: .applicationProgram) { text throws(MalformedInput) in
      try ProgramUse.checkProgram(text)
      return text
    }
    let title = fields.optional("window-title").map { shortText($0, most: ProgramUse.longestTitle, log) }
    guard let path, title != .some(nil) else { return nil }
    return try? ProgramUse(program: path, windowTitle: title ?? nil)
  }

  private static func passwordRule(_ node: MarkedNode, _ log: FaultLog) -> PasswordRule? {
    let fields = Fields(node, allowed: ["minimum", "maximum", "classes", "symbols"], log)
    let minimum = log.integer(fields.required("minimum"), PasswordRule.lengths)
    let maximum = log.integer(fields.required("maximum"), PasswordRule.lengths)
    let classes = log.integer(fields.required("classes"), PasswordRule.classCounts)
    let expected = Bilingual("引用符で囲んだ ASCII の記号(同じものは一度だけ)", "ASCII symbols in quotes, each once")
    let symbols = fields.optional("symbols").map { node in
      log.name(node, expected, as: .applicationSymbols) { text throws(MalformedInput) in
        try PasswordRule.checkSymbols(text)
        guard !text.isEmpty else { throw MalformedInput("password symbols", expected: "one at least") }
        return text
      }
    }
    guard let minimum, let maximum, let classes, symbols != .some(nil) else { return nil }
    if maximum < minimum { log.add(.applicationLengths, fields.place("maximum")) }
    if classes == 4, symbols == nil { log.add(.applicationClasses, fields.place("classes")) }
    if minimum < shortPassword { log.warn(.applicationPasswordShort, fields.place("minimum")) }
    return try? PasswordRule(minimum: minimum, maximum: maximum, classes: classes, symbols: (symbols ?? nil) ?? "")
  }

  private static func warnOfRotation(_ form: BrowserForm, _ fields: Fields, _ log: FaultLog) {
    let isAsked = fields.optional("rotation-days") != nil
    if form.change != nil, !isAsked { log.warn(.applicationRotationUnsaid, fields.place("browser")) }
    if form.change == nil, isAsked { log.warn(.applicationRotationByHand, fields.place("rotation-days")) }
  }
}

extension FaultLog {
  /// `kind` is said of what is neither a page nor a program.
  fileprivate func isWindows(_ fields: Fields) -> Bool {
    guard let kind = fields.optional("kind") else {
      for key in ["managed-group", "credential"] where fields.optional(key) != nil {
        add(.applicationWindowsKey, fields.place(key))
      }
      return false
    }
    // A word that is none is a fault already; what goes with pages would be one more of the same.
    _ = word(kind, of: ["windows"])
    return true
  }
}
