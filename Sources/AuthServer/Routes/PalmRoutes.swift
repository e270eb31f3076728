import AuthAPI
import AuthTerms
import Hummingbird

extension OperatorRoutes {
  func addPalms(to router: Router<SanmonRequestContext>) {
    let desk = PalmDesk(services: services)
    router.get("/v1/admin/people/:person/palms") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.list(person: context.identifier("person", as: PersonTag.self)))
    }
    router.post("/v1/admin/people/:person/palms") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let person = try context.identifier("person", as: PersonTag.self)
      let message = try await JSONBody.decode(PalmEnrolment.self, from: request, context: context)
      return try JSONAnswer(await desk.enrol(message, of: person, by: operatorRecord))
    }
    router.get("/v1/admin/palms/report") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.report())
    }
    router.post("/v1/admin/palms/rekey") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(PalmRekeyStep.self, from: request, context: context)
      return try JSONAnswer(await PalmRing(services: services).step(begins: message.begins, by: operatorRecord))
    }
    router.post("/v1/admin/people/:person/palms/removal") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let person = try context.identifier("person", as: PersonTag.self)
      let message = try await JSONBody.decode(PalmRemoval.self, from: request, context: context)
      return try JSONAnswer(await desk.remove(message, of: person, by: operatorRecord))
    }
  }
}
