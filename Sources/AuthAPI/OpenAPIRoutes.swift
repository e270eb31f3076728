import AuthTerms

/// One route as it is documented; the router of its door must have it, and no other (a test holds them equal).
public struct APIRoute: Sendable {
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
  }
  /// Behind which listener it is found.
  public enum Door: String, Sendable, CaseIterable {
    case workstations
    case enrolment
    /// The unix socket.
    case operators
    /// The same routes for certificates on operators' cards.
    case operatorsTLS
    case metrics

    /// What an operator may ask, she may ask at both doors.
    static let forOperators: Set<Door> = [.operators, .operatorsTLS]
  }
  public struct Parameter: Sendable {
    public let name: String
    public let schema: APISchema
    public let isRequired: Bool
  }
  public enum Answer: Sendable {
    case message(String)
    case list(String)
    /// One message a line, until either side ends it.
    case lines(String)
    /// Messages as a table or one a line, until the last.
    case table(String)
    case text
    case document
  }
  public enum Success: Sendable {
    case done
    case created
    case accepted
  }

  public let method: Method
  /// With `{name}` for parameters.
  public let path: String
  public let doors: Set<Door>
  public let summary: String
  public var parameters: [Parameter] = []
  public var query: [Parameter] = []
  /// Name of the message in the body; `nil`: a body is refused.
  public var request: String?
  public var success: Success = .done
  public var answer: Answer
  /// What else it may answer, beyond what every route may.
  public var problems: [HTTPProblem] = []
}

extension APIRoute {
  static func get(_ path: String, _ door: Door, _ summary: String, query: [Parameter] = [], answer: Answer) -> APIRoute {
    APIRoute(
      method: .get, path: path, doors: doors(door), summary: summary, parameters: parameters(of: path), query: query,
      answer: answer,
      problems: problems(of: path) + (query.isEmpty ? [] : [.badRequest]))
  }

  static func post(
    _ path: String, _ door: Door, _ summary: String, body: String?, _ success: Success = .done, answer: String,
    problems: [HTTPProblem] = []
  ) -> APIRoute {
    APIRoute(
      method: .post, path: path, doors: doors(door), summary: summary, parameters: parameters(of: path), request: body,
      success: success, answer: .message(answer),
      problems: Self.problems(of: path) + [.badRequest] + (body == nil ? [] : [.wrongMediaType]) + problems)
  }

  private static func doors(_ door: Door) -> Set<Door> { door == .operators ? Door.forOperators : [door] }

  /// A name that cannot exist, or does not, is not found.
  private static func problems(of path: String) -> [HTTPProblem] { path.contains("{") ? [.notFound] : [] }

  private static func parameters(of path: String) -> [Parameter] {
    path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { part in
      let name = String(part.dropFirst().dropLast())
      return Parameter(name: name, schema: name == "sequence" ? .count : .identifier, isRequired: true)
    }
  }
}

extension APIRoute.Parameter {
  static func optional(_ name: String, _ schema: APISchema) -> Self { Self(name: name, schema: schema, isRequired: false) }
  static func required(_ name: String, _ schema: APISchema) -> Self { Self(name: name, schema: schema, isRequired: true) }
}

/// Every route of the server.
public enum APIRoutes {
  static let eventClasses = ["ceremony", "session", "workstation", "enrolment", "administration", "release", "auditRead"]
  static let outcomes = ["granted", "denied", "stillNeeded", "done", "refused"]

  public static let all: [APIRoute] =
    workstations + enrolment + instance + people + operators + backups + directory + transfers + rehearsals + access
    + relinks + releases + sharedCards + cardLife + lookUps
    + operations + pinResets + numberCards + firstTaps + workstationPlaces + external
    + auditPacks

  public static func behind(_ door: APIRoute.Door) -> [APIRoute] { all.filter { $0.doors.contains(door) } }

