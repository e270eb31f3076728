public import AuthAPI

/// Why no answer came, or that the answer was no. Every case is a "no" to the caller.
public enum ClientFault: Error, Sendable, Equatable {
  /// No connection could be made; nothing was sent.
  case unreachable
  /// The connection broke after the request had been sent: the server may or may not have acted on it.
  case interrupted
  /// The two ends did not accept each other; nothing of the request was read by the server.
  case tlsRefused(TLSRefusal)
  case timedOut
  /// The answer is not what the contract says. Names what was expected, never quotes what came.
  case malformedAnswer(expected: String)
  /// The server understood and refused.
  case refused(ErrorBody)
  /// The caller's request cannot stand in HTTP (a path with spaces or control characters, an unknown scheme).
  case invalidRequest(expected: String)
}

public enum TLSRefusal: String, Sendable, Equatable {
  /// The server's certificate does not lead to a pinned root.
  case serverUntrusted
  /// The certificate is for another host name or address.
  case nameMismatch
  /// No common protocol version: this end wants TLS 1.3 (or 1.2 where an operator allowed it).
  case version
  /// The server does not accept this workstation's certificate.
  case clientCertificate
  /// The key, certificate or pinned roots of this end could not be used.
  case ownMaterial
  case handshake
}

/// What the server answered, with the certificate it showed in the handshake of that very connection.
public struct ServerAnswer: Sendable {
  public let status: Int
  public let body: [UInt8]
  /// SHA-256 of the server's leaf certificate; nil over a unix socket.
  public let serverCertificate: [UInt8]?

  public init(status: Int, body: [UInt8], serverCertificate: [UInt8]?) {
    self.status = status
    self.body = body
    self.serverCertificate = serverCertificate
  }
}
