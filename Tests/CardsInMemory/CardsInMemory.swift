package import AuthTerms
import CardCiphers
package import SmartCard

/// A card that answers commands; what goes wrong is set on it.
package protocol CardInMemory {
  mutating func answer(_ command: [UInt8]) throws -> [UInt8]
}

/// Random numbers of tests: different for each use, the same every time.
package enum Numbers {
  package static func secret(_ seed: UInt8, count: Int = 16) -> Secret<CardKey> {
    Secret(copying: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ Int(seed) &* 11 &+ 5) })
  }
}

package struct LiteSInMemory: CardInMemory {
  private static let keys = LiteSKeys(cipher: OpenSSLCardCipher())

  package var number: [UInt8] = [0x01, 0x2E, 0x4C, 0xD8, 0xA1, 0xB2, 0xC3, 0xD4]
  package var id: [UInt8]
  package var parameters: [UInt8] = [0x00, 0xF1, 0, 0, 0, 0x01, 0x43, 0x00]
  package var counter: UInt32 = 0x12A
  package var cardKey: Secret<CardKey>
  private var nonce: [UInt8]?
  private var isAuthenticated = false

  package init(master: Secret<CardKey>) throws {
    id = number + [0, 0] + Array("000042".utf8)
    cardKey = try Self.keys.cardKey(master: master, id: id)
  }

  package mutating func answer(_ frame: [UInt8]) throws -> [UInt8] {
    let code = frame[1]
    if code == 0x00 { return framed(0x01, parameters) }
    guard Array(frame[2..<10]) == number else { return [] }
    let count = Int(frame[13])
    let blocks = (0..<count).map { frame[15 + 2 * $0] }
    let data = Array(frame[(14 + 2 * count)...])
    if code == 0x08 { return try write(blocks, data) }
    guard let nonce else { return framed(0x07, [0x01, 0xB2]) }
    let session = try Self.keys.sessionKey(cardKey: cardKey, nonce: nonce)
    let contents = blocks.dropLast().map(content)
    let mac = try Self.keys.readMAC(session: session, nonce: nonce, blocks: blocks, contents: contents)
    let all = contents.joined() + mac.withBytes { Array($0) } + [UInt8](repeating: 0, count: 8)
    return framed(0x07, [0, 0, UInt8(count)] + all)
  }

  private func content(_ block: UInt8) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: 16)
    switch block {
    case 0x82: return id
    case 0x90: return [UInt8(counter & 0xFF), UInt8(counter >> 8 & 0xFF), UInt8(counter >> 16 & 0xFF)] + zeros.dropLast(3)
    case 0x92: return [isAuthenticated ? 1 : 0] + zeros.dropLast()
    default: return zeros
    }
  }

  private mutating func write(_ blocks: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
    if blocks == [0x80] {
      nonce = data
      return framed(0x09, [0, 0])
    }
    guard let nonce, blocks == [0x92, 0x91] else { return framed(0x09, [0x01, 0xA8]) }
    let session = try Self.keys.sessionKey(cardKey: cardKey, nonce: nonce)
    let mac = try Self.keys.writeMAC(
      session: session, nonce: nonce, counter: counter, block: 0x92, content: Array(data.prefix(16)))
    guard mac.withBytes({ Array($0) }) == Array(data[16..<24]) else { return framed(0x09, [0x02, 0xB2]) }
    isAuthenticated = data[0] == 1
    counter += 1
    return framed(0x09, [0, 0])
  }

  private func framed(_ code: UInt8, _ rest: [UInt8]) -> [UInt8] { [UInt8(10 + rest.count), code] + number + rest }
}

package struct DESFireInMemory: CardInMemory {
  private static let cipher = OpenSSLCardCipher()

  package var number: [UInt8] = [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80]
  package var major: UInt8 = 0x12
  package var key: Secret<CardKey>
  /// Sends this instead of the number it was given.
  package var falseProof: Secret<CardKey>?
  private let nonce = Numbers.secret(77)
  private var frames = 0
  private var isWaiting = false

  package init(master: Secret<CardKey>, input: [UInt8]) throws {
    key = try DESFireKeys(cipher: Self.cipher).cardKey(master: master, input: input)
  }

  package mutating func answer(_ command: [UInt8]) throws -> [UInt8] {
    let data = command.count > 5 ? Array(command[5..<5 + Int(command[4])]) : []
    switch (command[1], frames) {
    case (0x60, _):
      frames = 2
      return [4, 1, 1, major, 0, 0x18, 5, 0x91, 0xAF]
    case (0xAF, 2):
      frames = 1
      return [4, 1, 1, 2, 1, 0x18, 5, 0x91, 0xAF]
    case (0xAF, 1):
      frames = 0
      return number + [1, 2, 3, 4, 5, 0x12, 0x26, 0x91, 0x00]
    case (0x5A, _): return [0x91, 0x00]
    case (0x71, _):
      isWaiting = true
      return try Self.cipher.encryptAES(nonce, key: key).withBytes { Array($0) } + [0x91, 0xAF]
    case (0xAF, 0) where isWaiting:
      let plain = try Self.cipher.decryptAES(Secret(copying: data), key: key).withBytes { Array($0) }
      let mine = nonce.withBytes { Array($0) }
      guard Array(plain[16...]) == Array(mine[1...]) + [mine[0]] else { return [0x91, 0xAE] }
      let theirs = falseProof?.withBytes { Array($0) } ?? Array(plain[..<16])
      let proof = [0x9D, 0x00, 0xC4, 0xDF] + theirs[1...] + [theirs[0]] + [UInt8](repeating: 0, count: 12)
      return try Self.cipher.encryptAES(Secret(copying: proof), key: key).withBytes { Array($0) } + [0x91, 0x00]
    default: return [0x91, 0x1C]
    }
  }
}
