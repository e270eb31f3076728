extension APIMessages {
  private static let reason = APISchema.line(maximum: 500)

  static let pinResets: [APIMessage] = [
    APIMessage(
      "PINResetBegin", "A card whose PIN the desk is about to set anew, and why.",
      [.field("keys", .array(.bytes(minimum: 32, maximum: 32), maximum: 2)), .field("reason", reason)]),
    APIMessage(
      "PINResetBegun", "Whose card it is.",
      [.field("card", .message("CardSummary")), .field("displayName", .text(maximum: 256))]),
    APIMessage(
      "PINResetEnd", "What came of it: done, or the desk's own code for why not.",
      [
        .field("isDone", .boolean), .optional("code", .oneOf(PINResetEnd.codes)),
        .optional("triesLeft", .integer(minimum: 0, maximum: 15)), .field("reason", reason),
      ]),
  ]
}

extension PINResetEnd {
  /// What `code` may be.
  public static let codes = ["SA110", "SA111", "SA112", "SA113", "SA114", "SA115", "fault"]
}

extension APIRoutes {
  static let pinResets: [APIRoute] = [
    .post(
      "/v1/admin/cards/pin-resets", .operators, "Begin to set a new PIN on a card: whose it is", body: "PINResetBegin",
      .created, answer: "PINResetBegun", problems: [.conflict]),
    .post(
      "/v1/admin/cards/{card}/pin-reset", .operators, "What came of a new PIN", body: "PINResetEnd", answer: "CardSummary"),
  ]
}
