import AuthTerms
import Foundation

/// One file over HTTP from inside the city's network: bounded in size and time, no redirects, no TLS.
///
/// Blocks: for a command that does nothing else meanwhile.
struct ListDownload {
  /// Bytes of a body; as much as a file in the folder of lists may have.
  static let largest = 4 << 20

  private let address: ListAddress
  private let end: ContinuousClock.Instant

  /// - Parameter seconds: for everything behind the look-up of the name, which has limits of its own.
  static func get(_ address: ListAddress, seconds: Int) throws(ListFetchFault) -> [UInt8] {
    let places = try resolve(address)
    let download = ListDownload(address: address, end: ContinuousClock.now + .seconds(seconds))
    return try download.run(places)
  }

  // MARK: Where

  private struct Place {
    var storage = sockaddr_storage()
    var length: socklen_t = 0
    var family: Int32 = 0
  }

  /// Every address that the name has must lie inside: one outside could be the one that answers.
  private static func resolve(_ address: ListAddress) throws(ListFetchFault) -> [Place] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address.host, String(address.port), &hints, &found) == 0 else { throw .unreachable }
    defer { freeaddrinfo(found) }
    var places: [Place] = []
    var next = found
    while let entry = next {
      next = entry.pointee.ai_next
      guard let name = entry.pointee.ai_addr, Int(entry.pointee.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size else {
        throw .unreachable
      }
      guard InternalAddress.isInternal(bytes(name, entry.pointee.ai_family)) else { throw .notInternal }
      var place = Place()
      place.length = entry.pointee.ai_addrlen
      place.family = entry.pointee.ai_family
      withUnsafeMutableBytes(of: &place.storage) { target in
        target.copyMemory(from: UnsafeRawBufferPointer(start: name, count: Int(entry.pointee.ai_addrlen)))
      }
      places.append(place)
    }
    guard !places.isEmpty else { throw .unreachable }
    return places
  }

  private static func bytes(_ name: UnsafeMutablePointer<sockaddr>, _ family: Int32) -> [UInt8] {
    switch family {
    case AF_INET:
      name.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) } }
    case AF_INET6:
      name.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) } }
    default: []
    }
  }

  // MARK: The talk

  private func run(_ places: [Place]) throws(ListFetchFault) -> [UInt8] {
    var last = ListFetchFault.unreachable
    for (number, place) in places.enumerated() {
      let share = RevocationFetch.endOfAttempt(at: .now, remaining: places.count - number, before: end)
      let descriptor: Int32
      do throws(ListFetchFault) { descriptor = try connect(place, until: share) } catch {
        last = error
        continue
      }
      defer { close(descriptor) }
      return try exchange(descriptor)
    }
    throw last
  }

  private func connect(_ place: Place, until share: ContinuousClock.Instant) throws(ListFetchFault) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(place.family, kind, 0)
    guard descriptor >= 0 else { throw .unreachable }
    let begun = withUnsafePointer(to: place.storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(descriptor, $0, place.length) }
    }
    if begun != 0 {
      guard errno == EINPROGRESS else {
        close(descriptor)
        throw .unreachable
      }
      guard wait(descriptor, for: Int16(POLLOUT), until: share) else {
        close(descriptor)
        throw .slow
      }
      var (fault, length): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
      guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &length) == 0, fault == 0 else {
        close(descriptor)
        throw .unreachable
      }
    }
    return descriptor
  }

  /// HTTP/1.0: the body comes whole and the connection ends behind it.
  private func exchange(_ descriptor: Int32) throws(ListFetchFault) -> [UInt8] {
    let request = "GET \(address.path) HTTP/1.0\r\nHost: \(address.authority)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    try send(Array(request.utf8), descriptor)
    var bytes: [UInt8] = []
    var head: (answer: ListAnswer, end: Int)?
    while true {
      if head == nil, let end = Self.headEnd(bytes) {
        let answer: ListAnswer
        do { answer = try ListAnswer(head: Array(bytes[..<end])) } catch { throw .malformedAnswer }
        guard answer.status == 200 else { throw .status(answer.status) }
        guard answer.length ?? 0 <= Self.largest else { throw .tooLarge }
        head = (answer, end)
      }
      if let head {
        let count = bytes.count - head.end
        guard count <= Self.largest else { throw .tooLarge }
        if let length = head.answer.length {
          guard count <= length else { throw .malformedAnswer }
          if count == length { return Array(bytes[head.end...]) }
        }
      } else if bytes.count > ListAnswer.limit {
        throw .malformedAnswer
      }
      guard try receive(descriptor, into: &bytes) else { break }
    }
    // Whoever said a length and ended before it was cut off.
    guard let head, head.answer.length == nil else { throw .malformedAnswer }
    return Array(bytes[head.end...])
  }

  private static func headEnd(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    let last = min(bytes.count, ListAnswer.limit) - 4
    return (0...max(0, last)).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
      .map { $0 + 4 }
  }

  private func send(_ bytes: [UInt8], _ descriptor: Int32) throws(ListFetchFault) {
    var sent = 0
    while sent < bytes.count {
      guard wait(descriptor, for: Int16(POLLOUT)) else { throw .slow }
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.send(descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { throw .unreachable }
      sent += count
    }
  }

  /// - Returns: false at the end.
  private func receive(_ descriptor: Int32, into bytes: inout [UInt8]) throws(ListFetchFault) -> Bool {
    var room = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard wait(descriptor, for: Int16(POLLIN)) else { throw .slow }
      let count = room.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count >= 0 else { throw .unreachable }
      bytes += room[..<count]
      return count > 0
    }
  }

  /// - Parameter share: earlier than the end of all.
  /// - Returns: false when the time is over.
  private func wait(_ descriptor: Int32, for events: Int16, until share: ContinuousClock.Instant? = nil) -> Bool {
    while true {
      let left = (share ?? end) - ContinuousClock.now
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { return false }
      var entry = pollfd(fd: descriptor, events: events, revents: 0)
      let ready = poll(&entry, 1, Int32(min(milliseconds, 60_000)))
      if ready > 0 { return true }
      guard ready == 0 || errno == EINTR else { return false }
    }
  }
}
