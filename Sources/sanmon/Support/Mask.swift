import Crypto
import Foundation

/// Names that stand for people, machines and whatever a city chose, the same throughout one bundle and of no use outside it.
///
/// HMAC-SHA-256 under a key of this run that is kept nowhere: person ids and workstation names are few, and a plain hash of them
/// could be undone by trying all.
struct Mask {
  private let key = SymmetricKey(size: .bits256)

  /// - Parameter kind: a word of ours: `person`, `workstation` …
  func token(_ kind: StaticString, _ value: String) -> String {
    var text = Array("\(kind)".utf8)
    text.append(0)
    text.append(contentsOf: value.utf8)
    let code = HMAC<SHA256>.authenticationCode(for: text, using: key)
    return "\(kind)-" + code.prefix(5).map { String(format: "%02x", $0) }.joined()
  }

  func token(_ kind: StaticString, ifAny value: String?) -> String? { value.map { token(kind, $0) } }
}
