public import AuthTerms
import Crypto

/// Makes a renewable reference of a template (ISO/IEC 24745): the cells of the aligned grid are moved by a secret permutation and their
/// code is covered by a secret pad. Both are the same for all that is compared with each other, so that no distance changes by it; under
/// another key the same palm looks like somebody else's.
///
/// The key comes of two halves, which are kept apart: one with the person's record, one in the ring of the process that compares.
/// How many cells are valid is not hidden by it; what is stored is encrypted besides.
public struct TemplateProtection: Sendable {
  /// Bytes of each half.
  public static let halfBytes = 32

  /// In the header of what it protects; not 0.
  public let id: UInt32
  private let permutation: CellPermutation
  /// 64 rows of three code planes, and 0 for the mask.
  private let pad: Secret<KeyMaterial>

  /// - Parameters:
  ///   - id: of the key; not 0, which says that a template is not protected.
  ///   - personHalf: 32 bytes, with the person's record.
  ///   - ringHalf: 32 bytes, of the key ring.
  /// - Throws: `MalformedInput` for halves of another length, and for the id 0.
  public init(id: UInt32, personHalf: Secret<KeyMaterial>, ringHalf: Secret<KeyMaterial>) throws(MalformedInput) {
    guard id != 0, personHalf.count == Self.halfBytes, ringHalf.count == Self.halfBytes else {
      throw MalformedInput("protection key", expected: "an id that is not 0, and two halves of \(Self.halfBytes) bytes")
    }
    self.id = id
    let root = unsafe ringHalf.withBytes { ring in
      unsafe personHalf.withBytes { person in
        unsafe HKDF<SHA256>.extract(inputKeyMaterial: SymmetricKey(data: ring), salt: person)
      }
    }
    permutation = Self.permutation(KeyStream(root, "sanmon/vein/cells/1"))
    var stream = KeyStream(root, "sanmon/vein/pad/1")
    pad = unsafe Secret(count: VeinTemplate.rows * 32) { memory in
      let words = unsafe memory.bindMemory(to: UInt64.self)
      for word in words.indices where word % 4 < VeinTemplate.codePlanes { unsafe words[word] = stream.word() }
    }
  }

  /// All permutations alike (R. A. Fisher, F. Yates; R. Durstenfeld, 1964).
  private static func permutation(_ stream: consuming KeyStream) -> CellPermutation {
    var destinations = Array(0..<CellPermutation.cells)
    for last in stride(from: destinations.count - 1, to: 0, by: -1) { destinations.swapAt(last, stream.below(last + 1)) }
    defer { destinations.wipe() }
    return CellPermutation(destinations)
  }

  /// - Throws: `MalformedInput` for a template that is protected already.
  public func protect(_ template: VeinTemplate) throws(MalformedInput) -> VeinTemplate {
    guard template.protectionKey == 0 else {
      throw MalformedInput("vein template", expected: "one that is not protected yet")
    }
    return unsafe rewritten(template, key: id) { rows in unsafe protect(rows) }
  }

  /// The same palm under another key, without a sample of it: for a new key in the ring, or of the person.
  /// - Throws: `MalformedInput` for a template that this key does not protect.
  public func rekey(_ template: VeinTemplate, to other: TemplateProtection) throws(MalformedInput) -> VeinTemplate {
    guard template.protectionKey == id else { throw MalformedInput("vein template", expected: "one of the key \(id)") }
    return unsafe rewritten(template, key: other.id) { rows in
      unsafe cover(rows)
      unsafe permutation.revert(rows)
      unsafe other.protect(rows)
    }
  }

  /// Protects an aligned probe, 64 rows of three code planes and the mask, where it stands.
  public func protect(_ rows: UnsafeMutableBufferPointer<SIMD4<UInt64>>) {
    unsafe permutation.apply(to: rows)
    unsafe cover(rows)
  }

  /// Masked cells stay 0: their code was 0 before, and with the pad over it would show the pad.
  private func cover(_ rows: UnsafeMutableBufferPointer<SIMD4<UInt64>>) {
    unsafe pad.withBytes { bytes in
      let pads = unsafe bytes.bindMemory(to: UInt64.self)
      for row in 0..<VeinTemplate.rows {
        let cells = unsafe rows[row]
        let over = unsafe SIMD4(pads[4 * row], pads[4 * row + 1], pads[4 * row + 2], 0)
        unsafe rows[row] = (cells ^ over) & SIMD4(repeating: cells.w)
      }
    }
  }

  private func rewritten(
    _ template: VeinTemplate, key: UInt32, _ change: (UnsafeMutableBufferPointer<SIMD4<UInt64>>) -> Void
  ) -> VeinTemplate {
    let count = VeinTemplate.rows
    var rows = (0..<count).map { row in
      SIMD4(template.code[row], template.code[count + row], template.code[2 * count + row], template.mask[row])
    }
    defer { rows.wipe() }
    unsafe rows.withUnsafeMutableBufferPointer { rows in unsafe change(rows) }
    guard
      let result = VeinTemplate(
        hand: template.hand, quality: template.quality, filterBank: template.filterBank, protectionKey: key,
        alignmentWindow: template.alignmentWindow, code: rows.map(\.x) + rows.map(\.y) + rows.map(\.z), mask: rows.map(\.w))
    else {
      // Cannot happen: as many cells are valid as before.
      preconditionFailure("a template without valid cells")
    }
    return result
  }
}

/// Numbers that follow from a key and a name: HMAC-SHA256 of the name and a counter, 32 bytes at a time. One kind of number a stream.
private struct KeyStream: ~Copyable {
  private let key: SymmetricKey
  private let name: [UInt8]
  private var counter: UInt32 = 0
  private var block: [UInt8] = []
  private var place = 0

  init(_ root: HashedAuthenticationCode<SHA256>, _ name: String) {
    key = SymmetricKey(data: root)
    self.name = Array(name.utf8)
  }

  /// The next so many bytes as a number, the first in the highest place. A block is used up by such numbers.
  private mutating func number(bytes: Int) -> UInt64 {
    if place == block.count {
      var message = name
      for shift in [24, 16, 8, 0] as [UInt32] { message.append(UInt8(truncatingIfNeeded: counter >> shift)) }
      counter += 1
      block.wipe()
      (block, place) = (Array(HMAC<SHA256>.authenticationCode(for: message, using: key)), 0)
    }
    defer { place += bytes }
    return block[place..<place + bytes].reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func word() -> UInt64 { number(bytes: 8) }

  /// All numbers from 0 below `limit` (at most 65,536) alike: what would favour the small ones is drawn again (D. Lemire, 2019).
  mutating func below(_ limit: Int) -> Int {
    while true {
      let product = Int(number(bytes: 2)) * limit
      if product & 0xFFFF >= (0x10000 - limit) % limit { return product >> 16 }
    }
  }
}
