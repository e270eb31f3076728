import AuthTerms

/// A card in a reader, held by one caller: bytes out, bytes and status word back.
public protocol CardChannel {
  /// Sends one command and returns the whole answer with its status word. Throws when there is no answer to speak of.
  mutating func transmit(_ command: [UInt8]) throws(CardFailure) -> [UInt8]
}

/// Limits against a hostile or broken card.
enum ExchangeLimit {
  /// Most bytes one command may answer over all its GET RESPONSE rounds. A PIV certificate object has at most about 3 KiB.
  static let answerBytes = 16 * 1024
  /// 16 KiB in rounds of 256, and some slack for cards that hand out less at a time.
  static let answerRounds = 128
}

extension CardChannel {
  /// Sends a command, in links if it is long, and gathers its answer behind `61xx` and `6Cxx`.
  ///
  /// Errors: whatever the channel throws; `malformedCard` when the answer outgrows `limit` bytes (at most 16 KiB), does not
  /// end, or stops growing; `refused` when a link before the last is not accepted.
  public mutating func send(_ command: CommandAPDU, limit: Int = 16 * 1024) throws(CardFailure) -> ResponseAPDU {
    let links = command.links
    for link in links.dropLast() {
      let answer = try ResponseAPDU(parsing: try transmit(link))
      guard answer.status == .success else { throw .refused(answer.status) }
    }
    guard var last = links.last else { throw .malformedCommand }
    var answer = try ResponseAPDU(parsing: try transmit(last))
    // Only a command of one link may be repeated: a chain was consumed by the card.
    if let exact = answer.status.exactLength, command.expectedLength != nil, links.count == 1 {
      last[last.count - 1] = UInt8(truncatingIfNeeded: exact)
      answer = try ResponseAPDU(parsing: try transmit(last))
    }
    return try gather(after: answer, limit: min(limit, ExchangeLimit.answerBytes))
  }

  private mutating func gather(after first: ResponseAPDU, limit: Int) throws(CardFailure) -> ResponseAPDU {
    var data: [UInt8] = first.data
    var status = first.status
    var rounds = 0
    while let more = status.moreBytes {
      rounds += 1
      guard rounds <= ExchangeLimit.answerRounds, data.count < limit else { throw .endlessAnswer }
      let raw = try transmit([0x00, 0xC0, 0x00, 0x00, UInt8(truncatingIfNeeded: more)])
      let answer = try ResponseAPDU(parsing: raw)
      guard !answer.data.isEmpty || answer.status.moreBytes == nil else { throw .endlessAnswer }
      data += answer.data
      status = answer.status
    }
    guard data.count <= limit else { throw .endlessAnswer }
    return ResponseAPDU(data: data, status: status)
  }
}

extension CardFailure {
  static var endlessAnswer: Self {
    .malformedCard(MalformedInput("card answer", expected: "an answer that ends within its limit"))
  }
}
