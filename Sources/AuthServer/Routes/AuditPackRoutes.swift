import AuthAPI
import AuthTerms
import Hummingbird

extension OperatorRoutes {
  func addAuditPacks(to router: Router<SanmonRequestContext>) {
    let desk = AuditPackDesk(services: services, checkpoints: checkpoints, open: auditPacks)
    router.post("/v1/admin/audit-packs") { request, context in
      let operatorRecord = try await require(Self.readers, context)
      let message = try await JSONBody.decode(AuditPackRequest.self, from: request, context: context)
      return try JSONAnswer(await desk.begin(message, by: operatorRecord), .created)
    }
    router.get("/v1/admin/audit-packs/:pack/rows") { request, context in
      let operatorRecord = try await require(Self.readers, context)
      let pack = try context.identifier("pack", as: Never.self)
      let items = request.uri.queryParameters
      guard items.allSatisfy({ $0.key == "from" }), let from = items.get("from").flatMap({ UInt64($0) }),
        from <= UInt64(Int64.max)
      else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(await desk.rows(of: pack.text, from: from, by: operatorRecord))
    }
  }
}
