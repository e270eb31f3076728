import CVeinKernel

/// Which instructions compare. All give the same whole numbers.
public enum KernelPath: UInt32, CaseIterable, Sendable, CustomStringConvertible {
  case avx512 = 1
  case avx2 = 2
  case popcnt = 3
  case portable = 4
  case neon = 5

  /// What this machine and this build can do.
  public static var available: [KernelPath] { allCases.filter { sanmon_vein_has($0.inC) != 0 } }

  public static let fastest = KernelPath(rawValue: sanmon_vein_fastest().rawValue) ?? .portable

  /// "AVX-512 VPOPCNTDQ", …
  public var description: String { unsafe String(cString: sanmon_vein_name(inC)) }

  var inC: sanmon_vein_path { sanmon_vein_path(rawValue: rawValue) }
}

/// The calls of the kernel. Words of a "CC6x64" row: three code planes, the mask.
enum VeinKernel {
  static let lanes = Int(SANMON_VEIN_LANES)
  static let wordsOfRow = VeinTemplate.codePlanes + 1
  static let wordsOfPattern = VeinTemplate.rows * wordsOfRow
  static let wordsOfGroup = wordsOfPattern * lanes

  /// The best alignment for each lane of `groups`.
  ///
  /// - Parameters:
  ///   - groups: whole groups, 64-byte aligned.
  ///   - probe: rows; alignment i begins `offsets[i]` words in and reaches `wordsOfPattern` words.
  ///   - results: one for each lane.
  static func compare(
    _ path: KernelPath, groups: UnsafeBufferPointer<UInt64>, with probe: UnsafeBufferPointer<UInt64>, at offsets: [UInt32],
    minimumOverlap: Int, into results: UnsafeMutableBufferPointer<sanmon_vein_best>
  ) throws(ComparisonFault) {
    let count = groups.count / wordsOfGroup
    guard groups.count.isMultiple(of: wordsOfGroup), results.count == count * lanes,
      offsets.allSatisfy({ Int($0) + wordsOfPattern <= probe.count }), let least = UInt32(exactly: minimumOverlap)
    else { throw .mismatch(expected: "whole groups and alignments inside the probe") }
    let code = unsafe sanmon_vein_compare(
      path.inC, SANMON_VEIN_SHARED3, groups.baseAddress, count, VeinTemplate.rows, probe.baseAddress, offsets,
      UInt32(offsets.count), least, results.baseAddress)
    guard code == 0 else { throw .path(path) }
  }

  /// Writes cells, `dx` to the right, as lane `lane` of all groups beginning at `groups`.
  static func place(_ cells: CellPlanes, dx: Int = 0, lane: Int, into groups: UnsafeMutableBufferPointer<UInt64>) {
    let group = unsafe UnsafeMutableBufferPointer(
      rebasing: groups[lane / lanes * wordsOfGroup..<(lane / lanes + 1) * wordsOfGroup])
    unsafe sanmon_vein_into_lane(cells.code, cells.mask, Int32(dx), group.baseAddress, UInt32(lane % lanes))
  }

  /// Writes cells, `dx` to the right, as 64 rows from word `offset` on; `fold` follows.
  static func place(_ cells: CellPlanes, dx: Int = 0, at offset: Int, into rows: UnsafeMutableBufferPointer<UInt64>) {
    let target = unsafe UnsafeMutableBufferPointer(rebasing: rows[offset..<offset + wordsOfPattern])
    unsafe sanmon_vein_into_rows(cells.code, cells.mask, Int32(dx), target.baseAddress)
  }

  /// Turns the third code plane of whole rows into what the kernel reads there.
  static func fold(_ rows: UnsafeMutableBufferPointer<UInt64>) {
    unsafe sanmon_vein_fold(rows.baseAddress, rows.count / wordsOfRow)
  }
}

extension AlignedDistance {
  /// `nil` when no alignment overlapped enough.
  init?(_ result: sanmon_vein_best) {
    guard result.alignment != UInt32.max else { return nil }
    self.init(distance: Int(result.distance), overlap: Int(result.overlap), alignment: Int(result.alignment))
  }
}
