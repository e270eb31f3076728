import Glibc

/// A TCP connection, made within a time.
enum Dial {
  /// Tries each address of the name in turn.
  /// - Returns: the socket, blocking; the caller closes it.
  static func connect(_ host: String, _ port: UInt16, until deadline: ContinuousClock.Instant) throws(LDAPFault) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, String(port), &hints, &found)
    guard result == 0 else { throw LDAPFault(.unreachable, String(cString: gai_strerror(result))) }
    defer { freeaddrinfo(found) }
    var trouble = LDAPFault(.unreachable)
    var next = found
    while let address = next?.pointee {
      do throws(LDAPFault) { return try connect(address, until: deadline) } catch { trouble = error }
      next = address.ai_next
    }
    throw trouble
  }

  private static func connect(_ address: addrinfo, until deadline: ContinuousClock.Instant) throws(LDAPFault) -> Int32 {
    let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), address.ai_protocol)
    guard descriptor >= 0 else { throw trouble(errno) }
    do throws(LDAPFault) {
      try connect(descriptor, address, deadline)
      var on: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<Int32>.size))
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func connect(
    _ descriptor: Int32, _ address: addrinfo, _ deadline: ContinuousClock.Instant
  ) throws(LDAPFault) {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else { throw trouble(errno) }
    if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
      guard errno == EINPROGRESS else { throw trouble(errno) }
      var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      var ready: Int32 = -1
      repeat {
        let (seconds, attoseconds) = max(ContinuousClock.now.duration(to: deadline), .zero).components
        let milliseconds = min(seconds * 1000 + attoseconds / 1_000_000_000_000_000, 3_600_000)
        ready = poll(&waiting, 1, Int32(milliseconds))
      } while ready < 0 && errno == EINTR
      guard ready > 0 else { throw ready == 0 ? LDAPFault(.timedOut) : trouble(errno) }
      var code: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0, code == 0 else { throw trouble(code) }
    }
    guard fcntl(descriptor, F_SETFL, flags) == 0 else { throw trouble(errno) }
  }

  private static func trouble(_ code: Int32) -> LDAPFault { LDAPFault(.unreachable, String(cString: strerror(code))) }
}
