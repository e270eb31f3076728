/// The number that a PIV card gives itself: the GUID of its CHUID (SP 800-73-5 part 1 §3.1.2, tag 34).
///
/// It says which keys lie on one card, and nothing more: it is readable and copyable by anybody, so never a proof. 16 bytes;
/// sixteen zero bytes are how an issuer says "none", and are refused here.
public struct CardGUID: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init(parsing raw: some Collection<UInt8>) throws(MalformedInput) {
    guard raw.count == 16, raw.contains(where: { $0 != 0 }) else {
      throw MalformedInput("card GUID", expected: "16 bytes, not all zero")
    }
    bytes = Array(raw)
  }

  public var hex: String { Hex.encode(bytes) }
  public var description: String { hex }
}
