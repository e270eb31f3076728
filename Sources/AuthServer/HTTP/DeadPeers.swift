import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Lets the kernel notice a peer that went without a word: a PC whose power was cut says no goodbye, and its held connection
/// would look open until retransmission gives up, after a quarter of an hour.
///
/// What was sent and is not acknowledged for `silentPeerSeconds` ends the connection (`TCP_USER_TIMEOUT`, RFC 5482); where
/// nothing is sent, the kernel asks after as long (keepalive). The watch sends a line every 15 s, so it ends within 45 s.
enum DeadPeers {
  static func notice(on channel: any Channel, limits: Limits) throws {
    guard let options = channel.syncOptions else { throw ChannelError.operationUnsupported }
    let seconds = limits.silentPeerSeconds
    try options.setOption(.socketOption(.so_keepalive), value: 1)
    for (name, value) in [
      (TCP_KEEPIDLE, seconds), (TCP_KEEPINTVL, 5), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, seconds * 1000),
    ] {
      try options.setOption(.tcpOption(NIOBSDSocket.Option(rawValue: name)), value: value)
    }
  }
}
