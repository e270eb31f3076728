import AuthTerms

/// The catalogue of messages and routes: cards that their holders register at a workstation, and cards that a list announces.
extension APIMessages {
  private static let day = APISchema.text(maximum: 10)
  private static let account = APISchema.text(maximum: 1024)

  static let firstTaps: [APIMessage] = [
    APIMessage(
      "FirstTapBegin", "Somebody stands at a workstation with a card that is nobody's yet.", [.field("account", account)]),
    APIMessage(
      "FirstTapOpened", "A challenge for that card, bound to this workstation and account.",
      [
        .field("ceremony", .identifier), .field("nonce", .bytes(minimum: 32, maximum: 32)), .field("account", account),
        .field("segment", .segment), .field("workstation", .identifier), .field("expiresAt", .time),
      ]),
    APIMessage(
      "FirstTapProofMessage", "A signature of key 9A over the text sanmon/first-tap/1, the password and the enrolment code.",
      [
        .field("card", .message("CardProofMessage")), .field("refusedWithoutPIN", .boolean),
        .optional("guid", .bytes(minimum: 16, maximum: 16)), .field("password", .bytes(minimum: 1, maximum: 1024)),
        .field("code", .bytes(minimum: 1, maximum: 64)),
      ]),
    APIMessage(
      "FirstTapDone", "The card is its holder's now.",
      [
        .field("card", .identifier), .field("person", .identifier), .field("displayName", .text(maximum: 1024)),
        .field("proofClass", .oneOf(ProofClass.allCases.map(\.name))),
      ]),
    APIMessage(
      "FirstTapCodeIssue", "Enrolment codes for exactly these people, by an act of an administrator.",
      [
        .field("act", .bytes(minimum: 1, maximum: 32_768)),
        .field("people", .array(.identifier, maximum: FirstTapCodeIssue.mostPeople)),
      ]),
    APIMessage(
      "FirstTapCodesIssued", "New codes, told this once.",
      [
        .field("until", day),
        .field("codes", .array(.message("FirstTapCodeIssued"), maximum: FirstTapCodeIssue.mostPeople)),
      ]),
    APIMessage(
      "FirstTapCodeIssued", "What came of the wish for one person.",
      [
        .field("person", .identifier), .field("outcome", .oneOf(["issued", "personUnknown", "refused"])),
        .optional("displayName", .text(maximum: 1024)), .optional("account", account),
        .field("departments", .array(.text(maximum: 256), maximum: nil)), .optional("code", .bytes(minimum: 13, maximum: 13)),
        .optional("refusal", .text(maximum: 8)),
      ]),
    APIMessage(
      "FirstTapCandidates", "Who of a department has no card yet.",
      [.field("people", .array(.identifier, maximum: FirstTapCandidates.most)), .field("more", .count)]),
    APIMessage(
      "FirstTapCodesShown", "Enrolment codes, without their digits.",
      [
        .field("codes", .array(.message("FirstTapCodeSummary"), maximum: FirstTapCodesShown.most)), .field("more", .count),
      ]),
    APIMessage(
      "FirstTapCodeSummary", "One enrolment code, without its digits.",
      [
        .field("person", .identifier), .field("segment", .segment),
        .field("state", .oneOf(["open", "over", "used", "dead", "withdrawn"])), .field("until", day),
        .field("wrong", .integer(minimum: 0, maximum: 5)), .field("issuedBy", .identifier), .field("issuedAt", .time),
      ]),
    APIMessage(
      "FirstTapCodeWithdrawal", "Whose enrolment code ends now.",
      [.field("person", .identifier), .field("segment", .segment)]),
    APIMessage(
      "ExpectedCardImport", "A part of an issuer's list of certificates; a dry run writes nothing.",
      [
        .field("segment", .segment), .field("isDryRun", .boolean),
        .field("lines", .array(.message("ExpectedCardLine"), maximum: ExpectedCardImport.mostLines)),
      ]),
    APIMessage(
      "ExpectedCardLine", "One certificate of a list.",
      [
        .field("line", .count), .field("person", .text(maximum: 128)),
        .field("certificate", .bytes(minimum: 1, maximum: 8192)),
      ]),
    APIMessage(
      "ExpectedCardsTaken", "What came of each line, in their order.",
      [.field("lines", .array(.message("ExpectedCardLineOutcome"), maximum: ExpectedCardImport.mostLines))]),
    APIMessage(
      "ExpectedCardLineOutcome", "What came of one line.",
      [
        .field("line", .count),
        .field("outcome", .oneOf(["expected", "expectable", "already", "personUnknown", "refused"])),
        .optional("code", .text(maximum: 8)),
      ]),
    APIMessage(
      "ExpectedCardsShown", "Cards that lists announced and that nobody has seen.",
      [
        .field("cards", .array(.message("ExpectedCardSummary"), maximum: ExpectedCardsShown.most)), .field("more", .count),
      ]),
    APIMessage(
      "ExpectedCardSummary", "One of them.",
      [
        .field("person", .identifier), .field("segment", .segment), .field("key", .hex(digits: 64)), .field("until", day),
        .field("importedBy", .identifier),
      ]),
    APIMessage("ExpectedCardWithdrawal", "Which of them is not waited for any more.", [.field("key", .hex(digits: 64))]),
  ]
}

extension APIRoutes {
  static let firstTaps: [APIRoute] = [
    .post(
      "/v1/registrations", .workstations, "Begin to register a card at its holder's workstation", body: "FirstTapBegin",
      .created, answer: "FirstTapOpened"),
    .post(
      "/v1/registrations/{ceremony}/proof", .workstations, "Show the card, the password and the enrolment code",
      body: "FirstTapProofMessage", answer: "FirstTapDone"),
    .get(
      "/v1/admin/enrolment-codes", .operators, "Which enrolment codes there are; never a code",
      query: [
        .optional("person", .identifier), .optional("segment", .segment),
        .optional("state", .oneOf(["open", "over", "used", "dead", "withdrawn"])),
      ], answer: .message("FirstTapCodesShown")),
    .get(
      "/v1/admin/enrolment-codes/people", .operators,
      "Who of a department has no card yet and no open code; again: who has an open code too, for codes that were lost",
      query: [
        .required("department", .text(maximum: 200)), .required("segment", .segment),
        .optional("again", .oneOf(["true", "false"])),
      ],
      answer: .message("FirstTapCandidates")),
    .post(
      "/v1/admin/enrolment-codes", .operators, "Issue enrolment codes", body: "FirstTapCodeIssue", .created,
      answer: "FirstTapCodesIssued", problems: [.conflict]),
    .post(
      "/v1/admin/enrolment-codes/withdraw", .operators, "End an enrolment code", body: "FirstTapCodeWithdrawal",
      answer: "Nothing", problems: [.notFound]),
    .get(
      "/v1/admin/cards/expected", .operators, "Cards that lists announced and that nobody has seen",
      query: [.optional("person", .identifier)], answer: .message("ExpectedCardsShown")),
    .post(
      "/v1/admin/cards/expected", .operators, "Expect the cards of a list by their certificates, or say what would come of it",
      body: "ExpectedCardImport", answer: "ExpectedCardsTaken"),
    .post(
      "/v1/admin/cards/expected/withdraw", .operators, "Wait for a card no more", body: "ExpectedCardWithdrawal",
      answer: "Nothing", problems: [.notFound]),
  ]
}
