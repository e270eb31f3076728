public import AuthTerms

/// One exchange with a shared-key card, driven by its script. Pure: random numbers are handed in, bytes come out.
///
/// It belongs where the city's key is. Keys and random numbers stay inside as `Secret`; what leaves is the next commands'
/// bytes, and at the end yes or no. Use: `begin`, carry the commands to the card, `step` with the answers, until it is over. An
/// exchange is used once: asked again after its end it refuses. At most 4 rounds of 8 commands.
public struct CardExchange<Cipher: CardCipher>: Sendable, CustomReflectable {
  private enum Phase {
    case ready
    case waiting(round: Int)
    case over
  }

  private enum Session {
    case liteS(LiteSSession<Cipher>)
    case desfire(DESFireSession<Cipher>)
  }

  private let script: CardScript
  private let number: [UInt8]
  private var session: Session
  private var phase = Phase.ready

  /// - Parameters:
  ///   - number: what the reader says the card's number is; nobody has proven it yet.
  ///   - knownCounter: the highest counter that was ever seen of this card.
  ///   - masterKey: `script.keyLength` bytes.
  ///   - random: 16 bytes, made for this exchange alone where the key is.
  /// - Throws: `MalformedInput` for a number, key or random number of another length.
  public init(
    script: CardScript, number: [UInt8], knownCounter: UInt32?, masterKey: Secret<CardKey>, random: Secret<CardKey>,
    cipher: Cipher
  ) throws(MalformedInput) {
    guard number.count == script.kind.numberLength else {
      throw MalformedInput("card number", expected: "\(script.kind.numberLength) bytes")
    }
    guard masterKey.count == script.keyLength else {
      throw MalformedInput("card master key", expected: "\(script.keyLength) bytes")
    }
    guard random.count == 16 else { throw MalformedInput("random number", expected: "16 bytes") }
    self.script = script
    self.number = number
    let chip = script.kind.chipByte(ofGeneration: script.generation) ?? .max
    switch script.kind {
    case .felicaLiteS:
      session = .liteS(
        LiteSSession(
          number: number, oldestChip: chip, master: masterKey, isDiversified: script.diversification == .liteSCardKey,
          nonce: random, keys: LiteSKeys(cipher: cipher), knownCounter: knownCounter))
    case .desfireEV2:
      session = .desfire(
        DESFireSession(
          number: number, oldestChip: chip, master: masterKey, diversification: script.diversification, nonce: random,
          keys: DESFireKeys(cipher: cipher)))
    }
  }

  /// The first commands. Only once: afterwards it refuses.
  public mutating func begin() throws(CardCipherFault) -> ExchangeStep {
    guard case .ready = phase else { return end(.refused(.outOfTurn)) }
    return try go(to: 0)
  }

  /// - Parameter answers: one for each command that was sent, as the card gave it (FeliCa: the frame; else data and status word).
  public mutating func step(_ answers: [[UInt8]]) throws(CardCipherFault) -> ExchangeStep {
    guard case .waiting(let round) = phase else { return end(.refused(.outOfTurn)) }
    let steps = script.rounds[round]
    guard answers.count <= steps.count else { return end(.refused(.malformedAnswer)) }
    for (step, answer) in zip(steps, answers) {
      let refusal: ExchangeRefusal?
      do throws(CardCipherFault) { refusal = try check(answer, step) } catch {
        phase = .over
        throw error
      }
      if let refusal { return end(.refused(refusal)) }
    }
    // An agent stops at the first answer that says no; without one, something is missing.
    guard answers.count == steps.count else { return end(.refused(.malformedAnswer)) }
    guard round + 1 == script.rounds.count else { return try go(to: round + 1) }
    return end(.proven(ProvenSharedKeyCard(number: number, proofClass: script.proof, counter: counter)))
  }

  private mutating func go(to round: Int) throws(CardCipherFault) -> ExchangeStep {
    phase = .over
    var commands: [[UInt8]] = []
    for step in script.rounds[round] {
      switch session {
      case .liteS(let session): commands.append(try session.command(step))
      case .desfire(let session): commands.append(try session.command(step))
      }
    }
    phase = .waiting(round: round)
    return .send(commands)
  }

  private mutating func check(_ answer: [UInt8], _ step: ScriptStep) throws(CardCipherFault) -> ExchangeRefusal? {
    guard answer.count <= ResponseAPDU.dataLimit + 2 else { return .answerTooLong }
    switch session {
    case .liteS(var current):
      defer { session = .liteS(current) }
      return try current.check(answer, step)
    case .desfire(var current):
      defer { session = .desfire(current) }
      return try current.check(answer, step)
    }
  }

  private var counter: UInt32? { if case .liteS(let session) = session { session.counter } else { nil } }

  private mutating func end(_ step: ExchangeStep) -> ExchangeStep {
    phase = .over
    return step
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
