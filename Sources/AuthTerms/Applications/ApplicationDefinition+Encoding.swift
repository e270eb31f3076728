extension ApplicationDefinition {
  private static let label = "sanmon/application/1"
  /// Bytes of a definition at most.
  public static let largestEncoding = 16 * 1024

  /// One definition, one spelling: what a vault is told of it, and what a hash of it is over.
  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    for text in [id.text, nameJa, nameEn] { writer.field(text) }
    writer.list(segments.map(\.name))
    switch access {
    case .browser(let form):
      writer.field("browser")
      form.write(to: &writer)
    case .program(let use):
      writer.field("program")
      writer.field(use.program)
      writer.optional(use.windowTitle)
    case .windows(let logon):
      switch logon.credential {
      case .vault(let group):
        writer.field("windows")
        writer.field(group)
      case .typed: writer.field("windows-typed")
      case .certificate: writer.field("windows-certificate")
      }
    }
    writer.list(accounts)
    for number in [password.minimum, password.maximum, password.classes] { writer.field(UInt64(number)) }
    writer.field(password.symbols)
    writer.field(UInt64(freshnessSeconds))
    writer.field(UInt64(rotationDays ?? 0))
    return writer.bytes
  }

  /// - Throws: `MalformedInput` for anything that `canonicalBytes` does not write, and for more than 16 KiB.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("application", expected: "its canonical form")
    guard bytes.count <= Self.largestEncoding else {
      throw MalformedInput("application", expected: "at most \(Self.largestEncoding) bytes")
    }
    var reader = LengthPrefixedReader(bytes, subject: "application", limit: 512)
    guard try reader.text() == Self.label else { throw fault }
    let id = try ApplicationID(parsing: reader.text())
    let (nameJa, nameEn) = (try reader.text(), try reader.text())
    var segments: [Segment] = []
    for name in try reader.list(most: Self.mostSegments) { segments.append(try Segment(parsing: name)) }
    let access: Access
    switch try reader.text() {
    case "browser": access = .browser(try BrowserForm(from: &reader))
    case "program": access = .program(try ProgramUse(program: reader.text(), windowTitle: reader.optional()))
    case "windows": access = .windows(try WindowsLogon(managedGroup: reader.text()))
    case "windows-typed": access = .windows(.typed)
    case "windows-certificate": access = .windows(.certificate)
    default: throw fault
    }
    let accounts = try reader.list(most: Self.mostAccounts)
    let password = try PasswordRule(
      minimum: reader.number(), maximum: reader.number(), classes: reader.number(), symbols: reader.text())
    let freshness = try reader.number()
    let rotation = try reader.number()
    self = try ApplicationDefinition(
      id: id, nameJa: nameJa, nameEn: nameEn, segments: segments, access: access, accounts: accounts, password: password,
      freshnessSeconds: freshness, rotationDays: rotation == 0 ? nil : rotation)
    // Catches what is left over as well.
    guard canonicalBytes == bytes else { throw fault }
  }
}

extension BrowserForm {
  fileprivate func write(to writer: inout LengthPrefixedWriter) {
    for text in [origin, loginPath, form.text, user.text, password.text, submit.text] { writer.field(text) }
    writer.sign(success)
    writer.sign(failure)
    writer.field(UInt64(mustChange == nil ? 0 : 1))
    if let mustChange { writer.sign(mustChange) }
    writer.field(UInt64(change == nil ? 0 : 1))
    if let change {
      for text in [change.path, change.form.text, change.current.text, change.new.text] { writer.field(text) }
      writer.optional(change.again?.text)
      writer.field(change.submit.text)
      writer.sign(change.success)
      writer.sign(change.failure)
    }
    writer.optional(logoffPath)
  }

  fileprivate init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    let (origin, loginPath) = (try reader.text(), try reader.text())
    let (form, user) = (try Selector(parsing: reader.text()), try Selector(parsing: reader.text()))
    let (password, submit) = (try Selector(parsing: reader.text()), try Selector(parsing: reader.text()))
    let (success, failure) = (try reader.sign(), try reader.sign())
    let mustChange = try reader.isPresent() ? try reader.sign() : nil
    let change = try reader.isPresent() ? try ChangeForm(from: &reader) : nil
    try self.init(
      origin: origin, loginPath: loginPath, form: form, user: user, password: password, submit: submit, success: success,
      failure: failure, mustChange: mustChange, change: change, logoffPath: reader.optional())
  }
}

extension ChangeForm {
  fileprivate init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    let path = try reader.text()
    let (form, current) = (try Selector(parsing: reader.text()), try Selector(parsing: reader.text()))
    let new = try Selector(parsing: reader.text())
    let again = try reader.isPresent() ? try Selector(parsing: reader.text()) : nil
    try self.init(
      path: path, form: form, current: current, new: new, again: again, submit: Selector(parsing: reader.text()),
      success: reader.sign(), failure: reader.sign())
  }
}

extension LengthPrefixedWriter {
  fileprivate mutating func list(_ texts: [String]) {
    field(UInt64(texts.count))
    for text in texts { field(text) }
  }

  fileprivate mutating func optional(_ text: String?) {
    field(UInt64(text == nil ? 0 : 1))
    if let text { field(text) }
  }

  fileprivate mutating func sign(_ sign: Sign) {
    switch sign {
    case .path(let path):
      field("path")
      field(path)
    case .selector(let selector):
      field("selector")
      field(selector.text)
    }
  }
}

extension LengthPrefixedReader {
  fileprivate mutating func number() throws(MalformedInput) -> Int {
    guard let number = Int(exactly: try unsigned()) else { throw MalformedInput("application", expected: "a smaller number") }
    return number
  }

  fileprivate mutating func list(most: Int) throws(MalformedInput) -> [String] {
    let count = try number()
    guard count <= most else { throw MalformedInput("application", expected: "lists of at most \(most)") }
    var texts: [String] = []
    for _ in 0..<count { texts.append(try text()) }
    return texts
  }

  fileprivate mutating func isPresent() throws(MalformedInput) -> Bool {
    switch try unsigned() {
    case 0: return false
    case 1: return true
    default: throw MalformedInput("application", expected: "0 or 1")
    }
  }

  fileprivate mutating func optional() throws(MalformedInput) -> String? { try isPresent() ? try text() : nil }

  fileprivate mutating func sign() throws(MalformedInput) -> Sign {
    switch try text() {
    case "path": return .path(try text())
    case "selector": return .selector(try Selector(parsing: text()))
    default: throw MalformedInput("application", expected: "path or selector")
    }
  }
}
