import AuthTerms
import Sealing
import Testing

@Suite("a recovery key is typed from paper, and opens a stream only whole and in order")
struct SealedStreamTests {
  private static func key(_ first: UInt8 = 1) throws -> RecoveryKey {
    try RecoveryKey(random: Secret(copying: (0..<32).map { first &+ UInt8($0) }))
  }

  private static func typed(_ text: String) throws -> RecoveryKey { try RecoveryKey(typed: Secret(copying: Array(text.utf8))) }

  // MARK: The key on paper

  @Test("what was printed is read back, also with small letters, spaces, O for 0 and I or L for 1")
  func paper() throws {
    for first: UInt8 in [0, 1, 77, 200] {
      let key = try Self.key(first)
      #expect(key.text.split(separator: "-").count == 14 && key.text.split(separator: "-").allSatisfy { $0.count == 4 })
      #expect(try Self.typed(key.text).publicKey == key.publicKey)
      let sloppy = key.text.lowercased().replacing("-", with: "  ").replacing("0", with: "o").replacing("1", with: "l")
      #expect(try Self.typed(sloppy).publicKey == key.publicKey)
    }
  }

  @Test("every slip of one character is seen, every missing and every further one")
  func slips() throws {
    let text = Array(try Self.key().text.utf8)
    for index in text.indices where text[index] != UInt8(ascii: "-") {
      var changed = text
      for other in Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8) where other != text[index] {
        changed[index] = other
        #expect(throws: SealingFault.malformed("recovery key")) { try Self.typed(String(decoding: changed, as: UTF8.self)) }
      }
      changed.remove(at: index)
      #expect(throws: SealingFault.self) { try Self.typed(String(decoding: changed, as: UTF8.self)) }
    }
    for wrong in ["", "U", String(decoding: text, as: UTF8.self) + "0", String(repeating: " ", count: 300)] {
      #expect(throws: SealingFault.self) { try Self.typed(wrong) }
    }
  }

  @Test("neither half passes for the other")
  func halves() throws {
    let key = try Self.key()
    #expect(try RecoveryPublicKey(parsing: key.publicKey.text) == key.publicKey)
    #expect(key.publicKey.text.hasPrefix("recovery-1-"))
    #expect(throws: MalformedInput.self) { try RecoveryPublicKey(parsing: key.text) }
    #expect(throws: MalformedInput.self) { try RecoveryPublicKey(parsing: "recovery-1-" + key.text) }
    #expect(throws: SealingFault.self) { try Self.typed(String(key.publicKey.text.dropFirst("recovery-1-".count))) }
    #expect(throws: SealingFault.self) { try RecoveryKey(random: Secret(count: 31) { _ in }) }
  }

  // MARK: The stream

  private static let pieces: [[UInt8]] = [Array("first".utf8), [], Array(repeating: 7, count: 65_536), [1]]

  /// Header and frames.
  private static func sealed(_ pieces: [[UInt8]] = pieces, label: String = "a") throws -> (header: [UInt8], frames: [[UInt8]]) {
    var sealer = try StreamSealer(to: key().publicKey, label: label)
    var frames: [[UInt8]] = []
    for (index, piece) in pieces.enumerated() { frames.append(try sealer.seal(piece, isLast: index == pieces.count - 1)) }
    return (sealer.header, frames)
  }

  /// - Returns: the pieces, or `nil` if it did not open whole.
  private static func open(
    _ header: [UInt8], _ frames: [[UInt8]], key: RecoveryKey? = nil, label: String = "a"
  ) throws -> [[UInt8]]? {
    do {
      var opener = try StreamOpener(header: header, key: key ?? Self.key(), label: label)
      var pieces: [[UInt8]] = []
      for frame in frames {
        let (length, isLast) = try SealedStream.frame(Array(frame.prefix(SealedStream.frameHeaderLength)))
        guard frame.count == SealedStream.frameHeaderLength + length else { return nil }
        pieces.append(try opener.open(Array(frame.dropFirst(SealedStream.frameHeaderLength)), isLast: isLast))
      }
      return opener.isComplete ? pieces : nil
    } catch is SealingFault { return nil }
  }

  @Test("what was sealed is opened, whole and in order")
  func roundTrip() throws {
    let (header, frames) = try Self.sealed()
    #expect(try Self.open(header, frames) == Self.pieces)
    let empty = try Self.sealed([[]])
    #expect(try Self.open(empty.header, empty.frames) == [[]])
  }

  @Test("cut off, repeated, exchanged, left out, added, of another stream: nothing of it opens as a whole")
  func order() throws {
    let (header, frames) = try Self.sealed()
    for count in 0..<frames.count { #expect(try Self.open(header, Array(frames[..<count])) == nil, "cut after \(count)") }
    #expect(try Self.open(header, [frames[1], frames[0], frames[2], frames[3]]) == nil)
    #expect(try Self.open(header, [frames[0], frames[0], frames[2], frames[3]]) == nil)
    #expect(try Self.open(header, [frames[0], frames[2], frames[3]]) == nil)
    #expect(try Self.open(header, frames + [frames[3]]) == nil)
    // The end moved forward: a piece cannot be made the last one.
    var early = frames[1]
    early[0] = 1
    #expect(try Self.open(header, [frames[0], early]) == nil)
    var late = frames[3]
    late[0] = 0
    #expect(try Self.open(header, [frames[0], frames[1], frames[2], late]) == nil)
    let other = try Self.sealed()
    #expect(try Self.open(header, [frames[0], frames[1], other.frames[2], frames[3]]) == nil, "spliced")
    #expect(try Self.open(other.header, frames) == nil)
  }

  @Test("another key, another label, a bent header or byte does not open it")
  func keys() throws {
    let (header, frames) = try Self.sealed()
    #expect(try Self.open(header, frames, key: Self.key(2)) == nil)
    #expect(try Self.open(header, frames, label: "b") == nil)
    #expect(try Self.open(Array(header.dropLast()), frames) == nil)
    for index in header.indices {
      var bent = header
      // The top bit of an X25519 point is not part of it (RFC 7748 §5); HPKE binds the bytes all the same.
      bent[index] ^= 0x80
      #expect(try Self.open(bent, frames) == nil, "header \(index)")
    }
    for index in frames[0].indices {
      var bent = frames[0]
      bent[index] ^= 1
      #expect(try Self.open(header, [bent] + frames.dropFirst()) == nil, "byte \(index)")
    }
  }

  @Test("limits: a piece, a frame, one end")
  func limits() throws {
    var sealer = try StreamSealer(to: Self.key().publicKey, label: "a")
    #expect(throws: SealingFault.self) { try sealer.seal([UInt8](repeating: 0, count: 65_537), isLast: false) }
    _ = try sealer.seal([], isLast: true)
    #expect(throws: SealingFault.self) { try sealer.seal([], isLast: true) }
    for wrong: [UInt8] in [[0, 0, 0, 0, 15], [0, 0, 1, 0, 17], [2, 0, 0, 0, 16], [0, 0, 0, 16], [0, 255, 255, 255, 255]] {
      #expect(throws: SealingFault.malformed("sealed stream")) { try SealedStream.frame(wrong) }
    }
    #expect(try SealedStream.frame([1, 0, 1, 0, 16]) == (65_552, true))
  }
}
