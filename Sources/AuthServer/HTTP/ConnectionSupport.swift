import NIOCore
import NIOHTTP1

/// What every connection of a listener shares.
struct ConnectionSupport: Sendable {
  let limits: Limits
  let ledger: ConnectionLedger
  let onHandshakeFailure: @Sendable () -> Void
  let onSourceRefused: @Sendable () -> Void
  /// A request that ended before a route saw it.
  let onEarlyAnswer: @Sendable (HTTPFault?) -> Void

  func refuse<Value: Sendable>(_ channel: any Channel) -> EventLoopFuture<Value> {
    onSourceRefused()
    channel.close(promise: nil)
    return channel.eventLoop.makeFailedFuture(TooManyConnections())
  }

  /// Right behind the decoder, so that what is refused here costs no task and no route.
  func addGuard(to channel: any Channel) throws {
    let operations = channel.pipeline.syncOperations
    let decoder = try operations.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
    try operations.addHandler(ConnectionGuard(limits: limits, onEarlyAnswer: onEarlyAnswer), position: .after(decoder))
  }
}
