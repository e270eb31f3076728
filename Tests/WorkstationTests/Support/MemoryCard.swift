import AuthTerms
import Crypto
import Foundation
import SmartCard
import Synchronization
import Workstation
import X509

/// A PIV card in memory: keys, a PIN with its counter, and faults a test can plant.
final class MemoryCard: Sendable {
  struct Memory {
    var tries = 3
    var isVerified = false
    var signatures = 0
    var pinsSent = 0
    var pin = MemoryCard.pin
    /// nil: a card that cannot be unblocked.
    var puk: [UInt8]? = Array("k7!Qz9x4".utf8)
    var pukTries = 3
    /// What the card says to the next new PIN, in the place of doing it.
    var toNewPIN: [UInt8]?
    /// Thrown by the next command whose instruction byte it is.
    var fault: (instruction: UInt8, failure: CardFailure)?
    var rest: [UInt8] = []
  }

  static let pin = Array("246810".utf8)
  let keys: [PIVSlot: P256.Signing.PrivateKey]
  let certificates: [PIVSlot: [UInt8]]
  let memory = Mutex(Memory())

  init(_ slots: [PIVSlot] = [.authentication, .cardAuthentication], tries: Int = 3) throws {
    let authority = try TestAuthority("card authority")
    var (keys, certificates) = ([PIVSlot: P256.Signing.PrivateKey](), [PIVSlot: [UInt8]]())
    for slot in slots {
      let key = P256.Signing.PrivateKey()
      keys[slot] = key
      certificates[slot] = try authority.issue("card \(slot.name)", names: [.rfc822Name("a@b.example")], key: key).certificate
    }
    self.keys = keys
    self.certificates = certificates
    memory.withLock { $0.tries = tries }
  }

  var signatures: Int { memory.withLock { $0.signatures } }
  var pinsSent: Int { memory.withLock { $0.pinsSent } }

  func plant(_ failure: CardFailure, at instruction: UInt8) { memory.withLock { $0.fault = (instruction, failure) } }

  struct Channel: CardChannel {
    let card: MemoryCard
    mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8] { try card.answer(command) }
  }

  /// Hands out long answers 256 bytes at a time (`61xx`), as a card over short APDUs does.
  private func answer(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
    let whole: [UInt8]
    if command[1] == 0xC0 {
      whole = memory.withLock { $0.rest }
    } else {
      let answer = try carryOut(command)
      guard answer.suffix(2) == [0x90, 0] else { return answer }
      whole = answer.dropLast(2)
    }
    let rest = Array(whole.dropFirst(256))
    memory.withLock { $0.rest = rest }
    return whole.prefix(256) + (rest.isEmpty ? [0x90, 0] : [0x61, UInt8(truncatingIfNeeded: min(rest.count, 256))])
  }

  private func carryOut(_ command: [UInt8]) throws(CardFailure) -> [UInt8] {
    let fault: CardFailure? = memory.withLock { memory in
      guard let fault = memory.fault, fault.instruction == command[1] else { return nil }
      memory.fault = nil
      return fault.failure
    }
    if let fault { throw fault }
    switch command[1] {
    case 0xA4:
      memory.withLock { $0.isVerified = false }
      return tlv(0x61, tlv(0x4F, Array(command[5..<16])) + tlv(0x79, tlv(0x4F, [0xA0, 0, 0, 3, 8]))) + [0x90, 0]
    case 0xCB:
      let slot: PIVSlot? = command[9] == 0x05 ? .authentication : command[9] == 0x01 ? .cardAuthentication : nil
      guard let slot, let certificate = certificates[slot] else { return [0x6A, 0x82] }
      return tlv(0x53, tlv(0x70, certificate) + [0x71, 1, 0, 0xFE, 0]) + [0x90, 0]
    case 0x20: return verify(command)
    case 0x24, 0x2C: return setPIN(command)
    case 0x87: return sign(command)
    default: return [0x6D, 0]
    }
  }

  private func verify(_ command: [UInt8]) -> [UInt8] {
    memory.withLock { memory in
      guard command.count > 5 else {
        if memory.isVerified { return [0x90, 0] }
        return memory.tries == 0 ? [0x69, 0x83] : [0x63, 0xC0 | UInt8(memory.tries)]
      }
      memory.pinsSent += 1
      guard memory.tries > 0 else { return [0x69, 0x83] }
      if Array(command[5...].prefix { $0 != 0xFF }) == memory.pin {
        memory.tries = 3
        memory.isVerified = true
        return [0x90, 0]
      }
      memory.tries -= 1
      return memory.tries == 0 ? [0x69, 0x83] : [0x63, 0xC0 | UInt8(memory.tries)]
    }
  }

  private func setPIN(_ command: [UInt8]) -> [UInt8] {
    memory.withLock { memory in
      if let answer = memory.toNewPIN { return answer }
      let shown = Array(command[5..<13].prefix { $0 != 0xFF })
      let isReset = command[1] == 0x2C
      guard let expected = isReset ? memory.puk : memory.pin else { return [0x6A, 0x88] }
      var tries = isReset ? memory.pukTries : memory.tries
      guard tries > 0 else { return [0x69, 0x83] }
      tries = shown == expected ? 3 : tries - 1
      if isReset { memory.pukTries = tries } else { memory.tries = tries }
      guard shown == expected else { return tries == 0 ? [0x69, 0x83] : [0x63, 0xC0 | UInt8(tries)] }
      memory.pin = Array(command[13..<21].prefix { $0 != 0xFF })
      memory.tries = 3
      return [0x90, 0]
    }
  }

  private func sign(_ command: [UInt8]) -> [UInt8] {
    guard let slot = PIVSlot(rawValue: command[3]), let key = keys[slot] else { return [0x6A, 0x82] }
    let isVerified = memory.withLock { $0.isVerified }
    guard slot == .cardAuthentication || isVerified else { return [0x69, 0x82] }
    let digest = Array(command.dropLast().suffix(32))
    guard let signature = try? key.signature(for: PlainDigest(digest)) else { return [0x6F, 0] }
    memory.withLock { $0.signatures += 1 }
    return tlv(0x7C, tlv(0x82, Array(signature.derRepresentation))) + [0x90, 0]
  }

  private func tlv(_ tag: UInt8, _ value: [UInt8]) -> [UInt8] {
    switch value.count {
    case 0..<0x80: [tag, UInt8(value.count)] + value
    case 0x80...0xFF: [tag, 0x81, UInt8(value.count)] + value
    default: [tag, 0x82, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
    }
  }
}

