import CIsolation
import Foundation

/// Tells systemd how a service is doing: datagrams to `NOTIFY_SOCKET` (sd_notify(3)), without its library. Outside systemd
/// every call does nothing.
public struct ServiceNotify: Sendable {
  private let path: String?

  /// - Parameter path: the value of `NOTIFY_SOCKET`; `nil` outside systemd.
  public init(path: String?) { self.path = path }

  /// Reads `NOTIFY_SOCKET` and takes it away from programs started from here.
  public static func fromEnvironment() -> ServiceNotify {
    let path = getenv("NOTIFY_SOCKET").map { String(cString: $0) }
    unsetenv("NOTIFY_SOCKET")
    return ServiceNotify(path: path)
  }

  /// Each answers whether systemd was told.
  @discardableResult public func ready(_ status: String) -> Bool { send("READY=1\nSTATUS=\(status)") }
  @discardableResult public func status(_ status: String) -> Bool { send("STATUS=\(status)") }
  /// Not ready yet, for a reason; systemd waits that much longer from now.
  @discardableResult public func starting(_ status: String, patienceSeconds: Int) -> Bool {
    send("STATUS=\(status)\nEXTEND_TIMEOUT_USEC=\(patienceSeconds)000000")
  }
  @discardableResult public func stopping() -> Bool { send("STOPPING=1") }
  @discardableResult public func watchdog() -> Bool { send("WATCHDOG=1") }

  /// `ready` follows when the reload is done (systemd asks for the monotonic time with RELOADING).
  @discardableResult public func reloading(monotonicMicroseconds: UInt64) -> Bool {
    send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)")
  }

  private func send(_ text: String) -> Bool {
    // An absolute path or an abstract name; anything else is not systemd's.
    guard let path, path.hasPrefix("/") || path.hasPrefix("@") else { return false }
    let bytes = Array(text.utf8)
    return sanmon_unix_datagram(path, bytes, bytes.count) == 0
  }
}
