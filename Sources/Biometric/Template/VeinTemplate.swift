public import AuthTerms

/// One palm vein template in the format "SVT1/CC6x64": what is kept of a palm, never a picture. docs/vein-template.md has it byte
/// by byte.
///
/// A grid of 64 × 64 cells, each with one of six line orientations in three bit planes, or masked. One row is one 64-bit word;
/// bit 0 is the leftmost cell. A value of this type kept its limits when it was decoded.
public struct VeinTemplate: Sendable, Hashable {
  public static let rows = 64
  public static let codePlanes = 3
  /// Fewer valid cells than this, of 4,096, say nothing about a palm: a template that is all mask would agree with everybody.
  public static let minimumValidCells = 1024

  public let hand: Hand
  /// 0 to 100, as the extractor judged the sample.
  public let quality: UInt8
  /// The filters that made the code; codes of two banks never compare.
  public let filterBank: UInt16
  /// The key of the permutation and pad over the planes; 0 = not protected, which never leaves the matcher's memory.
  public let protectionKey: UInt32
  /// The shifts and poses this template was made for; thresholds are valid for one window only.
  public let alignmentWindow: UInt16
  /// Three code planes of 64 rows, plane after plane.
  public let code: [UInt64]
  /// 64 rows; a set bit is a valid cell.
  public let mask: [UInt64]

  /// - Returns: `nil` for values outside the limits of the format.
  public init?(
    hand: Hand, quality: UInt8, filterBank: UInt16, protectionKey: UInt32, alignmentWindow: UInt16, code: [UInt64],
    mask: [UInt64]
  ) {
    guard code.count == Self.codePlanes * Self.rows, mask.count == Self.rows, quality <= 100, filterBank != 0,
      alignmentWindow != 0, Self.validCells(mask) >= Self.minimumValidCells,
      protectionKey != 0 || Self.isCanonical(code, mask)
    else { return nil }
    self.hand = hand
    self.quality = quality
    self.filterBank = filterBank
    self.protectionKey = protectionKey
    self.alignmentWindow = alignmentWindow
    self.code = code
    self.mask = mask
  }

  public var validCells: Int { Self.validCells(mask) }

  private static func validCells(_ mask: [UInt64]) -> Int { mask.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Without protection there is one way to write a palm: masked cells are 0, and the six orientations are 000, 001, 011, 111,
  /// 110, 100, whose Hamming distance is the angular distance; 010 and 101 mean nothing. Under protection no bit can be judged.
  private static func isCanonical(_ code: [UInt64], _ mask: [UInt64]) -> Bool {
    (0..<rows).allSatisfy { row in
      let (low, middle, high) = (code[row], code[rows + row], code[2 * rows + row])
      let meaningless = (~low & middle & ~high) | (low & ~middle & high)
      return (low | middle | high) & ~mask[row] == 0 && meaningless == 0
    }
  }
}

extension VeinTemplate: CustomStringConvertible, CustomReflectable {
  /// A palm is personal data (個人識別符号): no plane is ever printed.
  public var description: String { "vein template, \(validCells) valid cells" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
