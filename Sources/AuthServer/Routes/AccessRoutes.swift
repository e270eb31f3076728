import AuthAPI
import Hummingbird

extension OperatorRoutes {
  func addAccess(to router: Router<SanmonRequestContext>) {
    let desk = AccessDesk(services: services)
    router.get("/v1/admin/directory/access") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.list())
    }
    router.post("/v1/admin/directory/access/plan") { request, context in
      _ = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(AccessQuestion.self, from: request, context: context)
      return try JSONAnswer(await desk.preview(message))
    }
    router.post("/v1/admin/directory/access/approve") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(AccessApproval.self, from: request, context: context)
      return try JSONAnswer(await desk.approve(message, by: operatorRecord))
    }
    router.post("/v1/admin/directory/access/on") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(AccessSwitch.self, from: request, context: context)
      return try JSONAnswer(await desk.turn(on: true, message, by: operatorRecord))
    }
    router.post("/v1/admin/directory/access/off") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(AccessSwitch.self, from: request, context: context)
      return try JSONAnswer(await desk.turn(on: false, message, by: operatorRecord))
    }
  }
}
