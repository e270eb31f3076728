import AuditLog
import Dispatch
import Foundation

/// What a witness answers.
struct WitnessAnswer: Sendable {
  var status: Int
  var type = "text/plain; charset=utf-8"
  var body = ""

  private var reason: String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 422: "Unprocessable Content"
    default: "Internal Server Error"
    }
  }

  var encoded: [UInt8] {
    let head = [
      "HTTP/1.1 \(status) \(reason)", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)", "Connection: close",
    ]
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
  }
}

/// Listens for servers: one request a connection, 16 connections at once, ten seconds for each.
///
/// untrusted: whoever connects; at worst sixteen at a time hold the door for ten seconds each.
struct WitnessDoor {
  private let listener: Int32
  /// The one that is listened on.
  let port: Int
  private static let atOnce = 16
  private static let seconds = 10

  /// - Parameter address: numeric.
  init?(address: String, port: Int) {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, String(port), &hints, &list) == 0, let found = list else { return nil }
    defer { freeaddrinfo(list) }
    let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0, Foundation.listen(descriptor, 64) == 0,
      let bound = Self.port(of: descriptor)
    else {
      close(descriptor)
      return nil
    }
    listener = descriptor
    self.port = bound
  }

  /// Port and family stand at the same places for both families.
  private static func port(of descriptor: Int32) -> Int? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard code == 0 else { return nil }
    return withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
    }
  }

  /// Answers until the process ends.
  func serve(_ answer: @escaping @Sendable (WitnessCall, [UInt8]) -> WitnessAnswer) {
    let places = DispatchSemaphore(value: Self.atOnce)
    while true {
      places.wait()
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else {
        // Out of descriptors, or a peer that left at once.
        usleep(10_000)
        places.signal()
        continue
      }
      Thread.detachNewThread {
        Self.talk(connection, answer)
        close(connection)
        places.signal()
      }
    }
  }

  private static func talk(_ connection: Int32, _ answer: (WitnessCall, [UInt8]) -> WitnessAnswer) {
    let end = ContinuousClock.now + .seconds(seconds)
    var bytes: [UInt8] = []
    var head: Int?
    while head == nil {
      guard bytes.count <= WitnessCall.limit else { return send(WitnessAnswer(status: 400), connection, end) }
      guard receive(connection, into: &bytes, end) else { return }
      head = headEnd(bytes)
    }
    guard let head else { return }
    let call = WitnessCall(head: Array(bytes[..<head]))
    var length = 0
    if case .addCheckpoint(let said) = call { length = said }
    while bytes.count - head < length {
      guard receive(connection, into: &bytes, end) else { return }
    }
    let answered =
      bytes.count - head == length || !isAccepted(call)
      ? answer(call, Array(bytes[head...].prefix(length))) : WitnessAnswer(status: 400)
    send(answered, connection, end)
  }

  private static func isAccepted(_ call: WitnessCall) -> Bool {
    if case .refused = call { return false }
    return true
  }

  private static func headEnd(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first {
      bytes[$0] == 0x0D && bytes[$0 + 1] == 0x0A && bytes[$0 + 2] == 0x0D && bytes[$0 + 3] == 0x0A
    }.map { $0 + 4 }
  }

  /// - Returns: false at the end of what comes, or of the time.
  private static func receive(_ connection: Int32, into bytes: inout [UInt8], _ end: ContinuousClock.Instant) -> Bool {
    var room = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      guard wait(connection, for: Int16(POLLIN), end) else { return false }
      let count = room.withUnsafeMutableBytes { recv(connection, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { return false }
      bytes += room[..<count]
      return true
    }
  }

  private static func send(_ answer: WitnessAnswer, _ connection: Int32, _ end: ContinuousClock.Instant) {
    let bytes = answer.encoded
    var sent = 0
    while sent < bytes.count {
      guard wait(connection, for: Int16(POLLOUT), end) else { return }
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.send(
          connection, buffer.baseAddress.map { $0 + sent }, buffer.count - sent,
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { return }
      sent += count
    }
    // What was not read would have the kernel cut the answer off.
    shutdown(connection, Int32(SHUT_WR))
    var rest: [UInt8] = []
    while rest.count < 1 << 20, receive(connection, into: &rest, end) {}
  }

  private static func wait(_ connection: Int32, for events: Int16, _ end: ContinuousClock.Instant) -> Bool {
    while true {
      let left = end - ContinuousClock.now
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { return false }
      var entry = pollfd(fd: connection, events: events, revents: 0)
      let ready = poll(&entry, 1, Int32(min(milliseconds, 60_000)))
      if ready > 0 { return true }
      guard ready == 0 || errno == EINTR else { return false }
    }
  }
}
