import AuthAPI
import AuthTerms
import Hummingbird

extension OperatorRoutes {
  func addWorkstationPlaces(to router: Router<SanmonRequestContext>) {
    let desk = WorkstationDesk(services: services)
    router.post("/v1/admin/workstations/:workstation/site") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let workstation = try context.identifier("workstation", as: WorkstationTag.self)
      let message = try await JSONBody.decode(WorkstationPlacing.self, from: request, context: context)
      return try JSONAnswer(await desk.place(workstation, message, by: operatorRecord))
    }
    router.post("/v1/admin/workstations/:workstation/owners") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let workstation = try context.identifier("workstation", as: WorkstationTag.self)
      let message = try await JSONBody.decode(WorkstationOwning.self, from: request, context: context)
      return try JSONAnswer(await desk.assign(workstation, message, by: operatorRecord))
    }
  }
}
