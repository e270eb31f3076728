public import AuthTerms
public import Hummingbird
public import Logging
import NIOCore

/// What a route handler knows besides the request.
public struct SanmonRequestContext: RequestContext {
  public typealias Source = SanmonRequestSource

  public var coreContext: CoreRequestContextStorage
  /// Proven by the transport.
  public let identity: RequestIdentity
  /// SHA-256 of the server leaf that this very connection was opened with; `nil` without TLS.
  public let serverCertificate: CertificateFingerprint?
  /// When the head of the request had been read.
  public let arrived: Moment
  /// What the log line of this request may say beyond route, status and duration.
  public let notes: RequestNotes
  /// Bytes a body may have on this listener.
  public let bodyLimit: Int
  let connectionClosed: EventLoopFuture<Void>?
  /// Whose card it is, once `OperatorCardDoor` has looked; `nil` at the other doors.
  var cardOperator: ActingOperator?

  public init(source: SanmonRequestSource) {
    coreContext = CoreRequestContextStorage(source: source)
    identity = source.identity
    serverCertificate = source.serverCertificate
    arrived = source.arrived
    notes = source.notes
    bodyLimit = source.bodyLimit
    connectionClosed = source.connectionClosed
  }

  public var maxUploadSize: Int { bodyLimit }
  public var requestDecoder: JSONBody { JSONBody() }
  public var responseEncoder: JSONBody { JSONBody() }

  /// A path parameter, parsed. - Throws: `HTTPFault.notFound`, since a name that cannot exist names nothing.
  public func identifier<Tag>(_ name: String, as tag: Tag.Type = Tag.self) throws(HTTPFault) -> Identifier<Tag> {
    guard let text = parameters.get(name) else { throw .notFound }
    do { return try Identifier<Tag>(parsing: text) } catch { throw .notFound }
  }
}

public struct SanmonRequestSource: RequestContextSource {
  public let logger: Logger
  let identity: RequestIdentity
  let serverCertificate: CertificateFingerprint?
  let arrived: Moment
  let notes: RequestNotes
  let bodyLimit: Int
  let connectionClosed: EventLoopFuture<Void>?
}
