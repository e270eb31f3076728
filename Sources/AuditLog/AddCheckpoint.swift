public import AuthTerms

/// What a log asks of a witness (C2SP tlog-witness, `add-checkpoint`): its newest checkpoint, and the proof that it extends the one
/// that the witness saw last. Has one spelling.
public struct AddCheckpoint: Sendable, Hashable {
  /// Rows of the checkpoint that the log believes the witness saw last; 0: none.
  public let oldSize: UInt64
  /// At most 63 hashes.
  public let proof: [TreeHash]
  public let note: SignedNote
  /// What the note says; who signed it is the witness's business.
  public let checkpoint: Checkpoint

  /// Bytes of a whole body.
  public static let limit = SignedNote.limit + 64 * 64
  private static let hashLimit = 63
  private static let fault = MalformedInput("add-checkpoint", expected: "old size, proof lines, an empty line, a checkpoint")

  /// - Throws: `MalformedInput` when the note is no checkpoint, the old size is beyond it, or there are more than 63 hashes.
  public init(oldSize: UInt64, proof: [TreeHash], note: SignedNote) throws(MalformedInput) {
    let checkpoint = try Checkpoint(parsing: note.text)
    guard oldSize <= checkpoint.size, proof.count <= Self.hashLimit else { throw Self.fault }
    self.oldSize = oldSize
    self.proof = proof
    self.note = note
    self.checkpoint = checkpoint
  }

  public init(parsing body: [UInt8]) throws(MalformedInput) {
    guard body.count <= Self.limit,
      let gap = body.indices.dropFirst().first(where: { body[$0] == 0x0A && body[$0 - 1] == 0x0A })
    else { throw Self.fault }
    let head = body[..<gap].split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
    var lines: [String] = []
    for line in head.prefix(Self.hashLimit + 2) {
      guard let text = String(validating: line, as: UTF8.self) else { throw Self.fault }
      lines.append(text)
    }
    guard let first = lines.first, first.hasPrefix("old "), lines.count <= Self.hashLimit + 1,
      let oldSize = Self.number(String(first.dropFirst(4))), let note = String(validating: body[(gap + 1)...], as: UTF8.self)
    else { throw Self.fault }
    var proof: [TreeHash] = []
    for line in lines.dropFirst() { proof.append(try TreeHash(parsing: Base64.decode(line))) }
    try self.init(oldSize: oldSize, proof: proof, note: SignedNote(parsing: note))
    guard encoded == body else { throw Self.fault }
  }

  public var encoded: [UInt8] {
    Array(("old \(oldSize)\n" + proof.map { Base64.encode($0.bytes) + "\n" }.joined() + "\n" + note.encoded).utf8)
  }

  /// One spelling of a number: digits, no sign, no leading zero.
  private static func number(_ text: String) -> UInt64? {
    guard let number = UInt64(text), String(number) == text else { return nil }
    return number
  }

  // MARK: The size in a refusal

  /// The body of a 409: the rows of the checkpoint that the witness cosigned last, and a line feed.
  public static func encode(size: UInt64) -> String { "\(size)\n" }

  public static func size(parsing body: [UInt8]) -> UInt64? {
    guard body.count <= 21, body.last == 0x0A, let text = String(validating: body.dropLast(), as: UTF8.self) else { return nil }
    return number(text)
  }
}
