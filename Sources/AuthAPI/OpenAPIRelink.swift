/// The catalogue of messages and routes: the cards of somebody who came back under a new object of the directory.
extension APIMessages {
  static let relinks: [APIMessage] = [
    APIMessage(
      "RelinkBegin", "Somebody stands at a workstation with a card of a former registration.", [.field("person", .identifier)]),
    APIMessage(
      "RelinkOpened", "A challenge for that card, bound to this workstation and to the new registration.",
      [
        .field("ceremony", .identifier), .field("nonce", .bytes(minimum: 32, maximum: 32)), .field("person", .identifier),
        .field("segment", .segment), .field("workstation", .identifier), .field("expiresAt", .time),
      ]),
    APIMessage(
      "RelinkProofMessage", "A signature of key 9A, behind its PIN, over the text sanmon/relink/1.",
      [.field("card", .message("CardProofMessage"))]),
    APIMessage(
      "RelinkProven", "The card is in hand; two administrators may sign. Nothing else follows from it.",
      [
        .field("former", .identifier), .field("person", .identifier), .field("displayName", .text(maximum: 1024)),
        .field("until", .time),
      ]),
    APIMessage(
      "RelinkOffer", "A person who may be one who left, under a new object of the directory, and whose cards could go on.",
      [
        .field("former", .identifier), .field("formerName", .text(maximum: 1024)), .field("person", .identifier),
        .field("name", .text(maximum: 1024)), .field("account", .text(maximum: 1024)),
        .field("because", .array(.oneOf(["number", "account"]), maximum: 2)),
        .field("formerGUIDs", .array(.text(maximum: 36), maximum: nil)), .field("guid", .text(maximum: 36)),
        .field("cards", .array(.identifier, maximum: nil)), .field("cardsHash", .hex(digits: 64)),
        .optional("proof", .message("RelinkProofShown")),
      ]),
    APIMessage(
      "RelinkProofShown", "That one of the cards was shown lately for this new registration.",
      [
        .field("card", .identifier), .field("workstation", .identifier), .field("until", .time),
        .field("hash", .hex(digits: 64)),
      ]),
    APIMessage(
      "RelinkDone", "Whose the cards are now.",
      [
        .field("former", .identifier), .field("person", .identifier),
        .field("cards", .array(.message("CardSummary"), maximum: nil)),
      ]),
  ]
}

extension APIRoutes {
  static let relinks: [APIRoute] = [
    .post(
      "/v1/relinks", .workstations, "Begin to show a card of a former registration, for a new one", body: "RelinkBegin",
      .created,
      answer: "RelinkOpened", problems: [.tooManyRequests]),
    .post(
      "/v1/relinks/{ceremony}/proof", .workstations, "Show that card; it opens nothing", body: "RelinkProofMessage",
      answer: "RelinkProven"),
    .post(
      "/v1/admin/directory/relink", .operators,
      "Give a leaver's cards to the same person's new registration, signed by two administrators",
      body: "DirectoryAct", answer: "RelinkDone", problems: [.conflict]),
  ]
}
