/// What a printed one-time look-up code holds in memory.
public enum LookUpDigits {}

/// One printed one-time look-up code (一回限りの代替コード): 12 random digits and a check digit by Damm's rule, which finds every
/// single wrong digit and every two neighbours exchanged. A slip of the hand is told apart from a wrong code before it counts.
///
/// It cannot be printed by accident or compared with ==: `printed` is for the sheet, `digits` for the vault.
public struct LookUpCode: Sendable, CustomReflectable {
  /// Without the check digit.
  public static let length = 12
  /// How many different ones there are.
  public static let count: UInt64 = 1_000_000_000_000

  /// ASCII, the check digit last.
  private let secret: Secret<LookUpDigits>

  /// - Parameter number: random, below `count`.
  public init(number: UInt64) throws(MalformedInput) {
    guard number < Self.count else { throw Self.fault }
    var values: [UInt8] = []
    var rest = number
    for _ in 0..<Self.length {
      values.insert(UInt8(truncatingIfNeeded: rest % 10), at: 0)
      rest /= 10
    }
    values.append(Self.interim(values))
    secret = Secret(copying: values.map { $0 + 0x30 })
  }

  /// Accepts what a person types, at most 64 bytes: digits, with spaces and hyphens anywhere. The check digit must fit.
  public init(parsing typed: some Collection<UInt8>) throws(MalformedInput) {
    guard typed.count <= 64 else { throw Self.fault }
    var values: [UInt8] = []
    for unit in typed where unit != UInt8(ascii: " ") && unit != UInt8(ascii: "-") {
      guard (0x30...0x39).contains(unit) else { throw Self.fault }
      values.append(unit - 0x30)
    }
    guard values.count == Self.length + 1, Self.interim(values) == 0 else { throw Self.fault }
    secret = Secret(copying: values.map { $0 + 0x30 })
  }

  private static var fault: MalformedInput { MalformedInput("look-up code", expected: "13 digits as they were printed") }

  /// The thirteen digits as ASCII, for the one who checks them; a copy that the caller drops at once.
  public var digits: [UInt8] { unsafe secret.withBytes { unsafe Array($0) } }

  /// `1234-5678-9012-3`, for a sheet of paper.
  public var printed: String {
    let text = digits
    return stride(from: 0, to: text.count, by: 4)
      .map { String(decoding: text[$0..<min($0 + 4, text.count)], as: UTF8.self) }.joined(separator: "-")
  }

  public var customMirror: Mirror { Mirror(self, children: []) }

  /// H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004: the quasigroup of order 10 that is in common use. Over
  /// digits with their check digit it gives 0.
  private static func interim(_ values: [UInt8]) -> UInt8 {
    values.reduce(0) { quasigroup[Int($0)][Int($1)] }
  }

  private static let quasigroup: [[UInt8]] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
  ]
}

/// What a look-up code is for. A sheet has one for the logon and a few for unlocks.
public enum LookUpPurpose: String, Sendable, CaseIterable {
  case logon
  case unlock
}
