import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import GRDB
import Sealing
import Synchronization

// What administrators say about cards, applications and credentials, each time by their own key.

extension VaultService {
  func registerCards(
    _ signed: SignedAct, _ cards: [VaultCard], _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws {
    let parameters = try check(signed, kind: Act.Kind.registerCards, names: ["cards"], keys, now)
    guard (1...VaultCard.mostAtOnce).contains(cards.count), Set(cards.map(\.key)).count == cards.count else {
      throw VaultFailure.no(.requestMalformed, "1 to \(VaultCard.mostAtOnce) cards, each once")
    }
    guard parameters("cards") == Hex.encode(Array(SHA256.hash(data: VaultCard.canonicalBytes(cards)))) else {
      throw VaultFailure.no(.actNotAllowed, "the act names other cards")
    }
    try authorise(signed, required: 1, VaultRegister(database))
    var register = ReleaseRegister(database, keys)
    for card in cards {
      if let former = try register.card(card.key) {
        guard former.person == card.person else {
          throw VaultFailure.no(.actNotAllowed, "a key that is one person's never becomes another's")
        }
        guard !former.isWithdrawn || card.isWithdrawn else {
          throw VaultFailure.no(.actNotAllowed, "a key that was withdrawn stays so")
        }
      }
      try register.put(card)
    }
    try record("cards.registered", signed, database, now) {
      $0.count = Int64(cards.count)
      let withdrawn = cards.count(where: \.isWithdrawn)
      $0.note = "\(cards.count - withdrawn) registered \(withdrawn) withdrawn"
    }
    try register.writeSum()
  }

  func publishApplication(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let isWindows = signed.act.parameters["kind"] != nil
    let names: Set<String> = ["application", "segments", "definition", "freshness"]
    let parameters = try check(
      signed, kind: Act.Kind.publishApplication, names: isWindows ? names.union(["kind"]) : names, keys, now)
    try authorise(signed, required: 1, VaultRegister(database))
    let places = parameters("segments").isEmpty ? [] : parameters("segments").components(separatedBy: " ")
    guard !isWindows || parameters("kind") == "windows", let id = try? ApplicationID(parsing: parameters("application")),
      let segments = try? places.map({ try Segment(parsing: $0) }), Set(segments).count == segments.count,
      let definition = try? Hex.decode(parameters("definition")), definition.count == 32,
      let seconds = Int(parameters("freshness")), String(seconds) == parameters("freshness"), (60...86_400).contains(seconds)
    else {
      throw VaultFailure.no(.actNotAllowed, "an application, different segments, a SHA-256, and 60 to 86400 seconds")
    }
    guard segments.allSatisfy(keys.segments.contains) else {
      throw VaultFailure.no(.segmentNotServed, "this instance does not serve that segment")
    }
    var register = ReleaseRegister(database, keys)
    let others = try register.applications().count { $0.id != id }
    guard segments.isEmpty || others < VaultApplication.most else {
      throw VaultFailure.no(.actNotAllowed, "at most \(VaultApplication.most) applications")
    }
    try register.put(
      VaultApplication(id: id, segments: segments, definition: definition, freshnessSeconds: seconds, isWindows: isWindows))
    try record(segments.isEmpty ? "application.withdrawn" : "application.published", signed, database, now) {
      $0.note = "\(id.text) \(segments.map(\.name).joined(separator: "+")) \(Hex.encode(definition)) \(seconds) s"
      if isWindows { $0.note += " windows" }
    }
    try register.writeSum()
  }

  func setCredential(
    _ signed: SignedAct, _ sealed: [UInt8], _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws {
    let parameters = try check(
      signed, kind: Act.Kind.setCredential, names: ["person", "application", "account", "sealed"], keys, now)
    guard parameters("sealed") == Hex.encode(Array(SHA256.hash(data: sealed))) else {
      throw VaultFailure.no(.actNotAllowed, "the act names another sealed credential")
    }
    try authorise(signed, required: 1, VaultRegister(database))
    guard let person = try? PersonID(parsing: parameters("person")),
      let id = try? ApplicationID(parsing: parameters("application")), SessionAct.isAccount(parameters("account"))
    else { throw VaultFailure.no(.actNotAllowed, "a person, an application and an account") }
    var register = ReleaseRegister(database, keys)
    guard try register.application(id) != nil else {
      throw VaultFailure.no(.applicationUnknown, "no such application is published")
    }
    let version = try keep(sealed, person, id, parameters("account"), &register, keys, now)
    try record("credential.set", signed, database, now) {
      $0.person = person
      $0.note = "\(id.text) \(parameters("account").isEmpty ? "-" : parameters("account")) version \(version)"
    }
    try register.writeSum()
  }

  /// At start: are the registers what was written last, and how much was asked for within the last minute?
  func beginReleases() throws(VaultStartFault) {
    do {
      try readRegisters()
    } catch let fault as VaultStartFault {
      throw fault
    } catch {
      throw VaultStartFault(.state, "could not read the registers: \(VaultDatabase.reason(error))")
    }
  }

  private func readRegisters() throws {
    let now = environment.now()
    guard let keys = keys.withLock({ $0 }) else { return }
    try write { database in
      let register = ReleaseRegister(database, keys)
      let finding = try register.finding()
      guard finding != .operatorsChanged else {
        throw VaultStartFault(
          .state, "the operators are not those whose acts this vault wrote down last, or the register is older than the log")
      }
      if finding == .rowsChanged, try !register.isStopped {
        try register.stop(true)
        try alarm("register.changed", "rows are not those that were written last: releases are stopped", database, now)
      }
      let burned = try Row.fetchCursor(
        database, sql: "SELECT kind, keys, burned_at FROM tickets WHERE burned_at > ? ORDER BY burned_at",
        arguments: [now.wallMilliseconds - ReleaseRates.minute])
      while let row = try burned.next() {
        let (word, keys, time): (String, Data, Int64) = (row[0], row[1], row[2])
        guard let kind = SessionAct.Kind(rawValue: word) else { continue }
        rates.note(kind, Array(keys), at: now.monotonicMilliseconds - max(0, now.wallMilliseconds - time))
      }
    }
  }

  func resumeReleases(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    _ = try check(signed, kind: Act.Kind.resumeReleases, names: [], keys, now)
    try authorise(signed, required: 1, VaultRegister(database))
    let register = ReleaseRegister(database, keys)
    try register.stop(false)
    // After rows were put back or bent, somebody who looked says that what is left counts.
    let removed = try register.finding() == .asWritten ? 0 : register.acceptAsIs()
    try record("releases.resumed", signed, database, now) { $0.note = "\(removed) rows removed" }
  }
}
