import AuthAPI
import AuthPolicy
import AuthTerms
import Hummingbird
import Storage

extension OperatorRoutes {
  func addDirectory(to router: Router<SanmonRequestContext>) {
    let desk = DirectoryDesk(services: services, directory: directory, purge: purge)
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
    router.post("/v1/admin/directory/relink") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(DirectoryAct.self, from: request, context: context)
      return try JSONAnswer(await RelinkDesk(services: services).relink(message, by: operatorRecord))
    }
    addTransfers(to: router)
    addSnapshots(to: router)
    router.post("/v1/admin/directory/rehearsals") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(RehearsalQuestion.self, from: request, context: context)
      return try JSONAnswer(await rehearsals.begin(message, by: operatorRecord.id), .accepted)
    }
    router.get("/v1/admin/directory/rehearsals/:rehearsal") { _, context in
      _ = try await require(Self.administrators, context)
      return try JSONAnswer(rehearsals.look(at: context.identifier("rehearsal", as: Never.self).text))
    }
    router.post("/v1/admin/directory/approve") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(DirectoryAct.self, from: request, context: context)
      return try JSONAnswer(await desk.approve(message, by: operatorRecord))
    }
  }

  /// Administrators, and the one unix user who may have snapshots written and nothing else.
  private func requireWriter(_ context: SanmonRequestContext) async throws -> SnapshotWriter {
    if case .unixPeer(_, let name?) = context.identity, name == services.instance.directory?.snapshotUser,
      !services.instance.operatorUsers.contains(name)
    {
      return .unixUser(name)
    }
    return .administrator(try await require(Self.administrators, context).id)
  }

  private func addSnapshots(to router: Router<SanmonRequestContext>) {
    let desk = SnapshotDesk(services: services, directory: directory)
    router.post("/v1/admin/directory/snapshot") { request, context in
      let writer = try await requireWriter(context)
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(await desk.write(by: writer))
    }
    router.get("/v1/admin/directory/snapshots/:sequence/pieces") { request, context in
      _ = try await requireWriter(context)
      let sequence = try UInt64(context.identifier("sequence", as: Never.self).text)
      guard let offset = request.uri.queryParameters.get("offset").flatMap({ UInt64($0) }), offset <= UInt64(Int64.max) else {
        throw HTTPFault.malformed(.query)
      }
      return try JSONAnswer(desk.piece(of: sequence ?? 0, at: offset))
    }
    router.get("/v1/admin/directory/snapshot-key") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.key())
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
