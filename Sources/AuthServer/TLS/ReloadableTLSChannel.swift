import AuthTerms
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// A connection and what is known of it.
struct KnownConnection<Base: ServerChildChannelValue>: ServerChildChannelValue {
  let base: Base
  let facts: ConnectionFacts
  var channel: any Channel { base.channel }
}

/// Refused before a byte was read: the source has too many connections.
struct TooManyConnections: Error {}

/// TLS below an HTTP channel, with a context that can be replaced while the listener runs.
struct ReloadableTLSChannel<Base: HTTPChannelHandler>: HTTPChannelHandler {
  typealias Value = KnownConnection<Base.Value>

  let base: Base
  let tls: ServerTLS
  let holder: CertificateHolder
  let support: ConnectionSupport
  var responder: HTTPChannelHandler.Responder { base.responder }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    guard support.ledger.admit(channel) else { return support.refuse(channel) }
    // Read once: this connection's handshake and its `serverCertificate` come from the same context, whatever is loaded later.
    let current = tls.current
    let facts = ConnectionFacts(identity: nil, serverCertificate: current.leaf, closed: channel.closeFuture)
    return channel.eventLoop.makeCompletedFuture {
      try DeadPeers.notice(on: channel, limits: support.limits)
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: current.context))
      try channel.pipeline.syncOperations.addHandler(
        HandshakeWatch(
          facts: facts, holder: tls.asksForClientCertificate ? holder : nil,
          deadline: .seconds(Int64(support.limits.handshakeSeconds)), onFailure: support.onHandshakeFailure))
    }.flatMap {
      base.setup(channel: channel, logger: logger)
    }.flatMapThrowing { value in
      try support.addGuard(to: channel)
      return KnownConnection(base: value, facts: facts)
    }
  }

  func handle(value: Value, logger: Logger) async {
    await ConnectionFacts.$current.withValue(value.facts) { await base.handle(value: value.base, logger: logger) }
  }
}