/// 32 bytes that were hashed elsewhere, as a card gets them.
struct PlainDigest: Digest {
  static let byteCount = 32
  private let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }
  func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }
  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { try bytes.withUnsafeBytes(body) }
  func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
  static func == (a: Self, b: Self) -> Bool { a.bytes == b.bytes }
  var description: String { "digest" }
}

/// The card port over a card in memory; `card` may be exchanged.
final class MemoryCards: CardPort, PINChangePort, CardProofPort {
  let card: Mutex<MemoryCard?>
  init(_ card: MemoryCard?) { self.card = Mutex(card) }

  func view() async throws(CardFailure) -> CardView {
    guard let card = card.withLock({ $0 }) else { throw .noCard }
    var channel = MemoryCard.Channel(card: card)
    return try CardExchange.view(&channel, reader: "Memory 00")
  }

  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome {
    guard let card = card.withLock({ $0 }) else { throw .cardRemoved }
    var channel = MemoryCard.Channel(card: card)
    return try CardExchange.run(errand, on: &channel)
  }

  func run(_ errand: CardProofErrand) async throws(CardFailure) -> CardProofErrandOutcome {
    guard let card = card.withLock({ $0 }) else { throw .cardRemoved }
    var channel = MemoryCard.Channel(card: card)
    return try CardExchange.run(errand, on: &channel)
  }

  func run(_ errand: PINChangeErrand) async throws(CardFailure) -> PINChangeErrandOutcome {
    guard let card = card.withLock({ $0 }) else { throw .cardRemoved }
    var channel = MemoryCard.Channel(card: card)
    return try CardExchange.run(errand, on: &channel)
  }
}

/// A card in memory as one is seen through a PKCS#11 library: one key, and no number of tries.
struct LibraryCards: CardPort {
  private let cards: MemoryCards
  init(_ card: MemoryCard) { cards = MemoryCards(card) }

  func view() async throws(CardFailure) -> CardView {
    let seen = try await cards.view()
    return CardView(
      reader: seen.reader, triesLeft: PINStanding.untoldTries,
      certificates: seen.certificates.filter { $0.key == .authentication }, profile: .certificate)
  }

  func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome {
    let outcome = try await cards.run(errand)
    if case .wrongPIN = outcome { return .wrongPIN(triesLeft: PINStanding.untoldTries) }
    return outcome
  }
}

/// Answers like a person at the keyboard, and remembers what was said.
final class MemoryPerson: Asking {
  let pinText: String
  let confirms: Bool
  let said = Mutex<[AgentMessage]>([])
  let leavesPalm: Bool
  let onPIN: @Sendable () -> Void
  let asked = Mutex<[PalmLeaving]>([])

  init(pin: String = "246810", confirms: Bool = false, leavesPalm: Bool = true, onPIN: @escaping @Sendable () -> Void = {}) {
    pinText = pin
    self.confirms = confirms
    self.leavesPalm = leavesPalm
    self.onPIN = onPIN
  }

  func pin(triesLeft: Int) async throws(AgentFault) -> Secret<PIN> {
    onPIN()
    return Secret(copying: pinText.utf8)
  }
  func password() async throws(AgentFault) -> Secret<TypedPassword> { Secret(copying: "kawa-no-nagare".utf8) }
  func newPassword() async throws(AgentFault) -> Secret<TypedPassword> { Secret(copying: "kaze-no-oto".utf8) }
  func confirmLastTry() async -> Bool { confirms }
  func leavePalm(_ reason: PalmLeaving) async -> Bool {
    asked.withLock { $0.append(reason) }
    return leavesPalm
  }
  func tell(_ message: AgentMessage) async { said.withLock { $0.append(message) } }
}
