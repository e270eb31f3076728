import AuthTerms
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Around every route of a listener: admission, uniform refusals, our error bodies, headers, one log line, metrics.
struct AnswerPipeline: Sendable {
  private let name: ListenerName
  private let responder: RouterResponder<SanmonRequestContext>
  private let routes: RouteTable
  private let gate: AdmissionGate
  private let largeBodies: AdmissionGate
  private let uniform: UniformRefusal
  private let limits: Limits
  private let support: HTTPSupport
  private let metrics: HTTPMetrics
  private let silent = Logger(label: "sanmon.http") { _ in SwiftLogNoOpLogHandler() }

  init(name: ListenerName, router: Router<SanmonRequestContext>, limits: Limits, support: HTTPSupport) {
    self.name = name
    routes = RouteTable(router)
    responder = router.buildResponder()
    gate = AdmissionGate(limit: limits.requestsAtOnce)
    largeBodies = AdmissionGate(limit: limits.largeBodiesAtOnce)
    uniform = UniformRefusal(quantum: limits.uniformQuantumMilliseconds, clock: support.clock)
    self.limits = limits
    self.support = support
    metrics = HTTPMetrics(support.metrics, listener: name)
  }

  /// Never throws: whatever happened, the client gets JSON of ours.
  func answer(_ request: Request, facts: ConnectionFacts?) async -> Response {
    let begun = support.clock.microseconds()
    let arrived = support.clock.now()
    let notes = RequestNotes()
    let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
    let bodyLimit = limits.bodyLimit(target: request.uri.path, announced: announced)
    let source = SanmonRequestSource(
      logger: silent, identity: facts?.identity ?? .anonymous, serverCertificate: facts?.serverCertificate, arrived: arrived,
      notes: notes, bodyLimit: bodyLimit, connectionClosed: facts?.closed)
    let context = SanmonRequestContext(source: source)
    var route = RouteTable.unmatched
    var response: Response
    do {
      response = try await respond(request, context, isLarge: bodyLimit > limits.bodyBytes)
      route = routes.template(of: context) ?? RouteTable.unmatched
    } catch {
      route = routes.template(of: context) ?? RouteTable.unmatched
      let answer = HTTPMapping.answer(for: error)
      if answer.timing == .uniform { await uniform.answer(since: arrived) }
      notes.set("code", .ours(answer.code))
      if let cause = answer.cause { notes.set("cause", .ours(cause.rawValue)) }
      if let reference = answer.reference { notes.set("reference", .reference(reference)) }
      response = HTTPMapping.response(answer)
    }
    seal(&response, at: arrived)
    record(request, route: route, status: response.status.code, begun: begun, identity: source.identity, notes: notes)
    return response
  }

  private func respond(
    _ request: Request, _ context: SanmonRequestContext, isLarge: Bool
  ) async throws -> Response {
    // A mutual listener without a proven certificate would be a fault of ours: nobody is served rather than somebody unknown.
    guard name.accepts(context.identity) else { throw HTTPFault.serverFault }
    guard gate.enter() else { throw HTTPFault.overloaded }
    guard !isLarge || largeBodies.enter() else {
      gate.leave()
      throw HTTPFault.overloaded
    }
    metrics.running(1)
    defer {
      if isLarge { largeBodies.leave() }
      gate.leave()
      metrics.running(-1)
    }
    let response = try await responder.respond(to: request, context: context)
    // Handlers throw what is not a success; an error that was *returned* is the framework's, with its own words.
    guard HTTPMapping.isError(response.status) else { return response }
    if routes.template(of: context) == nil, let allowed = routes.methods(at: request.uri.path) {
      throw HTTPFault.methodNotAllowed(allowed: allowed)
    }
    throw HTTPMapping.fault(forFrameworkStatus: response.status)
  }

  private func seal(_ response: inout Response, at moment: Moment) {
    response.headers[.cacheControl] = "no-store"
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.date] = CivilTime(wallMilliseconds: moment.wallMilliseconds).httpDate
  }

  private func record(
    _ request: Request, route: String, status: Int, begun: Int64, identity: RequestIdentity, notes: RequestNotes
  ) {
    let microseconds = support.clock.microseconds() - begun
    let method = RouteTable.knownMethod(request.method)
    metrics.answered(route: route, method: method, status: status, microseconds: microseconds)
    var line = notes.values
    line["listener"] = .ours(name.rawValue)
    line["route"] = .ours(route)
    line["method"] = .ours(method)
    line["status"] = .number(status)
    line["us"] = .number(microseconds)
    switch identity {
    case .certificate(let fingerprint, _), .operatorCertificate(let fingerprint, _):
      line["certificate"] = .fingerprint(fingerprint)
    case .unixPeer(let uid, _): line["uid"] = .number(uid)
    case .anonymous: break
    }
    support.log.event("http", line)
  }
}

/// The templates a router knows: bounded labels for logs and metrics, and the answer 405 where a path exists.
struct RouteTable: Sendable {
  static let unmatched = "unmatched"

  private let entries: [(path: RouterPath, method: String)]
  private let templates: Set<String>

  init(_ router: Router<SanmonRequestContext>) {
    entries = router.routes.map { ($0.path, $0.method.rawValue) }
    templates = Set(entries.map { $0.path.description })
  }

  func template(of context: SanmonRequestContext) -> String? {
    guard let path = context.endpointPath, templates.contains(path) else { return nil }
    return path
  }

  /// Methods of the routes that match `path`, sorted; `nil` if none does.
  func methods(at path: String) -> [String]? {
    let parts = path.split(separator: "/")
    let methods = entries.filter { entry in
      entry.path.components.count == parts.count && zip(entry.path.components, parts).allSatisfy { $0 ~= $1 }
    }.map(\.method)
    return methods.isEmpty ? nil : Set(methods).sorted()
  }

  static func knownMethod(_ method: HTTPRequest.Method) -> String {
    let known: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]
    return known.contains(method.rawValue) ? method.rawValue : "OTHER"
  }
}
