import AuthAPI
import Hummingbird

extension OperatorRoutes {
  func addWaivers(to router: Router<SanmonRequestContext>) {
    let desk = WaiverDesk(services: services)
    router.get("/v1/admin/policy/waivers") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.list())
    }
    router.post("/v1/admin/policy/waivers/approve") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(WaiverAct.self, from: request, context: context)
      return try JSONAnswer(await desk.approve(message, by: operatorRecord))
    }
    router.post("/v1/admin/policy/waivers/withdraw") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(WaiverAct.self, from: request, context: context)
      return try JSONAnswer(await desk.withdraw(message, by: operatorRecord))
    }
  }
}
