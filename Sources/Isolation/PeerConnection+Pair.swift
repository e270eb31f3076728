import Foundation

extension PeerConnection {
  /// Two ends that belong together, for a child that is about to be started.
  ///
  /// - Returns: this process's end, and the descriptor of the other, which closes on exec unless the child is given it. The caller
  ///   closes it as soon as the child has it.
  public static func pair(
    frameLimit: Int = defaultFrameLimit
  ) throws(SocketFault) -> (own: PeerConnection, other: Int32) {
    var ends: [Int32] = [-1, -1]
    // Closed on exec from the start: a child that is started meanwhile by another thread must not hold an end open.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw .system(attempted: "make a pair of sockets", code: errno)
    }
    let other = ends[1]
    do throws(SocketFault) { return (try PeerConnection(adopting: ends[0], frameLimit: frameLimit), other) } catch {
      Foundation.close(other)
      throw error
    }
  }

  /// The end that a parent gave this process.
  /// - Parameter descriptor: closed with the last owner.
  public static func inherited(
    _ descriptor: Int32, frameLimit: Int = defaultFrameLimit
  ) throws(SocketFault) -> PeerConnection {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return try PeerConnection(adopting: descriptor, frameLimit: frameLimit)
  }
}
