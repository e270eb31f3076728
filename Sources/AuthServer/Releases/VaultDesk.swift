import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage
import VaultLink

/// What operators ask of the vault through this server: it carries acts that it cannot make, and words that it cannot open.
struct VaultDesk: Sendable {
  let services: Services

  func keys() async throws -> VaultKeysMessage {
    let (keys, roots) = try await VaultAnswers.ask {
      (try await services.vault.publicKeys(), try await services.vault.trustRoots())
    }
    guard let root = roots.first else { throw Refusal(.vaultUnavailable, reference: nil) }
    return VaultKeysMessage(instance: services.instance.instance, keys: keys, authority: root)
  }

  // MARK: Cards

  /// Keys of cards in force that the vault does not know, and keys that it still takes of cards that never come back.
  ///
  /// Keys of stock cards are not among them: whose they are changes from day to day, and the vault believes that of two
  /// signatures only.
  func pending() async throws -> VaultCardsPending {
    let known = Dictionary(uniqueKeysWithValues: try await vaultCards().map { ($0.key, $0) })
    var differing: [VaultCardMessage] = []
    var last: KeyFingerprint?
    while true {
      let page = try await services.store.read { [last] (state) throws(StorageFault) in
        try state.cardKeys(after: last, limit: VaultCard.mostAtOnce)
      }
      // What shares a key signs nothing: the vault's register of cards is for keys that do.
      for card in page where card.profile == "piv" || card.profile == CertificateCard.profile {
        guard let person = card.person else { continue }
        switch (card.state, known[card.key]) {
        case (.active, nil): differing.append(Self.message(card, of: person, isWithdrawn: false))
        case (.active, let there?) where !there.isWithdrawn && there.person != person:
          differing.append(Self.message(card, of: person, isWithdrawn: false))
        case (let state, let there?) where state.isFinal && !there.isWithdrawn:
          differing.append(Self.message(card, of: person, isWithdrawn: true))
        default: continue
        }
      }
      guard page.count == VaultCard.mostAtOnce, let end = page.last else { break }
      last = end.key
    }
    return VaultCardsPending(cards: Array(differing.prefix(VaultCard.mostAtOnce)), count: differing.count)
  }

  private static func message(_ card: KnownCardKey, of person: PersonID, isWithdrawn: Bool) -> VaultCardMessage {
    VaultCardMessage(key: card.key.hex, person: person.text, isWithdrawn: isWithdrawn)
  }

  private func vaultCards() async throws -> [VaultCard] {
    var cards: [VaultCard] = []
    while true {
      let last = cards.last?.key.bytes ?? []
      let page = try await VaultAnswers.ask { try await services.vault.listCards(after: last) }
      cards += page
      guard page.count == VaultCard.mostAtOnce else { return cards }
    }
  }

  /// - Returns: what differs afterwards.
  func register(_ message: VaultCardsAct, by acting: OperatorRecord) async throws -> VaultCardsPending {
    let act = try signed(message.act, Act.Kind.registerCards, by: acting)
    guard (1...VaultCard.mostAtOnce).contains(message.cards.count) else { throw HTTPFault.malformed(.value) }
    let cards = try message.cards.map { card in
      VaultCard(
        key: try KeyFingerprint(hex: card.key), person: try PersonID(parsing: card.person), isWithdrawn: card.isWithdrawn)
    }
    try await record("vault.cards", act, by: acting) { $0.count = Int64(cards.count) }
    try await VaultAnswers.ask { try await services.vault.registerCards(act, cards: cards) }
    return try await pending()
  }

  // MARK: Applications

  func applications() async throws -> [ApplicationSummary] {
    let published = try await VaultAnswers.ask { try await services.vault.listApplications() }
    let there = Dictionary(uniqueKeysWithValues: published.map { ($0.id, $0) })
    let files = services.policy.applications.applications.filter { definition in
      definition.segments.contains { services.instance.segments.contains($0) }
    }
    let known = files.map { definition in
      let hash = Array(SHA256.hash(data: definition.canonicalBytes))
      let state =
        switch there[definition.id] {
        case nil: "unpublished"
        case let found? where found.segments.isEmpty: "unpublished"
        case let found?: found.definition == hash ? "published" : "changed"
        }
      return ApplicationSummary(
        application: definition.id.text, nameJa: definition.nameJa, nameEn: definition.nameEn,
        segments: definition.segments.map(\.name), definition: Hex.encode(hash), freshnessSeconds: definition.freshnessSeconds,
        state: state)
    }
    let ids = Set(files.map(\.id))
    let orphans = published.filter { !ids.contains($0.id) && !$0.segments.isEmpty }.map { application in
      ApplicationSummary(
        application: application.id.text, nameJa: "", nameEn: "", segments: application.segments.map(\.name), definition: nil,
        freshnessSeconds: application.freshnessSeconds, state: "orphaned")
    }
    return known + orphans
  }

