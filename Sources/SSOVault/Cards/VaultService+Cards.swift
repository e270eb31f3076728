import AuditLog
import AuthAPI
import AuthTerms
import CardCiphers
import Crypto
import Foundation
import GRDB
import Sealing
import SmartCard

// Exchanges with shared-key cards, driven from where the city's key is. The server hands in a script and carries bytes: it is
// taken to be hostile, and learns from the vault no more than a card's own answers and a yes or no.

extension VaultService {
  func beginCard(
    _ script: [UInt8], _ number: [UInt8], _ keys: VaultKeys, _ now: Moment
  ) throws -> CardExchangeAnswer {
    let time = now.monotonicMilliseconds
    guard exchanges.admitsBeginning(at: time) else {
      try noteFlood(now)
      throw VaultFailure.no(.cardsTooMany, "more than \(CardExchanges.mostBegun) exchanges were begun within a minute")
    }
    guard let script = try? CardScript(canonicalBytes: script), let definition = try? script.definition else {
      throw VaultFailure.no(.cardScriptMalformed, "no card script in its canonical form")
    }
    guard number.count == script.kind.numberLength else {
      throw VaultFailure.no(.requestMalformed, "a number of \(script.kind.numberLength) bytes")
    }
    guard !exchanges.isPaused(script.kind, number, at: time) else { throw Self.paused }
    let (master, counter) = try undamaged(at: now) {
      try write { database in
        let register = ReleaseRegister(database, keys)
        guard let key = try register.cardKey(of: script.id) else {
          throw VaultFailure.no(.cardKeyMissing, "no key is kept for a script of this name")
        }
        // A script decides what the key is used for: another one under the same name would make the vault answer for it.
        guard key.place.definition == definition else {
          throw VaultFailure.no(.cardScriptOther, "the key of this name was set for a script with other steps")
        }
        return (
          try keys.ring.open(key.kept, at: key.place, as: CardKey.self), try register.counter(script.kind, number)
        )
      }
    }
    let open: OpenCardExchange
    do {
      open = OpenCardExchange(
        exchange: try CardExchange(
          script: script, number: number, knownCounter: counter, masterKey: master,
          random: Secret(copying: environment.random(16)), cipher: OpenSSLCardCipher()), script: script.id, kind: script.kind,
        number: number, endsAt: time + CardExchanges.longest)
    } catch { throw VaultFailure.no(.cardScriptOther, "the key of this name has another length") }
    return try advance(open, environment.random(CardExchangeAnswer.handleLength), keys, now) {
      exchange throws(CardCipherFault) in try exchange.begin()
    }
  }

  func stepCard(
    _ handle: [UInt8], _ answers: [[UInt8]], _ keys: VaultKeys, _ now: Moment
  ) throws -> CardExchangeAnswer {
    guard let open = exchanges.take(handle, at: now.monotonicMilliseconds) else {
      throw VaultFailure.no(.cardExchangeUnknown, "no such exchange is open")
    }
    // Those that were begun before count as well: a thousand of them would be a thousand guesses.
    guard !exchanges.isPaused(open.kind, open.number, at: now.monotonicMilliseconds) else { throw Self.paused }
    return try advance(open, handle, keys, now) { exchange throws(CardCipherFault) in try exchange.step(answers) }
  }

  private static var paused: VaultFailure {
    VaultFailure.no(.cardPaused, "this card was wrong \(CardExchanges.mostWrong) times within a minute")
  }

  private func advance(
    _ former: OpenCardExchange, _ handle: [UInt8], _ keys: VaultKeys, _ now: Moment,
    _ move: (inout CardExchange<OpenSSLCardCipher>) throws(CardCipherFault) -> ExchangeStep
  ) throws -> CardExchangeAnswer {
    var open = former
    let step: ExchangeStep
    do throws(CardCipherFault) { step = try move(&open.exchange) } catch {
      throw VaultFailure.no(.storeUnavailable, "the library of ciphers gave no answer")
    }
    switch step {
    case .send(let commands):
      guard exchanges.keep(open, as: handle, at: now.monotonicMilliseconds) else {
        throw VaultFailure.no(.cardExchangesFull, "\(CardExchanges.most) exchanges are open")
      }
      return CardExchangeAnswer(exchange: handle, outcome: .commands(commands))
    case .refused(let refusal): return try refuse(refusal, open, handle, now)
    case .proven(let card):
      // Nothing is said before it is on the disk: a counter that was forgotten would let a copy in.
      let isBehind = try undamaged(at: now) { try write { try !remember(card, open, keys, $0, now) } }
      if isBehind { return try refuse(.cloneSuspected, open, handle, now) }
      return CardExchangeAnswer(exchange: handle, outcome: .proven(counter: card.counter))
    }
  }

  /// - Returns: false when another exchange has shown a higher counter of this card since this one began.
  private func remember(
    _ card: ProvenSharedKeyCard, _ open: OpenCardExchange, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> Bool {
    var register = ReleaseRegister(database, keys)
    // Taken away while a step of this exchange was under way, which then was kept again: `CardExchanges.forget` did not see it.
    guard try register.cardKey(of: open.script) != nil else {
      throw VaultFailure.no(.cardKeyMissing, "no key is kept any more for a script of this name")
    }
    if let counter = card.counter {
      let highest = try register.counter(open.kind, card.number)
      guard counter >= highest ?? 0 else { return false }
      if highest.map({ $0 < counter }) ?? true { try register.put(counter: counter, open.kind, card.number) }
    }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .session, action: "vault.card.proven", outcome: .done)
    record.proofClass = card.proofClass
    record.note = "\(open.script) card \(Self.short(card.number)) counter \(card.counter.map { String($0) } ?? "-")"
    try VaultLog(database).append(record)
    try register.writeSum()
    return true
  }

