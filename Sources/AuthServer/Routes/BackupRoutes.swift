import AuthAPI
import AuthTerms
import Hummingbird
import Storage

extension OperatorRoutes {
  func addBackups(to router: Router<SanmonRequestContext>) {
    router.post("/v1/admin/backups") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(backups.begin(by: operatorRecord.id), .accepted)
    }
    router.get("/v1/admin/backups/:backup") { _, context in
      _ = try await require(Self.administrators, context)
      return try JSONAnswer(backups.look(at: context.identifier("backup", as: Never.self).text))
    }
    router.get("/v1/admin/backups/:backup/pieces") { request, context in
      _ = try await require(Self.administrators, context)
      let id = try context.identifier("backup", as: Never.self)
      guard let offset = request.uri.queryParameters.get("offset").flatMap({ UInt64($0) }), offset <= UInt64(Int64.max) else {
        throw HTTPFault.malformed(.query)
      }
      return try JSONAnswer(backups.piece(of: id.text, at: offset))
    }
    router.post("/v1/admin/backups/:backup/taken") { request, context in
      _ = try await require(Self.administrators, context)
      try await JSONBody.requireNone(in: request)
      try backups.taken(context.identifier("backup", as: Never.self).text)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    let desk = RestoreDesk(services: services, checkpoints: checkpoints)
    router.get("/v1/admin/restore") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.state())
    }
    router.post("/v1/admin/restore/approve") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(RestoreAct.self, from: request, context: context)
      return try JSONAnswer(await desk.approve(message, by: operatorRecord))
    }
  }
}