  static let workstations: [APIRoute] =
    [
      .post(
        "/v1/ceremonies", .workstations, "Open a ceremony: a challenge, and what would be accepted", body: nil, .created,
        answer: "CeremonyOpened", problems: [.tooManyRequests]),
      .post(
        "/v1/ceremonies/{ceremony}/proofs", .workstations, "Show proofs", body: "ProofsMessage", answer: "CeremonyAnswer",
        problems: [.tooManyRequests]),
      sharedCardCeremony,
      currentSession,
      .post("/v1/sessions/{session}/lease", .workstations, "Renew the lease", body: nil, answer: "SessionStatus"),
      .post("/v1/sessions/{session}/lock", .workstations, "Lock the session", body: "SessionEnding", answer: "SessionStatus"),
      .post("/v1/sessions/{session}/logoff", .workstations, "End the session", body: "SessionEnding", answer: "SessionStatus"),
      .get("/v1/watch", .workstations, "Hold open; hear of locks and revocations", answer: .lines("WatchEvent")),
      .post(
        "/v1/events", .workstations, "Report what no proof will tell", body: "WorkstationEvent", .accepted, answer: "Nothing"),
      .post(
        "/v1/workstation/renewal", .workstations, "Get the next certificate", body: "WorkstationRenewalRequest",
        answer: "WorkstationCertificateIssued", problems: [.conflict]),
      document,
    ] + sessionActs

  private static let currentSession: APIRoute = {
    var route = APIRoute.get(
      "/v1/sessions/current", .workstations, "The session of this workstation, if any", answer: .message("SessionStatus"))
    route.problems = [.notFound]
    return route
  }()

  private static let document: APIRoute = {
    // Workstations get their own part; at the operators' doors and beside the metrics it is the whole.
    APIRoute(
      method: .get, path: "/openapi.json", doors: APIRoute.Door.forOperators.union([.workstations, .metrics]),
      summary: "This document", answer: .document)
  }()

  static let enrolment: [APIRoute] = [
    .post(
      "/v1/enrolment/workstations", .enrolment, "Get the first certificate, by a one-time code",
      body: "WorkstationEnrolmentRequest", .created, answer: "WorkstationCertificateIssued",
      problems: [.conflict, .tooManyRequests])
  ]

  static let instance: [APIRoute] = [
    .get("/v1/admin/status", .operators, "How the instance is", answer: .message("InstanceStatus")),
    .post("/v1/admin/policy/reload", .operators, "Read the policy files again", body: nil, answer: "PolicyReloaded"),
    .get(
      "/v1/admin/policy/pending", .operators, "What the policy folder would change, and whose signatures it waits for",
      answer: .message("PolicyPending")),
    .get(
      "/v1/admin/policy/trial", .operators, "Whom the rules on trial would have treated otherwise",
      answer: .message("PolicyTrial")),
    .get("/v1/admin/policy/waivers", .operators, "Waivers, and who has signed them", answer: .list("WaiverSummary")),
    .post(
      "/v1/admin/policy/waivers/approve", .operators, "Approve a waiver by its approvers' signatures", body: "WaiverAct",
      answer: "WaiverSummary", problems: [.conflict, .notFound]),
    .post(
      "/v1/admin/policy/waivers/withdraw", .operators, "Withdraw the approval of a waiver", body: "WaiverAct",
      answer: "WaiverWithdrawn", problems: [.conflict, .notFound]),
    .get(
      "/v1/admin/clock", .operators, "The clock, and the time that dates are judged by", answer: .message("ClockStatus")),
    .post(
      "/v1/admin/clock/accept", .operators, "The clock is right, and rows were dated by one that ran ahead", body: "ClockAct",
      answer: "ClockStatus", problems: [.conflict]),
    .post(
      "/v1/admin/explain", .operators, "What would be decided, and by which rule", body: "ExplainRequest",
      answer: "ExplainAnswer", problems: [.notFound]),
    found(
      .get(
        "/v1/admin/why", .operators, "Why a clerk was refused, by the reference she was shown",
        query: [.required("reference", .reference), .required("day", .integer(minimum: 0, maximum: 200_000))],
        answer: .message("AuditEntry"))),
    .get(
      "/v1/admin/audit", .operators, "Rows of the log",
      query: auditPage, answer: .message("AuditPage")),
    .get(
      "/v1/admin/audit/export", .operators,
      "Rows of the log as a file; behind its end the field Sanmon-Rows says how many, and without it some are missing",
      query: auditExport, answer: .table("AuditEntry")),
    .get(
      "/v1/admin/audit/{sequence}", .operators, "One row", query: [.required("purpose", .phrase(maximum: 200))],
      answer: .message("AuditEntry")),
    .get("/v1/admin/audit/checkpoint", .operators, "Sign and return a checkpoint", answer: .message("CheckpointAnswer")),
  ]

