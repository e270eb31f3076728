import CBareCard
import Foundation

/// What this process holds at a moment.
struct Held {
  let files: Int
  /// Those that serve cards and readers.
  let threads: Int
  /// In memory, in whole pages.
  let bytes: Int
  /// Of the allocator, to the byte.
  let heap: Int

  init() throws {
    files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { task in
      (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8))?.hasPrefix("sanmon-") ?? false
    }.count
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    bytes = (Int(pages.count > 1 ? pages[1] : "0") ?? 0) * 4096
    heap = Int(sanmon_bytes_in_use())
  }

  /// What is there beyond `before`, as words of a line.
  func beyond(_ before: Held) -> String {
    "files=\(files - before.files) threads=\(threads - before.threads) bytes=\(bytes - before.bytes) "
      + "heap=\(heap - before.heap)"
  }
}
