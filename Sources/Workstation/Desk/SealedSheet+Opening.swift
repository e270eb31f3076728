public import AuthAPI
public import AuthTerms
import Crypto
public import Sealing

extension SealedSheet {
  /// The codes of a sheet, for whoever prints it: the logon's, then those for unlocks.
  ///
  /// - Parameters:
  ///   - key: whose public half the act names.
  ///   - act: that asked for the sheet.
  /// - Throws: `SealingFault` for what was sealed to another key or for another act, `MalformedInput` for what holds no codes.
  public func open(with key: SealingKey, act: Act) throws -> [LookUpCode] {
    let plaintext = try key.open(
      SealedMessage(encapsulated: encapsulated, ciphertext: ciphertext), info: Self.info(suite: key.suite),
      associatedData: Self.associatedData(sheet: sheet, act: Array(SHA256.hash(data: act.canonicalBytes))),
      as: LookUpDigits.self)
    let each = LookUpCode.length + 1
    guard plaintext.count > 0, plaintext.count.isMultiple(of: each) else {
      throw MalformedInput("sheet", expected: "codes of \(each) digits")
    }
    return try plaintext.withBytes { bytes in
      try stride(from: 0, to: bytes.count, by: each).map { try LookUpCode(parsing: Array(bytes[$0..<$0 + each])) }
    }
  }
}
