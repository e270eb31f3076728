import AuthTerms

/// The catalogue of messages, the operators' side.
extension APIMessages {
  private static let roles = ["administrator", "desk", "auditor", "rotator"]
  private static let proofClasses = ["pk-pin", "pk", "sym-aes", "sym-3des", "identifier"]
  private static let sentences = APISchema.array(.text(maximum: 4096), maximum: nil)
  private static let name = APISchema.text(maximum: 256)
  private static let signedAct = APISchema.bytes(minimum: 1, maximum: 16_384)

  static let instance: [APIMessage] = [
    APIMessage(
      "InstanceStatus", "How the instance is.",
      [
        .field("instance", name), .field("city", name), .field("segments", .array(.segment, maximum: 16)),
        .field("policyVersion", .hex(digits: 64)), .field("people", .count), .field("workstations", .count),
        .field("liveSessions", .count), .field("watching", .count), .field("auditRows", .count),
        .field("checkpointSize", .count), .field("unrecordedDenials", .count), .optional("vaultRows", .count),
        .optional("vaultAlarms", .count),
        .field("mainPort", .integer(minimum: 0, maximum: 65_535)),
        .field("enrolmentPort", .integer(minimum: 0, maximum: 65_535)), .field("authority", .text(maximum: 64)),
        .field("warningsJa", sentences), .field("warningsEn", sentences), .optional("numberCardPeople", .count),
        .optional("externalPeopleToAnswer", .count),
      ]),
    APIMessage(
      "PolicyReloaded", "Whether the set in the folder is now in force; if not, why.",
      [
        .field("policyVersion", .hex(digits: 64)), .field("changed", .boolean), .field("faultsJa", sentences),
        .field("faultsEn", sentences), .field("warningsJa", sentences), .field("warningsEn", sentences),
        .optional("changes", .array(.message("PolicyChangeShown"), maximum: nil)),
      ]),
    APIMessage(
      "PolicyChangeShown", "One thing that a set of rules changes, in words for who has to sign it.",
      [
        .field("effect", .oneOf(["widening", "narrowing", "neutral"])), .field("rule", .text(maximum: 512)),
        .field("ja", .text(maximum: 4096)), .field("en", .text(maximum: 4096)),
      ]),
    APIMessage(
      "PolicyPending", "What lies in the policy folder in comparison with what is in force.",
      [
        .field("policyVersion", .hex(digits: 64)), .optional("folderVersion", .hex(digits: 64)),
        .field("isPending", .boolean), .field("changes", .array(.message("PolicyChangeShown"), maximum: nil)),
        .field("signaturesNeeded", .count), .field("signers", .array(.identifier, maximum: nil)),
        .field("faultsJa", sentences), .field("faultsEn", sentences),
      ]),
    APIMessage(
      "PolicyTrial", "Whom the rules on trial would have treated otherwise than those in force did.",
      [
        .optional("trialVersion", .hex(digits: 64)), .optional("since", .time), .field("ceremonies", .count),
        .field("lines", .array(.message("PolicyTrialLine"), maximum: nil)), .field("faultsJa", sentences),
        .field("faultsEn", sentences),
      ]),
    APIMessage(
      "PolicyTrialLine", "People of one department to whom the same happens.",
      [
        .field("department", .text(maximum: 1024)),
        .field("effect", .oneOf(["refused", "asked", "weaker", "stronger", "admitted", "otherwise"])),
        .field("verdict", .text(maximum: 64)), .field("people", .array(.identifier, maximum: nil)), .field("times", .count),
      ]),
    APIMessage(
      "WaiverSummary", "One waiver of the policy files, and whether its approvers have signed it.",
      [
        .field("hash", .hex(digits: 64)), .field("segment", .segment), .field("waiver", .text(maximum: 64)),
        .field("from", .text(maximum: 10)), .field("until", .text(maximum: 10)),
        .field("approvers", .array(.identifier, maximum: 8)), .field("reason", .text(maximum: 200)),
        .field("rule", .text(maximum: 512)), .field("state", .oneOf(["unsigned", "approved", "lapsed"])),
        .field("isWithinDates", .boolean), .field("signedBy", .array(.identifier, maximum: 8)),
        .field("missing", .array(.identifier, maximum: 8)), .optional("signedAt", .time), .optional("act", .hex(digits: 64)),
      ]),
    APIMessage(
      "WaiverAct", "A signed act policy.waiver.approve or policy.waiver.withdraw.", [.field("act", signedAct)]),
    APIMessage("WaiverWithdrawn", "The waiver is not approved any more.", [.field("hash", .hex(digits: 64))]),
    APIMessage(
      "ClockStatus", "The clock, and the time that dates are judged by.",
      [
        .field("clock", .time), .field("floor", .time), .field("behindSeconds", .integer(minimum: 0, maximum: .max)),
        .field("required", .integer(minimum: 1, maximum: 2)),
      ]),
    APIMessage("ClockAct", "A signed act clock.accept.", [.field("act", signedAct)]),
    APIMessage(
      "ExplainRequest", "What would be decided for this person at this workstation?",
      [
        .field("person", .text(maximum: 128)), .field("workstation", .identifier), .optional("scenario", .oneOf(scenarios)),
        .optional("at", .askedTime),
      ]),
    APIMessage(
      "ExplainedStep", "One step of a decision.",
      [.field("rule", .text(maximum: 512)), .field("ja", .text(maximum: 4096)), .field("en", .text(maximum: 4096))]),
    APIMessage(
      "ExplainedTry", "What would be decided if these factors were shown.",
      [
        .field("factors", .array(.oneOf(factors), maximum: 5)),
        .field("outcome", .oneOf(["granted", "stillNeeded", "denied"])), .optional("code", .text(maximum: 8)),
        .field("rule", .text(maximum: 512)), .field("steps", .array(.message("ExplainedStep"), maximum: nil)),
      ]),
    APIMessage(
      "ExplainAnswer", "The decisions for every combination that matters.",
      [
        .field("person", .identifier), .field("workstation", .identifier), .field("scenario", .oneOf(scenarios)),
        .field("policyVersion", .hex(digits: 64)), .field("tries", .array(.message("ExplainedTry"), maximum: nil)),
      ]),
    APIMessage(
      "AuditEntry", "One row of the log; absent means not known.",
      [
        .field("sequence", .count), .field("time", .time), .field("eventClass", .oneOf(APIRoutes.eventClasses)),
        .field("action", .text(maximum: 64)), .field("outcome", .oneOf(APIRoutes.outcomes)), .optional("person", .identifier),
        .optional("personName", name), .optional("workstation", .identifier), .optional("segment", .segment),
        .optional("scenario", .oneOf(scenarios + ["release", "admin"])), .optional("session", .identifier),
        .optional("card", .identifier), .optional("operatorID", .identifier),
        .field("factors", .array(.oneOf(factors + ["session-key"]), maximum: 6)), .optional("proofClass", .oneOf(proofClasses)),
        .optional("assurance", .oneOf(["AAL1", "AAL2", "AAL3"])), .optional("code", .text(maximum: 8)),
        .optional("rule", .text(maximum: 512)), .optional("policyVersion", .hex(digits: 64)),
        .field("waivers", .array(.text(maximum: 128), maximum: nil)),
        .optional("reference", .reference), .optional("latencyMilliseconds", .count), .field("count", .count),
        .field("note", .text(maximum: 4096)),
      ]),
    APIMessage(
      "AuditPage", "Rows, and how many the whole log has.",
      [.field("entries", .array(.message("AuditEntry"), maximum: 10_000)), .field("size", .count)]),
    APIMessage(
      "CheckpointAnswer", "A signed checkpoint (C2SP tlog-checkpoint) and the key that verifies it.",
      [
        .field("note", .text(maximum: 8192)), .field("verifierKey", .text(maximum: 512)),
        .optional("witnessed", .text(maximum: 65_536)),
      ]),
  ]

