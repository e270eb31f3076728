public import AuthTerms

/// What stands in the rotator's settings file: lines of `key: value`, each key once, `#` before a remark.
///
/// *Trusted: who can change it can have passwords of another group made, or sent to another directory.*
public struct RotatorSettings: Sendable, Equatable {
  public var instance: String
  /// Path of the vault's socket.
  public var vault: String
  /// Under which the administrators registered the rotator's key.
  public var operatorID: OperatorID
  /// File with the key: 32 bytes in Base64, this user's alone.
  public var keyFile: String
  /// The application of `kind: windows`, as it is published.
  public var application: ApplicationID
  /// The domain controller, as its certificate names it; LDAPS only.
  public var server: String
  public var port: UInt16
  /// PEM file of the one authority that vouches for it.
  public var authorities: String
  /// Who may reset passwords of the group's members and nothing else, as name@domain.
  public var account: String
  public var passwordFile: String
  /// Account name of the group, in small letters: the `managed-group` of the application's file.
  public var group: String
  /// The attribute with the staff number, in small letters.
  public var numberAttribute: String
  /// Days after which a password is made anew, 1 to 365.
  public var rotationDays: Int
  /// Failures in a row after which a round stops; `nil`: 5 % of the group, at least 3 and at most 50.
  public var failures: Int?
  /// Minutes from the end of one round to the next, 1 to 1,440.
  public var everyMinutes: Int

  /// Why a file is none.
  public struct Fault: Error, Sendable, Equatable {
    /// 1 and above; 0: the file as a whole.
    public let line: Int
    public let ja: String
    public let en: String
  }

  public static let largestFile = 16 * 1024

  private static let required = [
    "instance", "vault", "operator", "key-file", "server", "authorities", "account", "password-file", "group",
  ]
  private static let optional = ["application", "port", "number-attribute", "rotation-days", "failures", "every-minutes"]

  /// - Throws: the first fault.
  public init(parsing text: String) throws(Fault) {
    let values = try Self.values(text)
    for key in Self.required where values[key] == nil {
      throw Fault(line: 0, ja: "「\(key)」がありません。", en: "'\(key)' is missing.")
    }
    func value<Value>(_ key: String, _ ja: String, _ en: String, _ read: (String) -> Value?) throws(Fault) -> Value {
      guard let found = values[key], let value = read(found.text) else {
        throw Fault(line: values[key]?.line ?? 0, ja: "「\(key)」は\(ja)です。", en: "'\(key)' takes \(en).")
      }
      return value
    }
    func path(_ key: String) throws(Fault) -> String {
      try value(key, "絶対パス", "an absolute path") { $0.hasPrefix("/") && $0.utf8.count <= 256 ? $0 : nil }
    }
    func number(_ key: String, _ range: ClosedRange<Int>, otherwise: Int) throws(Fault) -> Int {
      guard values[key] != nil else { return otherwise }
      return try value(key, " \(range.lowerBound)〜\(range.upperBound) ", "\(range.lowerBound) to \(range.upperBound)") { text in
        Int(text).flatMap { String($0) == text && range.contains($0) ? $0 : nil }
      }
    }
    instance = try value("instance", "装置の名前", "the name of the instance") { (try? Identifier<Never>(parsing: $0))?.text }
    vault = try path("vault")
    operatorID = try value("operator", "操作者の名前", "the id of an operator") { try? OperatorID(parsing: $0) }
    keyFile = try path("key-file")
    application =
      try values["application"] == nil
      ? Self.usualApplication() : value("application", "業務システムの名前", "an application") { try? ApplicationID(parsing: $0) }
    server = try value("server", "ドメインコントローラーの名前", "the name of a domain controller") { $0.utf8.count <= 253 ? $0 : nil }
    port = UInt16(try number("port", 1...65_535, otherwise: 636))
    authorities = try path("authorities")
    account = try value("account", "「名前@ドメイン」", "name@domain") { text in
      let parts = text.split(separator: "@", omittingEmptySubsequences: false)
      return parts.count == 2 && !parts.contains("") && text.utf8.count <= 256 ? text : nil
    }
    passwordFile = try path("password-file")
    group = try value("group", "グループのアカウント名（英小文字、数字、. _ -）", "the account name of a group, of a-z 0-9 . _ -") {
      (try? WindowsLogon(managedGroup: $0))?.managedGroup
    }
    numberAttribute =
      values["number-attribute"] == nil
      ? "employeenumber"
      : try value("number-attribute", " employeeNumber か employeeID ", "employeeNumber or employeeID") { text in
        ["employeeNumber", "employeeID"].contains(text) ? text.lowercased() : nil
      }
    rotationDays = try number("rotation-days", 1...365, otherwise: 30)
    failures = values["failures"] == nil ? nil : try number("failures", 1...1000, otherwise: 50)
    everyMinutes = try number("every-minutes", 1...1440, otherwise: 60)
  }

  private static func usualApplication() throws(Fault) -> ApplicationID {
    do { return try ApplicationID(parsing: "windows") } catch { throw Fault(line: 0, ja: "application", en: "application") }
  }

  private static func values(_ text: String) throws(Fault) -> [String: (text: String, line: Int)] {
    guard text.utf8.count <= largestFile else { throw Fault(line: 0, ja: "大きすぎます。", en: "Too large.") }
    var values: [String: (String, Int)] = [:]
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = trimmed(raw)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard line.unicodeScalars.allSatisfy(VisibleText.shows), let colon = line.firstIndex(of: ":"),
        case let value = trimmed(line[line.index(after: colon)...]), !value.isEmpty
      else { throw Fault(line: index + 1, ja: "「キー: 値」の形ではありません。", en: "Not of the form 'key: value'.") }
      let key = String(line[..<colon])
      guard required.contains(key) || optional.contains(key) else {
        let known = (required + optional).joined(separator: ", ")
        throw Fault(line: index + 1, ja: "知らないキーです。使えるキー: \(known)", en: "Not a known key; there are \(known).")
      }
      guard values.updateValue((String(value), index + 1), forKey: key) == nil else {
        throw Fault(line: index + 1, ja: "「\(key)」が二度書かれています。", en: "'\(key)' stands a second time.")
      }
    }
    return values
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let last = text.last, last == " " { text.removeLast() }
    return text.drop { $0 == " " }
  }
}
