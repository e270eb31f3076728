import AuditLog
import AuthAPI
import AuthTerms
import CardCiphers
import CardsInMemory
import Crypto
import Foundation
import SSOVault
import Sealing
import SmartCard
import Testing

/// A city with shared-key cards of both kinds, two administrators, and a server that carries bytes between card and vault.
final class SharedCardCity: Sendable {
  static let liteSMaster = Numbers.secret(1, count: 24)
  static let desfireMaster = Numbers.secret(2)

  let city: SSOCity
  let tanaka: Clerk
  let liteS: CardScript
  let desfire: CardScript
  var office: Office { city.office }

  /// - Parameter keys: set already, one for each script.
  init(_ office: Office? = nil, keys: Bool = true) throws {
    let city = try SSOCity(office)
    self.city = city
    tanaka = try Clerk("tanaka")
    (liteS, desfire) = (try Self.liteSScript(), try Self.desfireScript())
    guard case .operatorRegistered = city.office.ask(try city.office.register(tanaka, by: city.sato)) else {
      throw Office.Unexpected()
    }
    guard keys else { return }
    try city.expectNoted(setting(Self.liteSMaster, for: liteS))
    try city.expectNoted(setting(Self.desfireMaster, for: desfire))
  }

  // MARK: Scripts and cards

  /// - Parameter rounds: 1: the card alone proves itself, and its counter never moves.
  static func liteSScript(
    id: String = "branch-lite-s", nameEn: String = "Branch card", diversification: CardDiversification = .liteSCardKey,
    readsCounter: Bool = true, rounds: Int = 2
  ) throws -> CardScript {
    let counter: [UInt8] = readsCounter ? [0x90] : []
    let fields: [ScriptField] = readsCounter ? [.counter] : []
    let first = [
      ScriptStep(command: .polling, data: [.constant([0x88, 0xB4])], answer: [.number, .chip]),
      ScriptStep(command: .write, blocks: [0x80], data: [.nonce]),
      ScriptStep(command: .read, blocks: [0x82] + counter + [0x91], answer: [.cardID] + fields + [.mac]),
    ]
    let second = [
      ScriptStep(command: .write, blocks: [0x92, 0x91], data: [.constant(LiteSBlock.authenticated), .mac]),
      ScriptStep(command: .read, blocks: [0x92, 0x90, 0x91], answer: [.any, .counter, .mac]),
    ]
    return try CardScript(
      id: id, nameJa: "支所のカード", nameEn: nameEn, kind: .felicaLiteS, proof: .symmetric3DES,
      diversification: diversification, generation: "lite-s", commands: [.polling, .read, .write],
      rounds: rounds == 1 ? [first] : [first, second])
  }

  static let input: [ScriptField] = [.number, .constant([0xF7, 0x3A, 0x10]), .constant(Array("Sanmon".utf8))]

  static func desfireScript(
    id: String = "hall-desfire", input: [ScriptField] = input, keyNumber: UInt8 = 1,
    application: [UInt8] = [0xF7, 0x3A, 0x10], generation: String = "ev2"
  ) throws -> CardScript {
    try CardScript(
      id: id, nameJa: "本庁のカード", nameEn: "Hall card", kind: .desfireEV2, proof: .symmetricAES,
      diversification: .an10922(input), generation: generation,
      commands: [.selectApplication, .version, .authenticateFirst, .additionalFrame],
      rounds: [
        [
          ScriptStep(command: .version, answer: [.chip], status: 0x91AF),
          ScriptStep(command: .additionalFrame, answer: [.any], status: 0x91AF),
          ScriptStep(command: .additionalFrame, answer: [.any], status: 0x9100),
          ScriptStep(command: .selectApplication, data: [.constant(application)], status: 0x9100),
          ScriptStep(command: .authenticateFirst, data: [.constant([keyNumber, 0])], answer: [.sealedNonce], status: 0x91AF),
        ],
        [ScriptStep(command: .additionalFrame, data: [.sealedNonces], answer: [.sealedProof], status: 0x9100)],
      ])
  }

  static func liteSCard(master: Secret<CardKey> = liteSMaster) throws -> LiteSInMemory { try LiteSInMemory(master: master) }

