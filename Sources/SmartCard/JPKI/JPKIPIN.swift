public import AuthTerms

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The rule for the PIN of user authentication: exactly 4 digits. The password of the signature key (6 to 16 letters and digits)
/// is another secret, and is never asked for.
public enum JPKIPINRule {
  public static let length = 4
  /// What the card is issued with; after so many wrong ones in a row a counter of the municipality resets it.
  public static let tries = 3

  /// True if the card could be asked. A PIN that breaks the rule must not cost a try.
  public static func accepts(_ pin: Secret<PIN>) -> Bool {
    guard pin.count == length else { return false }
    return unsafe pin.withBytes { bytes in unsafe bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
  }
}

extension JPKICard {
  /// Tries left for the PIN, 0 when it is blocked. Costs no try.
  ///
  /// A card that says "verified" carries the PIN of somebody before us, which must not count as this person's. It has no way to
  /// log out: `cardReset`, and its reader resets it after this use.
  public mutating func pinTriesLeft() throws(CardFailure) -> Int {
    try select(.pin)
    // The one place with an empty VERIFY: it asks, it does not try.
    let answer = try ResponseAPDU(parsing: try channel.transmit([0x00, 0x20, 0x00, 0x80]))
    if let tries = answer.status.triesLeft { return tries }
    switch answer.status {
    case .authenticationMethodBlocked: return 0
    case .success: throw .cardReset
    case .referencedDataNotFound: throw .unsupportedCard
    case let status: throw .refused(status)
    }
  }

  /// Asks the card to check the PIN, once.
  ///
  /// It stands in one buffer that is wiped before returning; copies in the reader service and its driver are theirs. Throws
  /// `unusablePIN` before anything is sent, else what the channel throws. Never sent empty: the length stands in the command.
  public mutating func verifyPIN(_ pin: Secret<PIN>) throws(CardFailure) -> PINOutcome {
    guard JPKIPINRule.accepts(pin) else { throw .unusablePIN }
    try select(.pin)
    var command: [UInt8] =
      [0x00, 0x20, 0x00, 0x80, UInt8(JPKIPINRule.length)] + [UInt8](repeating: 0, count: JPKIPINRule.length)
    defer {
      unsafe command.withUnsafeMutableBytes { buffer in
        if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
      }
    }
    unsafe pin.withBytes { digits in
      for position in digits.indices { command[5 + position] = unsafe digits[position] }
    }
    let answer = try ResponseAPDU(parsing: try channel.transmit(command))
    switch answer.status {
    case .success: return .verified
    case .authenticationMethodBlocked: return .blocked
    case let status:
      guard let tries = status.triesLeft else { throw .refused(status) }
      return tries == 0 ? .blocked : .wrong(triesLeft: tries)
    }
  }
}