  static let people: [APIMessage] = [
    APIMessage(
      "PeopleImport", "A whole snapshot of the embedded directory.",
      [
        .field("format", .oneOf(["ldif", "csv"])), .field("people", .text(maximum: 16_777_216)),
        .optional("groups", .text(maximum: 16_777_216)), .optional("departments", .text(maximum: 16_777_216)),
        .optional("confirmed", .integer(minimum: .min, maximum: .max)), .field("preview", .boolean),
      ]),
    APIMessage(
      "PeopleImported", "What changed, or would change.",
      [
        .field("added", .count), .field("changed", .count), .field("disabled", .count), .field("losingAccess", .count),
        .field("unchanged", .count), .field("applied", .boolean), .field("notesJa", sentences), .field("notesEn", sentences),
      ]),
    APIMessage(
      "PersonSummary", "One person as the directory knows her.",
      [
        .field("id", .identifier), .field("account", .text(maximum: 128)), .field("displayName", name), .field("kana", name),
        .field("departments", .array(name, maximum: nil)), .field("groups", .array(name, maximum: nil)),
        .field("isEnabled", .boolean), .field("hasPassword", .boolean),
        .field("cards", .array(.message("CardSummary"), maximum: nil)),
      ]),
    APIMessage("PasswordSetting", "A new password of Sanmon's own.", [.field("password", .bytes(minimum: 8, maximum: 256))]),
    APIMessage("CardChallengeRequest", "For whom a card is to be enrolled.", [.field("person", .identifier)]),
    APIMessage(
      "CardChallenge", "What the card signs to be enrolled; single use, five minutes.",
      [
        .field("person", .identifier), .field("displayName", name), .field("nonce", .bytes(minimum: 32, maximum: 32)),
      ]),
    APIMessage(
      "CardEnrolment", "A key that signed the challenge is registered on one of this person's cards.",
      [
        .field("person", .identifier), .field("segment", .segment),
        .field("profile", .oneOf(["piv", JPKIProfile.name, CertificateCard.profile])),
        .field("slot", .oneOf(["9a", "9e", JPKIProfile.name, CertificateCard.slot])),
        .field("nonce", .bytes(minimum: 32, maximum: 32)),
        .field("certificate", .bytes(minimum: 1, maximum: 8192)),
        .field("algorithm", .oneOf(["ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pkcs1-sha256"])),
        .field("signature", .bytes(minimum: 1, maximum: 1024)), .field("refusedWithoutPIN", .boolean),
        .optional("guid", .bytes(minimum: 16, maximum: 16)), .optional("card", .identifier),
      ]),
    APIMessage(
      "CardSummary", "One physical card with the keys registered on it.",
      [
        .field("card", .identifier), .optional("person", .identifier),
        .field("state", .oneOf(cardStates)), .optional("guid", .hex(digits: 32)),
        .field("keys", .array(.message("CardKeySummary"), maximum: nil)), .field("isStock", .boolean),
        .optional("lentUntil", .text(maximum: 10)), .optional("awaitsPIN", .boolean),
      ]),
    APIMessage(
      "CardKeySummary", "One key of a card.",
      [
        .field(
          "slot",
          .oneOf(
            ["9a", "9e", JPKIProfile.name, CertificateCard.slot] + SharedKeyCardKind.allCases.map(\.name) + numberCardKinds)),
        .field("proofClass", .oneOf(proofClasses)), .field("key", .hex(digits: 64)),
        .field("enrolledBy", .text(maximum: 64)),
      ]),
    APIMessage(
      "CardStateChange", "A card, with all its keys, is lost, suspended, good again, or taken out of use.",
      [.field("state", .oneOf(cardStates)), .field("reason", .line(maximum: 500))]),
    APIMessage(
      "CardStateChanged", "The card, and how many sessions were told to lock.",
      [.field("card", .message("CardSummary")), .field("sessionsLocked", .count)]),
  ]

