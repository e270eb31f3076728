import AuditLog
import AuthPolicy
import AuthTerms
import Hummingbird

/// Stands before every route while the instance is a restored copy that nobody has approved: one code for everybody. Operators
/// may look, let others in or out of their register, and approve.
struct RestoredDoor: RouterMiddleware {
  typealias Context = SanmonRequestContext

  let services: Services
  let isForOperators: Bool

  func handle(
    _ request: Request, context: SanmonRequestContext,
    next: (Request, SanmonRequestContext) async throws -> Response
  ) async throws -> Response {
    if services.restoration.pending == nil || isForOperators && Self.isOpen(request) { return try await next(request, context) }
    throw try await refusal()
  }

  /// Reading changes nothing but a row of the log. Of the rest only what an approval may need.
  private static func isOpen(_ request: Request) -> Bool {
    let path = request.uri.path
    return request.method == .get && path != "/v1/admin/audit/checkpoint" || path == "/v1/admin/restore/approve"
      || path == "/v1/admin/operators" || path.hasPrefix("/v1/admin/operators/") && path != "/v1/admin/operators/first"
  }

  private func refusal() async throws -> Refusal {
    let now = services.surroundings.now()
    let source = RefusalCoalescer.Source(workstation: nil, code: .instanceRestored)
    if case .counted(let reference) = services.coalescer.verdict(source, now: now) {
      return Refusal(.instanceRestored, reference: reference)
    }
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "restored.refused", outcome: .denied)
    record.code = .instanceRestored
    record.rule = .builtin("restored")
    record.policyVersion = services.policy.policy.version
    let reference = try await services.recorder.commit(
      RecordRefusal(
        record: record, day: services.local(now).day, referenceStart: services.surroundings.number(), countsAgainst: nil,
        policy: services.policy.policy, now: now),
      now: now)
    services.coalescer.remember(reference, for: source)
    return Refusal(.instanceRestored, reference: reference)
  }
}
