import AuthAPI
import Hummingbird

extension OperatorRoutes {
  func addNumberCards(to router: Router<SanmonRequestContext>) {
    let desk = NumberCardDesk(services: services)
    router.post("/v1/admin/cards/numbers") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(NumberCardEnrolment.self, from: request, context: context)
      return try JSONAnswer(await desk.enrol(message, by: operatorRecord), .created)
    }
    // Many people's cards at once are the administrators' work, as the list of people is.
    router.post("/v1/admin/cards/numbers/import") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(NumberCardImport.self, from: request, context: context)
      return try JSONAnswer(await desk.take(message, by: operatorRecord))
    }
    let report = CardReportDesk(services: services)
    router.get("/v1/admin/cards/report") { request, context in
      _ = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard items.allSatisfy({ $0.key == "class" }) else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(await report.report(items.get("class")))
    }
  }
}
