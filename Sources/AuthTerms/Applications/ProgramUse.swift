/// The program that gets a credential over a pipe.
public struct ProgramUse: Sendable, Equatable {
  /// An absolute path: `/usr/bin/ledger`, or `C:\Ledger\ledger.exe`.
  public let program: String
  /// Exactly the title of its login window, where it has one.
  public let windowTitle: String?

  public static let longestPath = 260
  public static let longestTitle = 128

  /// - Throws: `MalformedInput` for a path that is not absolute, holds `.` or `..` or an empty part, or is longer than 260 bytes, and
  ///   for a title that is not 1 to 128 visible Unicode scalars.
  public init(program: String, windowTitle: String? = nil) throws(MalformedInput) {
    try Self.checkProgram(program)
    if let windowTitle { try Self.checkTitle(windowTitle) }
    (self.program, self.windowTitle) = (program, windowTitle)
  }

  package static func checkProgram(_ path: String) throws(MalformedInput) {
    let fault = MalformedInput("program", expected: "an absolute path of at most \(longestPath) bytes, without . and ..")
    guard path.utf8.count <= longestPath, path.unicodeScalars.allSatisfy(VisibleText.shows) else { throw fault }
    let parts: [Substring]
    if path.hasPrefix("/") {
      parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    } else {
      let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
      guard let drive = path.utf8.first, letters.contains(drive), path.dropFirst().hasPrefix(":\\") else { throw fault }
      parts = path.dropFirst(3).split(separator: "\\", omittingEmptySubsequences: false)
      // No other stream of a file, no wildcard, no second way to write a separator.
      guard !parts.contains(where: { $0.contains { ":/*?\"<>|".contains($0) } }) else { throw fault }
    }
    guard parts.allSatisfy({ !["", ".", ".."].contains($0) }) else { throw fault }
  }

  private static func checkTitle(_ title: String) throws(MalformedInput) {
    guard (1...longestTitle).contains(title.unicodeScalars.count), title.unicodeScalars.allSatisfy(VisibleText.shows) else {
      throw MalformedInput("window title", expected: "1 to \(longestTitle) visible characters")
    }
  }
}
