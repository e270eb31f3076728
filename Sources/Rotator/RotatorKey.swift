import AuthAPI
import AuthTerms
package import Crypto
import Foundation

/// The rotator's signing key: Ed25519, in a file as `sanmon operator key` writes it.
public struct RotatorKey: Sendable, CustomReflectable {
  private let key: Curve25519.Signing.PrivateKey

  /// - Parameter path: 32 bytes in Base64, readable by this user alone.
  public init(file path: String) throws(RotatorFault) {
    let text = try PrivateFile.read(path, most: 256, as: KeyMaterial.self)
    let key = text.withBytes { bytes -> Curve25519.Signing.PrivateKey? in
      guard var raw = Data(base64Encoded: Data(bytes)) else { return nil }
      defer { raw.resetBytes(in: raw.startIndex..<raw.endIndex) }
      return try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
    }
    guard let key else { throw .key(path) }
    self.key = key
  }

  package init(_ key: Curve25519.Signing.PrivateKey) { self.key = key }

  func sign(_ act: Act) throws -> SignedAct {
    SignedAct(act: act, scheme: .ed25519, signature: Array(try key.signature(for: Data(act.canonicalBytes))))
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
