/// What makes a list of steps no script. A reader of files says each with its place.
public enum CardScriptFlaw: CaseIterable, Sendable {
  /// The proof class is not what this kind of exchange shows.
  case proof
  /// No generation of chips of this kind.
  case generation
  /// No step reads what the chip says of itself, or two do.
  case chipUnread
  /// The way to the card's key does not go with the kind, or its input does not.
  case diversification
  /// Not a command of this kind, or one that no file may use.
  case commandBeyondKind
  /// A step uses a command that is not in the list of commands.
  case commandNotListed
  /// A listed command that no step uses.
  case commandUnused
  /// A block that may not be read or written, or blocks where none belong.
  case blocks
  /// A field that does not belong at this place.
  case fields
  /// A status word is missing, or stands where none belongs.
  case status
  /// A step that needs what is not known yet.
  case order
  /// The steps end without proof that the card has its key.
  case nothingProven

  /// A flaw and where it is: counted from 0, `nil` for the script as a whole.
  public struct Found: Hashable, Sendable {
    public let flaw: CardScriptFlaw
    public let round: Int?
    public let step: Int?
    /// For a listed command: which.
    public let command: CardCommandCode?
  }
}

extension CardScript {
  /// Everything that is wrong with these parts; empty if they are a script.
  public static func flaws(
    kind: SharedKeyCardKind, proof: ProofClass, diversification: CardDiversification, generation: String,
    commands: [CardCommandCode], rounds: [[ScriptStep]]
  ) -> [CardScriptFlaw.Found] {
    var found: [CardScriptFlaw.Found] = []
    func add(_ flaw: CardScriptFlaw, command: CardCommandCode? = nil) {
      found.append(.init(flaw: flaw, round: nil, step: nil, command: command))
    }
    if proof != kind.proofClass { add(.proof) }
    if kind.chipByte(ofGeneration: generation) == nil { add(.generation) }
    if !fits(diversification, kind) { add(.diversification) }
    for command in commands where !kind.ceiling.contains(command) { add(.commandBeyondKind, command: command) }
    let used = Set(rounds.joined().map(\.command))
    for command in commands where kind.ceiling.contains(command) && !used.contains(command) {
      add(.commandUnused, command: command)
    }
    var walk: any ScriptWalk = kind == .felicaLiteS ? LiteSWalk() : DESFireWalk()
    for (round, steps) in rounds.enumerated() {
      for (index, step) in steps.enumerated() {
        let isLast = round == rounds.count - 1 && index == steps.count - 1
        let flaw: CardScriptFlaw? =
          if !kind.ceiling.contains(step.command) { .commandBeyondKind } else if !commands.contains(step.command) {
            .commandNotListed
          } else { walk.take(step, round: round, endsRound: index == steps.count - 1, isLast: isLast) }
        if let flaw { found.append(.init(flaw: flaw, round: round, step: index, command: nil)) }
      }
    }
    if !walk.isProven { add(.nothingProven) }
    if rounds.joined().flatMap(\.answer).count(where: { $0 == .chip }) != 1 { add(.chipUnread) }
    return found
  }

  private static func fits(_ diversification: CardDiversification, _ kind: SharedKeyCardKind) -> Bool {
    switch (diversification, kind) {
    case (.none, .felicaLiteS), (.liteSCardKey, .felicaLiteS): return true
    // Without the number in its key, no DESFire card of a city would be another than the next.
    case (.none, .desfireEV2), (.liteSCardKey, .desfireEV2), (.an10922, .felicaLiteS): return false
    case (.an10922(let input), .desfireEV2):
      var count = 0
      for field in input {
        switch field {
        case .number: count += kind.numberLength
        case .constant(let bytes): count += bytes.count
        default: return false
        }
      }
      // Of 16 to 31 bytes the CMAC of the note is the CMAC of SP 800-38B; below, the note pads differently.
      return input.count(where: { $0 == .number }) == 1 && (16...31).contains(count)
    }
  }
}

/// Follows the steps of one kind and remembers what is known by then.
private protocol ScriptWalk {
  mutating func take(_ step: ScriptStep, round: Int, endsRound: Bool, isLast: Bool) -> CardScriptFlaw?
  var isProven: Bool { get }
}

private struct LiteSWalk: ScriptWalk {
  private var hasNonce = false
  private var counterRound: Int?
  private(set) var isProven = false

  mutating func take(_ step: ScriptStep, round: Int, endsRound: Bool, isLast: Bool) -> CardScriptFlaw? {
    if step.status != nil { return .status }
    switch step.command {
    case .polling: return poll(step)
    case .write: return write(step, round)
    default: return read(step, round)
    }
  }

  private func poll(_ step: ScriptStep) -> CardScriptFlaw? {
    guard step.blocks.isEmpty else { return .blocks }
    return step.data.count == 1 && step.data[0].constantCount == 2 && step.answer == [.number, .chip] ? nil : .fields
  }

