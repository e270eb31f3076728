public import AuthTerms

/// Carries the commands of an exchange to a card and the answers back: an agent's whole part in it.
public struct CommandCarrier<Channel: CardChannel> {
  public private(set) var channel: Channel
  private let gate: CommandGate
  private let kind: SharedKeyCardKind
  private let family: FelicaReaderFamily

  /// - Parameters:
  ///   - commands: what the script lists. The ceiling of the kind holds whatever stands here.
  ///   - family: how this reader passes frames of FeliCa; not asked for other cards.
  public init(channel: Channel, kind: SharedKeyCardKind, commands: [CardCommandCode], family: FelicaReaderFamily) {
    self.channel = channel
    gate = CommandGate(kind: kind, commands: commands)
    self.kind = kind
    self.family = family
  }

  /// The number that the reader tells of the card (PC/SC part 3 §3.2.2.1.3), which anybody can copy.
  /// `unsupportedCard` for a number of another length than this kind's.
  public mutating func number() throws(CardFailure) -> [UInt8] {
    let answer = try ResponseAPDU(parsing: try channel.transmit([0xFF, 0xCA, 0x00, 0x00, 0x00]))
    guard answer.status == .success else { throw .refused(answer.status) }
    guard answer.data.count == kind.numberLength else { throw .unsupportedCard }
    return answer.data
  }

  /// Sends the commands of one round, in order, and ends at the first answer that says no.
  ///
  /// All are held against the gate before the first is sent: `malformedCommand` if one does not pass, with nothing sent. Other
  /// errors: those of the channel, and `malformedCard` for what is no answer in the reader's form.
  public mutating func carry(_ commands: [[UInt8]]) throws(CardFailure) -> [[UInt8]] {
    var answers: [[UInt8]] = []
    try carry(first: commands) { said throws(CardFailure) in
      answers = said
      return nil
    }
    return answers
  }

  /// All rounds of an exchange, in one session of the reader: a reader may turn its field off when one ends, and a card forgets
  /// its random number with the field.
  ///
  /// - Parameter next: told the answers of a round, gives the commands of the next; nil to end.
  /// - Throws: as for one round, and what `next` throws.
  public mutating func carry(
    first: [[UInt8]], next: ([[UInt8]]) throws(CardFailure) -> [[UInt8]]?
  ) throws(CardFailure) {
    try admit(first)
    if kind == .felicaLiteS { try send(family.opening) }
    let result: Result<Void, CardFailure>
    do throws(CardFailure) { result = .success(try carryRounds(first, next)) } catch { result = .failure(error) }
    // An open session keeps the reader from seeing the next card; a card that is gone is no reason to leave it open.
    if kind == .felicaLiteS { try? send(family.closing) }
    try result.get()
  }

  private func admit(_ commands: [[UInt8]]) throws(CardFailure) {
    guard (1...CardScript.mostSteps).contains(commands.count), commands.allSatisfy(gate.admits) else {
      throw .malformedCommand
    }
  }

  private mutating func carryRounds(
    _ first: [[UInt8]], _ next: ([[UInt8]]) throws(CardFailure) -> [[UInt8]]?
  ) throws(CardFailure) {
    var commands: [[UInt8]]? = first
    while let current = commands {
      try admit(current)
      commands = try next(kind == .felicaLiteS ? try carryFrames(current) : try carryPlain(current))
    }
  }

  private mutating func send(_ commands: [[UInt8]]) throws(CardFailure) {
    for command in commands {
      let answer = try ResponseAPDU(parsing: try channel.transmit(command))
      guard answer.status == .success else { throw .refused(answer.status) }
    }
  }

  private mutating func carryFrames(_ frames: [[UInt8]]) throws(CardFailure) -> [[UInt8]] {
    var answers: [[UInt8]] = []
    for frame in frames {
      let wrapped = try family.wrap(frame)
      let answer = try family.unwrap(try ResponseAPDU(parsing: try channel.transmit(wrapped)))
      answers.append(answer)
      // Polling has no status flags.
      if frame[1] != 0x00, answer.count >= 12, answer[10] != 0 || answer[11] != 0 { break }
    }
    return answers
  }

  private mutating func carryPlain(_ commands: [[UInt8]]) throws(CardFailure) -> [[UInt8]] {
    var answers: [[UInt8]] = []
    for command in commands {
      let answer = try channel.transmit(command)
      let status = try ResponseAPDU(parsing: answer).status.rawValue
      answers.append(answer)
      if status != 0x9100, status != 0x91AF { break }
    }
    return answers
  }
}
