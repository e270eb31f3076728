import AuthTerms

extension APIMessages {
  static let lookUps: [APIMessage] = [
    APIMessage(
      "LookUpProofMessage", "A printed one-time code as it was typed, and whose it is.",
      [.optional("account", .text(maximum: 1024)), .field("code", .bytes(minimum: 1, maximum: 64))]),
    APIMessage(
      "SealedSheetMessage", "The codes of a new sheet, sealed to the key that the act named.",
      [
        .field("sheet", .bytes(minimum: 16, maximum: 16)), .field("encapsulated", .bytes(minimum: 32, maximum: 2048)),
        .field("ciphertext", .bytes(minimum: 13, maximum: 512)),
      ]),
    APIMessage(
      "SheetSummary", "A sheet of printed one-time codes, without its codes.",
      [
        .field("sheet", .hex(digits: 8)), .field("person", .identifier), .field("segment", .segment), .field("from", .time),
        .field("until", .time), .field("issuedBy", .identifier), .field("issuedAt", .time),
        .optional("workstation", .identifier), .field("wrong", .integer(minimum: 0, maximum: Int64(VaultSheet.mostWrong))),
        .field("state", .oneOf(["planned", "inForce", "ended", "dead", "withdrawn"])), .field("isLogonUsed", .boolean),
        .field("unlocks", .integer(minimum: 0, maximum: Int64(VaultSheet.mostUnlocks))),
        .field("unlocksUsed", .integer(minimum: 0, maximum: Int64(VaultSheet.mostUnlocks))),
      ]),
  ]
}

extension APIRoutes {
  static let lookUps: [APIRoute] = [
    .get(
      "/v1/admin/codes", .operators, "Which sheets of printed one-time codes there are; never a code",
      query: [.optional("person", .identifier)], answer: .list("SheetSummary")),
    .post(
      "/v1/admin/codes", .operators, "Issue a sheet of printed one-time codes for a day", body: "VaultActMessage", .created,
      answer: "SealedSheetMessage", problems: [.notFound, .conflict]),
    .post(
      "/v1/admin/codes/withdraw", .operators, "Withdraw a sheet before its day is over", body: "VaultActMessage",
      answer: "Nothing", problems: [.notFound, .conflict]),
  ]
}