  static let operators: [APIMessage] = [
    APIMessage(
      "SessionSummary", "One session, and whether its workstation is heard.",
      [
        .field("session", .identifier), .field("person", .identifier), .field("displayName", name),
        .field("workstation", .identifier), .field("segment", .segment),
        .field("scenario", .oneOf(["logon", "unlock", "remote", "release", "admin"])),
        .field("state", .oneOf(["open", "locked", "ended"])), .field("isRevoked", .boolean), .optional("card", .identifier),
        .field("openedAt", .time), .field("endsAt", .time), .field("silentSeconds", .count),
      ]),
    APIMessage("SessionEndRequest", "Why a session is ended.", [.field("reason", .line(maximum: 500))]),
    APIMessage("WorkstationCodeRequest", "A signed act that fixes name and segment.", [.field("act", signedAct)]),
    APIMessage(
      "EnrolmentCode", "What the workstation shows to get its certificate.",
      [
        .field("code", .text(maximum: 128)), .field("workstation", .identifier), .field("segment", .segment),
        .field("expiresAt", .time),
      ]),
    APIMessage(
      "WorkstationSummary", "One workstation.",
      [
        .field("workstation", .identifier), .field("segment", .segment), .field("access", .oneOf(["console", "remote"])),
        .field("certificates", .array(.hex(digits: 64), maximum: 4)), .field("isRevoked", .boolean),
        .field("isWatching", .boolean), .optional("site", .identifier),
        .field("owners", .array(.identifier, maximum: WorkstationOwning.mostOwners)),
      ]),
    APIMessage(
      "FirstOperator", "The first administrator, by the one-time code printed at installation.",
      [.field("code", .text(maximum: 128)), .field("act", signedAct)]),
    APIMessage(
      "OperatorAddition", "An administrator lets another operator in.",
      [
        .field("act", signedAct), .field("possession", .bytes(minimum: 1, maximum: 1024)),
        .field("possessionScheme", .text(maximum: 64)),
      ]),
    APIMessage("OperatorRemoval", "An administrator's signed act.", [.field("act", signedAct)]),
    APIMessage("WorkstationRevocation", "An administrator's signed act.", [.field("act", signedAct)]),
    APIMessage(
      "WorkstationRevoked", "The workstation, and whether the vault's register says the same.",
      [.field("workstation", .message("WorkstationSummary")), .field("isKnownToVault", .boolean)]),
    APIMessage(
      "OperatorSummary", "One operator.",
      [
        .field("operatorID", .identifier), .field("role", .oneOf(roles)), .field("person", .identifier),
        .optional("unixUser", .text(maximum: 64)), .field("key", .hex(digits: 64)), .field("isActive", .boolean),
      ]),
  ]
}
