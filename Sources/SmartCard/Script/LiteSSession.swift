import AuthTerms

/// What an exchange with a FeliCa Lite-S knows by now.
struct LiteSSession<Cipher: CardCipher> {
  let number: [UInt8]
  let oldestChip: UInt8
  let master: Secret<CardKey>
  let isDiversified: Bool
  /// Block RC. Anybody near the card can read it in the air; nobody can choose it.
  let nonce: [UInt8]
  let keys: LiteSKeys<Cipher>
  private var session: Secret<CardKey>?
  private var id: [UInt8]?
  /// The highest seen, of this exchange or of all before it.
  private var floor: UInt32
  private(set) var counter: UInt32?

  init(
    number: [UInt8], oldestChip: UInt8, master: Secret<CardKey>, isDiversified: Bool, nonce: Secret<CardKey>,
    keys: LiteSKeys<Cipher>, knownCounter: UInt32?
  ) {
    self.number = number
    self.oldestChip = oldestChip
    self.master = master
    self.isDiversified = isDiversified
    self.nonce = nonce.leaving()
    self.keys = keys
    floor = knownCounter ?? 0
  }

  func command(_ step: ScriptStep) throws(CardCipherFault) -> [UInt8] {
    switch step.command {
    case .polling:
      guard case .constant(let system)? = step.data.first else { return [] }
      return FelicaFrame.polling(system: system)
    case .read: return FelicaFrame.read(number, blocks: step.blocks)
    default:
      if step.data == [.nonce] { return FelicaFrame.write(number, blocks: step.blocks, contents: [nonce]) }
      guard let session, let counter else { throw .length }
      let mac = try keys.writeMAC(
        session: session, nonce: nonce, counter: counter, block: LiteSBlock.state, content: LiteSBlock.authenticated)
      let content = mac.leaving() + LiteSCounter.bytes(counter) + [UInt8](repeating: 0, count: 5)
      return FelicaFrame.write(number, blocks: step.blocks, contents: [LiteSBlock.authenticated, content])
    }
  }

  mutating func check(_ frame: [UInt8], _ step: ScriptStep) throws(CardCipherFault) -> ExchangeRefusal? {
    let answer: FelicaAnswer
    do throws(MalformedInput) {
      switch step.command {
      case .polling: answer = try .polling(frame)
      case .read: answer = try .read(frame, count: step.blocks.count)
      default: answer = try .write(frame)
      }
    } catch { return .malformedAnswer }
    switch answer {
    case .card(let found, let parameters):
      guard found == number else { return .identifierChanged }
      return parameters[1] >= oldestChip && parameters[1] <= Self.newestChip ? nil : .chipTooOld
    case .written(let found): return found == number ? nil : .identifierChanged
    case .refused(let found, let flags): return found == number ? .cardRefused(flags) : .identifierChanged
    case .blocks(let found, let contents):
      guard found == number else { return .identifierChanged }
      return try check(contents, step)
    }
  }

  /// IC types above belong to other products (F1 to F7 are Lite-S and its relatives).
  private static var newestChip: UInt8 { 0xF7 }

  /// The MAC first: nothing in a block means anything before it.
  private mutating func check(_ contents: [[UInt8]], _ step: ScriptStep) throws(CardCipherFault) -> ExchangeRefusal? {
    if let at = step.answer.firstIndex(of: .cardID) {
      let found = contents[at]
      // The first half is the number itself: a card whose ID block names another is none of ours.
      guard Array(found.prefix(8)) == number, id == nil || id == found else { return .identifierChanged }
      if id == nil {
        let cardKey = isDiversified ? try keys.cardKey(master: master, id: found) : master
        session = try keys.sessionKey(cardKey: cardKey, nonce: nonce)
        id = found
      }
    }
    guard let session, let stated = contents.last?.prefix(8) else { return .malformedAnswer }
    let expected = try keys.readMAC(session: session, nonce: nonce, blocks: step.blocks, contents: contents.dropLast())
    guard keys.cipher.areEqual(expected, Secret(copying: stated)) else { return .wrongMAC }
    for (field, content) in zip(step.answer, contents) {
      switch field {
      case .counter:
        let count = LiteSCounter.read(content)
        guard count >= floor else { return .cloneSuspected }
        (counter, floor) = (count, count)
      case .constant(let bytes) where content != bytes: return .unexpectedValue
      default: break
      }
    }
    return nil
  }
}
