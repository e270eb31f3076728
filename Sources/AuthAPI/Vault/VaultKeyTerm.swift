public import AuthTerms

/// A layer of the vault's own keys that is renewed while it serves. Those above them: the master key (`sanmon-vault rewrap`).
public enum VaultLayer: String, Sendable, CaseIterable {
  /// The root that stored credentials are kept under.
  case credentials
  /// The root that rows of the registers are authenticated with, and their sum is sealed with.
  case registers
  /// What credentials are sealed to on their way in.
  case intake
  /// What signs releases.
  case signing

  /// One spelling for each set of layers, as the act `vault.rotate` names them: in this order, a space between.
  public static func text(_ layers: Set<VaultLayer>) -> String {
    allCases.filter(layers.contains).map(\.rawValue).joined(separator: " ")
  }

  /// - Returns: at least one.
  public static func parse(_ text: String) throws(MalformedInput) -> Set<VaultLayer> {
    let layers = Set(allCases.filter { text.split(separator: " ").contains(Substring($0.rawValue)) })
    guard !layers.isEmpty, Self.text(layers) == text else {
      throw MalformedInput("layers of keys", expected: "names of layers in their order, a space between")
    }
    return layers
  }
}

/// How old the key of one layer is, and how far its renewal has come; never anything of the key.
public struct VaultKeyTerm: Sendable, Equatable {
  public var layer: VaultLayer
  /// Of the key in force, 1 and above.
  public var number: UInt32
  /// Milliseconds since 1970-01-01 UTC; 0: by a version that did not write it down.
  public var madeAt: Int64
  /// How often it encrypted, at most; 0 where each encryption has a key of its own.
  public var uses: UInt64
  /// At this many a renewal begins by itself; 0 where there is no limit.
  public var mostUses: UInt64
  /// A renewal was asked for and has not ended.
  public var isUnderWay: Bool
  /// Records that an older key still keeps; older keys that what is on its way may still need.
  public var left: UInt64

  public init(
    layer: VaultLayer, number: UInt32, madeAt: Int64, uses: UInt64 = 0, mostUses: UInt64 = 0, isUnderWay: Bool = false,
    left: UInt64 = 0
  ) {
    self.layer = layer
    self.number = number
    self.madeAt = madeAt
    self.uses = uses
    self.mostUses = mostUses
    self.isUnderWay = isUnderWay
    self.left = left
  }

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(layer.rawValue)
    writer.field(UInt64(number))
    writer.field(madeAt)
    writer.field(uses)
    writer.field(mostUses)
    writer.field(UInt64(isUnderWay ? 1 : 0))
    writer.field(left)
  }

  init(from reader: inout LengthPrefixedReader) throws(MalformedInput) {
    guard let layer = VaultLayer(rawValue: try reader.text()), let number = UInt32(exactly: try reader.unsigned()), number > 0
    else { throw MalformedInput("vault key", expected: "a known layer and a number, 1 and above") }
    (self.layer, self.number) = (layer, number)
    madeAt = try reader.signed()
    uses = try reader.unsigned()
    mostUses = try reader.unsigned()
    switch try reader.unsigned() {
    case 0: isUnderWay = false
    case 1: isUnderWay = true
    default: throw MalformedInput("vault key", expected: "0 or 1")
    }
    left = try reader.unsigned()
  }
}
