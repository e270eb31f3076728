import AuthTerms

/// The keys of a card's file.
struct CardScriptReader {
  private static let keys = ["card", "name", "kind", "proof", "diversification", "generation", "commands", "rounds"]
  private static let anID = Bilingual("英小文字、数字、- の 1〜48 文字", "1 to 48 of a-z 0-9 -")
  private static let aCommand = Bilingual(
    "引用符で囲んだ 2 桁か 4 桁の 16 進数(英小文字)", "two or four hexadecimal digits in lower case, in quotes")
  private static let aField = Bilingual(
    "\(ScriptField.allWords.joined(separator: "、"))、または引用符で囲んだ 1〜32 バイトの 16 進数",
    "\(ScriptField.allWords.joined(separator: ", ")), or 1 to 32 bytes of hexadecimal digits in quotes")
  private static let aBlock = Bilingual("引用符で囲んだ 2 桁の 16 進数", "two hexadecimal digits in quotes")
  private static let aStatus = Bilingual("引用符で囲んだ 4 桁の 16 進数", "four hexadecimal digits in quotes")
  private static let mostBlocks = 4
  private static let mostFields = 8

  let log: FaultLog

  func read(_ root: MarkedNode) -> CardScript? {
    let fields = Fields(root, allowed: Self.keys, log)
    let id = id(fields.required("card"))
    let name = fields.required("name").map { Fields($0, allowed: ["ja", "en"], log) }
    let ja = shortText(name?.required("ja"))
    let en = shortText(name?.required("en"))
    let kind = log.word(fields.required("kind"), of: SharedKeyCardKind.allCases.map(\.name))
      .flatMap { SharedKeyCardKind(name: $0) }
    let proof = log.word(fields.required("proof"), of: ProofClass.allCases.map(\.name)).flatMap { ProofClass(name: $0) }
    let diversification = fields.required("diversification").flatMap(diversification)
    let generations = SharedKeyCardKind.allCases.flatMap(\.generations)
    let generation = log.word(fields.required("generation"), of: generations)
    var places: [CardCommandCode: Position] = [:]
    let commands = log.distinct(fields.required("commands"), 1...8) { node in
      let command = command(node)
      if let command { places[command] = node.position }
      return command
    }
    let rounds = log.list(fields.required("rounds"), 1...CardScript.mostRounds).map { round in
      log.list(Fields(round, allowed: ["steps"], log).required("steps"), 1...CardScript.mostSteps).map {
        (place: $0.position, step: step($0))
      }
    }
    guard log.isClean, let id, let ja, let en, let kind, let proof, let diversification, let generation else { return nil }
    let steps = rounds.map { $0.compactMap(\.step) }
    let found = CardScript.flaws(
      kind: kind, proof: proof, diversification: diversification, generation: generation, commands: commands, rounds: steps)
    for flaw in found {
      let step = flaw.round.flatMap { round in flaw.step.map { rounds[round][$0].place } }
      log.add(flaw.flaw.code, step ?? flaw.command.flatMap { places[$0] } ?? fields.place(flaw.flaw.key))
    }
    guard log.isClean else { return nil }
    let script = try? CardScript(
      id: id, nameJa: ja, nameEn: en, kind: kind, proof: proof, diversification: diversification, generation: generation,
      commands: commands.sorted(), rounds: steps)
    if diversification == .none { log.warn(.cardKeyShared, fields.place("diversification")) }
    if kind == .felicaLiteS, !steps.joined().contains(where: { $0.data.contains(.mac) }) {
      log.warn(.cardCounterStill, fields.place("rounds"))
    }
    return script
  }

  private func id(_ node: MarkedNode?) -> String? {
    let id = log.name(node, Self.anID) { text throws(MalformedInput) in
      try CardScript.checkID(text)
      return text
    }
    if let id, let node, id + ".yaml" != log.file { log.add(.cardFileName, node.position) }
    return id
  }

  /// Letters that are made of several code points count as several: a name has to fit a row.
  private func shortText(_ node: MarkedNode?) -> String? {
    let most = CardScript.longestName
    guard let node, let text = log.text(node, most: most) else { return nil }
    guard text.unicodeScalars.count <= most, text.unicodeScalars.allSatisfy(VisibleText.shows) else {
      log.add(
        .badText, node.position, FaultDetail(expected: Bilingual("1〜\(most) 文字の文字列", "text of 1 to \(most) characters")))
      return nil
    }
    return text
  }

  private func diversification(_ node: MarkedNode) -> CardDiversification? {
    let fields = Fields(node, allowed: ["method", "input"], log)
    let method = log.word(fields.required("method"), of: CardDiversification.names)
    if let method, method != "an10922", fields.optional("input") != nil {
      log.add(.cardDiversification, fields.place("input"))
      return nil
    }
    switch method {
    case "none"?: return CardDiversification.none
    case "lite-s-ck"?: return .liteSCardKey
    case "an10922"?: return .an10922(self.fields(fields.required("input")))
    default: return nil
    }
  }

  private func step(_ node: MarkedNode) -> ScriptStep? {
    let fields = Fields(node, allowed: ["command", "blocks", "data", "answer", "status"], log)
    let command = fields.required("command").flatMap(command)
    let blocks = fields.optional("blocks").map { node in
      log.list(node, 1...Self.mostBlocks).compactMap { hex($0, bytes: 1, Self.aBlock)?.first }
    }
    let data = self.fields(fields.optional("data"))
    let answer = self.fields(fields.optional("answer"))
    let status = fields.optional("status").flatMap { hex($0, bytes: 2, Self.aStatus) }
    guard let command else { return nil }
    return ScriptStep(
      command: command, blocks: blocks ?? [], data: data, answer: answer,
      status: status.map { UInt16($0[0]) << 8 | UInt16($0[1]) })
  }

  private func command(_ node: MarkedNode) -> CardCommandCode? {
    log.name(node, Self.aCommand, as: .cardBytes) { text throws(MalformedInput) in try CardCommandCode(parsing: text) }
  }

  private func fields(_ node: MarkedNode?) -> [ScriptField] {
    guard let node else { return [] }
    return log.list(node, 1...Self.mostFields).compactMap { entry in
      log.name(entry, Self.aField, as: .cardBytes) { text throws(MalformedInput) in try ScriptField(parsing: text) }
    }
  }

  private func hex(_ node: MarkedNode, bytes count: Int, _ expected: Bilingual) -> [UInt8]? {
    log.name(node, expected, as: .cardBytes) { text throws(MalformedInput) in
      let bytes = try Hex.decode(text)
      guard bytes.count == count else { throw MalformedInput("card script", expected: "\(count) bytes") }
      return bytes
    }
  }
}

extension CardScriptFlaw {
  fileprivate var code: FaultCode {
    switch self {
    case .proof: .cardProof
    case .generation: .cardGeneration
    case .chipUnread: .cardChipUnread
    case .diversification: .cardDiversification
    case .commandBeyondKind: .cardCommandBeyond
    case .commandNotListed: .cardCommandNotListed
    case .commandUnused: .cardCommandUnused
    case .blocks: .cardBlocks
    case .fields: .cardFields
    case .status: .cardStatus
    case .order: .cardOrder
    case .nothingProven: .cardNothingProven
    }
  }

  /// The key whose value is wrong, where no step is.
  fileprivate var key: String {
    switch self {
    case .proof: "proof"
    case .generation: "generation"
    case .diversification: "diversification"
    case .commandBeyondKind, .commandNotListed, .commandUnused: "commands"
    case .chipUnread, .blocks, .fields, .status, .order, .nothingProven: "rounds"
    }
  }
}
