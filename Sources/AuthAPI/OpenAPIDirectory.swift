/// The catalogue of messages and routes: the Active Directory that people come from.
extension APIMessages {
  static let directory: [APIMessage] = [
    APIMessage(
      "DirectoryStatus", "How the Active Directory is followed: the last look, what is held, what somebody should look at.",
      [
        .field("isConfigured", .boolean), .field("server", .text(maximum: 512)), .optional("lookedAt", .time),
        .optional("faultJa", .text(maximum: 2048)), .optional("faultEn", .text(maximum: 2048)), .field("objects", .count),
        .field("summaryJa", .text(maximum: 512)), .field("summaryEn", .text(maximum: 512)), .field("heldJa", lines),
        .field("heldEn", lines), .optional("plan", .hex(digits: 64)), .field("effectsJa", lines),
        .field("effectsEn", lines), .field("findingsJa", lines), .field("findingsEn", lines),
        .field("holds", .array(.message("DirectoryHold"), maximum: nil)), .field("accessJa", lines),
        .field("accessEn", lines),
        .field("readsSnapshots", .boolean), .optional("snapshot", .message("SnapshotInForce")),
        .field("leavers", .array(.message("DirectoryLeaver"), maximum: nil)),
        .field("relinks", .array(.message("RelinkOffer"), maximum: nil)),
      ]),
    APIMessage(
      "DirectoryHold", "An account that was handed on, or deleted and brought back: what it was, and what it is now.",
      [
        .field("person", .identifier), .field("cause", .oneOf(["successor", "returned"])),
        .field("formerNumber", .text(maximum: 1024)), .field("account", .text(maximum: 1024)),
        .field("number", .text(maximum: 1024)), .field("family", .text(maximum: 1024)),
        .field("given", .text(maximum: 1024)), .field("displayName", .text(maximum: 1024)),
      ]),
    APIMessage(
      "DirectoryLeaver", "Somebody who has left, and of whom all that is kept is removed within 30 days.",
      [.field("person", .identifier), .field("days", .count), .field("isOperator", .boolean)]),
    APIMessage(
      "DirectoryAct", "A signed act directory.approve, directory.confirm or directory.relink.",
      [.field("act", .bytes(minimum: 1, maximum: 16_384))]),
    APIMessage(
      "SnapshotInForce", "The snapshot of the directory that is in force.",
      [.field("instance", .identifier), .field("domain", domain), .field("sequence", .count), .field("writtenAt", .time)]),
    APIMessage(
      "SnapshotWritten", "A signed snapshot of the directory that waits to be read, or why there is none.",
      [
        .field("sequence", .count), .field("length", .count), .optional("hash", .hex(digits: 64)), .field("objects", .count),
        .optional("domain", domain), .field("isHeld", .boolean), .optional("faultJa", .text(maximum: 2048)),
        .optional("faultEn", .text(maximum: 2048)),
      ]),
    APIMessage(
      "SnapshotKeyShown", "By what an instance knows the snapshots of this one.",
      [.field("key", .text(maximum: 128)), .optional("domain", domain)]),
  ]

  private static let domain = APISchema.text(maximum: 64)
  private static let lines = APISchema.array(.text(maximum: 2048), maximum: 1000)
}

extension APIRoutes {
  static let directory: [APIRoute] = [
    .get(
      "/v1/admin/directory", .operators, "How the Active Directory is followed", answer: .message("DirectoryStatus")),
    .post(
      "/v1/admin/directory/sync", .operators, "Look at the directory now", body: nil, answer: "DirectoryStatus",
      problems: [.conflict]),
    .post(
      "/v1/admin/directory/approve", .operators, "Put exactly the held change in force, signed by two administrators",
      body: "DirectoryAct", answer: "DirectoryStatus", problems: [.conflict]),
    .post(
      "/v1/admin/directory/confirm", .operators, "Say who a held account is, signed by two administrators",
      body: "DirectoryAct", answer: "DirectoryStatus", problems: [.conflict]),
    .post(
      "/v1/admin/directory/snapshot", .operators, "Write a signed snapshot of the directory, or say why there is none",
      body: nil, answer: "SnapshotWritten"),
    .get(
      "/v1/admin/directory/snapshots/{sequence}/pieces", .operators, "Read a snapshot piece by piece; at its end it is gone",
      query: [.required("offset", .count)], answer: .message("BackupPiece")),
    .get(
      "/v1/admin/directory/snapshot-key", .operators, "The key that signs this instance's snapshots",
      answer: .message("SnapshotKeyShown")),
  ]
}
