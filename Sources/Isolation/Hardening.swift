import CIsolation
import Foundation

/// What a process that holds keys or faces a network gives up at start, before it reads anything.
public enum Hardening {
  public enum Fault: Error, Sendable, Equatable, CustomStringConvertible {
    case runsAsRoot
    case system(attempted: String, code: Int32)

    public var description: String {
      switch self {
      case .runsAsRoot: "refuses to run as root: start it under a user of its own (the shipped units do; sudo -u USER)"
      case .system(let attempted, let code): "could not \(attempted): \(String(cString: strerror(code)))"
      }
    }
  }

  /// No core dump, no ptrace and no /proc/PID/mem by the same user, no new privileges, umask 077, not root.
  public static func apply(allowsRoot: Bool) throws(Fault) {
    guard allowsRoot || (getuid() != 0 && geteuid() != 0) else { throw .runsAsRoot }
    umask(0o077)
    var fault = sanmon_forbid_dumps()
    guard fault == 0 else { throw .system(attempted: "forbid core dumps", code: fault) }
    fault = sanmon_forbid_new_privileges()
    guard fault == 0 else { throw .system(attempted: "forbid new privileges", code: fault) }
  }

  /// For tools that a person starts: nothing of this process reaches a core file or another process of the same user.
  public static func forbidDumps() throws(Fault) {
    let fault = sanmon_forbid_dumps()
    guard fault == 0 else { throw .system(attempted: "forbid core dumps", code: fault) }
  }

  /// Nothing of this process, now or later, reaches a swap device.
  /// - Returns: false where RLIMIT_MEMLOCK is not infinite and CAP_IPC_LOCK is missing: nothing is locked then.
  public static func lockMemory() -> Bool { sanmon_lock_memory() == 0 }

  public static var isInForce: Bool { sanmon_is_hardened() == 1 }
}

/// Unix user names and numbers, as the system's own database tells them.
public enum UnixUser {
  /// The number of a user name, or of a number written out; `nil` when there is none.
  public static func uid(of name: String) -> UInt32? {
    if let number = uid_t(name) { return number }
    return lookUp { entry, buffer, size, result in getpwnam_r(name, entry, buffer, size, result) }?.0
  }

  public static func name(of uid: UInt32) -> String? {
    lookUp { entry, buffer, size, result in getpwuid_r(uid, entry, buffer, size, result) }?.1
  }

  private typealias Call = (
    UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
  ) -> Int32

  private static func lookUp(_ call: Call) -> (uid_t, String)? {
    var entry = passwd()
    var result: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
      guard let base = buffer.baseAddress, call(&entry, base, buffer.count, &result) == 0, result != nil,
        let name = entry.pw_name
      else { return nil }
      return (entry.pw_uid, String(cString: name))
    }
  }
}

extension Hardening {
  /// What a process gives up that runs code which is not ours, once it listens and has loaded it. For good, for all its threads.
  /// - Parameters:
  ///   - memoryBytes: of address space, at most.
  ///   - mayReadFiles: else no file is opened any more; none is opened for writing either way.
  public static func confine(memoryBytes: Int, mayReadFiles: Bool) throws(Fault) {
    var fault = sanmon_limit_memory(memoryBytes)
    guard fault == 0 else { throw .system(attempted: "limit memory", code: fault) }
    fault = sanmon_confine(mayReadFiles ? 1 : 0)
    guard fault == 0 else { throw .system(attempted: "filter system calls", code: fault) }
  }
}
