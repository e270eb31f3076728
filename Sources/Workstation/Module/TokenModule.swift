public import AuthTerms
import SmartCard

/// Through which PKCS#11 library certificate cards are asked, and which key of theirs is meant.
public struct TokenModule: Sendable, Equatable {
  /// Absolute path of the library, at most 255 bytes.
  ///
  /// trusted: who can change this file can sign for whoever types a PIN here, and read what the agent's user can.
  public let library: String
  /// The token's label; nil: any.
  public let label: String?
  /// CKA_ID, 1 to 64 bytes; nil: chosen by what the certificates say.
  public let key: [UInt8]?
  /// The library's own settings file, absolute; see `ModuleProcess`.
  public let configuration: String?

  /// - Parameter key: hexadecimal digits, as pkcs11-tool writes them.
  /// - Throws: naming the option that cannot be.
  public init(
    library: String, label: String? = nil, key: String? = nil, configuration: String? = nil
  ) throws(MalformedInput) {
    guard ModuleRequest.isPath(library) else {
      throw MalformedInput("--pkcs11", expected: "an absolute path of at most 255 bytes")
    }
    guard label.map({ (1...32).contains($0.utf8.count) }) ?? true else {
      throw MalformedInput("--token", expected: "a token's label of 1 to 32 bytes")
    }
    guard configuration.map(ModuleRequest.isPath) ?? true else {
      throw MalformedInput("--pkcs11-config", expected: "an absolute path of at most 255 bytes")
    }
    self.library = library
    self.label = label
    self.configuration = configuration
    self.key = try key.map { (text) throws(MalformedInput) in try Self.bytes(text) }
  }

  /// CKA_ID in hexadecimal.
  public var keyText: String? { key.map(Self.text) }

  public static func text(_ key: [UInt8]) -> String {
    key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func bytes(_ text: String) throws(MalformedInput) -> [UInt8] {
    let fault = MalformedInput("--key-id", expected: "2 to 128 hexadecimal digits, two for each byte")
    let digits = Array(text.utf8)
    guard (2...2 * ModuleErrand.mostKeyBytes).contains(digits.count), digits.count % 2 == 0 else { throw fault }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count, by: 2) {
      let pair = digits[place...(place + 1)]
      guard pair.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
        let byte = UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
      else { throw fault }
      bytes.append(byte)
    }
    return bytes
  }

  var choice: ModuleChoice { ModuleChoice(label: label, key: key) }
}
