/// The catalogue of messages and routes: a morning that is played on a copy.
extension APIMessages {
  static let rehearsals: [APIMessage] = [
    APIMessage(
      "RehearsalQuestion", "A morning to be played on a copy of the store.",
      [.optional("list", .text(maximum: 1 << 20)), .optional("day", .text(maximum: 10))]),
    APIMessage(
      "RehearsalState", "How far a rehearsal is, and what came of it.",
      [
        .field("rehearsal", .identifier), .field("isOver", .boolean), .optional("faultJa", .text(maximum: 2048)),
        .optional("faultEn", .text(maximum: 2048)), .field("day", .text(maximum: 10)),
        .field("steps", .array(.message("RehearsalStep"), maximum: nil)), .field("doingJa", .text(maximum: 1024)),
        .field("doingEn", .text(maximum: 1024)), .field("warningsJa", texts), .field("warningsEn", texts),
        .optional("logons", .message("RehearsedLogons")),
      ]),
    APIMessage(
      "RehearsalStep", "One step of it.",
      [
        .field("ja", .text(maximum: 1024)), .field("en", .text(maximum: 1024)), .field("milliseconds", .count),
        .field("count", .count),
      ]),
    APIMessage(
      "RehearsedLogons", "The logons of the morning, all at once.",
      [
        .field("people", .count), .field("logons", .count), .field("granted", .count), .field("medianMicroseconds", .count),
        .field("p99Microseconds", .count), .field("perMinute", .count),
        .field("refusals", .array(.message("RehearsedRefusal"), maximum: nil)),
      ]),
    APIMessage(
      "RehearsedRefusal", "Who would not be let in, and why.",
      [
        .field("code", .text(maximum: 16)), .field("ja", .text(maximum: 2048)), .field("en", .text(maximum: 2048)),
        .field("count", .count), .field("people", .array(.identifier, maximum: RehearsedRefusal.mostPeople)),
      ]),
  ]

  private static let texts = APISchema.array(.text(maximum: 4096), maximum: nil)
}

extension APIRoutes {
  static let rehearsals: [APIRoute] = [
    .post(
      "/v1/admin/directory/rehearsals", .operators, "Begin to play a morning on a copy of the store; nothing is changed",
      body: "RehearsalQuestion", .accepted, answer: "RehearsalState", problems: [.conflict]),
    .get(
      "/v1/admin/directory/rehearsals/{rehearsal}", .operators, "How far it is, and what came of it",
      answer: .message("RehearsalState")),
  ]
}
