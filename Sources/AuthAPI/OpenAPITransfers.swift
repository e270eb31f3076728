/// The catalogue of messages and routes: transfers that are looked at, and approved, before the day.
extension APIMessages {
  static let transfers: [APIMessage] = [
    APIMessage("TransferQuestion", "A transfer list: CSV.", [.field("list", .text(maximum: 1 << 20))]),
    APIMessage(
      "TransferAct", "The signed act directory.foresee, with the list it is about.",
      [.field("act", .bytes(minimum: 1, maximum: 16_384)), .field("list", .text(maximum: 1 << 20))]),
    APIMessage(
      "TransferReport", "What a transfer list would do, or how far an approved transfer has come.",
      [
        .optional("faultJa", .text(maximum: 2048)), .optional("faultEn", .text(maximum: 2048)),
        .optional("plan", .hex(digits: 64)), .field("isApproved", .boolean), .optional("until", .time),
        .field("lines", .array(.message("TransferLine"), maximum: nil)), .field("totalsJa", texts),
        .field("totalsEn", texts), .field("warningsJa", texts), .field("warningsEn", texts),
      ]),
    APIMessage(
      "TransferLine", "One person of a transfer.",
      [
        .field("line", .count), .field("kind", .oneOf(["move", "leave", "join"])), .field("number", .text(maximum: 1024)),
        .optional("person", .identifier), .field("account", .text(maximum: 1024)), .field("name", .text(maximum: 1024)),
        .field("from", texts), .field("to", texts), .field("segmentsFrom", segments), .field("segmentsTo", segments),
        .field("joins", texts), .field("leaves", texts), .field("factors", texts), .field("workstations", texts),
        .field("missingJa", texts), .field("missingEn", texts), .field("faultsJa", texts), .field("faultsEn", texts),
        .field("notesJa", texts), .field("notesEn", texts),
        .field("state", .oneOf(["right", "wrong", "arrived", "waiting", "unlisted"])),
      ]),
  ]

  private static let texts = APISchema.array(.text(maximum: 4096), maximum: nil)
  private static let segments = APISchema.array(.segment, maximum: nil)
}

extension APIRoutes {
  static let transfers: [APIRoute] = [
    .get(
      "/v1/admin/directory/transfer", .operators, "How far the approved transfer has come",
      answer: .message("TransferReport")),
    .post(
      "/v1/admin/directory/plan", .operators, "What a transfer list would do; nothing is changed", body: "TransferQuestion",
      answer: "TransferReport", problems: [.conflict]),
    .post(
      "/v1/admin/directory/foresee", .operators, "Approve a transfer beforehand, signed by two administrators",
      body: "TransferAct", answer: "TransferReport", problems: [.conflict]),
  ]
}
