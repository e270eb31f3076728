import AuthTerms
import CVeinKernel

/// A permutation of the 4,096 cells of a grid as exchanges that a machine does on whole words: the 23 stages of a rearrangeable
/// network (V. E. Beneš, 1962), which can do every permutation there is. 256 words take about a microsecond, where moving cell by
/// cell takes twenty.
///
/// What is exchanged is a secret: it lies in memory that is wiped.
package struct CellPermutation: Sendable {
  package static let cells = VeinTemplate.rows * 64

  /// Distances of the two cells that a stage may exchange.
  private static let strides: [Int] = {
    let half = (0..<12).map { cells >> ($0 + 1) }
    return half + half.dropLast().reversed()
  }()
  private static let words = cells / 64

  /// For each stage 64 words: a set bit exchanges the cell with the one `stride` further on.
  private let exchanges: Secret<KeyMaterial>

  /// - Parameter destinations: where each cell goes; each place once.
  package init(_ destinations: [Int]) {
    precondition(destinations.count == Self.cells)
    exchanges = unsafe Secret(count: Self.strides.count * Self.words * 8) { memory in
      let masks = unsafe memory.bindMemory(to: UInt64.self)
      Self.route(destinations) { stage, cell in
        unsafe masks[stage * Self.words + cell / 64] |= 1 << UInt64(cell % 64)
      }
    }
  }

  /// Sets the exchanges by the looping method (D. C. Opferman, N. T. Tsao-Wu, 1971): of each pair in front one goes through the upper
  /// half and one through the lower, and so it is for each pair behind.
  private static func route(_ destinations: [Int], exchange: (_ stage: Int, _ cell: Int) -> Void) {
    var going = destinations
    var (inner, source) = (going, going)
    // Each is the secret, or a part of it.
    defer {
      going.wipe()
      inner.wipe()
      source.wipe()
    }
    for level in 0..<12 {
      let (size, half) = (cells >> level, cells >> (level + 1))
      let (front, behind) = (level, strides.count - 1 - level)
      var isSet = [Bool](repeating: false, count: cells)
      for base in stride(from: 0, to: cells, by: size) {
        guard half > 1 || size > 2 else {
          if going[base] == 1 { exchange(front, base) }
          continue
        }
        for cell in 0..<size { source[base + going[base + cell]] = cell }
        for start in 0..<half where !isSet[base + start] {
          // Takes the upper way.
          var upper = start
          repeat {
            let pair = upper % half
            isSet[base + pair] = true
            if upper >= half { exchange(front, base + pair) }
            let there = going[base + upper]
            if there >= half { exchange(behind, base + there % half) }
            inner[base + pair] = there % half
            // Its neighbour behind comes by the lower way, and that one's neighbour in front takes the upper.
            let lower = source[base + there ^ half]
            inner[base + half + lower % half] = (there ^ half) % half
            upper = lower ^ half
          } while !isSet[base + upper % half]
        }
      }
      swap(&going, &inner)
    }
  }

  /// Moves the cells of four planes alike: 64 rows of them.
  package func apply(to rows: UnsafeMutableBufferPointer<SIMD4<UInt64>>) { unsafe run(Array(Self.strides.indices), on: rows) }

  /// Takes back what `apply` did.
  package func revert(_ rows: UnsafeMutableBufferPointer<SIMD4<UInt64>>) {
    unsafe run(Self.strides.indices.reversed(), on: rows)
  }

  private func run(_ stages: [Int], on rows: UnsafeMutableBufferPointer<SIMD4<UInt64>>) {
    precondition(rows.count == Self.words)
    unsafe exchanges.withBytes { bytes in
      let masks = unsafe bytes.bindMemory(to: UInt64.self)
      for stage in stages {
        let (stride, first) = (Self.strides[stage], stage * Self.words)
        if stride >= 64 {
          let far = stride / 64
          for row in 0..<Self.words where row & far == 0 {
            let mask = unsafe SIMD4(repeating: masks[first + row])
            let change = unsafe (rows[row] ^ rows[row + far]) & mask
            unsafe rows[row] ^= change
            unsafe rows[row + far] ^= change
          }
        } else {
          let far = SIMD4(repeating: UInt64(stride))
          for row in 0..<Self.words {
            let cells = unsafe rows[row]
            let mask = unsafe SIMD4(repeating: masks[first + row])
            let change = ((cells &>> far) ^ cells) & mask
            unsafe rows[row] = cells ^ change ^ (change &<< far)
          }
        }
      }
    }
  }
}

extension Array where Element: BitwiseCopyable {
  /// Overwrites what is there, in a way that no optimiser removes.
  mutating func wipe() {
    unsafe withUnsafeMutableBytes { bytes in unsafe sanmon_vein_wipe(bytes.baseAddress, bytes.count) }
  }
}
