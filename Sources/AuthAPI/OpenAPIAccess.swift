/// The catalogue of messages and routes: dated accesses (handovers, temporary organisations).
extension APIMessages {
  static let access: [APIMessage] = [
    APIMessage("AccessQuestion", "The file of a dated access: YAML.", [.field("file", .text(maximum: 262_144))]),
    APIMessage(
      "AccessApproval", "The signed act directory.access.approve, with the file it is about.",
      [.field("act", .bytes(minimum: 1, maximum: 16_384)), .field("file", .text(maximum: 262_144))]),
    APIMessage(
      "AccessSwitch", "A signed act directory.access.on or directory.access.off.",
      [.field("act", .bytes(minimum: 1, maximum: 16_384))]),
    APIMessage(
      "AccessReport", "What a file would come to, before anybody signs it.",
      [
        .field("faultsJa", texts), .field("faultsEn", texts),
        .field("parameters", .array(.message("AccessParameter"), maximum: 32)),
        .optional("access", .message("AccessSummary")), .field("lines", .array(.message("AccessLine"), maximum: nil)),
        .field("warningsJa", texts), .field("warningsEn", texts),
      ]),
    APIMessage(
      "AccessParameter", "One parameter of an act.",
      [.field("name", .text(maximum: 64)), .field("value", .text(maximum: 4096))]),
    APIMessage(
      "AccessSummary", "A dated access: whom it is for, when, and how it stands.",
      [
        .field("access", .identifier), .field("kind", .oneOf(["handover", "temporary"])),
        .field("titleJa", .text(maximum: 256)), .field("titleEn", .text(maximum: 256)), .field("from", .text(maximum: 10)),
        .field("until", .text(maximum: 10)), .optional("days", .integer(minimum: 1, maximum: 62)),
        .field("people", .array(.identifier, maximum: nil)), .field("groups", texts),
        .field("workstations", .array(.identifier, maximum: nil)), .field("hours", texts),
        .field("state", .oneOf(["unsigned", "ready", "waiting", "holds", "over", "off", "lapsed"])),
        .optional("lastDay", .text(maximum: 10)), .field("signedBy", .array(.identifier, maximum: 9)),
        .optional("switchedOnBy", .identifier), .optional("act", .hex(digits: 64)),
      ]),
    APIMessage(
      "AccessLine", "One person of a dated access.",
      [
        .field("person", .identifier), .field("name", .text(maximum: 1024)), .field("groups", texts),
        .field("segments", .array(.segment, maximum: nil)), .field("ways", texts), .field("missingJa", texts),
        .field("missingEn", texts), .field("notesJa", texts), .field("notesEn", texts),
      ]),
  ]

  private static let texts = APISchema.array(.text(maximum: 4096), maximum: nil)
}

extension APIRoutes {
  static let access: [APIRoute] = [
    .get(
      "/v1/admin/directory/access", .operators, "Dated accesses: handovers and temporary organisations",
      answer: .list("AccessSummary")),
    .post(
      "/v1/admin/directory/access/plan", .operators, "What the file of a dated access would come to; nothing is changed",
      body: "AccessQuestion", answer: "AccessReport"),
    .post(
      "/v1/admin/directory/access/approve", .operators, "Approve a dated access, signed by two administrators",
      body: "AccessApproval", answer: "AccessSummary", problems: [.conflict]),
    .post(
      "/v1/admin/directory/access/on", .operators, "Switch an approved one on, signed by one administrator",
      body: "AccessSwitch", answer: "AccessSummary", problems: [.conflict]),
    .post(
      "/v1/admin/directory/access/off", .operators, "Switch one off, signed by one administrator", body: "AccessSwitch",
      answer: "AccessSummary", problems: [.conflict]),
  ]
}
