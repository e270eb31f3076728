/// The catalogue of messages and routes: packs of rows for an auditor.
extension APIMessages {
  static let auditPacks: [APIMessage] = [
    APIMessage(
      "AuditPackRequest", "Which rows an auditor is to get, and why.",
      [.field("from", .time), .field("until", .time), .field("purpose", .line(maximum: 500))]),
    APIMessage(
      "AuditPackOpened", "Everything of a pack but its rows, which are read next.",
      [
        .field("pack", .identifier), .field("note", .text(maximum: 8192)), .field("exportRow", .count),
        .field("export", .bytes(minimum: 1, maximum: 65_536)), .field("exportProof", .bytes(minimum: 0, maximum: 6048)),
        .field("first", .count), .field("end", .count), .field("proof", .bytes(minimum: 0, maximum: 6048)),
        .field("verifierKey", .text(maximum: 512)),
      ]),
    APIMessage(
      "AuditPackRows", "Rows of a pack from the asked one on, each behind its length; empty at the end.",
      [.field("rows", .bytes(minimum: 0, maximum: 524_288))]),
  ]
}

extension APIRoutes {
  static let auditPacks: [APIRoute] = [
    .post(
      "/v1/admin/audit-packs", .operators, "Begin a pack of rows that is checked without the server", body: "AuditPackRequest",
      .created, answer: "AuditPackOpened", problems: [.conflict]),
    .get(
      "/v1/admin/audit-packs/{pack}/rows", .operators, "Read the rows of a pack", query: [.required("from", .count)],
      answer: .message("AuditPackRows")),
  ]
}
