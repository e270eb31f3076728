/// The catalogue of messages and routes: people from outside.
extension APIMessages {
  static let external: [APIMessage] = [
    APIMessage(
      "ExternalAct", "A signed act person.external.add, person.external.extend or person.external.end.",
      [.field("act", .bytes(minimum: 1, maximum: 16_384))]),
    APIMessage(
      "ExternalSummary", "Somebody from outside, who answers, and how it stands with the access.",
      [
        .field("person", .identifier), .field("displayName", .text(maximum: 1024)), .field("kana", .text(maximum: 1024)),
        .field("department", .text(maximum: 1024)), .field("groups", .array(.text(maximum: 64), maximum: nil)),
        .field("from", .text(maximum: 10)), .field("until", .text(maximum: 10)), .field("responsible", .identifier),
        .field("responsibleName", .text(maximum: 1024)), .optional("responsibleUntil", .text(maximum: 10)),
        .field("state", .oneOf(ExternalSummary.State.allCases.map(\.rawValue))),
      ]),
  ]
}

extension APIRoutes {
  static let external: [APIRoute] = [
    .get("/v1/admin/external-people", .operators, "People from outside", answer: .list("ExternalSummary")),
    .post(
      "/v1/admin/external-people", .operators, "Register somebody from outside, signed by two administrators",
      body: "ExternalAct", .created, answer: "ExternalSummary", problems: [.conflict]),
    .post(
      "/v1/admin/external-people/extend", .operators, "Another last day, or who answers, signed by two administrators",
      body: "ExternalAct", answer: "ExternalSummary", problems: [.conflict]),
    .post(
      "/v1/admin/external-people/end", .operators, "End somebody's access at once, signed by one administrator",
      body: "ExternalAct", answer: "ExternalSummary", problems: [.conflict]),
  ]
}
