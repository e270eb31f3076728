import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Sealing

// What an administrator does once before anything is released: cards, applications, passwords.

extension Desk {
  /// Signs every enrolled card into the vault's own register.
  package func signCards() async throws {
    var pending: VaultCardsPending = try await link.fetch("/v1/admin/vault/cards")
    while !pending.cards.isEmpty {
      let cards = try pending.cards.map {
        VaultCard(key: try KeyFingerprint(hex: $0.key), person: try PersonID(parsing: $0.person), isWithdrawn: $0.isWithdrawn)
      }
      let hash = Hex.encode(Array(SHA256.hash(data: VaultCard.canonicalBytes(cards))))
      let act = try sign(Act.Kind.registerCards, ["cards": hash], with: [])
      pending = try await link.call(
        "POST", "/v1/admin/vault/cards", VaultCardsAct(cards: pending.cards, act: Data(act.encoded)))
    }
  }

  /// Publishes the applications of the server's files that this segment has.
  package func publishApplications() async throws -> [LoadApplication] {
    let all: [ApplicationSummary] = try await link.fetch("/v1/admin/vault/applications")
    var published: [LoadApplication] = []
    // The logon to Windows is given to a rotator's people alone.
    for one in all where one.segments.contains("lgwan") && one.application != "windows" {
      guard let definition = one.definition else { continue }
      let act = try sign(
        Act.Kind.publishApplication,
        [
          "application": one.application, "segments": "lgwan", "definition": definition,
          "freshness": String(one.freshnessSeconds),
        ], with: [])
      let _: NoBody = try await link.call("POST", "/v1/admin/vault/applications", VaultActMessage(act: Data(act.encoded)))
      published.append(
        LoadApplication(id: try ApplicationID(parsing: one.application), definition: try Hex.decode(definition)))
    }
    return published
  }

  /// Has keys of the vault renewed.
  /// - Parameter layers: in the order of `VaultLayer`.
  package func rotateKeys(_ layers: [String]) async throws {
    let act = try sign(Act.Kind.rotateKeys, ["layers": layers.joined(separator: " ")], with: [])
    let _: NoBody = try await link.call("POST", "/v1/admin/vault/rotation", VaultActMessage(act: Data(act.encoded)))
  }

  /// Layers whose renewal has not ended.
  package func keysUnderWay() async throws -> Int {
    let keys: [VaultKeySummary] = try await link.fetch("/v1/admin/vault/rotation")
    return keys.count(where: \.isUnderWay)
  }

  /// - Returns: the key that releases are signed with.
  package func setCredentials(_ people: [String], at applications: [LoadApplication]) async throws -> LoadVaultKey {
    let message: VaultKeysMessage = try await link.fetch("/v1/admin/vault/keys")
    let keys = message.keys
    guard let suite = SealingSuite(rawValue: keys.intakeSuite) else {
      throw RunFault("鍵庫の鍵がわかりません。", "the vault's key is of an unknown kind")
    }
    let key = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let instance = try InstanceID(parsing: message.instance)
    let all = people.flatMap { person in applications.map { (person, $0) } }
    _ = try await all.inParallel(8) { person, application in
      let credential = try StoredCredential(
        user: LoadApplication.user(of: person), password: Secret(copying: Array(application.password(of: person).utf8)))
      let sealed = try suite.seal(
        credential.plaintext, to: keys.intake, info: IntakeMessage.info(suite: suite.rawValue, key: key),
        associatedData: IntakeMessage.associatedData(
          instance: instance, person: PersonID(parsing: person), application: application.id, account: ""))
      let intake = IntakeMessage(key: key, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext).encoded
      let act = try self.sign(
        Act.Kind.setCredential,
        [
          "person": person, "application": application.id.text, "account": "",
          "sealed": Hex.encode(Array(SHA256.hash(data: intake))),
        ], with: [])
      let _: NoBody = try await self.link.call(
        "POST", "/v1/admin/vault/credentials", VaultCredentialAct(sealed: Data(intake), act: Data(act.encoded)))
      return true
    }
    return try LoadVaultKey(keys.ticket)
  }
}
