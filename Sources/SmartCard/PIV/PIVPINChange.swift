public import AuthTerms

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What lets the desk set a new PIN without the old one (PIN unblocking key, SP 800-73-5 part 2 §2.4.3).
public enum PUK {}

/// The rule for what may be sent as PUK: 6 to 8 printable characters of ASCII without space.
public enum PUKRule {
  public static let lengths = 6...8

  /// True if the card could be asked. A PUK that breaks the rule must not cost a try.
  public static func accepts(_ puk: Secret<PUK>) -> Bool {
    guard lengths.contains(puk.count) else { return false }
    return unsafe puk.withBytes { bytes in unsafe bytes.allSatisfy { (0x21...0x7E).contains($0) } }
  }
}

/// Why a PIN is not taken as a new one.
public enum NewPINFault: String, Sendable, Equatable, CaseIterable {
  /// Not 6 to 8 digits (SP 800-73-5 part 2 §2.4.3).
  case form
  /// The PIN that the card has now.
  case same
  /// One that is tried first: one digit repeated, a row with equal steps (123456, 987654, 135791), a group repeated (121212).
  case trivial
  /// The card itself did not take it.
  case refusedByCard
}

/// The rule for a new PIN. Stricter than `PINRule`: what older cards were issued with may still be typed, not chosen again.
public enum NewPINRule {
  public static let lengths = 6...8

  /// - Parameter old: the PIN until now, where it is known.
  /// - Returns: `nil` if it may be sent to the card.
  public static func fault(_ new: Secret<PIN>, old: Secret<PIN>? = nil) -> NewPINFault? {
    guard PINRule.accepts(new), lengths.contains(new.count) else { return .form }
    if let old, areEqual(new, old) { return .same }
    return unsafe new.withBytes { digits in unsafe isTrivial(digits) } ? .trivial : nil
  }

  /// Whether the same was typed twice. For the eyes of one person at one keyboard: not in constant time.
  public static func areEqual(_ one: Secret<PIN>, _ other: Secret<PIN>) -> Bool {
    unsafe one.withBytes { left in
      unsafe other.withBytes { right in unsafe left.elementsEqual(right) }
    }
  }

  private static func isTrivial(_ digits: UnsafeRawBufferPointer) -> Bool {
    let count = digits.count
    func step(_ at: Int) -> Int { unsafe (Int(digits[at + 1]) - Int(digits[at]) + 10) % 10 }
    if (1..<(count - 1)).allSatisfy({ step($0) == step(0) }) { return true }
    return (2...4).contains { group in
      count % group == 0 && count > group && (group..<count).allSatisfy { unsafe digits[$0] == digits[$0 - group] }
    }
  }
}

/// What the card said to a new PIN. A card that gave no status word said nothing: that is a `CardFailure`.
public enum PINChangeOutcome: Sendable, Equatable {
  case changed
  /// What was to allow it, old PIN or PUK, is wrong; its own counter after this try, 1 or more.
  case wrong(triesLeft: Int)
  /// No tries left for what was to allow it.
  case blocked
  /// The card does not take the new PIN (`6A80`); nothing was changed and no try used.
  case unfit
  /// The card has no such command, or no PUK.
  case notSupported
}

extension PIVCard {
  /// Sets a new PIN in the place of the old one, once (CHANGE REFERENCE DATA, SP 800-73-5 part 2 §3.2.2).
  ///
  /// Throws `unusablePIN` before anything is sent if the old one breaks `PINRule` or the new one `NewPINRule`, else what the
  /// channel throws. Both stand in one buffer that is wiped before returning.
  public mutating func changePIN(
    from old: Secret<PIN>, to new: Secret<PIN>
  ) throws(CardFailure) -> PINChangeOutcome {
    guard PINRule.accepts(old), NewPINRule.fault(new, old: old) == nil else { throw .unusablePIN }
    return try setReference(instruction: 0x24, allowing: old, new)
  }

  /// Sets a new PIN and its counter with the PUK, once (RESET RETRY COUNTER, SP 800-73-5 part 2 §3.2.3).
  ///
  /// Throws `unusablePIN` before anything is sent if the PUK breaks `PUKRule` or the new PIN `NewPINRule`, else what the channel
  /// throws. A wrong PUK costs a try of the PUK; a card whose PUK is blocked can never get a new PIN.
  public mutating func resetPIN(puk: Secret<PUK>, to new: Secret<PIN>) throws(CardFailure) -> PINChangeOutcome {
    guard PUKRule.accepts(puk), NewPINRule.fault(new) == nil else { throw .unusablePIN }
    return try setReference(instruction: 0x2C, allowing: puk, new)
  }

  private mutating func setReference<Allowing>(
    instruction: UInt8, allowing: Secret<Allowing>, _ new: Secret<PIN>
  ) throws(CardFailure) -> PINChangeOutcome {
    var command: [UInt8] = [0x00, instruction, 0x00, 0x80, 0x10] + [UInt8](repeating: 0xFF, count: 16)
    defer {
      unsafe command.withUnsafeMutableBytes { buffer in
        if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
      }
    }
    unsafe allowing.withBytes { bytes in
      for position in bytes.indices { command[5 + position] = unsafe bytes[position] }
    }
    unsafe new.withBytes { bytes in
      for position in bytes.indices { command[13 + position] = unsafe bytes[position] }
    }
    let answer = try ResponseAPDU(parsing: try channel.transmit(command))
    switch answer.status {
    case .success: return .changed
    case .authenticationMethodBlocked: return .blocked
    case .wrongData: return .unfit
    case .instructionNotSupported, .functionNotSupported, .referencedDataNotFound, .classNotSupported: return .notSupported
    case let status:
      guard let tries = status.triesLeft else { throw .refused(status) }
      return tries == 0 ? .blocked : .wrong(triesLeft: tries)
    }
  }
}
