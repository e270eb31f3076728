import AuthAPI
import AuthTerms
import Hummingbird

/// A card's life: the stock, loans, and cards that were left at home.
extension OperatorRoutes {
  func addCardLife(to router: Router<SanmonRequestContext>) {
    let desk = CardDesk(services: services, challenges: challenges)
    router.get("/v1/admin/cards/stock") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.stock())
    }
    router.post("/v1/admin/cards/stock/challenge") { request, context in
      _ = try await require(Self.desks, context)
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(desk.stockChallenge())
    }
    router.post("/v1/admin/cards/stock") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(StockCardEnrolment.self, from: request, context: context)
      return try JSONAnswer(await desk.stock(message, by: operatorRecord), .created)
    }
    router.get("/v1/admin/cards/collection") { _, context in
      _ = try await require(Self.everybody, context)
      return try JSONAnswer(await desk.toCollect())
    }
    router.post("/v1/admin/cards/forgotten") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let message = try await JSONBody.decode(CardsForgotten.self, from: request, context: context)
      return try JSONAnswer(await desk.forget(message, by: operatorRecord))
    }
    router.get("/v1/admin/cards/stories") { request, context in
      let operatorRecord = try await require(Self.everybody, context)
      let items = request.uri.queryParameters
      guard items.count == 1, items.allSatisfy({ ["card", "person"].contains($0.key) }) else {
        throw HTTPFault.malformed(.query)
      }
      return try JSONAnswer(
        await desk.stories(
          card: items.get("card").map { try CardID(parsing: $0) },
          person: items.get("person").map { try PersonID(parsing: $0) }, by: operatorRecord))
    }
    router.post("/v1/admin/cards/:card/lend") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let card = try context.identifier("card", as: CardTag.self)
      let message = try await JSONBody.decode(CardLending.self, from: request, context: context)
      return try JSONAnswer(await desk.lend(card, message, by: operatorRecord))
    }
    router.post("/v1/admin/cards/:card/return") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let card = try context.identifier("card", as: CardTag.self)
      let message = try await JSONBody.decode(CardReturn.self, from: request, context: context)
      return try JSONAnswer(await desk.takeBack(card, message, by: operatorRecord))
    }
    router.post("/v1/admin/cards/:card/found/challenge") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let card = try context.identifier("card", as: CardTag.self)
      try await JSONBody.requireNone(in: request)
      return try JSONAnswer(await desk.foundChallenge(card, by: operatorRecord))
    }
    router.post("/v1/admin/cards/:card/found") { request, context in
      let operatorRecord = try await require(Self.desks, context)
      let card = try context.identifier("card", as: CardTag.self)
      let message = try await JSONBody.decode(CardFoundProof.self, from: request, context: context)
      return try JSONAnswer(await desk.find(card, message, by: operatorRecord))
    }
  }
}