  private mutating func write(_ step: ScriptStep, _ round: Int) -> CardScriptFlaw? {
    guard step.answer.isEmpty else { return .fields }
    switch step.blocks {
    case [LiteSBlock.nonce]:
      guard step.data == [.nonce] else { return .fields }
      // A second one would make another session of the same exchange.
      guard !hasNonce else { return .order }
      hasNonce = true
      return nil
    case [LiteSBlock.state, LiteSBlock.mac]:
      guard step.data == [.constant(LiteSBlock.authenticated), .mac] else { return .fields }
      guard let counterRound, counterRound < round else { return .order }
      return nil
    default: return .blocks
    }
  }

  private mutating func read(_ step: ScriptStep, _ round: Int) -> CardScriptFlaw? {
    guard (2...4).contains(step.blocks.count), Set(step.blocks).count == step.blocks.count,
      step.blocks.allSatisfy(LiteSBlock.isReadable), step.blocks.last == LiteSBlock.mac
    else { return .blocks }
    guard step.data.isEmpty, step.answer.count == step.blocks.count else { return .fields }
    for (block, field) in zip(step.blocks, step.answer) {
      let fits =
        switch (block, field) {
        case (LiteSBlock.mac, .mac), (LiteSBlock.id, .cardID), (LiteSBlock.counter, .counter): true
        case (LiteSBlock.mac, _), (_, .mac), (_, .cardID), (_, .counter): false
        case (_, .any): true
        case (_, .constant(let bytes)): bytes.count == 16
        default: false
        }
      guard fits else { return .fields }
    }
    guard hasNonce else { return .order }
    if step.answer.contains(.cardID) { isProven = true }
    // Without the ID no key is known, and so no MAC.
    guard isProven else { return .order }
    if step.answer.contains(.counter), counterRound == nil { counterRound = round }
    return nil
  }
}

private struct DESFireWalk: ScriptWalk {
  /// Frames of the version still to come.
  private var versionFrames = 0
  /// The round of AuthenticateEV2First, until its second part.
  private var begun: Int?
  private(set) var isProven = false

  mutating func take(_ step: ScriptStep, round: Int, endsRound: Bool, isLast: Bool) -> CardScriptFlaw? {
    guard step.blocks.isEmpty else { return .blocks }
    guard let status = step.status else { return .status }
    if versionFrames > 0 || begun != nil, step.command != .additionalFrame { return .order }
    if isProven { return .order }
    switch step.command {
    case .selectApplication:
      guard step.data.count == 1, step.data[0].constantCount == 3, step.answer.isEmpty else { return .fields }
      return status == 0x9100 ? nil : .status
    case .version:
      guard step.data.isEmpty, step.answer == [.chip] else { return .fields }
      versionFrames = 2
      return status == 0x91AF ? nil : .status
    case .authenticateFirst:
      guard Self.isFirst(step.data), step.answer == [.sealedNonce] else { return .fields }
      // What is sent next depends on this answer.
      guard endsRound, !isLast else { return .order }
      begun = round
      return status == 0x91AF ? nil : .status
    default: return additional(step, status, isLast)
    }
  }

  private mutating func additional(_ step: ScriptStep, _ status: UInt16, _ isLast: Bool) -> CardScriptFlaw? {
    if begun != nil {
      guard step.data == [.sealedNonces], step.answer == [.sealedProof] else { return .fields }
      guard isLast else { return .order }
      (begun, isProven) = (nil, true)
      return status == 0x9100 ? nil : .status
    }
    guard versionFrames > 0 else { return .order }
    guard step.data.isEmpty, step.answer == [.any] else { return .fields }
    versionFrames -= 1
    return status == (versionFrames == 0 ? 0x9100 : 0x91AF) ? nil : .status
  }

  /// Number of the key (0 to 13), length of the capabilities, capabilities (NXP AN12343 §6.1).
  private static func isFirst(_ data: [ScriptField]) -> Bool {
    guard data.count == 1, case .constant(let bytes) = data[0], bytes.count >= 2 else { return false }
    return bytes[0] <= 13 && bytes[1] <= 6 && bytes.count == 2 + Int(bytes[1])
  }
}

/// Blocks of FeliCa Lite-S by number (user's manual, chapter on blocks).
public enum LiteSBlock {
  public static let nonce: UInt8 = 0x80
  public static let id: UInt8 = 0x82
  public static let counter: UInt8 = 0x90
  public static let mac: UInt8 = 0x91
  public static let state: UInt8 = 0x92
  /// The one value that is ever written to STATE: authenticated from outside.
  public static let authenticated: [UInt8] = [0x01] + [UInt8](repeating: 0, count: 15)

  /// User blocks, and the system blocks that are no keys.
  public static func isReadable(_ block: UInt8) -> Bool {
    block <= 0x0E || [0x82, 0x83, 0x84, 0x85, 0x86, 0x88, 0x90, 0x91, 0x92].contains(block)
  }
}
