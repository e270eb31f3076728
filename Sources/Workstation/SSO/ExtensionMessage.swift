package import AuthAPI
import AuthTerms
import Foundation

/// What the browser's extension asks: one flat object of texts, with exactly the keys of its kind.
package enum ExtensionMessage: Sendable {
  case state
  /// - origin: the one of the page, as the browser says it.
  case release(BrokerAccount, origin: String)
  /// - version: the one that came with the credential.
  case outcome(BrokerAccount, version: UInt64, SignInOutcome)
  /// The password in force and a new one, for the page where it is changed.
  case change(application: String, account: String, origin: String)
  case changeOutcome(application: String, account: String, isAccepted: Bool)
  /// What a person typed on the extension's own page.
  case capture(application: String, account: String, StoredCredential)

  /// - Throws: `malformed` for anything else, and for texts of more than 256 bytes.
  package init(parsing bytes: some Collection<UInt8>) throws(NativeMessagingFault) {
    // A key that stands there twice would be read as either, and a byte of nought makes the decoder guess at UTF-16.
    guard !bytes.contains(0), let texts = try? JSONDecoder().decode([String: String].self, from: Data(bytes)),
      Self.strings(in: bytes) == 2 * texts.count, texts.allSatisfy({ $0.value.utf8.count <= 256 }), let kind = texts["kind"]
    else { throw .malformed }
    func only(_ keys: String...) throws(NativeMessagingFault) -> [String] {
      let found = keys.compactMap { texts[$0] }
      guard found.count == keys.count, texts.count == keys.count + 1 else { throw .malformed }
      return found
    }
    switch kind {
    case "state":
      _ = try only()
      self = .state
    case "release":
      let found = try only("application", "account", "owner", "origin")
      self = .release(BrokerAccount(found[0], found[1], owner: found[2]), origin: found[3])
    case "outcome":
      let found = try only("application", "account", "owner", "version", "outcome")
      guard let outcome = SignInOutcome(rawValue: found[4]), let version = UInt64(found[3]), String(version) == found[3] else {
        throw .malformed
      }
      self = .outcome(BrokerAccount(found[0], found[1], owner: found[2]), version: version, outcome)
    case "change":
      let found = try only("application", "account", "origin")
      self = .change(application: found[0], account: found[1], origin: found[2])
    case "changeOutcome":
      let found = try only("application", "account", "outcome")
      guard let outcome = SignInOutcome(rawValue: found[2]), outcome != .mustChange else { throw .malformed }
      self = .changeOutcome(application: found[0], account: found[1], isAccepted: outcome == .accepted)
    case "capture":
      let found = try only("application", "account", "user", "password")
      guard let credential = try? StoredCredential(user: found[2], password: Secret(copying: Array(found[3].utf8))) else {
        throw .malformed
      }
      self = .capture(application: found[0], account: found[1], credential)
    default: throw .malformed
    }
  }

  /// How many strings stand in a JSON text.
  private static func strings(in json: some Collection<UInt8>) -> Int {
    var (count, isInside, isEscaped) = (0, false, false)
    for byte in json {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInside.toggle()
        if isInside { count += 1 }
      }
    }
    return count
  }
}

/// What the extension is told, except for credentials, which are no `Encodable`.
enum HostMessage: Encodable {
  case state(BrokerState)
  case noted(retry: Bool)
  case fault(code: String, ja: String, en: String)
  case locked
  case ended(logoff: [LogoffPage])
  case changed

  private enum Key: CodingKey { case kind, session, applications, code, ja, en, logoff, retry }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .state(let state):
      try container.encode("state", forKey: .kind)
      try container.encode(state.session, forKey: .session)
      try container.encode(state.applications, forKey: .applications)
    case .noted(let retry):
      try container.encode("noted", forKey: .kind)
      try container.encode(retry, forKey: .retry)
    case .fault(let code, let ja, let en):
      try container.encode("fault", forKey: .kind)
      try container.encode(code, forKey: .code)
      try container.encode(ja, forKey: .ja)
      try container.encode(en, forKey: .en)
    case .locked: try container.encode("locked", forKey: .kind)
    case .ended(let pages):
      try container.encode("ended", forKey: .kind)
      try container.encode(pages, forKey: .logoff)
    case .changed: try container.encode("changed", forKey: .kind)
    }
  }

  init(_ change: BrokerChange) {
    self =
      switch change {
      case .locked: .locked
      case .ended(let pages): .ended(logoff: pages)
      case .changed: .changed
      }
  }
}
