import CIsolation
import Foundation
import Synchronization

/// Who is at the other end, as the kernel saw it when the connection was made.
public struct PeerCredentials: Sendable, Hashable {
  public let uid: UInt32
  public let gid: UInt32
  public let pid: Int32

  public init(uid: UInt32, gid: UInt32, pid: Int32) {
    self.uid = uid
    self.gid = gid
    self.pid = pid
  }
}

/// One connected unix stream socket that carries frames: a 4-byte big-endian length, then that many bytes.
///
/// untrusted: whatever comes in; at worst this connection is closed. One thread sends and one receives at a time.
public final class PeerConnection: Sendable {
  public static let defaultFrameLimit = 64 * 1024

  public let peer: PeerCredentials
  private let descriptor: Int32
  private let frameLimit: Int
  private let isShut = Mutex(false)

  /// Takes over a connected descriptor and closes it with the last owner.
  init(adopting descriptor: Int32, frameLimit: Int) throws(SocketFault) {
    var (uid, gid, pid) = (uid_t(), gid_t(), pid_t())
    let fault = sanmon_peer_credentials(descriptor, &uid, &gid, &pid)
    guard fault == 0 else {
      Foundation.close(descriptor)
      throw .system(attempted: "ask who is at the other end", code: fault)
    }
    peer = PeerCredentials(uid: uid, gid: gid, pid: pid)
    self.descriptor = descriptor
    self.frameLimit = frameLimit
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Connects to a listening socket. `peer` then says who listens: compare it where it matters.
  /// - Parameter path: at most 107 bytes.
  public static func connect(
    path: String, frameLimit: Int = defaultFrameLimit
  ) throws(SocketFault) -> PeerConnection {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .system(attempted: "make a socket", code: errno) }
    // Non-blocking before connecting: with a full backlog the kernel answers EAGAIN at once instead of waiting.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    let fault = sanmon_unix_connect(descriptor, path)
    guard fault == 0 else {
      Foundation.close(descriptor)
      throw .system(attempted: "connect", code: fault)
    }
    return try PeerConnection(adopting: descriptor, frameLimit: frameLimit)
  }

  deinit { Foundation.close(descriptor) }

  /// Wakes whoever waits on this connection, on both ends.
  public func shut() {
    isShut.withLock { $0 = true }
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  public func send(_ frame: [UInt8], by deadline: Deadline) throws(SocketFault) {
    guard (1...frameLimit).contains(frame.count) else { throw .frameSize }
    let length = UInt32(frame.count)
    var bytes = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + frame
    // The frame is the caller's to wipe, this copy of it is ours.
    defer {
      bytes.withUnsafeMutableBytes { copy in
        if let base = copy.baseAddress { explicit_bzero(base, copy.count) }
      }
    }
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        // MSG_NOSIGNAL: a peer that goes away must not end this process by SIGPIPE.
        Foundation.send(descriptor, buffer.baseAddress?.advanced(by: sent), buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        sent += count
      } else {
        try wait(for: Int16(POLLOUT), by: deadline, attempting: "send")
      }
    }
  }

  /// The next frame; `nil` when the other end closed in good order between two frames.
  public func receive(by deadline: Deadline) throws(SocketFault) -> [UInt8]? {
    guard let head = try take(4, by: deadline, mayEnd: true) else { return nil }
    let length = head.reduce(0) { $0 << 8 | Int($1) }
    guard (1...frameLimit).contains(length) else { throw .frameSize }
    return try take(length, by: deadline, mayEnd: false)
  }

  /// Waits for the first byte of a frame, or the other end's leaving; false when the deadline passed.
  public func waitForInput(by deadline: Deadline) -> Bool {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let found = poll(&entry, 1, deadline.remainingMilliseconds)
      if found > 0 { return true }
      if found == 0 || errno != EINTR { return false }
    }
  }

  /// No further frame is read, on either side of a wait; an answer in work can still be sent.
  public func endReading() { shutdown(descriptor, Int32(SHUT_RD)) }

  /// Whether a kept connection is still good for a request: nothing has come and nobody has gone.
  public var isQuiet: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 0
  }

  private func take(_ count: Int, by deadline: Deadline, mayEnd: Bool) throws(SocketFault) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var taken = 0
    while taken < count {
      let read = bytes.withUnsafeMutableBytes { buffer in
        recv(descriptor, buffer.baseAddress?.advanced(by: taken), count - taken, 0)
      }
      if read > 0 {
        taken += read
      } else if read == 0 {
        if mayEnd && taken == 0 { return nil }
        throw .closed
      } else {
        try wait(for: Int16(POLLIN), by: deadline, attempting: "receive")
      }
    }
    return bytes
  }

  /// After a call that could not go on: waits until it can, or says why not.
  private func wait(for events: Int16, by deadline: Deadline, attempting: String) throws(SocketFault) {
    let code = errno
    switch code {
    case EINTR: return
    case EAGAIN: break
    case EPIPE, ECONNRESET: throw .closed
    default: throw .system(attempted: attempting, code: code)
    }
    guard !isShut.withLock({ $0 }) else { throw .closed }
    let remaining = deadline.remainingMilliseconds
    guard remaining > 0 else { throw .deadline }
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    _ = poll(&entry, 1, remaining)
  }
}
