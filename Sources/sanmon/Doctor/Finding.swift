/// One sentence in both languages.
struct Words: Hashable {
  let ja: Sentence
  let en: Sentence

  init(_ ja: Sentence, _ en: Sentence) {
    self.ja = ja
    self.en = en
  }

  var spoken: String { say(ja.text, en.text) }
}

/// Text that remembers which of it we wrote and which was put in, so that it can be told to somebody who must not read the latter.
struct Sentence: Hashable, ExpressibleByStringInterpolation {
  private enum Part: Hashable {
    /// Words and numbers of ours.
    case ours(String)
    case inserted(String)
  }
  private var parts: [Part]

  init(stringLiteral text: String) { parts = [.ours(text)] }

  init(stringInterpolation: Interpolation) { parts = stringInterpolation.sentence.parts }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var sentence = Sentence(stringLiteral: "")

    init(literalCapacity: Int, interpolationCount: Int) {}
    mutating func appendLiteral(_ text: String) { sentence.parts.append(.ours(text)) }
    mutating func appendInterpolation(_ number: some BinaryInteger) { sentence.parts.append(.ours(String(number))) }
    mutating func appendInterpolation(_ other: Sentence) { sentence.parts += other.parts }
    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      sentence.parts.append(.inserted(value.description))
    }
    mutating func appendInterpolation(_ error: any Error) { sentence.parts.append(.inserted("\(error)")) }
  }

  var text: String { text { $0 } }

  /// - Parameter hidden: what stands for each inserted text.
  func text(_ hidden: (String) -> String) -> String {
    parts.map { part in
      switch part {
      case .ours(let text): text
      case .inserted(let text): hidden(text)
      }
    }.joined()
  }
}

/// What one check of `sanmon doctor` found.
struct Finding: Encodable {
  enum State: String, Encodable {
    case ok
    case warning
    case fault
    /// The check could not be made; `said` says why.
    case unknown

    var mark: String {
      switch self {
      case .ok: "✓"
      case .warning: "!"
      case .fault: "✗"
      case .unknown: "?"
      }
    }
  }

  let check: Check
  let state: State
  let said: Words
  /// What to do; absent while all is well.
  let next: Words?

  static func ok(_ check: Check, _ ja: Sentence, _ en: Sentence) -> Finding {
    Finding(check: check, state: .ok, said: Words(ja, en), next: nil)
  }
  static func warning(_ check: Check, _ said: Words, _ next: Words) -> Finding {
    Finding(check: check, state: .warning, said: said, next: next)
  }
  static func fault(_ check: Check, _ said: Words, _ next: Words) -> Finding {
    Finding(check: check, state: .fault, said: said, next: next)
  }
  static func unknown(_ check: Check, _ ja: Sentence, _ en: Sentence) -> Finding {
    Finding(check: check, state: .unknown, said: Words(ja, en), next: nil)
  }

  private enum Key: String, CodingKey { case check, state, ja, en, nextJa, nextEn }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(check.rawValue, forKey: .check)
    try container.encode(state, forKey: .state)
    try container.encode(said.ja.text, forKey: .ja)
    try container.encode(said.en.text, forKey: .en)
    try container.encodeIfPresent(next?.ja.text, forKey: .nextJa)
    try container.encodeIfPresent(next?.en.text, forKey: .nextEn)
  }
}

/// The checks, in the order in which they are shown. docs/operations.md has a line for each.
enum Check: String, CaseIterable {
  case config
  case rules
  case waivers
  case server
  case vault
  case listeners
  case certificate
  case cardRoots
  case revocation
  case clock
  case log
  case denials
  case directory
  case disk
  case files
  case users

  var title: Words {
    switch self {
    case .config: Words("起動の設定", "start-up file")
    case .rules: Words("規則", "rules")
    case .waivers: Words("期限付き特例", "waivers")
    case .server: Words("サーバー", "server")
    case .vault: Words("鍵庫", "vault")
    case .listeners: Words("待ち受け", "listeners")
    case .certificate: Words("装置の証明書", "certificates")
    case .cardRoots: Words("カードの認証局", "card roots")
    case .revocation: Words("失効リスト", "revocation")
    case .clock: Words("時計", "clock")
    case .log: Words("監査記録", "audit log")
    case .denials: Words("記録できない拒否", "denials")
    case .directory: Words("職員の取り込み", "people")
    case .disk: Words("ディスク", "disk")
    case .files: Words("ファイルの権限", "files")
    case .users: Words("利用者", "users")
    }
  }
}
