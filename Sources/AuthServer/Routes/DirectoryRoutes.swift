import AuthAPI
import Hummingbird

extension OperatorRoutes {
  func addDirectory(to router: Router<SanmonRequestContext>) {
    let desk = DirectoryDesk(services: services, directory: directory)
    router.get("/v1/admin/directory") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.statusWithAccess())
    }
    router.post("/v1/admin/directory/sync") { request, context in
      _ = try await require(Self.administrators, context)
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(await desk.look())
    }
    router.post("/v1/admin/directory/confirm") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(DirectoryAct.self, from: request, context: context)
      return try JSONAnswer(await desk.confirm(message, by: operatorRecord))
    }
    addTransfers(to: router)
    router.post("/v1/admin/directory/approve") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(DirectoryAct.self, from: request, context: context)
      return try JSONAnswer(await desk.approve(message, by: operatorRecord))
    }
  }

  private func addTransfers(to router: Router<SanmonRequestContext>) {
    let desk = TransferDesk(services: services, directory: directory)
    router.get("/v1/admin/directory/transfer") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.approved())
    }
    router.post("/v1/admin/directory/plan") { request, context in
      _ = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(TransferQuestion.self, from: request, context: context)
      return try JSONAnswer(await desk.preview(message))
    }
    router.post("/v1/admin/directory/foresee") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(TransferAct.self, from: request, context: context)
      return try JSONAnswer(await desk.foresee(message, by: operatorRecord))
    }
  }
}
