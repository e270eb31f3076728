import AuthAPI
import Hummingbird

extension OperatorRoutes {
  func addClock(to router: Router<SanmonRequestContext>) {
    let desk = ClockDesk(services: services)
    router.get("/v1/admin/clock") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(desk.status())
    }
    router.post("/v1/admin/clock/accept") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(ClockAct.self, from: request, context: context)
      return try JSONAnswer(await desk.accept(message, by: operatorRecord))
    }
  }
}
