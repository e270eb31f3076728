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

  /// Groups that so many lanes need.
  static func groups(_ lanes: Int) -> Int { (lanes + Self.lanes - 1) / Self.lanes }

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

  /// Writes cells as 64 rows from word `offset` on; `fold` follows.
  static func place(_ cells: CellPlanes, at offset: Int = 0, into rows: UnsafeMutableBufferPointer<UInt64>) {
    let target = unsafe UnsafeMutableBufferPointer(rebasing: rows[offset..<offset + wordsOfPattern])
    unsafe sanmon_vein_into_rows(cells.code, cells.mask, target.baseAddress)
  }

  /// Turns the third code plane of whole rows into what the kernel reads there.
  static func fold(_ rows: UnsafeMutableBufferPointer<UInt64>) {
    unsafe sanmon_vein_fold(rows.baseAddress, rows.count / wordsOfRow)
  }

  /// Copies the 64 rows from word `first` on, `dx` cells to the right, to word `offset` of `moved`.
  static func move(
    _ rows: UnsafeMutableBufferPointer<UInt64>, from first: Int, dx: Int, into moved: UnsafeMutableBufferPointer<UInt64>,
    at offset: Int
  ) {
    let source = unsafe UnsafeMutableBufferPointer(rebasing: rows[first..<first + wordsOfPattern])
    let target = unsafe UnsafeMutableBufferPointer(rebasing: moved[offset..<offset + wordsOfPattern])
    unsafe sanmon_vein_move(source.baseAddress, Int32(dx), target.baseAddress)
  }

  /// 64 rows of a buffer, as one lane.
  struct Lane {
    /// Words from the beginning of the buffer.
    let offset: Int
    /// Cells to the right.
    let dx: Int
  }

  /// Writes whole groups with these lanes, in their order; what is left of the last group has nothing valid.
  static func place(
    _ columns: [Lane], of rows: UnsafeMutableBufferPointer<UInt64>, into groups: UnsafeMutableBufferPointer<UInt64>
  ) {
    for first in stride(from: 0, to: columns.count, by: lanes) {
      let some = columns[first..<min(first + lanes, columns.count)]
      let group = unsafe UnsafeMutableBufferPointer(
        rebasing: groups[first / lanes * wordsOfGroup..<(first / lanes + 1) * wordsOfGroup])
      // Columns are made by the callers' own loops, never from input; C would not notice one outside.
      precondition(some.allSatisfy { $0.offset >= 0 && $0.offset + wordsOfPattern <= rows.count })
      unsafe sanmon_vein_into_lanes(
        rows.baseAddress, some.map { UInt32($0.offset) }, some.map { Int32($0.dx) }, UInt32(some.count), group.baseAddress)
    }
  }
}

extension AlignedDistance {
  /// `nil` when no alignment overlapped enough.
  init?(_ result: sanmon_vein_best) {
    guard result.alignment != UInt32.max else { return nil }
    self.init(distance: Int(result.distance), overlap: Int(result.overlap), alignment: Int(result.alignment))
  }
}
