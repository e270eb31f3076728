public import AuthTerms

/// What a log said about itself at one size (C2SP tlog-checkpoint): origin, number of rows, root.
public struct Checkpoint: Sendable, Hashable {
  /// Names the log; the same for all its life (`sanmon.city.example/lgwan`).
  public let origin: String
  public let size: UInt64
  public let root: TreeHash
  /// Further lines, none empty.
  public let extensions: [String]

  private static let fault = MalformedInput("checkpoint", expected: "origin, size, base64 root, and no empty line")

  /// - Throws: `MalformedInput` when the origin or an extension is not one line of 1 to 255 printable bytes, more than 16
  ///   extensions, or the root of an empty log is not the empty root.
  public init(origin: String, size: UInt64, root: TreeHash, extensions: [String] = []) throws(MalformedInput) {
    guard ([origin] + extensions).allSatisfy(Self.isLine), extensions.count <= 16, size > 0 || root == .empty else {
      throw Self.fault
    }
    self.origin = origin
    self.size = size
    self.root = root
    self.extensions = extensions
  }

  /// Reads the text of a note; the signatures are `NoteVerifier`'s business.
  public init(parsing text: String) throws(MalformedInput) {
    guard text.utf8.count <= SignedNote.limit else { throw Self.fault }
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
    guard lines.count >= 4, lines.last == "" else { throw Self.fault }
    // One spelling of a number: digits, no sign, no leading zero.
    guard lines[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let size = UInt64(lines[1]), String(size) == lines[1]
    else { throw Self.fault }
    try self.init(
      origin: lines[0], size: size, root: TreeHash(parsing: Base64.decode(lines[2])),
      extensions: Array(lines[3..<lines.count - 1]))
  }

  /// The bytes that are signed.
  public var text: String {
    ([origin, String(size), Base64.encode(root.bytes)] + extensions).map { $0 + "\n" }.joined()
  }

  private static func isLine(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}
