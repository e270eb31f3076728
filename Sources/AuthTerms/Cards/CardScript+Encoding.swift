extension CardScript {
  private static let label = "sanmon/card-script/1"
  /// Bytes of a script at most.
  public static let largestEncoding = 8 * 1024

  /// One script, one spelling: what a vault is told of it, and what a hash of it is over.
  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    for text in [Self.label, id, nameJa, nameEn, kind.name, proof.name, diversification.name, generation] { writer.field(text) }
    if case .an10922(let input) = diversification { writer.list(input.map(\.text)) } else { writer.list([]) }
    writer.list(commands.map(\.text))
    writer.field(UInt64(rounds.count))
    for steps in rounds {
      writer.field(UInt64(steps.count))
      for step in steps {
        writer.field(step.command.bytes)
        writer.field(step.blocks)
        writer.list(step.data.map(\.text))
        writer.list(step.answer.map(\.text))
        writer.field(UInt64(step.status ?? 0))
      }
    }
    return writer.bytes
  }

  /// - Throws: `MalformedInput` for anything that `canonicalBytes` does not write, and for more than 8 KiB.
  public init(canonicalBytes bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("card script", expected: "its canonical form")
    guard bytes.count <= Self.largestEncoding else {
      throw MalformedInput("card script", expected: "at most \(Self.largestEncoding) bytes")
    }
    var reader = LengthPrefixedReader(bytes, subject: "card script", limit: 256)
    guard try reader.text() == Self.label else { throw fault }
    let (id, nameJa, nameEn) = (try reader.text(), try reader.text(), try reader.text())
    guard let kind = SharedKeyCardKind(name: try reader.text()), let proof = ProofClass(name: try reader.text()) else {
      throw fault
    }
    let (method, generation) = (try reader.text(), try reader.text())
    let input = try reader.fields()
    let diversification: CardDiversification
    switch method {
    case "none": diversification = .none
    case "lite-s-ck": diversification = .liteSCardKey
    case "an10922": diversification = .an10922(input)
    default: throw fault
    }
    var commands: [CardCommandCode] = []
    for text in try reader.list() { commands.append(try CardCommandCode(parsing: text)) }
    var rounds: [[ScriptStep]] = []
    for _ in 0..<(try reader.number(most: Self.mostRounds)) {
      var steps: [ScriptStep] = []
      for _ in 0..<(try reader.number(most: Self.mostSteps)) { steps.append(try reader.step()) }
      rounds.append(steps)
    }
    self = try CardScript(
      id: id, nameJa: nameJa, nameEn: nameEn, kind: kind, proof: proof, diversification: diversification,
      generation: generation, commands: commands, rounds: rounds)
    // Catches what is left over as well.
    guard canonicalBytes == bytes else { throw fault }
  }
}

extension LengthPrefixedWriter {
  fileprivate mutating func list(_ texts: [String]) {
    field(UInt64(texts.count))
    for text in texts { field(text) }
  }
}

extension LengthPrefixedReader {
  fileprivate mutating func number(most: Int) throws(MalformedInput) -> Int {
    guard let number = Int(exactly: try unsigned()), number <= most else {
      throw MalformedInput("card script", expected: "a number of at most \(most)")
    }
    return number
  }

  fileprivate mutating func list() throws(MalformedInput) -> [String] {
    var texts: [String] = []
    for _ in 0..<(try number(most: 8)) { texts.append(try text()) }
    return texts
  }

  fileprivate mutating func fields() throws(MalformedInput) -> [ScriptField] {
    var fields: [ScriptField] = []
    for text in try list() { fields.append(try ScriptField(parsing: text)) }
    return fields
  }

  fileprivate mutating func step() throws(MalformedInput) -> ScriptStep {
    let command = try CardCommandCode(parsing: Hex.encode(try field()))
    let blocks = try field()
    let (data, answer) = (try fields(), try fields())
    let status = try number(most: 0xFFFF)
    return ScriptStep(
      command: command, blocks: blocks, data: data, answer: answer, status: status == 0 ? nil : UInt16(status))
  }
}