  /// Which rows, and why: that is a row itself.
  private static let auditFilter: [APIRoute.Parameter] = [
    .required("purpose", .phrase(maximum: 200)),
    .optional("person", .identifier), .optional("workstation", .identifier), .optional("segment", .segment),
    .optional("department", .line(maximum: 64)), .optional("class", .oneOf(eventClasses)),
    .optional("action", .text(maximum: 64)), .optional("outcome", .oneOf(outcomes)),
    .optional("code", .oneOf(DenialCode.allCases.map(\.rawValue))), .optional("text", .line(maximum: 64)),
    .optional("from", .askedTime), .optional("until", .askedTime), .optional("fromSequence", .count),
    .optional("untilSequence", .count),
  ]

  private static let auditPage: [APIRoute.Parameter] =
    auditFilter + [
      APIRoute.Parameter.optional("limit", .integer(minimum: 1, maximum: 10_000)),
      APIRoute.Parameter.optional("newest", .oneOf(["true", "false"])),
    ]
  private static let auditExport: [APIRoute.Parameter] =
    [APIRoute.Parameter.required("format", .oneOf(["csv", "jsonl"]))] + auditFilter

  static let people: [APIRoute] = [
    .get(
      "/v1/admin/people", .operators, "People whose account or names contain a text",
      query: [.optional("q", .text(maximum: 200)), .optional("limit", .integer(minimum: 1, maximum: 1000))],
      answer: .list("PersonSummary")),
    .post(
      "/v1/admin/people", .operators, "Import a snapshot of the embedded directory", body: "PeopleImport",
      answer: "PeopleImported", problems: [.conflict]),
    .get("/v1/admin/people/{person}", .operators, "One person", answer: .message("PersonSummary")),
    .post(
      "/v1/admin/people/{person}/password", .operators, "Set a password of Sanmon's own", body: "PasswordSetting",
      answer: "Nothing", problems: [.conflict]),
    .get(
      "/v1/admin/people/{person}/palms", .operators, "Palms of a person", answer: .list("PalmSummary")),
    .post(
      "/v1/admin/people/{person}/palms", .operators, "Enrol a palm", body: "PalmEnrolment", answer: "PalmEnrolled",
      problems: [.conflict, .notFound]),
    .get(
      "/v1/admin/palms/report", .operators, "Which sensors to clean, whose palms to enrol anew", answer: .message("PalmReport")),
    .post(
      "/v1/admin/palms/rekey", .operators, "Move palms to a new key of the ring", body: "PalmRekeyStep",
      answer: "PalmRekeyed", problems: [.conflict]),
    .post(
      "/v1/admin/people/{person}/palms/removal", .operators, "Take palms away", body: "PalmRemoval", answer: "PalmsRemoved",
      problems: [.notFound]),
    .get(
      "/v1/admin/cards", .operators, "Cards of a person", query: [.required("person", .identifier)],
      answer: .list("CardSummary")),
    .post(
      "/v1/admin/cards/challenge", .operators, "Begin to enrol a card", body: "CardChallengeRequest", answer: "CardChallenge",
      problems: [.notFound]),
    .post(
      "/v1/admin/cards", .operators, "Enrol a key of a card", body: "CardEnrolment", .created, answer: "CardSummary",
      problems: [.conflict, .notFound]),
    .post(
      "/v1/admin/cards/{card}/state", .operators, "Lost, suspended, active again, or out of use", body: "CardStateChange",
      answer: "CardStateChanged", problems: [.conflict]),
  ]

