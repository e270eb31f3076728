import Foundation

/// A socket that did not do what was asked. Carries what was tried and the system's reason, never what travelled.
public enum SocketFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// The system refused; `code` is an errno.
  case system(attempted: String, code: Int32)
  /// Nothing (or not all) came or went within the deadline.
  case deadline
  /// The other end is gone, in the middle of a frame or before an answer.
  case closed
  /// A frame of more bytes than agreed, or of none.
  case frameSize
  /// Another process listens there already.
  case inUse

  public var description: String {
    switch self {
    case .system(let attempted, let code): "could not \(attempted): \(String(cString: strerror(code)))"
    case .deadline: "no answer within the deadline"
    case .closed: "the other end closed the connection"
    case .frameSize: "a frame outside the agreed size"
    case .inUse: "another process listens on this socket"
    }
  }
}
