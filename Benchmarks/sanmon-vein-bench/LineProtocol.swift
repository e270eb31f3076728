import Biometric
import CVeinKernel
import Foundation

/// For a peer's program that measures in turns with us. One request a line, one answer a line:
///
///     row masked 4096 1000 15   → ok            makes the gallery and the probe of that row
///     go 5                      → 0.000107 D N  the quickest of five runs in seconds, sums of distances and overlaps
///     path                      → AVX2
struct LineProtocol {
  func answer() throws {
    var row: VeinRow?
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      switch words.first {
      case "row":
        let numbers = words.dropFirst(2).compactMap(Int.init)
        guard words.count == 5, numbers.count == 3, let kind = VeinRow.Kind(rawValue: words[1]) else {
          put("no such row")
          continue
        }
        row = try VeinRow(kind, bits: numbers[0], count: numbers[1], shifts: numbers[2])
        put("ok")
      case "go":
        guard let row, words.count == 2, let trials = Int(words[1]), trials > 0 else {
          put("no row, or no number of trials")
          continue
        }
        let path = sanmon_vein_path(rawValue: KernelPath.fastest.rawValue)
        let best = (0..<trials).map { _ in row.run(path) }.min() ?? 0
        put("\(best) \(row.checksum.distance) \(row.checksum.overlap)")
      case "path": put(KernelPath.fastest.description)
      default: put("row, go or path")
      }
    }
  }

  private func put(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