  static let operators: [APIRoute] = [
    .get(
      "/v1/admin/sessions", .operators, "Sessions that are open or locked",
      query: [.optional("person", .identifier), .optional("workstation", .identifier)], answer: .list("SessionSummary")),
    .post(
      "/v1/admin/sessions/{session}/end", .operators, "End a session; its workstation is told", body: "SessionEndRequest",
      answer: "SessionSummary"),
    .get("/v1/admin/workstations", .operators, "All workstations", answer: .list("WorkstationSummary")),
    .post(
      "/v1/admin/workstations/codes", .operators, "Make an enrolment code for one name and segment",
      body: "WorkstationCodeRequest", .created, answer: "EnrolmentCode", problems: [.conflict]),
    .post(
      "/v1/admin/workstations/{workstation}/revoke", .operators, "Revoke a workstation", body: "WorkstationRevocation",
      answer: "WorkstationRevoked"),
    .get("/v1/admin/operators", .operators, "All operators", answer: .list("OperatorSummary")),
    .post(
      "/v1/admin/operators/first", .operators, "Register the first administrator", body: "FirstOperator", .created,
      answer: "OperatorSummary", problems: [.conflict]),
    .post(
      "/v1/admin/operators", .operators, "Register another operator", body: "OperatorAddition", .created,
      answer: "OperatorSummary", problems: [.conflict]),
    .post(
      "/v1/admin/operators/{operator}/remove", .operators, "Remove an operator", body: "OperatorRemoval",
      answer: "OperatorSummary", problems: [.conflict]),
  ]

  static let backups: [APIRoute] = [
    .post(
      "/v1/admin/backups", .operators, "Begin to make a backup, sealed to the recovery key", body: nil, .accepted,
      answer: "BackupState",
      problems: [.conflict]),
    backupState,
    .get(
      "/v1/admin/backups/{backup}/pieces", .operators, "Read a backup piece by piece", query: [.required("offset", .count)],
      answer: .message("BackupPiece")),
    .post("/v1/admin/backups/{backup}/taken", .operators, "The backup was read: remove it here", body: nil, answer: "Nothing"),
    .get(
      "/v1/admin/restore", .operators, "Whether a restored copy waits for its approval", answer: .message("RestoreState")),
    .post(
      "/v1/admin/restore/approve", .operators, "Approve that the restored copy counts", body: "RestoreAct",
      answer: "RestoreState", problems: [.conflict]),
  ]

  private static let backupState: APIRoute = {
    var route = APIRoute.get(
      "/v1/admin/backups/{backup}", .operators, "Whether a backup can be read now; why not, if it could not be made",
      answer: .message("BackupState"))
    route.problems.append(.conflict)
    return route
  }()

  static let operations: [APIRoute] = [
    operation("/health", "The process runs", .message("HealthReport")),
    operation("/readiness", "Whether store, vault and policy answer", .message("ReadinessReport")),
    operation("/metrics", "Prometheus text", .text),
  ]

  private static func operation(_ path: String, _ summary: String, _ answer: APIRoute.Answer) -> APIRoute {
    // Refused only at the operators' TLS listener, where nothing is answered to a card that is no operator's.
    APIRoute(
      method: .get, path: path, doors: APIRoute.Door.forOperators.union([.metrics]), summary: summary, answer: answer)
  }

  private static func found(_ route: APIRoute) -> APIRoute {
    var route = route
    route.problems.append(.notFound)
    return route
  }
}
