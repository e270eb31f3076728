/// The three kinds of factor (NIST SP 800-63B-4): a combination counts kinds, not factors.
public enum FactorKind: String, CaseIterable, Sendable {
  case know
  case have
  case are
}

/// What a rule can ask for.
public enum Factor: String, CaseIterable, Sendable, Comparable {
  /// A registered card that proved possession of its key.
  case card
  /// The PIN (暗証番号) that the card itself checked in this exchange.
  case pin
  /// A password (パスワード): the directory's, or Sanmon's own for people whose directory password is managed.
  case password
  /// The palm vein pattern.
  case palm
  /// A printed one-time look-up code (一回限りの代替コード).
  case code

  public var kind: FactorKind {
    switch self {
    case .card, .code: .have
    case .pin, .password: .know
    case .palm: .are
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }

  static let inOrder = allCases
  private var order: Int {
    switch self {
    case .card: 0
    case .pin: 1
    case .password: 2
    case .palm: 3
    case .code: 4
    }
  }
  var bit: UInt8 { 1 << UInt8(truncatingIfNeeded: order) }
}
