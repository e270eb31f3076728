import AuthPolicy
import AuthTerms
import CardCiphers
import CardsInMemory
import Foundation
import SmartCard
import Testing

/// Shipped scripts, and a carrier between exchange and card that may change what it carries.
enum ExchangeBench {
  static let liteSMaster = Numbers.secret(1, count: 24)
  static let desfireMaster = Numbers.secret(2)

  static func text(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "policies/cards/\(name).yaml"), encoding: .utf8)
  }

  static func script(_ name: String, replacing old: String = "", with new: String = "") throws -> CardScript {
    var text = try text(name)
    if !old.isEmpty {
      try #require(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    return try CardScriptFile.compile(PolicySource(name: "\(name).yaml", bytes: Array(text.utf8))).script
  }

  static func liteS() throws -> LiteSInMemory { try LiteSInMemory(master: liteSMaster) }

  static func desfire() throws -> DESFireInMemory {
    try DESFireInMemory(
      master: desfireMaster,
      input: [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80, 0xF7, 0x3A, 0x10] + Array("Sanmon".utf8))
  }

  static func exchange(
    _ script: CardScript, number: [UInt8], known: UInt32? = nil, master: Secret<CardKey>? = nil, seed: UInt8 = 9
  ) throws -> CardExchange<OpenSSLCardCipher> {
    let usual = script.kind == .felicaLiteS ? liteSMaster : desfireMaster
    return try CardExchange(
      script: script, number: number, knownCounter: known, masterKey: master ?? usual, random: Numbers.secret(seed),
      cipher: OpenSSLCardCipher())
  }

  struct Ended {
    var step: ExchangeStep
    /// Trips to the card.
    var rounds = 0
    var sent: [[UInt8]] = []
    var refusal: ExchangeRefusal? { if case .refused(let refusal) = step { refusal } else { nil } }
    var proven: ProvenSharedKeyCard? { if case .proven(let card) = step { card } else { nil } }
  }

  /// - Parameter change: of an answer on its way: number of the command from 0, answer.
  static func run(
    _ exchange: CardExchange<OpenSSLCardCipher>, _ card: inout some CardInMemory,
    change: (Int, [UInt8]) -> [UInt8] = { $1 }
  ) throws -> Ended {
    var exchange = exchange
    var ended = Ended(step: try exchange.begin())
    while case .send(let commands) = ended.step {
      ended.rounds += 1
      var answers: [[UInt8]] = []
      for command in commands {
        answers.append(change(ended.sent.count, try card.answer(command)))
        ended.sent.append(command)
      }
      ended.step = try exchange.step(answers)
    }
    return ended
  }
}
