import Foundation

/// A POSIX ustar archive of a few small files, made in memory.
struct TarArchive {
  private var bytes: [UInt8] = []
  private let seconds: Int64

  init(at milliseconds: Int64) { seconds = max(0, milliseconds / 1000) }

  /// - Parameter name: at most 100 bytes, of our own making.
  mutating func add(_ name: String, _ content: [UInt8]) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) { header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
    func octal(_ number: Int64, _ digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    put(String(name.prefix(100)), at: 0)
    put(octal(0o600, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(Int64(content.count), 11), at: 124)
    put(octal(seconds, 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(Int64(header.reduce(0) { $0 + Int($1) }), 6), at: 148)
    header[154] = 0
    bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// With the two empty blocks that end an archive.
  var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
