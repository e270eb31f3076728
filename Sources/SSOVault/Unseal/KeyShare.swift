public import AuthTerms
import Foundation
import Sealing

/// A person's part of a master key that is on no disk.
///
/// As text: `sanmon_share_1_T_N_SET_WORDS`: how many are needed, which this is, the set that was made together (8 hexadecimal digits), and
/// 14 groups of four that catch a slip in any of these. For paper, in a sealed envelope.
///
/// trusted: who has as many as are needed, *and* the vault's state, has every key of the instance.
public struct KeyShare: Sendable, CustomReflectable {
  private static let prefix = "sanmon_share_1_"
  /// Bytes typed.
  public static let limit = 256

  /// How many of the set open the vault, 2 to 9.
  public let threshold: Int
  /// 1 to 9, each once in a set.
  public let number: Int
  /// 4 random bytes.
  public let set: [UInt8]
  let value: Secret<KeyMaterial>

  public enum Fault: Error, Sendable, Equatable {
    /// Not 2 to 9 shares, or not 2 to all of them needed.
    case numbers
    /// Mistyped, cut off, or no share.
    case malformed
  }

  /// Makes a master key and its shares; the key itself is wiped before this returns.
  /// - Parameter random: that many bytes from the system's generator.
  public static func make(
    _ count: Int, threshold: Int, random: (Int) -> Secret<KeyMaterial>
  ) throws(Fault) -> [KeyShare] {
    try split(MasterSecret(fresh: random(32)), into: count, threshold: threshold, random: random)
  }

  /// Shares of a master key that there is. Shares of it that were made before still give the same key: they are void only when the vault's
  /// state has another one (`MasterRewrap`).
  /// - Parameter random: that many bytes from the system's generator.
  public static func split(
    _ secret: MasterSecret, into count: Int, threshold: Int, random: (Int) -> Secret<KeyMaterial>
  ) throws(Fault) -> [KeyShare] {
    guard (2...9).contains(count), (2...count).contains(threshold) else { throw .numbers }
    let set = random(4).withBytes { Array($0) }
    let parts = SecretSharing.split(
      secret.bytes, random: random((threshold - 1) * 32), threshold: threshold, into: count)
    return parts.enumerated().map { KeyShare(threshold: threshold, number: $0.offset + 1, set: set, value: $0.element) }
  }

  private init(threshold: Int, number: Int, set: [UInt8], value: Secret<KeyMaterial>) {
    (self.threshold, self.number, self.set, self.value) = (threshold, number, set, value)
  }

  private static func purpose(_ threshold: Int, _ number: Int, _ set: [UInt8]) -> String {
    "share/\(threshold)/\(number)/\(Hex.encode(set))"
  }

  /// To be shown once. A string cannot be wiped: only the command that makes shares asks for it, and ends.
  public var text: String {
    let words = value.withBytes { HandCopied.text(Array($0), purpose: Self.purpose(threshold, number, set)) }
    return "\(Self.prefix)\(threshold)_\(number)_\(Hex.encode(set))_\(words)"
  }

  /// As it was typed: in the words small letters, O for 0, I and L for 1, and spaces count.
  public init(typed: Secret<KeyMaterial>) throws(Fault) {
    let found: KeyShare? = typed.withBytes { bytes in
      guard bytes.count <= Self.limit, bytes.starts(with: Self.prefix.utf8) else { return nil }
      let parts = bytes.dropFirst(Self.prefix.utf8.count).split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
      guard parts.count == 4, let threshold = Self.digit(parts[0]), let number = Self.digit(parts[1]), threshold >= 2,
        parts[2].count == 8, let set = try? Hex.decode(String(decoding: parts[2], as: UTF8.self)),
        var value = HandCopied.bytes(parts[3], purpose: Self.purpose(threshold, number, set))
      else { return nil }
      defer {
        value.withUnsafeMutableBytes { target in if let base = target.baseAddress { explicit_bzero(base, target.count) } }
      }
      return KeyShare(threshold: threshold, number: number, set: set, value: Secret(copying: value))
    }
    guard let found else { throw .malformed }
    self = found
  }

  private static func digit(_ text: some Collection<UInt8>) -> Int? {
    guard text.count == 1, let unit = text.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(unit) else { return nil }
    return Int(unit - UInt8(ascii: "0"))
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension MasterSecret {
  /// - Parameter fresh: 32 random bytes.
  fileprivate init(fresh: Secret<KeyMaterial>) {
    precondition(fresh.count == 32)
    bytes = fresh
  }

  /// - Parameter shares: as many as are needed, different ones of one set. Whether they are the right ones shows when a state is opened.
  public init(shares: [KeyShare]) throws(VaultStartFault) {
    guard let first = shares.first, shares.count == first.threshold, Set(shares.map(\.number)).count == shares.count,
      shares.allSatisfy({ $0.set == first.set && $0.threshold == first.threshold })
    else { throw VaultStartFault(.masterKey, "different shares of one set are needed, as many as it says") }
    try self.init(
      SecretSharing.combine(Dictionary(uniqueKeysWithValues: shares.map { (UInt8($0.number), $0.value) })))
  }
}

extension MasterKey {
  /// - Parameter shares: as `MasterSecret` takes them.
  public init(shares: [KeyShare]) throws(VaultStartFault) { try self.init(MasterSecret(shares: shares)) }
}
