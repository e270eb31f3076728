import AuthAPI
import Hummingbird

extension OperatorRoutes {
  func addExternalPeople(to router: Router<SanmonRequestContext>) {
    let desk = ExternalDesk(services: services)
    router.get("/v1/admin/external-people") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.list())
    }
    router.post("/v1/admin/external-people") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(ExternalAct.self, from: request, context: context)
      return try JSONAnswer(await desk.add(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/external-people/extend") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(ExternalAct.self, from: request, context: context)
      return try JSONAnswer(await desk.extend(message, by: operatorRecord))
    }
    router.post("/v1/admin/external-people/end") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(ExternalAct.self, from: request, context: context)
      return try JSONAnswer(await desk.end(message, by: operatorRecord))
    }
  }
}
