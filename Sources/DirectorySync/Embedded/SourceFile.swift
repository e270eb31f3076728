import Foundation

/// The bytes of one file and the name its faults carry.
public struct SourceFile: Sendable {
  /// 32 MiB: a prefecture of 30,000 people needs about 15.
  public static let maximumBytes = 32 << 20
  /// The longest single value, in bytes.
  static let maximumValue = 4096
  /// People, groups or departments in one file.
  static let maximumRecords = 200_000

  public let name: String
  public let bytes: [UInt8]

  public init(name: String, bytes: some Sequence<UInt8>) {
    self.name = name
    self.bytes = Array(bytes)
  }

  /// Reads a regular file; the name in faults is the last part of `path`.
  ///
  /// - Throws: `unreadable`, or `tooLarge` before more than the limit was read.
  public init(path: String) throws(DirectoryFault) {
    let url = URL(fileURLWithPath: path)
    let name = url.lastPathComponent
    guard let values = try? url.resourceValues(forKeys: [.isRegularFileKey]), values.isRegularFile == true,
      let handle = try? FileHandle(forReadingFrom: url),
      let content = try? handle.read(upToCount: Self.maximumBytes + 1) ?? Data()
    else { throw DirectoryFault(.unreadable, file: name) }
    try? handle.close()
    self.init(name: name, bytes: content)
    guard bytes.count <= Self.maximumBytes else { throw DirectoryFault(.tooLarge, file: name, detail: "32 MiB") }
  }

  /// The content without a byte order mark, once it is known to be UTF-8 and within the limit.
  func content() throws(DirectoryFault) -> ArraySlice<UInt8> {
    guard bytes.count <= Self.maximumBytes else { throw DirectoryFault(.tooLarge, file: name, detail: "32 MiB") }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw DirectoryFault(.notUTF8, file: name, line: firstLineThatIsNotUTF8())
    }
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
  }

  private func firstLineThatIsNotUTF8() -> Int {
    var number = 1
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: line, as: UTF8.self) == nil { return number }
      number += 1
    }
    return number
  }
}
