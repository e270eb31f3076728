import AuthTerms

extension APIRoutes {
  static let sessionActs: [APIRoute] = [
    .post(
      "/v1/sessions/{session}/acts", .workstations, "Ask the vault for something, signed by the session's key",
      body: "SessionActMessage", answer: "SessionActAnswer"),
    .get(
      "/v1/applications", .workstations, "Applications of the workstation's segment", answer: .message("ApplicationsMessage")),
    .get(
      "/v1/vault/keys", .workstations, "What credentials are sealed to, and who signs what comes out",
      answer: .message("VaultKeysMessage")),
  ]

  static let releases: [APIRoute] = [
    .get(
      "/v1/admin/vault/keys", .operators, "What credentials are sealed to", answer: .message("VaultKeysMessage")),
    .get(
      "/v1/admin/vault/cards", .operators, "Cards whose keys the vault's register lacks, or has too many",
      answer: .message("VaultCardsPending")),
    .post(
      "/v1/admin/vault/cards", .operators, "Bring cards into the vault's register", body: "VaultCardsAct",
      answer: "VaultCardsPending", problems: [.conflict]),
    .get(
      "/v1/admin/vault/applications", .operators, "Applications of the files, and whether the vault has them",
      answer: .list("ApplicationSummary")),
    .post(
      "/v1/admin/vault/applications", .operators, "Publish an application, or withdraw it", body: "VaultActMessage",
      answer: "Nothing", problems: [.conflict]),
    .get(
      "/v1/admin/vault/gaps", .operators, "Who cannot sign in to which application", answer: .message("CredentialGaps")),
    .post(
      "/v1/admin/vault/credentials", .operators, "Set somebody's credential, sealed to the vault",
      body: "VaultCredentialAct", answer: "Nothing", problems: [.conflict]),
    .get(
      "/v1/admin/vault/credentials", .operators, "Which credentials there are; never what is in them",
      query: [.optional("person", .identifier), .optional("application", .identifier)], answer: .list("CredentialSummary")),
    .get(
      "/v1/admin/vault/deputies", .operators, "Who may use another's credential, or a shared one, and until when",
      query: [.optional("person", .identifier)], answer: .list("DeputySummary")),
    .post(
      "/v1/admin/vault/deputies", .operators, "Let people use another's credential for a time, or end that",
      body: "VaultActMessage", answer: "Nothing", problems: [.conflict]),
    .get(
      "/v1/admin/vault/card-keys", .operators, "For which card scripts the vault keeps a city's key; never a key",
      answer: .list("VaultCardKeySummary")),
    .post(
      "/v1/admin/vault/card-keys", .operators, "Set a city's key for shared-key cards, sealed to the vault",
      body: "VaultCardKeyAct", answer: "Nothing", problems: [.conflict]),
    .post(
      "/v1/admin/vault/card-keys/removal", .operators, "Take a city's key for shared-key cards away", body: "VaultActMessage",
      answer: "Nothing", problems: [.conflict, .notFound]),
    .get(
      "/v1/admin/vault/alarms", .operators,
      "What the vault wants somebody to look at, the newest first; with `all`, what somebody has seen, too",
      query: [.optional("all", .oneOf(["1"]))], answer: .message("VaultAlarmPage")),
    .post(
      "/v1/admin/vault/alarms", .operators, "Say that an alarm of the vault was looked at", body: "VaultActMessage",
      answer: "Nothing", problems: [.conflict, .notFound]),
    .get(
      "/v1/admin/vault/rotation", .operators, "How old the vault's keys are, and how far their renewal has come",
      answer: .list("VaultKeySummary")),
    .post(
      "/v1/admin/vault/rotation", .operators, "Renew keys of the vault while it serves", body: "VaultActMessage",
      answer: "Nothing", problems: [.conflict]),
    .post(
      "/v1/admin/vault/resume", .operators, "Let releases go on after an alarm stopped them", body: "VaultActMessage",
      answer: "Nothing", problems: [.conflict]),
  ]
}

