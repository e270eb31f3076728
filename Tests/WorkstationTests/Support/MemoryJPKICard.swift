import AuthTerms
import SmartCard
import Synchronization
import Workstation

/// A My Number Card in memory: a certificate of the right form, a PIN with its counter. What it signs is no signature.
final class MemoryJPKICard: Sendable {
  struct Memory {
    var tries = 3
    var isVerified = false
    var pinsSent = 0
    var signatures = 0
    var commands: [[UInt8]] = []
  }

  static let pin = Array("4649".utf8)
  let certificate: [UInt8]
  let memory: Mutex<Memory>

  /// - Parameter mark: tells this card's key from another's.
  init(mark: UInt8 = 1, tries: Int = 3) {
    certificate = Self.certificate(mark)
    memory = Mutex(Memory(tries: tries))
  }

  var commands: [[UInt8]] { memory.withLock { $0.commands } }
  var pinsSent: Int { memory.withLock { $0.pinsSent } }
  var signatures: Int { memory.withLock { $0.signatures } }

  struct Channel: CardChannel {
    let card: MemoryJPKICard
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] { card.answer(command) }
  }

  private func answer(_ command: [UInt8]) -> [UInt8] {
    memory.withLock { memory in
      memory.commands.append(command)
      switch (command[0], command[1]) {
      case (0x00, 0xA4):
        if command[2] == 0x04 { memory.isVerified = false }
        return [0x90, 0x00]
      case (0x00, 0xB0):
        let offset = Int(command[2]) << 8 | Int(command[3])
        let count = command[4] == 0 ? 256 : Int(command[4])
        return Array(certificate[offset..<min(certificate.count, offset + count)]) + [0x90, 0x00]
      case (0x00, 0x20) where command.count == 4:
        return memory.tries == 0 ? [0x69, 0x83] : [0x63, 0xC0 | UInt8(memory.tries)]
      case (0x00, 0x20):
        memory.pinsSent += 1
        guard memory.tries > 0 else { return [0x69, 0x83] }
        memory.isVerified = Array(command.dropFirst(5)) == Self.pin
        memory.tries = memory.isVerified ? 3 : memory.tries - 1
        if memory.isVerified { return [0x90, 0x00] }
        return memory.tries == 0 ? [0x69, 0x83] : [0x63, 0xC0 | UInt8(memory.tries)]
      case (0x80, 0x2A):
        guard memory.isVerified else { return [0x69, 0x82] }
        memory.signatures += 1
        return [UInt8](repeating: 5, count: 256) + [0x90, 0x00]
      default: return [0x6D, 0x00]
      }
    }
  }

  /// DER with an RSA-2048 key where a certificate has its key; nothing else in it means anything.
  private static func certificate(_ mark: UInt8) -> [UInt8] {
    func tlv(_ tag: UInt8, _ value: [UInt8]) -> [UInt8] {
      switch value.count {
      case 0..<0x80: [tag, UInt8(value.count)] + value
      case 0x80...0xFF: [tag, 0x81, UInt8(value.count)] + value
      default: [tag, 0x82, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
      }
    }
    let rsa: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00]
    let modulus = [0x00, 0xC0] + [UInt8](repeating: mark, count: 255)
    let key = tlv(0x30, tlv(0x02, modulus) + tlv(0x02, [0x01, 0x00, 0x01]))
    let info = tlv(0x30, tlv(0x30, rsa) + tlv(0x03, [0x00] + key))
    let empty = tlv(0x30, [])
    let body = tlv(0x30, tlv(0x02, [0x01]) + empty + empty + empty + empty + info)
    return tlv(0x30, body + empty + tlv(0x03, [0x00, mark]))
  }
}

/// The port over one such card; it may be exchanged.
final class JPKICards: CardPort {
  let card: Mutex<MemoryJPKICard>
  init(_ card: MemoryJPKICard) { self.card = Mutex(card) }

  func view() async throws(CardFailure) -> CardView { throw .unsupportedCard }
  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome { throw .unsupportedCard }

  func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView {
    var channel = MemoryJPKICard.Channel(card: card.withLock { $0 })
    return try JPKITalk.view(&channel, reader: "Memory 00", isTaken: isTaken)
  }

  func run(_ errand: JPKIErrand) async throws(CardFailure) -> CardErrandOutcome {
    var channel = MemoryJPKICard.Channel(card: card.withLock { $0 })
    return try JPKITalk.run(errand, on: &channel)
  }
}
