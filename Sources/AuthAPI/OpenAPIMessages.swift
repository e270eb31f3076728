import AuthTerms

/// The catalogue of messages: what workstations send and get. A test decodes each into its Swift type and back.
enum APIMessages {
  static let all =
    common + ceremonies + sessions + enrolment + instance + people + operators + backups + directory + transfers + access
    + rehearsals + relinks + palms + releases + sharedCards + pinResets + cardLife + lookUps + numberCards
    + firstTaps + workstationPlaces + external + auditPacks

  static func named(_ name: String) -> APIMessage? { all.first { $0.name == name } }

  static let factors: [String] = ["card", "pin", "password", "palm", "code"]
  static let scenarios: [String] = ["logon", "unlock", "remote"]

  static let common: [APIMessage] = [
    APIMessage(
      "ErrorBody", "Every refusal and every error: a stable code, what happened and what to do next, in Japanese and English.",
      [
        .field("code", .text(maximum: 8)), .field("ja", .text(maximum: 500)), .field("en", .text(maximum: 500)),
        .field("nextStepJa", .text(maximum: 500)), .field("nextStepEn", .text(maximum: 500)),
        .optional("reference", .reference),
      ]),
    APIMessage("Nothing", "An empty object: it was done.", []),
    APIMessage(
      "HealthReport", "The process runs.", [.field("state", .oneOf(["running"]))]),
    APIMessage(
      "ReadinessReport", "Whether the server can answer, and which of its parts do not.",
      [.field("state", .oneOf(["ready", "notReady"])), .field("missing", .array(.text(maximum: 64), maximum: 16))]),
  ]

  static let ceremonies: [APIMessage] = [
    APIMessage(
      "CeremonyOpened", "A challenge bound to this workstation, segment, scenario and expiry.",
      [
        .field("ceremony", .identifier), .field("nonce", .bytes(minimum: 32, maximum: 32)),
        .field("scenario", .oneOf(scenarios)), .field("segment", .segment), .field("workstation", .identifier),
        .field("expiresAt", .time), .field("combinations", combinations), .optional("session", .identifier),
        .optional("cardScripts", .array(cardScript, maximum: 8)), .optional("takesCardNumbers", .boolean),
        .optional("takesMyNumberCards", .boolean),
      ]),
    APIMessage(
      "SessionKeys", "Public keys an agent made for one session.",
      [
        .field("suite", .oneOf(SealingSuite.allCases.map(\.rawValue))),
        .field("sealing", .bytes(minimum: 32, maximum: 1216)),
        .field("signing", .bytes(minimum: 32, maximum: 32)),
      ]),
    APIMessage(
      "CardProofMessage", "What a card signed, and the certificate of the key.",
      [
        .field("profile", .oneOf(["piv", JPKIProfile.name, CertificateCard.profile])),
        .field("slot", .oneOf(["9a", "9e", JPKIProfile.name, CertificateCard.slot])),
        .field("certificate", .bytes(minimum: 1, maximum: 8192)),
        .field("algorithm", .oneOf(["ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pkcs1-sha256"])),
        .field("signature", .bytes(minimum: 1, maximum: 1024)),
      ]),
    APIMessage(
      "ProofsMessage", "One or several proofs for a ceremony.",
      [
        .optional("sessionKeys", .message("SessionKeys")), .optional("card", .message("CardProofMessage")),
        .optional("palm", .message("PalmProofMessage")),
        .optional("password", .bytes(minimum: 0, maximum: 1024)),
        .optional("newPassword", .bytes(minimum: 1, maximum: 1024)),
        .optional("sessionSignature", .bytes(minimum: 64, maximum: 64)),
        .optional("code", .message("LookUpProofMessage")),
        .optional("number", .message("CardNumberMessage")),
      ]),
    APIMessage(
      "CeremonyAnswer", "Granted, or what is still needed.",
      [
        .field("outcome", .oneOf(["granted", "stillNeeded"])), .optional("combinations", combinations),
        .optional("session", .message("SessionOpened")), .optional("palm", .message("PalmTry")),
      ]),
    APIMessage(
      "SessionOpened", "The session that a grant opened.",
      [
        .field("session", .identifier), .field("person", .identifier), .field("displayName", .text(maximum: 256)),
        .field("segment", .segment), .field("scenario", .oneOf(scenarios)),
        .field("assurance", .oneOf(["AAL1", "AAL2", "AAL3"])),
        .field("leaseSeconds", .integer(minimum: 0, maximum: 86_400)),
        .field("onCardRemoval", .oneOf(["nothing", "lock", "logoff"])), .field("endsAt", .time),
        .field("rule", .text(maximum: 512)), .field("policyVersion", .hex(digits: 64)),
      ]),
  ]

  static let combinations = APISchema.array(.array(.oneOf(factors), maximum: 5), maximum: 64)

  static let sessions: [APIMessage] = [
    APIMessage(
      "SessionStatus", "The session of the asking workstation.",
      [
        .field("session", .identifier), .field("person", .identifier), .field("state", .oneOf(["open", "locked", "ended"])),
        .field("leaseSeconds", .integer(minimum: 0, maximum: 86_400)), .field("endsAt", .time),
      ]),
    APIMessage(
      "SessionEnding", "Why a session is locked or ended.",
      [.field("cause", .oneOf(["asked", "cardRemoved", "idle", "leaseExpired", "shutdown", "keyLost"]))]),
    APIMessage(
      "WatchEvent", "One line of the watch.",
      [
        .field("event", .oneOf(["ready", "keepalive", "ending", "lock", "logoff", "close"])),
        .optional("session", .identifier),
        .optional(
          "cause",
          .oneOf(cardCauses + ["accountDisabled", "accountEnds", "accessChanged", "workstationRevoked", "byOperator"])),
        .optional("minutes", .integer(minimum: 1, maximum: 15)), .optional("endsAt", .time),
      ]),
    APIMessage(
      "WorkstationEvent", "Something that happened at the workstation and that no proof will tell.",
      [
        .field("kind", .oneOf(["wrongPIN", "pinBlocked", "cardRemoved", "readerLost", "leaseExpired"])),
        .optional("triesLeft", .integer(minimum: 0, maximum: 15)),
      ]),
  ]

  static let enrolment: [APIMessage] = [
    APIMessage(
      "WorkstationEnrolmentRequest", "A request for the first certificate of a workstation.",
      [.field("code", .text(maximum: 128)), .field("certificateRequest", .bytes(minimum: 1, maximum: 8192))]),
    APIMessage(
      "WorkstationRenewalRequest", "A request for the next certificate of a workstation.",
      [
        .field("certificateRequest", .bytes(minimum: 1, maximum: 8192)), .optional("proof", .bytes(minimum: 1, maximum: 256)),
      ]),
    APIMessage(
      "WorkstationCertificateIssued", "A certificate of our authority, and what to trust.",
      [
        .field("workstation", .identifier), .field("segment", .segment),
        .field("certificate", .bytes(minimum: 1, maximum: 8192)),
        .field("trustRoots", .array(.bytes(minimum: 1, maximum: 8192), maximum: 16)),
      ]),
  ]
}
