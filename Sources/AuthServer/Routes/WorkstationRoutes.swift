import AuthAPI
import AuthPolicy
import AuthTerms
import Hummingbird
import Storage

/// What workstations ask, over mTLS. Each handler reads, calls one service, answers.
struct WorkstationRoutes: Sendable {
  let services: Services
  let openAPI: [UInt8]

  func add(to router: Router<SanmonRequestContext>) {
    router.post("/v1/ceremonies") { request, context in
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(await CeremonyService(services: services).open(caller(context)), .created)
    }
    router.post("/v1/ceremonies/:ceremony/proofs") { request, context in
      let id = try context.identifier("ceremony", as: CeremonyTag.self)
      let message = try await JSONBody.decode(ProofsMessage.self, from: request, context: context)
      return try JSONAnswer(await CeremonyService(services: services).prove(id, message, caller(context)))
    }
    router.post("/v1/ceremonies/:ceremony/card") { request, context in
      let id = try context.identifier("ceremony", as: CeremonyTag.self)
      let message = try await JSONBody.decode(CardRoundMessage.self, from: request, context: context)
      return try JSONAnswer(await CeremonyService(services: services).show(id, message, caller(context)))
    }
    router.post("/v1/relinks") { request, context in
      let message = try await JSONBody.decode(RelinkBegin.self, from: request, context: context)
      return try JSONAnswer(await RelinkService(services: services).open(message, caller(context)), .created)
    }
    router.post("/v1/relinks/:ceremony/proof") { request, context in
      let id = try context.identifier("ceremony", as: CeremonyTag.self)
      let message = try await JSONBody.decode(RelinkProofMessage.self, from: request, context: context)
      return try JSONAnswer(await RelinkService(services: services).prove(id, message, caller(context)))
    }
    router.post("/v1/registrations") { request, context in
      let message = try await JSONBody.decode(FirstTapBegin.self, from: request, context: context)
      return try JSONAnswer(await FirstTapService(services: services).open(message, caller(context)), .created)
    }
    router.post("/v1/registrations/:ceremony/proof") { request, context in
      let id = try context.identifier("ceremony", as: CeremonyTag.self)
      let message = try await JSONBody.decode(FirstTapProofMessage.self, from: request, context: context)
      return try JSONAnswer(await FirstTapService(services: services).prove(id, message, caller(context)))
    }
    router.get("/v1/sessions/current") { _, context in
      let sessions = SessionService(services: services)
      guard let status = try await sessions.current(sessions.workstation(caller(context).certificate)) else {
        throw HTTPFault.notFound
      }
      return try JSONAnswer(status)
    }
    router.post("/v1/sessions/:session/lease") { request, context in
      let id = try context.identifier("session", as: SessionTag.self)
      try await JSONBody.requireNone(in: request)
      let sessions = SessionService(services: services)
      return try JSONAnswer(await sessions.renew(id, on: sessions.workstation(caller(context).certificate)))
    }
    router.post("/v1/sessions/:session/acts") { request, context in
      let id = try context.identifier("session", as: SessionTag.self)
      let message = try await JSONBody.decode(SessionActMessage.self, from: request, context: context)
      return try JSONAnswer(await ReleaseService(services: services).act(id, message, certificate: caller(context).certificate))
    }
    router.get("/v1/applications") { _, context in
      let workstation = try await SessionService(services: services).workstation(caller(context).certificate)
      return try JSONAnswer(await VaultDesk(services: services).offered(to: workstation))
    }
    router.get("/v1/vault/keys") { _, context in
      _ = try await SessionService(services: services).workstation(caller(context).certificate)
      return try JSONAnswer(await VaultDesk(services: services).keys())
    }
    router.post("/v1/sessions/:session/lock") { request, context in try await end(.lock, request, context) }
    router.post("/v1/sessions/:session/logoff") { request, context in try await end(.logoff, request, context) }
    router.post("/v1/events") { request, context in
      let event = try await JSONBody.decode(WorkstationEvent.self, from: request, context: context)
      let sessions = SessionService(services: services)
      try await sessions.report(event, from: sessions.workstation(caller(context).certificate))
      return JSONAnswer(encoded: Array("{}".utf8), .accepted)
    }
    router.get("/v1/watch") { _, context in
      let workstation = try await SessionService(services: services).workstation(caller(context).certificate)
      return WatchResponse(events: services.watch.listen(workstation.id))
    }
    router.post("/v1/workstation/renewal") { request, context in
      let message = try await JSONBody.decode(WorkstationRenewalRequest.self, from: request, context: context)
      guard case .certificate(let fingerprint, let der) = context.identity else {
        throw Refusal(.workstationUnknown, reference: nil)
      }
      let workstation = try await SessionService(services: services).workstation(fingerprint)
      return try JSONAnswer(await WorkstationDesk(services: services).renew(message, for: workstation, current: der))
    }
    router.get("/openapi.json") { _, _ in JSONAnswer(encoded: openAPI) }
  }

  private func end(
    _ kind: EndOrLockSession.Kind, _ request: Request, _ context: SanmonRequestContext
  ) async throws -> JSONAnswer {
    let id = try context.identifier("session", as: SessionTag.self)
    let message = try await JSONBody.decode(SessionEnding.self, from: request, context: context)
    let sessions = SessionService(services: services)
    let workstation = try await sessions.workstation(caller(context).certificate)
    return try JSONAnswer(await sessions.end(kind, id, cause: message.cause, on: workstation))
  }

  private func caller(_ context: SanmonRequestContext) throws -> CeremonyService.Caller {
    guard case .certificate(let certificate, _) = context.identity, let server = context.serverCertificate else {
      throw Refusal(.workstationUnknown, reference: nil)
    }
    return CeremonyService.Caller(
      certificate: certificate, serverCertificate: server, arrived: context.arrived.monotonicMilliseconds)
  }
}

/// The one route of the enrolment listener: whoever holds a code has no certificate yet.
struct EnrolmentRoutes: Sendable {
  let services: Services

  func add(to router: Router<SanmonRequestContext>) {
    router.post("/v1/enrolment/workstations") { request, context in
      let message = try await JSONBody.decode(WorkstationEnrolmentRequest.self, from: request, context: context)
      return try JSONAnswer(await WorkstationDesk(services: services).enrol(message), .created)
    }
  }
}
