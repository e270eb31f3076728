import AuthAPI
import AuthTerms
import Hummingbird

extension OperatorRoutes {
  func addVault(to router: Router<SanmonRequestContext>) {
    let desk = VaultDesk(services: services)
    router.get("/v1/admin/vault/keys") { _, context in
      _ = try await require(Self.administrators, context)
      return try JSONAnswer(await desk.keys())
    }
    router.get("/v1/admin/vault/cards") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.pending())
    }
    router.post("/v1/admin/vault/cards") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultCardsAct.self, from: request, context: context)
      return try JSONAnswer(await desk.register(message, by: operatorRecord))
    }
    router.get("/v1/admin/vault/applications") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.applications())
    }
    router.post("/v1/admin/vault/applications") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.publish(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.get("/v1/admin/vault/gaps") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.gaps())
    }
    router.post("/v1/admin/vault/credentials") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultCredentialAct.self, from: request, context: context)
      try await desk.set(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.get("/v1/admin/vault/credentials") { request, context in
      _ = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      return try JSONAnswer(
        await desk.credentials(
          person: items.get("person").map { try PersonID(parsing: $0) },
          application: items.get("application").map { try ApplicationID(parsing: $0) }))
    }
    router.get("/v1/admin/vault/deputies") { request, context in
      _ = try await require(Self.everybody, context)
      let person = try request.uri.queryParameters.get("person").map { try PersonID(parsing: $0) }
      return try JSONAnswer(await desk.deputies(of: person))
    }
    router.post("/v1/admin/vault/deputies") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.setDeputies(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.get("/v1/admin/vault/card-keys") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.cardKeys())
    }
    router.post("/v1/admin/vault/card-keys") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultCardKeyAct.self, from: request, context: context)
      try await desk.setCardKey(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.post("/v1/admin/vault/card-keys/removal") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.removeCardKey(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.get("/v1/admin/vault/alarms") { request, context in
      _ = try await require(Self.everybody, context)
      let all = request.uri.queryParameters.get("all")
      guard all == nil || all == "1" else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(await desk.alarms(withSeen: all != nil))
    }
    router.post("/v1/admin/vault/alarms") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.seeAlarm(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.get("/v1/admin/vault/rotation") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.keyTerms())
    }
    router.post("/v1/admin/vault/rotation") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.rotate(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    router.post("/v1/admin/vault/resume") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(VaultActMessage.self, from: request, context: context)
      try await desk.resume(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
  }
}
