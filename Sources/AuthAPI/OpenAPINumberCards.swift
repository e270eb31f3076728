import AuthTerms

extension APIMessages {
  private static let number = APISchema.bytes(minimum: 4, maximum: 10)
  private static let chip = APISchema.bytes(minimum: 8, maximum: 8)
  private static let classes = ProofClass.allCases.map(\.name)

  static let numberCardKinds: [String] = NumberCardKind.allCases.map(\.rawValue)

  static let numberCards: [APIMessage] = [
    APIMessage(
      "CardNumberMessage", "What the reader tells of a card that signs nothing.",
      [.field("number", number), .optional("chip", chip)]),
    APIMessage(
      "NumberCardEnrolment", "For whom, and where, a card is to be registered by its number.",
      [.field("person", .identifier), .field("segment", .segment), .field("number", number), .optional("chip", chip)]),
    APIMessage(
      "NumberCardImport", "A part of a list of cards; a dry run writes nothing.",
      [
        .field("segment", .segment), .field("isDryRun", .boolean),
        .field("lines", .array(.message("NumberCardLine"), maximum: NumberCardImport.mostLines)),
      ]),
    APIMessage(
      "NumberCardLine", "One card of a list.",
      [
        .field("line", .count), .field("person", .text(maximum: 128)), .field("number", number),
        .optional("generation", .oneOf(FelicaGeneration.allCases.map(\.name))),
      ]),
    APIMessage(
      "NumberCardsImported", "What came of each line, in their order.",
      [.field("lines", .array(.message("NumberCardLineOutcome"), maximum: NumberCardImport.mostLines))]),
    APIMessage(
      "NumberCardLineOutcome", "What came of one line.",
      [
        .field("line", .count),
        .field("outcome", .oneOf(["registered", "registrable", "already", "personUnknown", "refused"])),
        .optional("code", .text(maximum: 8)), .optional("card", .identifier),
      ]),
    APIMessage(
      "CardReport", "What the cards of each segment's people prove.",
      [
        .field("segments", .array(.message("SegmentCards"), maximum: 16)),
        .field("people", .array(.message("PersonCards"), maximum: CardReport.mostPeople)), .field("more", .count),
      ]),
    APIMessage(
      "SegmentCards", "People of one segment by the best of their cards.",
      [
        .field("segment", .segment), .field("floor", .oneOf(classes)), .field("people", .count),
        .field("classes", .array(.message("CardClassCount"), maximum: 8)), .field("withoutCard", .count),
        .optional("numbersUntil", .text(maximum: 10)), .field("takesNumbers", .boolean), .optional("daysLeft", .count),
        .optional("revocationUnknown", .count),
      ]),
    APIMessage(
      "CardClassCount", "How many people have no better card.",
      [.field("proofClass", .oneOf(classes)), .field("people", .count)]),
    APIMessage(
      "PersonCards", "One person and the best of her cards.",
      [
        .field("person", .identifier), .field("displayName", .text(maximum: 256)),
        .field("segments", .array(.segment, maximum: 16)), .optional("proofClass", .oneOf(classes)),
      ]),
  ]
}

extension APIRoutes {
  static let numberCards: [APIRoute] = [
    .post(
      "/v1/admin/cards/numbers", .operators, "Register a card by its number", body: "NumberCardEnrolment", .created,
      answer: "CardSummary", problems: [.conflict, .notFound]),
    .post(
      "/v1/admin/cards/numbers/import", .operators, "Register cards of a list by their numbers, or say what would come of it",
      body: "NumberCardImport", answer: "NumberCardsImported"),
    .get(
      "/v1/admin/cards/report", .operators, "What the cards of each segment's people prove",
      query: [.optional("class", .oneOf(ProofClass.allCases.map(\.name) + ["none"]))], answer: .message("CardReport")),
  ]
}