  func publish(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.publishApplication, by: acting)
    try await record("vault.application", act, by: acting) { $0.note = act.act.parameters["application"] ?? "" }
    defer { services.offers.forget() }
    try await VaultAnswers.ask { try await services.vault.publishApplication(act) }
  }

  // MARK: Credentials

  func set(_ message: VaultCredentialAct, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.setCredential, by: acting)
    let person = try PersonID(parsing: act.act.parameters["person"] ?? "")
    if try await !isKnown([person]), try await !isShared(person) { throw HTTPFault.notFound }
    try await record("vault.credential", act, by: acting) { record in
      record.person = person
      record.note = act.act.parameters["application"] ?? ""
    }
    try await VaultAnswers.ask { try await services.vault.setCredential(act, sealed: Array(message.sealed)) }
  }

  func credentials(person: PersonID?, application: ApplicationID?) async throws -> [CredentialSummary] {
    try await entries().filter { entry in
      (person == nil || entry.person == person) && (application == nil || entry.application == application)
    }.map { entry in
      CredentialSummary(
        person: entry.person.text, application: entry.application.text, account: entry.account,
        version: Int64(clamping: entry.version), state: entry.state.rawValue, setAt: entry.setAt,
        refusedVersion: entry.refused.map { Int64(clamping: $0.version) }, refusedAt: entry.refused?.at)
    }
  }

  private func entries() async throws -> [CredentialEntry] {
    var entries: [CredentialEntry] = []
    while true {
      let last = entries.last?.place ?? ""
      let page = try await VaultAnswers.ask { try await services.vault.listCredentials(after: last) }
      entries += page
      guard page.count == CredentialEntry.mostAtOnce else { return entries }
    }
  }

  /// Whether all of them are people of this server.
  func isKnown(_ people: [PersonID]) async throws -> Bool {
    try await services.store.read { (state) throws(StorageFault) in
      for person in people where try state.person(person) == nil { return false }
      return true
    }
  }

  /// Before anyone telephones: who may log on in a segment where an application is published, and could not sign in to it.
  func gaps() async throws -> CredentialGaps {
    let published = Set(try await applications().filter { $0.state != "unpublished" }.map(\.application))
    let applications = services.policy.applications.applications.filter { published.contains($0.id.text) }
    let entries = Dictionary(
      try await entries().map { ($0.place, $0) }, uniquingKeysWith: { one, _ in one })
    let deputies = try await deputiesInForce()
    let (policy, served) = (services.policy.policy, services.instance.segments)
    let day = services.local(services.surroundings.now()).day
    let waivers = services.waivers
    let (people, approved) = try await services.store.read { (state) throws(StorageFault) in
      var approved: [Segment: Set<WaiverHash>] = [:]
      for segment in served { approved[segment] = try waivers.approved(policy, in: segment, on: day, state: state) }
      return (try state.everybody(), approved)
    }
    let shared = SharedCredentials(deputies, people: Set(people.map(\.id)), published: published)
    var gaps = shared.gaps(entries)
    for person in people where person.isEnabled && person.lastDay.map({ $0 >= day }) ?? true {
      let segments = served.filter { segment in
        !policy.combinations(
          segment: segment, scenario: .logon, groups: person.groups, on: day, approved: approved[segment] ?? []
        ).isEmpty
      }
      for application in applications where application.segments.contains(where: segments.contains) {
        let reason: String
        let entry = entries["\(person.id.text)/\(application.id.text)/"]
        switch entry?.state {
        // Whoever signs in with a shared account needs none of her own.
        case nil where shared.serves(person.id, at: application.id): continue
        case nil: reason = "missing"
        case .refused: reason = "refused"
        case .mustChange: reason = "mustChange"
        // One that only waits is handed over too, and is told by the rotator's own round.
        case .current, .unconfirmed, .pending: continue
        }
        gaps.append(
          CredentialGap(
            person: person.id.text, displayName: person.displayName, department: person.departments.first ?? "",
            application: application.id.text, reason: reason, refusedAt: entry?.refusal))
      }
    }
    // What worked once and does not any more comes before what was never there.
    let order = ["refused": 0, "mustChange": 1]
    gaps.sort { one, other in
      (order[one.reason] ?? 2, one.application, one.department, one.person)
        < (order[other.reason] ?? 2, other.application, other.department, other.person)
    }
    return CredentialGaps(gaps: Array(gaps.prefix(500)), count: gaps.count)
  }

  func resume(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.resumeReleases, by: acting)
    try await record("vault.resume", act, by: acting) { _ in }
    try await VaultAnswers.ask { try await services.vault.resumeReleases(act) }
  }

  // MARK: Keys

  func keyTerms() async throws -> [VaultKeySummary] {
    try await VaultAnswers.ask { try await services.vault.listKeys() }.map(VaultKeySummary.init)
  }

  func rotate(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.rotateKeys, by: acting)
    let layers = try VaultLayer.parse(act.act.parameters["layers"] ?? "")
    try await record("vault.rotate", act, by: acting) { $0.note = VaultLayer.text(layers) }
    try await VaultAnswers.ask { try await services.vault.rotateKeys(act) }
  }

  // MARK: Acts

  /// The vault judges the signature; here only whether the one who brings it is the one who signed.
  func signed(_ bytes: Data, _ kind: String, by acting: OperatorRecord) throws -> SignedAct {
    let act = try SignedAct(decoding: Array(bytes))
    guard act.act.kind == kind, act.act.operatorID == acting.id else { throw HTTPFault.malformed(.value) }
    return act
  }

  /// Before the vault is asked: what was asked in an operator's name stands in the log, whatever comes of it there.
  func record(
    _ action: String, _ act: SignedAct, by acting: OperatorRecord, _ fill: (inout AuditRecord) -> Void
  ) async throws {
    let now = services.surroundings.now()
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .administration, action: action, outcome: .done)
    record.operatorID = acting.id
    fill(&record)
    let hash = Hex.encode(Array(SHA256.hash(data: act.act.canonicalBytes)))
    record.note = (record.note.isEmpty ? "" : record.note + " ") + "act \(hash)"
    try await services.recorder.commit(RecordOnly(record: record), now: now)
  }
}
