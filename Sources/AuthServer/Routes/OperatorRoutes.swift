import AuditLog
import AuthAPI
import AuthTerms
import Hummingbird
import Storage
import VaultLink

/// What operators ask, over the unix socket, where the peer's uid is who they are, or over TLS with the key on their card.
/// Their role is what they may, the same at both doors.
struct OperatorRoutes: Sendable {
  let services: Services
  let checkpoints: CheckpointService
  let witnesses: WitnessService
  let backups: BackupDesk
  let rehearsals: RehearsalDesk
  /// `nil` where people are imported from files.
  let directory: DirectoryService?
  let purge: PurgeService?
  let challenges = EnrolmentChallenges()
  let sharedCards = SharedCardEnrolments()
  let auditPacks = OpenAuditPacks()
  let status: @Sendable () async throws -> InstanceStatus

  static let everybody: Set<OperatorRole> = [.administrator, .desk, .auditor]
  static let desks: Set<OperatorRole> = [.administrator, .desk]
  static let administrators: Set<OperatorRole> = [.administrator]
  static let readers: Set<OperatorRole> = [.administrator, .auditor]

  func add(to router: Router<SanmonRequestContext>) {
    addInstance(to: router)
    addAudit(to: router)
    addAuditPacks(to: router)
    addPeople(to: router)
    addCards(to: router)
    addPalms(to: router)
    addSessions(to: router)
    addWorkstations(to: router)
    addOperators(to: router)
    addWaivers(to: router)
    addClock(to: router)
    addDirectory(to: router)
    addAccess(to: router)
    addBackups(to: router)
    addVault(to: router)
    addCardLife(to: router)
    addCodes(to: router)
    addNumberCards(to: router)
    addFirstTaps(to: router)
    addWorkstationPlaces(to: router)
    addExternalPeople(to: router)
  }

  func require(_ roles: Set<OperatorRole>, _ context: SanmonRequestContext) async throws -> OperatorRecord {
    try OperatorDirectory(services: services).require(roles, await acting(context))
  }

  private func acting(_ context: SanmonRequestContext) async throws -> ActingOperator {
    switch context.identity {
    case .unixPeer(_, let userName): return try await OperatorDirectory(services: services).acting(unixUser: userName)
    case .operatorCertificate:
      guard let acting = context.cardOperator else { throw Refusal(.operatorNotAllowed, reference: nil) }
      return acting
    case .certificate, .anonymous: throw Refusal(.operatorNotAllowed, reference: nil)
    }
  }

  // MARK: The instance and its rules

