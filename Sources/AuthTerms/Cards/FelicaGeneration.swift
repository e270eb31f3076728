/// Generations of FeliCa chips, oldest first, as a chip says of itself in clear: that keeps old stock out, and nobody who makes
/// cards.
public enum FelicaGeneration: Int, CaseIterable, Sendable, Comparable {
  /// FeliCa Standard with DES alone, and FeliCa Lite, which can authenticate nobody to itself.
  case des = 0
  /// FeliCa Lite-S and Link.
  case liteS = 1
  /// FeliCa Standard with AES.
  case aes = 2

  public var name: String {
    switch self {
    case .des: "des"
    case .liteS: "lite-s"
    case .aes: "aes"
    }
  }

  public init?(name: some StringProtocol) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// By the IC type, the second byte of PMm (FeliCa Card User's Manual, "Manufacture Parameter"); the table is that of the
  /// chips' product list as readers' libraries keep it, and was held against no chip here.
  ///
  /// - Parameter pmm: 8 bytes.
  /// - Returns: `nil` for another length and for types that are not in the table: newer than this table is not newer than asked.
  public init?(pmm: some Collection<UInt8>) {
    guard pmm.count == 8, let type = pmm.dropFirst().first else { return nil }
    switch type {
    case 0x00...0x20, 0xF0: self = .des
    case 0xF1, 0xF2: self = .liteS
    case 0x32...0x4F: self = .aes
    default: return nil
    }
  }

  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
