import AuthAPI
import AuthTerms
import Hummingbird

extension OperatorRoutes {
  func addCodes(to router: Router<SanmonRequestContext>) {
    let desk = VaultDesk(services: services)
    router.get("/v1/admin/codes") { request, context in
      _ = try await require(Self.everybody, context)
      let person = try request.uri.queryParameters.get("person").map { try PersonID(parsing: $0) }
      return try JSONAnswer(await desk.sheets(of: person))
    }
    router.post("/v1/admin/codes") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      return try JSONAnswer(await desk.issueCodes(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/codes/withdraw") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.withdrawCodes(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
  }
}
