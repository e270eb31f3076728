public import AuthTerms

/// One `NAME.yaml` of the folder of cards, read by the same closed schema as a policy file. It contains no key.
public struct CardScriptFile: Sendable {
  public let script: CardScript
  /// What is right and somebody should look at, in the order of lines.
  public let warnings: [PolicyFault]

  /// Reads one file: at most 256 KiB, nested at most 8 deep, 4 rounds of 8 steps.
  /// - Throws: every fault of the file, never only the first.
  public static func compile(_ source: PolicySource) throws(PolicyFaults) -> CardScriptFile {
    let log = FaultLog(file: source.name)
    let script = MarkedTree.parse(source.bytes, log).flatMap { CardScriptReader(log: log).read($0) }
    // What the types refuse and this reader did not: still a fault with a place.
    if script == nil, log.isClean { log.add(.wrongShape, .start, FaultDetail(expected: Bilingual("カードの定義", "a card"))) }
    guard log.isClean, let script else { throw PolicyFaults(log.inOrder) }
    return CardScriptFile(script: script, warnings: FaultLog.sorted(log.warnings))
  }
}
