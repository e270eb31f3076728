package import AuthTerms

/// The key schedule of FeliCa Lite-S. Halves of keys, random numbers and blocks stand on the card with their low byte first;
/// the ciphers want the high byte first, so each group of 8 bytes is turned on its way in and out.
package struct LiteSKeys<Cipher: CardCipher> {
  package let cipher: Cipher

  package init(cipher: Cipher) { self.cipher = cipher }
  private static var zeros: [UInt8] { [UInt8](repeating: 0, count: 8) }

  /// The content of block CK for a card, 16 bytes, from the city's 24 bytes and the card's ID block: CMAC's subkey K1 of Triple
  /// DES, then the MAC of the block, and the MAC of the block with its first bit turned.
  package func cardKey(master: Secret<CardKey>, id: [UInt8]) throws(CardCipherFault) -> Secret<CardKey> {
    guard master.count == 24, id.count == 16 else { throw .length }
    let subkey = try encrypt(Secret(copying: Self.zeros), master).doubled64()
    let block = Secret<CardKey>(copying: id)
    let last = block.part(8..<16).combined(with: subkey)
    let turn = Secret<CardKey>(copying: [0x80, 0, 0, 0, 0, 0, 0, 0])
    let first = block.part(0..<8)
    var halves: [Secret<CardKey>] = []
    for start in [first, first.combined(with: turn)] {
      halves.append(try encrypt(try encrypt(start, master).combined(with: last), master))
    }
    return .joined(halves)
  }

  /// SK1 ‖ SK2 of an exchange. - Parameters: cardKey: as block CK holds it. nonce: the 16 bytes that are written to block RC.
  package func sessionKey(cardKey: Secret<CardKey>, nonce: [UInt8]) throws(CardCipherFault) -> Secret<CardKey> {
    guard cardKey.count == 16, nonce.count == 16 else { throw .length }
    return try cipher.encryptTripleDES(
      Secret(copying: nonce).reversedEights(), key: cardKey.reversedEights(), iv: Self.zeros)
  }

  /// MAC_A of blocks that were read: over their numbers, that of MAC_A with them, and their contents.
  package func readMAC(
    session: Secret<CardKey>, nonce: [UInt8], blocks: [UInt8], contents: [[UInt8]]
  ) throws(CardCipherFault) -> Secret<CardKey> {
    var head: [UInt8] = []
    for block in blocks { head += [block, 0x00] }
    head += [UInt8](repeating: 0xFF, count: max(0, 8 - head.count))
    return try mac(session: session, nonce: nonce, head + contents.joined())
  }

  /// MAC_A for a block that will be written: under SK2 ‖ SK1, over the counter, the block's number and its content.
  package func writeMAC(
    session: Secret<CardKey>, nonce: [UInt8], counter: UInt32, block: UInt8, content: [UInt8]
  ) throws(CardCipherFault) -> Secret<CardKey> {
    let head = LiteSCounter.bytes(counter) + [0x00, block, 0x00, LiteSBlock.mac, 0x00]
    let turned = session.rearranged(count: 16) { ($0 + 8) % 16 }
    return try mac(session: turned, nonce: nonce, head + content)
  }

  private func mac(session: Secret<CardKey>, nonce: [UInt8], _ text: [UInt8]) throws(CardCipherFault) -> Secret<CardKey> {
    let all = try cipher.encryptTripleDES(
      Secret(copying: text).reversedEights(), key: session, iv: Array(nonce.prefix(8).reversed()))
    return all.part(all.count - 8..<all.count).reversedEights()
  }

  private func encrypt(_ block: Secret<CardKey>, _ key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey> {
    try cipher.encryptTripleDES(block, key: key, iv: Self.zeros)
  }
}

/// Block WCNT: how often the card was written, in its first three bytes, low byte first.
enum LiteSCounter {
  static func bytes(_ counter: UInt32) -> [UInt8] {
    [0, 8, 16].map { UInt8(truncatingIfNeeded: counter >> $0) }
  }

  static func read(_ block: [UInt8]) -> UInt32 { block.prefix(3).reversed().reduce(0) { $0 << 8 | UInt32($1) } }
}
