public import AuthAPI
import Crypto
public import SmartCard

extension PIVAlgorithm {
  /// How a signature of such a key is named to the server.
  public var scheme: SignatureScheme {
    switch self {
    case .p256: .ecdsaP256
    case .p384: .ecdsaP384
    case .rsa2048, .rsa3072: .rsaPKCS1
    }
  }

  /// What the card signs for a text that this side built: SHA-384 for P-384, else SHA-256.
  public func digest(of text: [UInt8]) -> [UInt8] {
    self == .p384 ? Array(SHA384.hash(data: text)) : Array(SHA256.hash(data: text))
  }
}
