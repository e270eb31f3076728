import AuthTerms

/// The catalogue of messages and routes: the stock, loans, and what became of a card.
extension APIMessages {
  static let cardStates = ["active", "suspended", "forgotten", "lost", "revoked", "collected", "destroyed"]
  /// Of a session that was withdrawn with the card it was opened with.
  static let cardCauses = [
    "cardLost", "cardSuspended", "cardForgotten", "cardRevoked", "cardCollected", "cardDestroyed", "cardReturned", "loanEnds",
  ]

  private static let nonce = APISchema.bytes(minimum: 32, maximum: 32)
  private static let reason = APISchema.line(maximum: 500)
  private static let algorithm = APISchema.oneOf(["ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pkcs1-sha256"])
  private static let certificate = APISchema.bytes(minimum: 1, maximum: 8192)
  private static let signature = APISchema.bytes(minimum: 1, maximum: 1024)

  static let cardLife: [APIMessage] = [
    APIMessage(
      "StockCardChallenge", "What a card signs to be taken into the stock; single use, five minutes.", [.field("nonce", nonce)]),
    APIMessage(
      "StockCardEnrolment", "A key that signed the challenge for nobody is registered on a card of the stock.",
      [
        .field("segment", .segment), .field("profile", .oneOf(["piv"])), .field("slot", .oneOf(["9a", "9e"])),
        .field("nonce", nonce), .field("certificate", certificate), .field("algorithm", algorithm),
        .field("signature", signature), .field("refusedWithoutPIN", .boolean),
        .optional("guid", .bytes(minimum: 16, maximum: 16)), .optional("card", .identifier),
      ]),
    APIMessage(
      "CardLending", "To whom a card of the stock is lent, and until when; without a date, until the end of today.",
      [
        .field("person", .identifier), .optional("until", .text(maximum: 10)),
        .optional("days", .integer(minimum: 1, maximum: Int64(CardLending.mostDays))), .field("reason", reason),
      ]),
    APIMessage(
      "CardsForgotten", "Somebody has left her card at home.", [.field("person", .identifier), .field("reason", reason)]),
    APIMessage(
      "CardsPaused", "The card that was lent, the own cards that were paused, and how many sessions were told to lock.",
      [
        .optional("lent", .message("CardSummary")), .field("paused", .array(.message("CardSummary"), maximum: nil)),
        .field("sessionsLocked", .count),
      ]),
    APIMessage("CardReturn", "Why a card that was lent is taken back.", [.field("reason", reason)]),
    APIMessage(
      "CardFoundChallenge", "What a forgotten card signs with its PIN to come back; single use, five minutes.",
      [
        .field("card", .identifier), .field("person", .identifier), .field("displayName", .text(maximum: 1024)),
        .field("nonce", nonce),
      ]),
    APIMessage(
      "CardFoundProof", "Key 9A of the card signed the challenge behind its PIN.",
      [
        .field("nonce", nonce), .field("certificate", certificate), .field("algorithm", algorithm),
        .field("signature", signature), .field("reason", reason),
      ]),
    APIMessage(
      "CardFound", "The card that came back, and what its person still has of the stock.",
      [.field("card", .message("CardSummary")), .field("stillLent", .array(.message("CardSummary"), maximum: nil))]),
    APIMessage(
      "CardStory", "A card, and what the log says of it, the oldest first.",
      [.field("card", .message("CardSummary")), .field("acts", .array(.message("AuditEntry"), maximum: 10_000))]),
    APIMessage(
      "CardToCollect", "A card that a desk has to get back, and why.",
      [
        .field("card", .message("CardSummary")), .field("displayName", .text(maximum: 1024)),
        .field("why", .oneOf(CardToCollect.Why.allCases.map(\.rawValue))),
      ]),
  ]
}

extension APIRoutes {
  static let cardLife: [APIRoute] = [
    .get("/v1/admin/cards/stock", .operators, "Cards of the stock", answer: .list("CardSummary")),
    .post(
      "/v1/admin/cards/stock/challenge", .operators, "Begin to take a card into the stock", body: nil,
      answer: "StockCardChallenge"),
    .post(
      "/v1/admin/cards/stock", .operators, "Take a key of a card into the stock", body: "StockCardEnrolment", .created,
      answer: "CardSummary", problems: [.conflict]),
    .get("/v1/admin/cards/collection", .operators, "Cards that have to be got back", answer: .list("CardToCollect")),
    .post(
      "/v1/admin/cards/forgotten", .operators, "Pause the cards of somebody who left them at home", body: "CardsForgotten",
      answer: "CardsPaused", problems: [.conflict, .notFound]),
    .post(
      "/v1/admin/cards/{card}/lend", .operators, "Lend a card of the stock; the person's own cards are paused",
      body: "CardLending", answer: "CardsPaused", problems: [.conflict]),
    .post(
      "/v1/admin/cards/{card}/return", .operators, "Take back a card that was lent", body: "CardReturn",
      answer: "CardStateChanged", problems: [.conflict]),
    .post(
      "/v1/admin/cards/{card}/found/challenge", .operators, "Begin to bring a forgotten card back", body: nil,
      answer: "CardFoundChallenge", problems: [.conflict]),
    .post(
      "/v1/admin/cards/{card}/found", .operators, "Bring a forgotten card back: it has shown its PIN", body: "CardFoundProof",
      answer: "CardFound", problems: [.conflict]),
    .get(
      "/v1/admin/cards/stories", .operators, "The whole story of a card, or of the cards that a person has or had",
      query: [.optional("card", .identifier), .optional("person", .identifier)], answer: .list("CardStory")),
  ]
}
