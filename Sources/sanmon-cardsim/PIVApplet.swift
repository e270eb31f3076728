import Foundation

/// What the card does with one command.
enum CardAction: Equatable {
  case answer([UInt8])
  /// Says nothing, for ever.
  case silence
  /// Is pulled out.
  case leave
}

/// The card's operating system with the PIV application (NIST SP 800-73-5 part 2), and the two commands of one vendor that
/// its command-line tool asks for.
struct PIVApplet {
  private static let name: [UInt8] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00]
  private let file: CardFile
  private let objects: CardObjects
  private var selected = false
  private var pinVerified = false
  /// VERIFY was the last command: what a key with the policy "always" asks for.
  private var isPINFresh = false
  private var chain: (header: [UInt8], data: [UInt8])?
  private var pending: [UInt8] = []
  /// Le of a command without data.
  private var expected: Int?

  /// T=0 (ISO/IEC 7816-3 §12): a command carries data or asks for some, never both.
  var isCharacterOriented: Bool { file.content.isCharacterOriented ?? false }

  init(file: CardFile) {
    self.file = file
    objects = CardObjects(content: file.content)
  }

  mutating func reset() {
    selected = false
    pinVerified = false
    isPINFresh = false
    chain = nil
    pending = []
  }

  mutating func respond(to command: [UInt8], fault: Fault) -> CardAction {
    if let stuck = stuck(fault) { return stuck }
    guard let parsed = Command(command), !(isCharacterOriented && parsed.carriesBoth) else { return .answer([0x67, 0x00]) }
    if parsed.instruction == 0xC0 { return .answer(more(fault)) }
    pending = []
    expected = parsed.expected
    if parsed.chained {
      let header = [parsed.instruction, parsed.parameter1, parsed.parameter2]
      guard parsed.classByte == 0x10, (chain?.header ?? header) == header else { return fail(0x6883) }
      let data = (chain?.data ?? []) + parsed.data
      guard data.count <= 4096 else { return fail(0x6700) }
      chain = (header, data)
      return .answer([0x90, 0x00])
    }
    var whole = parsed
    if let chain {
      guard chain.header == [parsed.instruction, parsed.parameter1, parsed.parameter2] else { return fail(0x6883) }
      whole.data = chain.data + parsed.data
    }
    chain = nil
    return execute(whole, fault)
  }

  private mutating func execute(_ command: Command, _ fault: Fault) -> CardAction {
    guard command.classByte == 0 else { return fail(0x6E00) }
    if command.instruction == 0xA4 { return select(command, fault) }
    guard selected else { return fail(0x6D00) }
    let wasFresh = isPINFresh
    isPINFresh = false
    switch command.instruction {
    case 0x20: return verify(command)
    case 0x24: return changePIN(command)
    case 0x2C: return unblockPIN(command)
    case 0xCB: return getData(command, fault)
    case 0x87: return authenticate(command, fault, isPINFresh: wasFresh)
    case 0xFD: return succeed([5, 2, 7])
    case 0xF8: return succeed(withUnsafeBytes(of: file.content.serial.bigEndian) { Array($0) })
    default: return fail(0x6D00)
    }
  }

  private mutating func select(_ command: Command, _ fault: Fault) -> CardAction {
    guard command.parameter1 == 0x04, (5...11).contains(command.data.count), Self.name.starts(with: command.data),
      fault != .noApplet
    else { return fail(0x6A82) }
    // Selecting again leaves the PIN state as it is (part 2 §3.1.1).
    selected = true
    let authority = SimpleTLV.object(0x79, SimpleTLV.object(0x4F, Array(Self.name.prefix(5))))
    return succeed(SimpleTLV.object(0x61, SimpleTLV.object(0x4F, Array(Self.name.dropFirst(5))) + authority))
  }

  private mutating func verify(_ command: Command) -> CardAction {
    guard command.parameter2 == 0x80 else { return fail(0x6A88) }
    if command.parameter1 == 0xFF, command.data.isEmpty {
      pinVerified = false
      return succeed([])
    }
    guard command.parameter1 == 0 else { return fail(0x6A86) }
    if command.data.isEmpty {
      if pinVerified { return succeed([]) }
      return fail(file.content.pinTriesLeft == 0 ? 0x6983 : 0x63C0 + file.content.pinTriesLeft)
    }
    if let failed = check(command.data).failed { return failed }
    isPINFresh = true
    return succeed([])
  }

  private mutating func changePIN(_ command: Command) -> CardAction {
    guard command.parameter1 == 0, command.parameter2 == 0x80, command.data.count == 16 else { return fail(0x6A80) }
    if let failed = check(Array(command.data.prefix(8))).failed { return failed }
    let digits = command.data.suffix(8).prefix { $0 != 0xFF }
    let pin = String(decoding: digits, as: UTF8.self)
    guard PINText.accepts(pin), (try? file.setPIN(pin)) != nil else { return fail(0x6A80) }
    return succeed([])
  }

  private mutating func unblockPIN(_ command: Command) -> CardAction {
    guard let puk = file.content.puk, command.parameter2 == 0x80 else { return fail(0x6A88) }
    guard command.parameter1 == 0, command.data.count == 16 else { return fail(0x6A80) }
    let left = file.content.pukTriesLeft ?? 0
    guard left > 0 else { return fail(0x6983) }
    let pin = String(decoding: command.data.suffix(8).prefix { $0 != 0xFF }, as: UTF8.self)
    guard PINText.accepts(pin) else { return fail(0x6A80) }
    do {
      try file.setPUKTriesLeft(left - 1)
      guard Array(command.data.prefix(8)) == Array(puk.utf8) + [UInt8](repeating: 0xFF, count: 8 - puk.utf8.count) else {
        return fail(left == 1 ? 0x6983 : 0x63C0 + left - 1)
      }
      try file.setPUKTriesLeft(file.content.pukTries ?? left)
      try file.setPIN(pin)
    } catch { return fail(0x6581) }
    return succeed([])
  }

  /// Counts before it compares: power cut in between costs a try and never gives one.
  private mutating func check(_ padded: [UInt8]) -> PINCheck {
    pinVerified = false
    let left = file.content.pinTriesLeft
    guard left > 0 else { return .failed(fail(0x6983)) }
    let end = padded.firstIndex(of: 0xFF) ?? padded.count
    guard padded.count == 8, padded[end...].allSatisfy({ $0 == 0xFF }) else { return .failed(fail(0x6A80)) }
    do {
      try file.setTriesLeft(left - 1)
      guard Array(padded[..<end]) == Array(file.content.pin.utf8) else {
        return .failed(fail(left == 1 ? 0x6983 : 0x63C0 + left - 1))
      }
      try file.setTriesLeft(file.content.pinTries)
    } catch { return .failed(fail(0x6581)) }
    pinVerified = true
    return .passed
  }

  private mutating func getData(_ command: Command, _ fault: Fault) -> CardAction {
    guard command.parameter1 == 0x3F, command.parameter2 == 0xFF, let fields = SimpleTLV.fields(command.data),
      fields.count == 1, fields[0].tag == 0x5C
    else { return fail(0x6A80) }
    guard var object = objects.object(fields[0].value, fault) else { return fail(0x6A82) }
    if objects.isCertificate(fields[0].value) { object = fault.spoiled(object) }
    return fault == .endless61xx ? .answer([UInt8](repeating: 0x53, count: 256) + [0x61, 0x00]) : succeed(object)
  }

  private mutating func authenticate(_ command: Command, _ fault: Fault, isPINFresh: Bool) -> CardAction {
    let slot: (key: CardKey, policy: CardContent.PINPolicy)
    switch command.parameter2 {
    case 0x9A: slot = (file.authentication, file.content.authentication.pinPolicy)
    case 0x9E: slot = (file.cardAuthentication, file.content.cardAuthentication.pinPolicy)
    default: return fail(0x6A88)
    }
    guard command.parameter1 == slot.key.algorithm else { return fail(0x6A86) }
    guard let template = SimpleTLV.fields(command.data), template.count == 1, template[0].tag == 0x7C,
      let fields = SimpleTLV.fields(template[0].value), fields.contains(where: { $0.tag == 0x82 && $0.value.isEmpty }),
      let input = fields.first(where: { $0.tag == 0x81 })?.value
    else { return fail(0x6A80) }
    let isAllowed =
      switch slot.policy {
      case .never: true
      case .once: pinVerified
      case .always: isPINFresh
      }
    guard isAllowed else { return fail(0x6982) }
    if fault == .pullMidSign { return .leave }
    if fault == .forgetMidSign {
      reset()
      return fail(0x6D00)
    }
    guard var signature = slot.key.sign(input) else { return fail(0x6A80) }
    if fault == .flipSignature { signature[signature.count - 1] ^= 1 }
    return succeed(SimpleTLV.object(0x7C, SimpleTLV.object(0x82, signature)))
  }

  // MARK: Answers

  private mutating func succeed(_ data: [UInt8]) -> CardAction {
    pending = data
    if isCharacterOriented, !data.isEmpty {
      let next = UInt8(min(data.count, 256) & 0xFF)
      // Nothing beside data that came in: the terminal asks with GET RESPONSE, for as much as it is told.
      guard let expected else { return .answer([0x61, next]) }
      guard expected == min(data.count, 256) else {
        pending = []
        return .answer([0x6C, next])
      }
    }
    return .answer(more(.none))
  }

  /// The next 256 bytes of an answer; the last carry 9000.
  private mutating func more(_ fault: Fault) -> [UInt8] {
    if fault == .endless61xx { return [UInt8](repeating: 0x53, count: 16) + [0x61, 0xFF] }
    let piece = Array(pending.prefix(256))
    pending = Array(pending.dropFirst(256))
    return piece + (pending.isEmpty ? [0x90, 0x00] : [0x61, UInt8(min(pending.count, 256) & 0xFF)])
  }

  private mutating func fail(_ status: Int) -> CardAction {
    chain = nil
    return .answer([UInt8(status >> 8), UInt8(status & 0xFF)])
  }
}

private enum PINCheck {
  case passed
  case failed(CardAction)
  var failed: CardAction? { if case .failed(let action) = self { action } else { nil } }
}

/// A command in short form.
private struct Command {
  var classByte: UInt8
  var chained: Bool
  var instruction: UInt8
  var parameter1: UInt8
  var parameter2: UInt8
  var data: [UInt8] = []
  /// Data, and Le behind it.
  var carriesBoth = false
  /// Le of a command without data.
  var expected: Int?

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4, bytes.count <= 261 else { return nil }
    classByte = bytes[0]
    chained = bytes[0] & 0x10 != 0
    instruction = bytes[1]
    parameter1 = bytes[2]
    parameter2 = bytes[3]
    guard bytes.count > 5 else {  // nothing follows, or Le alone
      if bytes.count == 5 { expected = bytes[4] == 0 ? 256 : Int(bytes[4]) }
      return
    }
    let count = Int(bytes[4])
    guard count > 0, bytes.count == 5 + count || bytes.count == 6 + count else { return nil }
    data = Array(bytes[5..<5 + count])
    carriesBoth = bytes.count == 6 + count
  }
}
