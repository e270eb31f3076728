import AuthAPI
import Foundation

/// Text that people write into files, and what the server says of it.
enum TextFile {
  /// - Throws: exit 65.
  static func bytes(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw fail(65, "\(path) を読めません。", "cannot read \(path)")
    }
    return Array(data)
  }

  /// - Throws: exit 65.
  static func read(_ path: String) throws -> String {
    guard let text = String(validating: try bytes(path), as: UTF8.self) else {
      throw fail(65, "\(path) は UTF-8 ではありません。UTF-8 で保存し直してください。", "\(path) is not UTF-8; save it as UTF-8")
    }
    return text
  }

  /// A fault with the file's own name: the server is told none and puts another in its place.
  static func fault(_ text: String, of path: String?, called name: String) -> String {
    guard let path, text.hasPrefix(name + ":") else { return text }
    return URL(fileURLWithPath: path).lastPathComponent + text.dropFirst(name.count)
  }
}