extension APIMessages {
  static let releases: [APIMessage] = [
    APIMessage(
      "SessionActMessage", "Something that the session's own key asks of the vault.",
      [
        .field("act", .bytes(minimum: 1, maximum: 12_288)), .field("signature", .bytes(minimum: 64, maximum: 64)),
        .optional("evidence", .bytes(minimum: 1, maximum: SessionEvidence.limit)),
      ]),
    APIMessage(
      "SessionActAnswer", "What the vault did.",
      [.optional("sealed", .bytes(minimum: 1, maximum: 4 * SealedRelease.limit))]),
    APIMessage(
      "VaultKeysMessage", "The vault's public keys, signed by the instance's authority.",
      [
        .field("instance", .identifier), .field("checkpointVerifier", .text(maximum: 256)),
        .field("ticket", .bytes(minimum: 32, maximum: 32)), .field("intakeSuite", .text(maximum: 32)),
        .field("intake", .bytes(minimum: 32, maximum: 2048)), .field("signature", .bytes(minimum: 8, maximum: 128)),
        .field("authority", .bytes(minimum: 1, maximum: 8192)),
      ]),
    APIMessage(
      "VaultCardMessage", "A card's key in one register and not in the other.",
      [.field("key", .hex(digits: 64)), .field("person", .identifier), .field("isWithdrawn", .boolean)]),
    APIMessage(
      "VaultCardsPending", "Where the vault's register of cards differs.",
      [.field("cards", .array(.message("VaultCardMessage"), maximum: VaultCard.mostAtOnce)), .field("count", .count)]),
    APIMessage(
      "VaultCardsAct", "Cards for the vault's register, and the act that names them.",
      [
        .field("cards", .array(.message("VaultCardMessage"), maximum: VaultCard.mostAtOnce)),
        .field("act", .bytes(minimum: 1, maximum: 32_768)),
      ]),
    APIMessage("VaultActMessage", "An act for the vault.", [.field("act", .bytes(minimum: 1, maximum: 32_768))]),
    APIMessage(
      "VaultCredentialAct", "A credential, sealed to the vault, and the act that sets it.",
      [.field("sealed", .bytes(minimum: 1, maximum: 8192)), .field("act", .bytes(minimum: 1, maximum: 32_768))]),
    APIMessage(
      "VaultCardKeyAct", "A city's key for shared-key cards, sealed to the vault, and the act that sets it.",
      [.field("sealed", .bytes(minimum: 1, maximum: 12_288)), .field("act", .bytes(minimum: 1, maximum: 32_768))]),
    APIMessage(
      "VaultCardKeySummary", "That the vault keeps a city's key for a card script.",
      [.field("script", .identifier), .field("version", .count), .field("setAt", .time), .field("cards", .count)]),
    APIMessage(
      "VaultAlarmSummary", "Something that the vault wants somebody to look at, and who has.",
      [
        .field("number", .count), .field("action", .text(maximum: VaultAlarm.longestAction)),
        .field("note", .text(maximum: VaultAlarm.longestNote)), .field("times", .count), .field("firstAt", .time),
        .field("lastAt", .time), .optional("seenBy", .identifier), .optional("seenAt", .time),
        .optional("reason", .text(maximum: 500)),
      ]),
    APIMessage(
      "VaultAlarmPage", "Alarms of the vault, the newest first, and how many older ones are left out.",
      [.field("alarms", .array(.message("VaultAlarmSummary"), maximum: VaultAlarmPage.most)), .field("more", .count)]),
    APIMessage(
      "ApplicationsMessage", "Definitions of applications, as the vault's statement names them by their hash.",
      [
        .field("definitions", .array(.bytes(minimum: 1, maximum: 16_384), maximum: 64)),
        .optional("owners", .array(.message("OwnerOffer"), maximum: ApplicationsMessage.mostOwners)),
        .optional("unpublished", .array(.identifier, maximum: 64)),
      ]),
    APIMessage(
      "OwnerOffer", "That the person who asks may use this owner's account now.",
      [
        .field("owner", .identifier), .field("displayName", .text(maximum: 256)), .field("application", .identifier),
        .field("account", .text(maximum: 64)), .field("until", .time),
      ]),
    APIMessage(
      "ApplicationSummary", "An application in the files and in the vault.",
      [
        .field("application", .identifier), .field("nameJa", .text(maximum: 64)), .field("nameEn", .text(maximum: 64)),
        .field("segments", .array(.segment, maximum: 8)), .optional("definition", .hex(digits: 64)),
        .field("freshnessSeconds", .integer(minimum: 60, maximum: 86_400)),
        .field("state", .oneOf(["published", "changed", "unpublished", "orphaned"])),
      ]),
    APIMessage(
      "CredentialGaps", "Who cannot sign in to which application.",
      [.field("gaps", .array(.message("CredentialGap"), maximum: 500)), .field("count", .count)]),
    APIMessage(
      "CredentialGap", "Somebody who may use an application and has no working credential for it.",
      [
        .field("person", .identifier), .field("displayName", .text(maximum: 256)), .field("department", .text(maximum: 256)),
        .field("application", .identifier), .field("reason", .oneOf(["missing", "refused", "mustChange"])),
        .optional("refusedAt", .time),
      ]),
    APIMessage(
      "DeputySummary", "That one person may use another's credential, or a shared one.",
      [
        .field("owner", .identifier), .field("application", .identifier), .field("account", .text(maximum: 64)),
        .field("deputy", .identifier), .field("from", .time), .field("until", .time),
        .field("state", .oneOf(["planned", "inForce", "ended", "withdrawn"])),
      ]),
    APIMessage(
      "VaultKeySummary", "How old the vault's key of one layer is, and how far its renewal has come.",
      [
        .field("layer", .oneOf(VaultLayer.allCases.map(\.rawValue))), .field("number", .count), .field("madeAt", .time),
        .field("uses", .count), .field("mostUses", .count), .field("isUnderWay", .boolean), .field("left", .count),
      ]),
    APIMessage(
      "CredentialSummary", "That there is a credential, and how it stands.",
      [
        .field("person", .identifier), .field("application", .identifier), .field("account", .text(maximum: 64)),
        .field("version", .count), .field("state", .oneOf(CredentialEntry.State.allCases.map(\.rawValue))),
        .field("setAt", .time), .optional("refusedVersion", .count), .optional("refusedAt", .time),
      ]),
  ]
}
