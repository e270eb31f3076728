import AuthTerms

extension APIMessages {
  private static let number = APISchema.bytes(minimum: 7, maximum: 8)
  private static let commands = APISchema.array(
    .bytes(minimum: 1, maximum: CardExchangeAnswer.longest), maximum: CardScript.mostSteps)
  private static let answers = APISchema.array(
    .bytes(minimum: 0, maximum: CardExchangeAnswer.longest), maximum: CardScript.mostSteps)
  /// `CardScript.canonicalBytes`.
  static let cardScript = APISchema.bytes(minimum: 1, maximum: CardScript.largestEncoding)
  private static let profile = APISchema.text(maximum: 48)

  static let sharedCards: [APIMessage] = [
    APIMessage(
      "CardRoundMessage", "One round of the exchange between the vault and a shared-key card; without answers it begins.",
      [
        .field("profile", profile), .field("number", number), .optional("answers", answers),
        .field("sessionKeys", .message("SessionKeys")),
      ]),
    APIMessage(
      "CardRoundAnswer", "The next commands for the card; or it is proven.",
      [.optional("commands", commands), .field("isProven", .boolean)]),
    APIMessage(
      "SharedCardEnrolment", "For whom, and where, a shared-key card is to be registered.",
      [
        .field("person", .identifier), .field("segment", .segment), .field("profile", profile), .field("number", number),
      ]),
    APIMessage("SharedCardAnswers", "What the card answered, one for each command.", [.field("answers", answers)]),
    APIMessage(
      "SharedCardStep", "The next commands for the card; or the card as it was registered.",
      [
        .field("exchange", .identifier), .field("displayName", .text(maximum: 256)), .field("script", cardScript),
        .optional("commands", commands), .optional("card", .message("CardSummary")),
      ]),
  ]
}

extension APIRoutes {
  static let sharedCardCeremony = APIRoute.post(
    "/v1/ceremonies/{ceremony}/card", .workstations, "Carry one round between the vault and a shared-key card",
    body: "CardRoundMessage", answer: "CardRoundAnswer", problems: [.tooManyRequests])

  static let sharedCards: [APIRoute] = [
    .post(
      "/v1/admin/cards/shared", .operators, "Begin to register a shared-key card", body: "SharedCardEnrolment", .created,
      answer: "SharedCardStep"),
    .post(
      "/v1/admin/cards/shared/{exchange}", .operators, "Carry the card's answers to the vault; at the end it is registered",
      body: "SharedCardAnswers", answer: "SharedCardStep", problems: [.conflict]),
  ]
}