  static func desfireCard(master: Secret<CardKey> = desfireMaster) throws -> DESFireInMemory {
    let number: [UInt8] = [0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80]
    return try DESFireInMemory(master: master, input: number + [0xF7, 0x3A, 0x10] + Array("Sanmon".utf8))
  }

  // MARK: Keys

  /// What an administrator types, sealed where it is typed.
  func message(
    _ key: Secret<CardKey>, for script: [UInt8], claiming other: [UInt8]? = nil, instance: InstanceID? = nil
  ) throws -> [UInt8] {
    let keys = city.published
    let suite = try #require(SealingSuite(rawValue: keys.intakeSuite))
    let fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let sealed = try suite.seal(
      key, to: keys.intake, info: CardKeyMessage.info(suite: keys.intakeSuite, key: fingerprint),
      associatedData: CardKeyMessage.associatedData(instance: instance ?? office.instance, script: script))
    return CardKeyMessage(
      key: fingerprint, script: other ?? script, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext
    ).encoded
  }

  func setting(_ sealed: [UInt8], named script: String, signed: [Clerk]? = nil) throws -> VaultRequest {
    let signers = signed ?? [city.sato, tanaka]
    let act = try Act(
      kind: Act.Kind.setCardKey, operatorID: signers[0].id, instance: office.instance, nonce: Office.random(16),
      issuedAt: office.clock.now.wallMilliseconds,
      parameters: ["script": script, "sealed": Hex.encode(Array(SHA256.hash(data: sealed)))])
    return .setCardKey(try signers[0].sign(act, approvedBy: Array(signers.dropFirst())), sealed: sealed)
  }

  func setting(_ key: Secret<CardKey>, for script: CardScript, signed: [Clerk]? = nil) throws -> VaultRequest {
    try setting(message(key, for: script.canonicalBytes), named: script.id, signed: signed)
  }

  func keys() throws -> [VaultCardKey] {
    guard case .cardKeys(let keys) = office.ask(.listCardKeys) else { throw Office.Unexpected() }
    return keys
  }

  // MARK: Exchanges

  /// The answer, or the code of the vault's refusal as its word.
  func begin(_ script: CardScript, _ number: [UInt8]) -> CardExchangeAnswer {
    answer(.beginCard(script: script.canonicalBytes, number: number))
  }

  func step(_ exchange: [UInt8], _ answers: [[UInt8]]) -> CardExchangeAnswer {
    answer(.stepCard(exchange: exchange, answers: answers))
  }

  private func answer(_ request: VaultRequest) -> CardExchangeAnswer {
    switch office.ask(request) {
    case .cardExchange(let answer): answer
    case .refused(let refusal): CardExchangeAnswer(exchange: [], outcome: .refused(refusal.code.rawValue, statusWord: nil))
    default: CardExchangeAnswer(exchange: [], outcome: .refused("?", statusWord: nil))
    }
  }

  /// As an agent does: in order, and no further than the first answer that says no.
  static func carry(_ commands: [[UInt8]], to card: inout some CardInMemory) throws -> [[UInt8]] {
    var answers: [[UInt8]] = []
    for command in commands {
      let answer = try card.answer(command)
      answers.append(answer)
      if let status = answer.suffix(2).first, answer.count == 2, status != 0x91 || ![0x00, 0xAF].contains(answer[1]) { break }
    }
    return answers
  }

  /// A whole exchange.
  /// - Returns: `proven 300`, or the word of the refusal, with the card's status word behind it.
  func run(_ script: CardScript, _ card: inout some CardInMemory, number: [UInt8]) throws -> String {
    var answer = begin(script, number)
    while case .commands(let commands) = answer.outcome {
      answer = step(answer.exchange, try Self.carry(commands, to: &card))
    }
    return Self.word(answer)
  }

  static func word(_ answer: CardExchangeAnswer) -> String {
    switch answer.outcome {
    case .commands: "commands"
    case .proven(let counter): "proven" + (counter.map { " \($0)" } ?? "")
    case .refused(let word, let status): word + (status.map { " " + String($0, radix: 16) } ?? "")
    }
  }

  func rows(_ action: String) throws -> [AuditRecord] {
    try city.tamper("SELECT encoded FROM log_rows ORDER BY sequence").split(separator: "\n")
      .map { try RecordEncoding.decode(Hex.decode($0)) }.filter { $0.action == action }
  }
}
