import Foundation

/// A My Number Card as a terminal meets it: the JPKI application with its two keys, and the card-surface application, which is
/// there to be left alone. Commands as OpenSC's driver sends them and public notes on the card describe them.
struct JPKIApplet: SimulatedCard {
  private static let name: [UInt8] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]
  /// 券面事項確認 and 券面事項入力補助: picture, name, address and the twelve digits.
  private static let surfaces: [[UInt8]] = [
    [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02], [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08],
  ]
  private static let signatureFiles: Set<UInt16> = [0x0001, 0x0002, 0x001A, 0x001B]

  private enum Application { case none, jpki, surface }

  private let file: JPKICardFile
  private var application = Application.none
  private var selected: UInt16?
  private var verified: Set<UInt16> = []

  init(file: JPKICardFile) { self.file = file }

  /// What OpenSC knows the card by.
  var answerToReset: [UInt8] { [0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14] }

  mutating func reset() {
    application = .none
    selected = nil
    verified = []
  }

  mutating func respond(to command: [UInt8], fault: Fault) -> CardAction {
    if let stuck = stuck(fault) { return stuck }
    guard let parsed = JPKICommand(command) else { return Self.fail(0x6700) }
    switch (parsed.classByte, parsed.instruction) {
    case (0x00, 0xA4): return select(parsed, fault)
    case (0x00, 0xB0): return read(parsed, fault)
    case (0x00, 0x20): return verify(parsed)
    case (0x80, 0x2A): return sign(parsed, fault)
    case (0x00, 0xC0) where fault == .endless61xx: return .answer([UInt8](repeating: 0x30, count: 16) + [0x61, 0xFF])
    case (0x00, _): return Self.fail(0x6D00)
    default: return Self.fail(0x6E00)
    }
  }

  private mutating func select(_ command: JPKICommand, _ fault: Fault) -> CardAction {
    switch command.parameter1 {
    case 0x04:
      guard fault != .noApplet else { return Self.fail(0x6A82) }
      if command.data == Self.name {
        // Selected again it stays as it is; from another application nothing that was verified comes along.
        if application != .jpki { verified = [] }
        (application, selected) = (.jpki, nil)
        return Self.succeed()
      }
      guard Self.surfaces.contains(command.data) else { return Self.fail(0x6A82) }
      guard (try? file.change { $0.surfaceSelections += 1 }) != nil else { return Self.fail(0x6581) }
      (application, selected, verified) = (.surface, nil, [])
      return Self.succeed()
    case 0x02:
      guard application != .none, command.data.count == 2 else { return Self.fail(0x6A82) }
      let wanted = UInt16(command.data[0]) << 8 | UInt16(command.data[1])
      if application == .jpki, Self.signatureFiles.contains(wanted) {
        guard (try? file.change { $0.signatureSelections += 1 }) != nil else { return Self.fail(0x6581) }
      }
      guard files.contains(wanted) else { return Self.fail(0x6A82) }
      selected = wanted
      return Self.succeed()
    default: return Self.fail(0x6A86)
    }
  }

  private var files: Set<UInt16> {
    switch application {
    case .none: []
    case .jpki: [0x000A, 0x000B, 0x0017, 0x0018, 0x0001, 0x0002, 0x001A, 0x001B]
    case .surface: [0x0001]
    }
  }

  private func read(_ command: JPKICommand, _ fault: Fault) -> CardAction {
    guard let selected, command.data.isEmpty, let wanted = command.expected, command.parameter1 & 0x80 == 0 else {
      return Self.fail(0x6986)
    }
    let content: [UInt8]
    switch (application, selected) {
    case (.surface, 0x0001): content = Array("\(file.content.number) \(file.content.name)".utf8)
    case (.jpki, 0x000A): content = fault.spoiledFile(shown(fault))
    case (.jpki, 0x000B): content = Array(file.content.authentication.authority)
    case (.jpki, 0x0001):
      guard verified.contains(0x001B) else { return Self.fail(0x6982) }
      content = Array(file.content.signature.certificate)
    case (.jpki, 0x0002): content = Array(file.content.signature.authority)
    default: return Self.fail(0x6981)
    }
    if fault == .endless61xx { return .answer([UInt8](repeating: 0x30, count: 256) + [0x61, 0x00]) }
    let offset = Int(command.parameter1) << 8 | Int(command.parameter2)
    guard offset < content.count else { return Self.fail(0x6B00) }
    return Self.succeed(Array(content[offset..<min(content.count, offset + wanted)]))
  }

  private func shown(_ fault: Fault) -> [UInt8] {
    if case .swapCertificate(let other) = fault { Array(other) } else { Array(file.content.authentication.certificate) }
  }

  private mutating func verify(_ command: JPKICommand) -> CardAction {
    guard application == .jpki, let selected, [0x0018, 0x001B].contains(selected), command.parameter1 == 0,
      command.parameter2 == 0x80
    else { return Self.fail(0x6A88) }
    let key = selected == 0x0018 ? file.content.authentication : file.content.signature
    if command.data.isEmpty {
      if verified.contains(selected) { return Self.succeed() }
      return Self.fail(key.pinTriesLeft == 0 ? 0x6983 : 0x63C0 + key.pinTriesLeft)
    }
    verified.remove(selected)
    guard key.pinTriesLeft > 0 else { return Self.fail(0x6983) }
    do {
      // Counts before it compares: power cut in between costs a try and never gives one.
      try setTries(key.pinTriesLeft - 1, of: selected)
      guard command.data == Array(key.pin.utf8) else {
        return Self.fail(key.pinTriesLeft == 1 ? 0x6983 : 0x63C0 + key.pinTriesLeft - 1)
      }
      try setTries(key.pinTries, of: selected)
    } catch { return Self.fail(0x6581) }
    verified.insert(selected)
    return Self.succeed()
  }

  private func setTries(_ count: Int, of pin: UInt16) throws {
    try file.change { content in
      if pin == 0x0018 { content.authentication.pinTriesLeft = count } else { content.signature.pinTriesLeft = count }
    }
  }

  /// Pads what it is given and signs it; hashes nothing.
  private mutating func sign(_ command: JPKICommand, _ fault: Fault) -> CardAction {
    guard application == .jpki, let selected, [0x0017, 0x001A].contains(selected), command.parameter1 == 0,
      command.parameter2 == 0x80
    else { return Self.fail(0x6A88) }
    guard verified.contains(selected == 0x0017 ? 0x0018 : 0x001B) else { return Self.fail(0x6982) }
    if fault == .pullMidSign { return .leave }
    if fault == .forgetMidSign {
      reset()
      return Self.fail(0x6D00)
    }
    guard (1...245).contains(command.data.count) else { return Self.fail(0x6700) }
    let padding = [UInt8](repeating: 0xFF, count: 253 - command.data.count)
    let key = selected == 0x0017 ? file.authentication : file.signature
    guard var signature = key.sign([0x00, 0x01] + padding + [0x00] + command.data) else { return Self.fail(0x6A80) }
    if fault == .flipSignature { signature[signature.count - 1] ^= 1 }
    return Self.succeed(signature)
  }

  private static func succeed(_ data: [UInt8] = []) -> CardAction { .answer(data + [0x90, 0x00]) }

  private static func fail(_ status: Int) -> CardAction { .answer([UInt8(status >> 8), UInt8(status & 0xFF)]) }
}

