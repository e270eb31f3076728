import AuthTerms
import NIOConcurrencyHelpers
import NIOCore

/// What is known of one connection; shared by its requests through a task-local, so that no request waits for an event loop.
final class ConnectionFacts: Sendable {
  @TaskLocal static var current: ConnectionFacts?

  /// The leaf this connection was opened with. After a reload it stays what the peer saw in the handshake.
  let serverCertificate: CertificateFingerprint?
  let closed: EventLoopFuture<Void>
  private let box: NIOLockedValueBox<RequestIdentity?>

  init(identity: RequestIdentity?, serverCertificate: CertificateFingerprint?, closed: EventLoopFuture<Void>) {
    box = NIOLockedValueBox(identity)
    self.serverCertificate = serverCertificate
    self.closed = closed
  }

  /// `nil` until the transport has proven something.
  var identity: RequestIdentity? { box.withLockedValue { $0 } }

  func prove(_ identity: RequestIdentity) { box.withLockedValue { $0 = identity } }
}
