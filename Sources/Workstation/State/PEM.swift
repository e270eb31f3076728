import AuthTerms

/// Text armour of RFC 7468, in its strict form: one label, lines of 64, nothing between the blocks.
enum PEM {
  static func encode(_ der: [UInt8], label: String) -> String {
    let text = Array(Base64.encode(der).utf8)
    var lines = ["-----BEGIN \(label)-----"]
    for start in stride(from: 0, to: text.count, by: 64) {
      lines.append(String(decoding: text[start..<min(start + 64, text.count)], as: UTF8.self))
    }
    lines.append("-----END \(label)-----")
    return lines.joined(separator: "\n") + "\n"
  }

  /// All blocks with this label; other blocks are passed over. At most 16.
  static func decode(_ text: some StringProtocol, label: String) throws(MalformedInput) -> [[UInt8]] {
    let fault = MalformedInput("PEM", expected: "blocks of \(label)")
    var blocks: [[UInt8]] = []
    var body: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line == "-----BEGIN \(label)-----" {
        guard body == nil, blocks.count < 16 else { throw fault }
        body = ""
      } else if line == "-----END \(label)-----" {
        guard let complete = body else { throw fault }
        blocks.append(try Base64.decode(complete))
        body = nil
      } else if body != nil {
        guard line.utf8.count <= 64 else { throw fault }
        body? += line
      }
    }
    guard body == nil else { throw fault }
    return blocks
  }
}
