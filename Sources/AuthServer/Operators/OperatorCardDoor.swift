import AuditLog
import AuthPolicy
import AuthTerms
import CertificateTrust
import Hummingbird
import Storage

/// Stands before every route of the operators' TLS listener: nothing behind it, not even the health of the process, is
/// answered to a certificate that does not hold at this moment or whose key is no active operator's.
///
/// The handshake proved possession when the connection was opened. Dates, revocation and the register are asked again for each
/// request, so that an open connection outlives none of them.
struct OperatorCardDoor: RouterMiddleware {
  typealias Context = SanmonRequestContext

  let services: Services

  /// The one request that a key may make before it is registered: to be registered, by the one-time code.
  private static let registration = "/v1/admin/operators/first"

  func handle(
    _ request: Request, context: SanmonRequestContext,
    next: (Request, SanmonRequestContext) async throws -> Response
  ) async throws -> Response {
    guard case .operatorCertificate(let fingerprint, let der) = context.identity, let trust = services.trust.operators else {
      throw Refusal(.operatorNotAllowed, reference: nil)
    }
    let now = services.surroundings.now()
    let certificate: ValidatedCardCertificate
    switch trust.trust.validate(der, at: services.clockFloor.later(of: now)) {
    case .valid(let valid): certificate = valid
    case .refused(let code, let note): throw try await refusal(code, note, fingerprint, key: nil, now)
    }
    let key = certificate.key
    // Active or not: a key that was an operator's is never a newcomer's.
    let known = try await OperatorDirectory(services: services).known(now) { $0.key == key }
    if let known {
      guard known.record.isActive else {
        throw try await refusal(.operatorNotAllowed, "the operator is not active", fingerprint, key: key, now)
      }
      guard known.isHere else {
        throw try await refusal(.accountDisabled, "the operator's person has left", fingerprint, key: key, now)
      }
    } else if request.method != .post || request.uri.path != Self.registration {
      throw try await refusal(.cardNotRegistered, "the key is no operator's", fingerprint, key: key, now)
    }
    var context = context
    context.cardOperator = ActingOperator(proof: .card(publicKey: certificate.publicKeyDER), record: known?.record)
    return try await next(request, context)
  }

  private func refusal(
    _ cause: DenialCode, _ note: String, _ certificate: CertificateFingerprint, key: KeyFingerprint?, _ now: Moment
  ) async throws -> Refusal {
    try await OperatorDirectory(services: services).refusal(
      cause, "\(note); certificate \(certificate.hex.prefix(16))" + (key.map { " key \($0.hex.prefix(16))" } ?? ""),
      certificate: certificate, rule: "operatorCard", now)
  }
}
