/// The OpenAPI 3.1 document, made from the list of routes and the catalogue of messages.
public enum OpenAPIDocument {
  /// What workstations meet; served at `/openapi.json`.
  public static let json: [UInt8] = json(behind: [.workstations])
  /// All doors in one document, for readers.
  public static let whole: [UInt8] = json(behind: Set(APIRoute.Door.allCases))

  /// The document of these doors; messages that none of their routes uses are left out.
  public static func json(behind doors: Set<APIRoute.Door>) -> [UInt8] {
    let routes = APIRoutes.all.filter { !$0.doors.isDisjoint(with: doors) }
    var paths: [(String, [APIRoute])] = []
    for route in routes {
      if let index = paths.firstIndex(where: { $0.0 == route.path }) {
        paths[index].1.append(route)
      } else {
        paths.append((route.path, [route]))
      }
    }
    let used = messages(of: routes)
    return APIText.object([
      ("openapi", .string("3.1.0")),
      (
        "info",
        .object([
          ("title", .string("Sanmon")), ("version", .string("1")),
          (
            "description",
            .string(
              "Logon server of a city hall. Workstations are known by their client certificates; operators by the uid at a unix socket, or by the certificate on their card."
            )
          ),
        ])
      ),
      (
        "paths",
        .object(paths.map { path, routes in (path, .object(routes.map { ($0.method.rawValue.lowercased(), operation($0)) })) })
      ),
      (
        "components",
        .object([("schemas", .object(APIMessages.all.filter { used.contains($0.name) }.map { ($0.name, $0.json) }))])
      ),
    ]).utf8
  }

  /// Statuses a route may answer, for tests that compare them with what comes.
  package static func statuses(of route: APIRoute) -> Set<Int> { Set(answers(of: route).map(\.status)) }

  // MARK: Routes

  private static func operation(_ route: APIRoute) -> APIText {
    var members: [(String, APIText)] = [
      ("operationId", .string(operationID(route))), ("summary", .string(route.summary)),
      ("tags", .array(route.doors.map(\.rawValue).sorted().map { .string($0) })),
    ]
    let parameters = route.parameters.map { parameter($0, "path") } + route.query.map { parameter($0, "query") }
    if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
    if let request = route.request {
      members.append(
        ("requestBody", .object([("required", .boolean(true)), ("content", content(APISchema.message(request).json))])))
    }
    members.append(("responses", .object(answers(of: route).map { (String($0.status), $0.text) })))
    return .object(members)
  }

  private static func operationID(_ route: APIRoute) -> String {
    let words = route.path.split { !$0.isLetter && !$0.isNumber }.map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return route.method.rawValue.lowercased() + words.joined()
  }

  private static func parameter(_ parameter: APIRoute.Parameter, _ place: String) -> APIText {
    .object([
      ("name", .string(parameter.name)), ("in", .string(place)), ("required", .boolean(parameter.isRequired)),
      ("schema", parameter.schema.json),
    ])
  }

  private static func answers(of route: APIRoute) -> [(status: Int, text: APIText)] {
    var answers: [Int: APIText] = [success(route.success): description("The answer", body(of: route.answer))]
    // Every request can be too large, misspelt by a proxy, or come while the server cannot answer.
    for problem in [.badRequest, .methodNotAllowed, .tooLarge, .unavailable] + route.problems {
      answers[problem.status] = description(Sentences.of(problem).en, content(APISchema.message("ErrorBody").json))
    }
    if route.path == "/readiness" {
      answers[HTTPProblem.unavailable.status] = description(
        "Not ready", content(APISchema.message("ReadinessReport").json))
    }
    answers[refused] = description(
      "No. The code says why; before possession of a card is proven it is always the same.",
      content(APISchema.message("ErrorBody").json))
    return answers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static let refused = 403

  private static func success(_ success: APIRoute.Success) -> Int {
    switch success {
    case .done: 200
    case .created: 201
    case .accepted: 202
    }
  }

  private static func body(of answer: APIRoute.Answer) -> APIText {
    switch answer {
    case .message(let name): content(APISchema.message(name).json)
    case .list(let name): content(APISchema.array(.message(name), maximum: nil).json)
    case .lines(let name): .object([("application/x-ndjson", .object([("itemSchema", APISchema.message(name).json)]))])
    case .table(let name):
      .object([
        ("text/csv", .object([("schema", .object([("type", .string("string"))]))])),
        ("application/x-ndjson", .object([("itemSchema", APISchema.message(name).json)])),
      ])
    case .text: .object([("text/plain", .object([("schema", .object([("type", .string("string"))]))]))])
    case .document: content(.object([("type", .string("object"))]))
    }
  }

  private static func content(_ schema: APIText) -> APIText {
    .object([("application/json", .object([("schema", schema)]))])
  }

  private static func description(_ text: String, _ content: APIText) -> APIText {
    .object([("description", .string(text)), ("content", content)])
  }

  // MARK: Messages

  private static func messages(of routes: [APIRoute]) -> Set<String> {
    var used: Set<String> = []
    var waiting = ["ErrorBody"] + routes.compactMap(\.request)
    for route in routes {
      switch route.answer {
      case .message(let name), .list(let name), .lines(let name), .table(let name): waiting.append(name)
      case .text, .document: break
      }
    }
    while let name = waiting.popLast() {
      guard used.insert(name).inserted, let message = APIMessages.named(name) else { continue }
      for field in message.fields { waiting.append(contentsOf: references(in: field.schema)) }
    }
    return used
  }

  private static func references(in schema: APISchema) -> [String] {
    switch schema {
    case .message(let name): [name]
    case .array(let element, _): references(in: element)
    default: []
    }
  }
}
