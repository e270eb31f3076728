import AuthAPI
import AuthTerms
import Hummingbird

/// Enrolment codes, and cards that lists announce.
extension OperatorRoutes {
  func addFirstTaps(to router: Router<SanmonRequestContext>) {
    let codes = FirstTapCodeDesk(services: services)
    router.get("/v1/admin/enrolment-codes") { request, context in
      _ = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard items.allSatisfy({ ["person", "segment", "state"].contains($0.key) }) else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(
        await codes.list(
          person: items.get("person").map { try PersonID(parsing: $0) },
          segment: items.get("segment").map { try Segment(parsing: $0) }, state: items.get("state")))
    }
    router.get("/v1/admin/enrolment-codes/people") { request, context in
      _ = try await require(Self.administrators, context)
      let items = request.uri.queryParameters
      let again = items.get("again")
      guard items.count == (again == nil ? 2 : 3), let department = items.get("department"),
        department.unicodeScalars.count <= 200, let segment = items.get("segment"),
        ["true", "false"].contains(again ?? "false")
      else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(
        await codes.candidates(department: department, segment: Segment(parsing: segment), again: again == "true"))
    }
    router.post("/v1/admin/enrolment-codes") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(FirstTapCodeIssue.self, from: request, context: context)
      return try JSONAnswer(await codes.issue(message, by: operatorRecord), .created)
    }
    router.post("/v1/admin/enrolment-codes/withdraw") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(FirstTapCodeWithdrawal.self, from: request, context: context)
      try await codes.withdraw(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
    let expected = ExpectedCardDesk(services: services)
    router.get("/v1/admin/cards/expected") { request, context in
      _ = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard items.allSatisfy({ $0.key == "person" }) else { throw HTTPFault.malformed(.query) }
      return try JSONAnswer(await expected.list(person: items.get("person").map { try PersonID(parsing: $0) }))
    }
    router.post("/v1/admin/cards/expected") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(ExpectedCardImport.self, from: request, context: context)
      return try JSONAnswer(await expected.take(message, by: operatorRecord))
    }
    router.post("/v1/admin/cards/expected/withdraw") { request, context in
      let operatorRecord = try await require(Self.administrators, context)
      let message = try await JSONBody.decode(ExpectedCardWithdrawal.self, from: request, context: context)
      try await expected.withdraw(message, by: operatorRecord)
      return JSONAnswer(encoded: Array("{}".utf8))
    }
  }
}
