import CVeinKernel
import Foundation

/// One row of the comparison with other libraries: a gallery of one-plane templates and a probe at so many shifts, both from a
/// formula, so that a peer can make the same.
final class VeinRow {
  enum Kind: String, CaseIterable {
    case masked, plain, threePlanes

    var inC: sanmon_vein_kind {
      switch self {
      case .masked: SANMON_VEIN_MASKED1
      case .plain: SANMON_VEIN_PLAIN1
      case .threePlanes: SANMON_VEIN_SHARED3
      }
    }
    var planes: Int { self == .threePlanes ? 3 : 1 }
    var isMasked: Bool { self != .plain }
  }

  let kind: Kind
  let bits: Int
  /// As the row is named; `count` is smaller in a trial that measures nothing.
  let named: Int
  let count: Int
  let shifts: Int
  private let rows: Int
  private let wordsOfRow: Int
  private let groups: Int
  private let gallery: UnsafeMutablePointer<UInt64>
  private let bytes: Int
  private let probe: [UInt64]
  private let offsets: [UInt32]
  private var results: [sanmon_vein_best]

  /// - Parameters:
  ///   - bits: of code, over all planes; a multiple of 64 × planes.
  ///   - shrink: so many times fewer templates than `named`.
  init(_ kind: Kind, bits: Int, count named: Int, shifts: Int, shrink: Int = 1) throws {
    let count = max(1, named / shrink)
    self.named = named
    self.kind = kind
    self.bits = bits
    self.count = count
    self.shifts = shifts
    rows = bits / 64 / kind.planes
    wordsOfRow = kind.planes + (kind.isMasked ? 1 : 0)
    groups = (count + 7) / 8
    bytes = groups * rows * wordsOfRow * 64
    var locked: Int32 = 0
    guard let memory = sanmon_vein_reserve(bytes, &locked) else { throw CocoaError(.fileReadTooLarge) }
    gallery = memory.bindMemory(to: UInt64.self, capacity: bytes / 8)
    for template in 0..<count {
      for row in 0..<rows {
        for word in 0..<wordsOfRow {
          let value = Self.word(isMask: word == kind.planes, isProbe: false, template * rows + row, plane: word)
          gallery[((template / 8 * rows + row) * wordsOfRow + word) * 8 + template % 8] = value
        }
      }
    }
    let (rows, words) = (rows, wordsOfRow)
    probe = (0..<shifts * rows).flatMap { row in
      (0..<words).map { Self.word(isMask: $0 == kind.planes, isProbe: true, row, plane: $0) }
    }
    offsets = (0..<shifts).map { UInt32($0 * rows * words) }
    results = Array(repeating: sanmon_vein_best(), count: groups * 8)
  }

  deinit { sanmon_vein_release(gallery, bytes) }

  /// SplitMix64 at a position: bit sources of codes and masks are far apart; three of four mask bits are set.
  private static func word(isMask: Bool, isProbe: Bool, _ position: Int, plane: Int) -> UInt64 {
    let source = (isProbe ? UInt64(8) : 0) << 40 + UInt64(position)
    guard isMask else { return mixed(source + UInt64(plane) << 48) }
    return mixed(source + 1 << 44) | mixed(source + 2 << 44)
  }

  private static func mixed(_ position: UInt64) -> UInt64 {
    var z = (position &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Steps of 512 code bits in one run.
  var steps: Double { Double(groups) * 8 * Double(shifts) * Double(bits) / 512 }
  /// Templates × shifts in one run.
  var comparisons: Double { Double(count) * Double(shifts) }
  var galleryBytes: Int { bytes }
  var memory: UnsafeRawPointer { UnsafeRawPointer(gallery) }

  /// Seconds of one run.
  func run(_ path: sanmon_vein_path) -> Double {
    let start = ContinuousClock.now
    let code = results.withUnsafeMutableBufferPointer { results in
      sanmon_vein_compare(
        path, kind.inC, gallery, groups, rows, probe, offsets, UInt32(shifts), 1, results.baseAddress)
    }
    let taken = start.duration(to: .now)
    // Only right answers are worth a time.
    precondition(code == 0)
    return Double(taken.components.seconds) + Double(taken.components.attoseconds) * 1e-18
  }

  /// Sum of distances and of overlaps of all best alignments.
  var checksum: (distance: Int, overlap: Int) {
    results.prefix(count).reduce((0, 0)) { ($0.0 + Int($1.distance), $0.1 + Int($1.overlap)) }
  }
}