  private func addInstance(to router: Router<SanmonRequestContext>) {
    router.get("/v1/admin/status") { _, context in
      // Any named user may ask how the server is, before the first operator exists too.
      _ = try await acting(context)
      return try JSONAnswer(await status())
    }
    router.post("/v1/admin/policy/reload") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(await PolicyService(services: services).reload(cause: "operator", by: operatorRecord.id))
    }
    router.get("/v1/admin/policy/pending") { _, context in
      _ = try await require(Self.readers, context)
      return try JSONAnswer(await PolicyService(services: services).pending())
    }
    router.get("/v1/admin/policy/trial") { _, context in
      let operatorRecord = try await require(Self.readers, context)
      return try JSONAnswer(await PolicyService(services: services).trial(by: operatorRecord))
    }
    router.post("/v1/admin/explain") { request, context in
      _ = try await require(Self.everybody, context)
      let message = try await JSONBody.decode(ExplainRequest.self, from: request, context: context)
      return try JSONAnswer(await PolicyService(services: services).explain(message))
    }
  }

  // MARK: The log

  private func addAudit(to router: Router<SanmonRequestContext>) {
    router.get("/v1/admin/audit") { request, context in
      let operatorRecord = try await require(Self.readers, context)
      let (query, purpose) = try AuditQueryItems.query(request)
      return try JSONAnswer(await AuditService(services: services).page(query, for: purpose, by: operatorRecord))
    }
    router.get("/v1/admin/audit/export") { request, context in
      let operatorRecord = try await require(Self.readers, context)
      let (query, format, purpose) = try AuditQueryItems.export(request)
      return try await AuditExport(services: services).answer(query, as: format, for: purpose, by: operatorRecord)
    }
    router.get("/v1/admin/audit/checkpoint") { _, context in
      _ = try await require(Self.readers, context)
      let note = try await VaultAnswers.ask { try await checkpoints.sign() }
      let keys = try await VaultAnswers.ask { try await services.vault.publicKeys() }
      return try JSONAnswer(
        CheckpointAnswer(note: note, verifierKey: keys.checkpointVerifier, witnessed: await witnesses.witnessed()))
    }
    router.get("/v1/admin/audit/:sequence") { request, context in
      let operatorRecord = try await require(Self.readers, context)
      guard let sequence = context.parameters.get("sequence").flatMap({ UInt64($0) }), sequence < UInt64(Int64.max) else {
        throw HTTPFault.notFound
      }
      let purpose = try AuditQueryItems.purpose(request)
      return try JSONAnswer(await AuditService(services: services).row(sequence, for: purpose, by: operatorRecord))
    }
    router.get("/v1/admin/why") { request, context in
      let operatorRecord = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard let day = items.get("day").flatMap({ Int($0) }), (0...200_000).contains(day), let text = items.get("reference")
      else { throw HTTPFault.malformed(.query) }
      let reference = try Reference(parsing: text)
      return try JSONAnswer(await AuditService(services: services).why(reference, day: day, by: operatorRecord))
    }
  }

  // MARK: People and cards

  private func addPeople(to router: Router<SanmonRequestContext>) {
    let desk = PeopleDesk(services: services)
    router.post("/v1/admin/people") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(PeopleImport.self, from: request, context: context)
      return try JSONAnswer(await desk.importPeople(message, by: operatorRecord.id))
    }
    router.get("/v1/admin/people") { request, context in
      _ = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard let limit = Int(items.get("limit") ?? "50"), (1...1000).contains(limit) else { throw HTTPFault.malformed(.query) }
      let text = items.get("q") ?? ""
      guard text.unicodeScalars.count <= 200 else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(await desk.list(matching: text, limit: limit))
    }
    router.get("/v1/admin/people/:person") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.show(context.identifier("person", as: PersonTag.self)))
    }
    router.post("/v1/admin/people/:person/password") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let person = try context.identifier("person", as: PersonTag.self)
      let message = try await JSONBody.decode(PasswordSetting.self, from: request, context: context)
      try await desk.setPassword(message, of: person, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
  }

  private func addCards(to router: Router<SanmonRequestContext>) {
    let desk = CardDesk(services: services, challenges: challenges)
    router.get("/v1/admin/cards") { request, context in
      _ = try await require(Self.everybody, context)
      guard let person = request.uri.queryParameters.get("person") else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(await desk.list(person: PersonID(parsing: person)))
    }
    router.post("/v1/admin/cards/challenge") { request, context in
      _ = try await require(Self.desks, context)
      let message = try await JSONBody.decode(CardChallengeRequest.self, from: request, context: context)
      return try JSONAnswer(await desk.challenge(message))
    }
    router.post("/v1/admin/cards") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(CardEnrolment.self, from: request, context: context)
      return try JSONAnswer(await desk.enrol(message, by: operatorRecord), .created)
    }
    let shared = SharedCardDesk(services: services, open: sharedCards)
    router.post("/v1/admin/cards/shared") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(SharedCardEnrolment.self, from: request, context: context)
      return try JSONAnswer(await shared.begin(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/cards/shared/:exchange") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let exchange = try context.identifier("exchange", as: SharedCardTag.self)
      let message = try await JSONBody.decode(SharedCardAnswers.self, from: request, context: context)
      return try JSONAnswer(await shared.go(on: exchange.text, message, by: operatorRecord))
    }
    router.post("/v1/admin/cards/:card/state") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let card = try context.identifier("card", as: CardTag.self)
      let message = try await JSONBody.decode(CardStateChange.self, from: request, context: context)
      return try JSONAnswer(await desk.change(card, to: message, by: operatorRecord))
    }
    let resets = PINResetDesk(services: services)
    router.post("/v1/admin/cards/pin-resets") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(PINResetBegin.self, from: request, context: context)
      return try JSONAnswer(await resets.begin(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/cards/:card/pin-reset") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let card = try context.identifier("card", as: CardTag.self)
      let message = try await JSONBody.decode(PINResetEnd.self, from: request, context: context)
      return try JSONAnswer(await resets.end(card, message, by: operatorRecord))
    }
  }

  // MARK: Sessions, workstations and operators

  private func addSessions(to router: Router<SanmonRequestContext>) {
    let desk = SessionDesk(services: services)
    router.get("/v1/admin/sessions") { request, context in
      _ = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard items.allSatisfy({ ["person", "workstation"].contains($0.key) }) else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(
        await desk.list(
          person: items.get("person").map { try PersonID(parsing: $0) },
          workstation: items.get("workstation").map { try WorkstationID(parsing: $0) }))
    }
    router.post("/v1/admin/sessions/:session/end") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let session = try context.identifier("session", as: SessionTag.self)
      let message = try await JSONBody.decode(SessionEndRequest.self, from: request, context: context)
      return try JSONAnswer(await desk.end(session, reason: message.reason, by: operatorRecord))
    }
  }

  private func addWorkstations(to router: Router<SanmonRequestContext>) {
    let desk = WorkstationDesk(services: services)
    router.get("/v1/admin/workstations") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.list())
    }
    router.post("/v1/admin/workstations/codes") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(WorkstationCodeRequest.self, from: request, context: context)
      return try JSONAnswer(await desk.code(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/workstations/:workstation/revoke") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let workstation = try context.identifier("workstation", as: WorkstationTag.self)
      let message = try await JSONBody.decode(WorkstationRevocation.self, from: request, context: context)
      return try JSONAnswer(await desk.revoke(workstation, message, by: operatorRecord))
    }
  }

  private func addOperators(to router: Router<SanmonRequestContext>) {
    let desk = OperatorDesk(services: services)
    router.get("/v1/admin/operators") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.list())
    }
    router.post("/v1/admin/operators/first") { request, context in
      let acting = try await acting(context)
      let message = try await JSONBody.decode(FirstOperator.self, from: request, context: context)
      return try JSONAnswer(await desk.first(message, from: acting), .created)
    }
    router.post("/v1/admin/operators") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(OperatorAddition.self, from: request, context: context)
      return try JSONAnswer(await desk.add(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/operators/:operator/remove") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let leaver = try context.identifier("operator", as: OperatorTag.self)
      let message = try await JSONBody.decode(OperatorRemoval.self, from: request, context: context)
      return try JSONAnswer(await desk.remove(leaver, message, by: operatorRecord))
    }
  }
}
