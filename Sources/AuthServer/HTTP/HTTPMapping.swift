import AuthAPI
import AuthTerms
import FoundationEssentials
import HTTPTypes
public import Hummingbird
import NIOCore
import Storage

/// The only place where an outcome becomes an HTTP status.
enum HTTPMapping {
  /// What an error looks like to the client, and to the log.
  struct Answer {
    let status: HTTPResponse.Status
    let body: ErrorBody
    var headers: HTTPFields = [:]
    /// For the log: the code behind the shown one.
    let code: String
    var cause: HTTPFault.Cause?
    var reference: Reference?
    var timing: Refusal.Timing = .immediate
    /// `GET /readiness` says what is missing instead of a sentence.
    var readiness: ReadinessReport?
  }

  static func answer(for error: any Error) -> Answer {
    switch error {
    case let refusal as Refusal: answer(for: refusal)
    case let fault as HTTPFault: answer(for: fault)
    case is MalformedInput: answer(for: HTTPFault.malformed(.value))
    case StorageFault.unavailable: answer(for: HTTPFault.auditUnavailable)
    default: answer(for: HTTPFault.serverFault)
    }
  }

  private static func answer(for refusal: Refusal) -> Answer {
    switch refusal.code {
    case .auditUnavailable, .serverFault, .offline, .vaultUnavailable, .instanceRestored:
      unavailable(refusal.code, reference: refusal.reference)
    default:
      Answer(
        status: .forbidden,
        body: refusal.isToldWhole
          ? ErrorBody(telling: refusal.code) : ErrorBody(refusal.code, reference: refusal.reference),
        code: refusal.code.rawValue,
        reference: refusal.reference, timing: refusal.timing)
    }
  }

  private static func answer(for fault: HTTPFault) -> Answer {
    switch fault {
    case .malformed(let cause): problem(.badRequest, .badRequest, cause: cause)
    case .notFound: problem(.notFound, .notFound)
    case .methodNotAllowed(let allowed):
      problem(.methodNotAllowed, .methodNotAllowed, headers: [.allow: allowed.joined(separator: ", ")])
    case .conflict: problem(.conflict, .conflict)
    case .conflictBecause(let code): Answer(status: .conflict, body: ErrorBody(telling: code), code: code.rawValue)
    case .tooLarge: problem(.contentTooLarge, .tooLarge, headers: [.connection: "close"])
    case .wrongMediaType: problem(.unsupportedMediaType, .wrongMediaType)
    case .tooManyRequests(let seconds):
      problem(.tooManyRequests, .tooManyRequests, headers: [.retryAfter: String(max(1, seconds))])
    case .overloaded: problem(.serviceUnavailable, .unavailable, headers: [.retryAfter: "1"])
    case .notReady(let missing): notReady(missing)
    case .auditUnavailable: unavailable(.auditUnavailable, reference: nil)
    case .serverFault: unavailable(.serverFault, reference: nil)
    }
  }

  private static func problem(
    _ status: HTTPResponse.Status, _ problem: HTTPProblem, headers: HTTPFields = [:], cause: HTTPFault.Cause? = nil
  ) -> Answer {
    Answer(status: status, body: ErrorBody(problem), headers: headers, code: problem.rawValue, cause: cause)
  }

  private static func unavailable(_ code: DenialCode, reference: Reference?) -> Answer {
    Answer(
      status: .serviceUnavailable, body: ErrorBody(code, reference: reference), headers: [.retryAfter: "5"],
      code: code.rawValue, reference: reference)
  }

  private static func notReady(_ missing: [String]) -> Answer {
    var answer = problem(.serviceUnavailable, .unavailable, headers: [.retryAfter: "5"])
    answer.readiness = ReadinessReport(state: "notReady", missing: missing)
    return answer
  }

  /// What the framework itself answered (an unreadable parameter, a body over its limit), in our words.
  static func fault(forFrameworkStatus status: HTTPResponse.Status) -> HTTPFault {
    switch status {
    case .notFound: .notFound
    case .contentTooLarge: .tooLarge
    case .unsupportedMediaType: .wrongMediaType
    case let status where status.kind == .clientError: .malformed(.framework)
    default: .serverFault
    }
  }

  static func isError(_ status: HTTPResponse.Status) -> Bool { status.code >= 400 }

  static func response(_ answer: Answer) -> Response {
    var headers = answer.headers
    headers[.contentType] = JSONBody.mediaType
    // Four strings and two codes of ours: encoding them cannot fail; if it did, an empty object still says nothing wrong.
    let encoded = try? answer.readiness.map { try JSONBody.encode($0) } ?? JSONBody.encode(answer.body)
    let bytes = encoded ?? Array("{}".utf8)
    return Response(status: answer.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func status(of kind: JSONAnswer.Kind) -> HTTPResponse.Status {
    switch kind {
    case .done: .ok
    case .created: .created
    case .accepted: .accepted
    }
  }
}

/// A successful answer: any message, as JSON.
public struct JSONAnswer: ResponseGenerator, Sendable {
  public enum Kind: Sendable {
    case done
    case created
    case accepted
  }

  private let bytes: [UInt8]
  private let kind: Kind

  public init(_ message: some Encodable, _ kind: Kind = .done) throws {
    bytes = try JSONBody.encode(message)
    self.kind = kind
  }

  /// Bytes that are JSON already.
  public init(encoded: [UInt8], _ kind: Kind = .done) {
    bytes = encoded
    self.kind = kind
  }

  public func response(from request: Request, context: some RequestContext) throws -> Response {
    Response(
      status: HTTPMapping.status(of: kind), headers: [.contentType: JSONBody.mediaType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