  private func refuse(
    _ refusal: ExchangeRefusal, _ open: OpenCardExchange, _ handle: [UInt8], _ now: Moment
  ) throws -> CardExchangeAnswer {
    exchanges.noteWrong(open.kind, open.number, at: now.monotonicMilliseconds)
    noteRefused(refusal, now)
    if refusal == .cloneSuspected { try noteClone(open, now) }
    var status: UInt16?
    if case .cardRefused(let word) = refusal { status = word }
    return CardExchangeAnswer(exchange: handle, outcome: .refused(refusal.code, statusWord: status))
  }

  // MARK: Rows

  /// Of a number: enough to compare rows by.
  private static func short(_ number: [UInt8]) -> String { Hex.encode(Array(SHA256.hash(data: number).prefix(8))) }

  private func noteRefused(_ refusal: ExchangeRefusal, _ now: Moment) {
    guard let count = exchanges.refusals.count(refusal.code, at: now) else { return }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .session, action: "vault.card.refused", outcome: .refused)
    record.count = count
    record.note = refusal.code
    // When this row cannot be written either, the refusal stands and the count goes on.
    if (try? write { try VaultLog($0).append(record) }) == nil { exchanges.refusals.restore(refusal.code, count: count) }
  }

  private func noteClone(_ open: OpenCardExchange, _ now: Moment) throws {
    let number = Self.short(open.number)
    guard let count = exchanges.clones.count(number, at: now) else { return }
    do {
      try write { try alarm("card.clone", "\(open.script) card \(number)", times: count, $0, now) }
    } catch {
      exchanges.clones.restore(number, count: count)
      throw error
    }
  }

  private func noteFlood(_ now: Moment) throws {
    guard let count = exchanges.floods.count(true, at: now) else { return }
    do {
      let note = "refused: \(CardExchanges.mostBegun) were begun within a minute"
      try write { try alarm("cards.flooded", note, times: count, $0, now) }
    } catch {
      exchanges.floods.restore(true, count: count)
      throw error
    }
  }

  // MARK: The city's key

  func setCardKey(
    _ signed: SignedAct, _ sealed: [UInt8], _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws {
    let parameters = try check(signed, kind: Act.Kind.setCardKey, names: ["script", "sealed"], keys, now)
    guard parameters("sealed") == Hex.encode(Array(SHA256.hash(data: sealed))) else {
      throw VaultFailure.no(.actNotAllowed, "the act names another sealed key")
    }
    try authorise(signed, required: 2, VaultRegister(database))
    guard let message = try? CardKeyMessage(decoding: sealed) else {
      throw VaultFailure.no(.intakeMalformed, "not a key for a card script, sealed to this vault")
    }
    guard let script = try? CardScript(canonicalBytes: message.script), let definition = try? script.definition else {
      throw VaultFailure.no(.cardScriptMalformed, "no card script in its canonical form")
    }
    guard parameters("script") == script.id else { throw VaultFailure.no(.actNotAllowed, "the act names another script") }
    let plaintext = try open(message, keys)
    guard plaintext.count == script.keyLength, CardKeyStrength.isFit(plaintext, for: script.kind) else {
      throw VaultFailure.no(
        .intakeMalformed, "a key of \(script.keyLength) bytes that is not a maker's, and whose parts differ")
    }
    var register = ReleaseRegister(database, keys)
    let former = try register.cardKey(of: script.id)
    guard try former != nil || register.cardKeyCount() < VaultCardKey.most else {
      throw VaultFailure.no(.actNotAllowed, "at most \(VaultCardKey.most) keys")
    }
    let place = CardKeyPlace(script: script.id, version: (former?.place.version ?? 0) + 1, definition: definition)
    try register.put(
      KeptCardKey(
        place: place, setAt: now.wallMilliseconds,
        kept: keys.ring.seal(plaintext, at: place, salt: environment.random(32))))
    try record("cardkey.set", signed, database, now) {
      $0.note = "\(script.id) version \(place.version) \(script.kind.name) \(Hex.encode(definition))"
    }
    try register.writeSum()
  }

  private func open(_ message: CardKeyMessage, _ keys: VaultKeys) throws -> Secret<CardKey> {
    let data = CardKeyMessage.associatedData(instance: keys.instance, script: message.script)
    guard let intake = keys.intake(message.key),
      let plaintext = try? intake.open(
        SealedMessage(encapsulated: message.encapsulated, ciphertext: message.ciphertext),
        info: CardKeyMessage.info(suite: intake.suite.rawValue, key: message.key), associatedData: data, as: CardKey.self)
    else { throw VaultFailure.no(.intakeMalformed, "not sealed to this vault for this script") }
    return plaintext
  }

  /// A damaged row is an alarm, at most once a minute, and nothing else is said of it.
  func undamaged<R>(at now: Moment, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let damaged as DamagedRow {
      if isDamageToldNow(at: now) { try write { try alarm("register.damaged", damaged.table, $0, now) } }
      throw VaultFailure.no(.storeUnavailable, "a row of the register is not what was written")
    }
  }
}
