import AuthTerms
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// HTTP without TLS, where the kernel says who is there: the operators' unix socket, and metrics on the loopback address.
struct PlainChannel<Base: HTTPChannelHandler>: HTTPChannelHandler {
  typealias Value = KnownConnection<Base.Value>

  let base: Base
  let asksKernelForPeer: Bool
  let support: ConnectionSupport
  var responder: HTTPChannelHandler.Responder { base.responder }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    guard support.ledger.admit(channel) else { return support.refuse(channel) }
    return identity(of: channel).flatMap { identity in
      let facts = ConnectionFacts(identity: identity, serverCertificate: nil, closed: channel.closeFuture)
      return base.setup(channel: channel, logger: logger).flatMapThrowing { value in
        try support.addGuard(to: channel)
        return KnownConnection(base: value, facts: facts)
      }
    }
  }

  func handle(value: Value, logger: Logger) async {
    // The account name may come from a name service, so it is looked up off the event loop and off the cooperative threads.
    if case .unixPeer(let uid, _)? = value.facts.identity {
      let name = try? await NIOThreadPool.singleton.runIfActive { UnixPeer.userName(of: uid) }
      value.facts.prove(.unixPeer(uid: uid, userName: name ?? nil))
    }
    await ConnectionFacts.$current.withValue(value.facts) { await base.handle(value: value.base, logger: logger) }
  }

  private func identity(of channel: any Channel) -> EventLoopFuture<RequestIdentity> {
    guard asksKernelForPeer else { return channel.eventLoop.makeSucceededFuture(.anonymous) }
    guard let provider = channel as? any SocketOptionProvider else {
      channel.close(promise: nil)
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
    return credentials.map { .unixPeer(uid: $0.uid, userName: nil) }
  }
}

/// `struct ucred` (unix(7)), which the C library shows only to programs that ask for its extensions.
private struct PeerCredentials {
  var pid: Int32 = 0
  var uid: UInt32 = 0
  var gid: UInt32 = 0
}

enum UnixPeer {
  /// `nil` for an account without a name, or a name that could not stand in a log line.
  static func userName(of uid: uid_t) -> String? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 * 1024)
    guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
      return nil
    }
    // Valid until `buffer` goes; copied at once.
    return (try? Identifier<OperatorTag>(parsing: String(cString: name)))?.text
  }
}