extension Fault {
  /// What a certificate becomes that lies in a file of its own, as DER.
  fileprivate func spoiledFile(_ certificate: [UInt8]) -> [UInt8] {
    switch self {
    case .truncatedTLV: Array(certificate.prefix(certificate.count / 2))
    case .longTLV: [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF] + certificate
    case .indefiniteTLV: [0x30, 0x80] + certificate.dropFirst(4) + [0x00, 0x00]
    case .nonMinimalTLV: [0x30, 0x83, 0x00] + certificate.dropFirst(2)
    default: certificate
    }
  }
}

/// A command in short form, without chaining.
private struct JPKICommand {
  var classByte: UInt8
  var instruction: UInt8
  var parameter1: UInt8
  var parameter2: UInt8
  var data: [UInt8] = []
  /// Le of a command without data; `nil`: none.
  var expected: Int?

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4, bytes.count <= 261 else { return nil }
    (classByte, instruction, parameter1, parameter2) = (bytes[0], bytes[1], bytes[2], bytes[3])
    guard bytes.count > 5 else {  // nothing follows, or Le alone
      if bytes.count == 5 { expected = bytes[4] == 0 ? 256 : Int(bytes[4]) }
      return
    }
    let count = Int(bytes[4])
    guard count > 0, bytes.count == 5 + count || bytes.count == 6 + count else { return nil }
    data = Array(bytes[5..<5 + count])
  }
}
