public import AuthTerms

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the card said to a PIN. A card that gave no status word said nothing: that is a `CardFailure`, never a wrong PIN.
public enum PINOutcome: Sendable, Equatable {
  case verified
  /// The card's own counter after this try; 1 or more.
  case wrong(triesLeft: Int)
  /// No tries left: the desk resets it.
  case blocked
}

/// The rule for what may be sent as PIN: 4 to 8 digits. PIV asks for 6 to 8 (SP 800-73-5 part 2 §2.4.3); older staff cards
/// were issued with 4.
public enum PINRule {
  public static let lengths = 4...8

  /// True if the card could be asked. A PIN that breaks the rule must not cost a try.
  public static func accepts(_ pin: Secret<PIN>) -> Bool {
    guard lengths.contains(pin.count) else { return false }
    return unsafe pin.withBytes { bytes in unsafe bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
  }
}

extension PIVCard {
  /// Tries left for the PIN, 0 when it is blocked. Costs no try.
  ///
  /// A card that answers "already verified" carries the PIN of somebody before us: it is logged out (SP 800-73-5 part 2
  /// §3.2.1, P1 = FF) and asked again, so that another program's PIN never counts as this person's. A card that cannot log
  /// out is reset by its reader after each use; until then it is `cardReset`.
  public mutating func pinTriesLeft() throws(CardFailure) -> Int {
    for attempt in 0..<2 {
      // The one place with an empty VERIFY: it asks, it does not try.
      let answer = try ResponseAPDU(parsing: try channel.transmit([0x00, 0x20, 0x00, 0x80]))
      if let tries = answer.status.triesLeft { return tries }
      switch answer.status {
      case .authenticationMethodBlocked: return 0
      case .success where attempt == 0: _ = try channel.transmit([0x00, 0x20, 0xFF, 0x80])
      case .success: throw .cardReset
      case .referencedDataNotFound: throw .unsupportedCard
      case let status: throw .refused(status)
      }
    }
    throw .cardReset
  }

  /// Asks the card to check the PIN, once.
  ///
  /// The PIN is padded with FF to 8 bytes (SP 800-73-5 part 2 §2.4.3) in one buffer that is wiped before returning; copies in
  /// the reader service and its driver are theirs. Throws `unusablePIN` before anything is sent, else what the channel throws.
  public mutating func verifyPIN(_ pin: Secret<PIN>) throws(CardFailure) -> PINOutcome {
    guard PINRule.accepts(pin) else { throw .unusablePIN }
    var command: [UInt8] = [0x00, 0x20, 0x00, 0x80, 0x08] + [UInt8](repeating: 0xFF, count: 8)
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
