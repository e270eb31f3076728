import NIOConcurrencyHelpers
import NIOCore

/// What one listener lets a peer take. Every number is a limit against a peer that sends too much, too slowly or never.
public struct Limits: Sendable {
  /// Bytes of one body.
  public var bodyBytes = 64 * 1024
  /// Bytes of the proofs of a ceremony, when their length is announced: a palm is a picture. `nil`: as any body.
  public var proofBytes: Int?
  /// Bodies beyond `bodyBytes` that are taken in at once.
  public var largeBodiesAtOnce = 128
  /// Bytes of one header field, and of all of them together.
  public var headerFieldBytes = 8 * 1024
  public var headerBytes = 16 * 1024
  public var headerCount = 64
  /// Bytes of path and query.
  public var targetBytes = 2048
  /// Seconds for the TLS handshake.
  public var handshakeSeconds = 10
  /// Seconds from the head of a request to its last byte.
  public var bodySeconds = 15
  /// Seconds a connection may stay open with no request on it.
  public var idleSeconds = 60
  /// Seconds a reader may take nothing of what we send.
  public var stalledWriteSeconds = 30
  /// Seconds after which a TCP peer that acknowledges nothing is given up.
  public var silentPeerSeconds = 30
  /// Open connections, in all and from one address (IPv6: one /64).
  public var connections = 4096
  public var connectionsPerSource = 32
  /// Requests being answered at once; beyond it 503 with Retry-After. Held-open watches do not count.
  public var requestsAtOnce = 512
  /// Seconds that running requests get after a shutdown was asked for.
  public var shutdownSeconds = 10
  /// Milliseconds: refusals before possession leave at a multiple of this after arrival.
  public var uniformQuantumMilliseconds: Int64 = 100

  public init() {}

  /// Bytes that the body of one request may have.
  /// - Parameters:
  ///   - target: path, and query if there is one.
  ///   - announced: by Content-Length; 0 without one.
  func bodyLimit(target: some StringProtocol, announced: Int) -> Int {
    guard let proofBytes, announced > bodyBytes, target.hasPrefix("/v1/ceremonies/"), target.hasSuffix("/proofs") else {
      return bodyBytes
    }
    return proofBytes
  }
}

/// Counts the connections of each source address; refuses the one too many before a byte of it is read.
final class ConnectionLedger: Sendable {
  private let perSource: Int
  private let counts = NIOLockedValueBox<[Source: Int]>([:])

  enum Source: Hashable {
    case v4([UInt8])
    /// The first 64 bits: a host owns at least those that follow.
    case v6([UInt8])
    case local
  }

  init(perSource: Int) { self.perSource = perSource }

  /// - Returns: whether the connection may go on; if so, it is counted until it closes.
  func admit(_ channel: any Channel) -> Bool {
    let source = Self.source(of: channel.remoteAddress)
    let isAdmitted = counts.withLockedValue { counts in
      guard counts[source, default: 0] < perSource else { return false }
      counts[source, default: 0] += 1
      return true
    }
    if isAdmitted { channel.closeFuture.whenComplete { _ in self.release(source) } }
    return isAdmitted
  }

  private func release(_ source: Source) {
    counts.withLockedValue { counts in
      if let count = counts[source], count > 1 { counts[source] = count - 1 } else { counts[source] = nil }
    }
  }

  static func source(of address: SocketAddress?) -> Source {
    switch address {
    // sockaddr_in: the address at offset 4; sockaddr_in6: at offset 8 (ip(7), ipv6(7)).
    case .v4: .v4(bytes(of: address, 4..<8))
    case .v6: .v6(bytes(of: address, 8..<16))
    default: .local
    }
  }

  private static func bytes(of address: SocketAddress?, _ range: Range<Int>) -> [UInt8] {
    address?.withSockAddr { pointer, size in
      range.upperBound <= size ? Array(UnsafeRawBufferPointer(start: pointer, count: size)[range]) : []
    } ?? []
  }
}

/// How many requests are being answered; a full gate refuses instead of queueing, so that latency stays what it is.
final class AdmissionGate: Sendable {
  private let limit: Int
  private let running = NIOLockedValueBox(0)

  init(limit: Int) { self.limit = limit }

  var count: Int { running.withLockedValue { $0 } }

  func enter() -> Bool {
    running.withLockedValue { running in
      guard running < limit else { return false }
      running += 1
      return true
    }
  }

  func leave() { running.withLockedValue { $0 -= 1 } }
}
