import Foundation
import Glibc

/// What the kernel says about this machine and about processes on it.
package enum Machine {
  package static let cores = ProcessInfo.processInfo.activeProcessorCount

  /// Load average of the last minute.
  package static var load: Double {
    var averages = [0.0]
    return getloadavg(&averages, 1) == 1 ? (averages[0] * 100).rounded() / 100 : 0
  }

  /// utime + stime of a whole process since it began, in seconds (clock_getcpuclockid(3): the same sum as in
  /// /proc/PID/stat, in nanoseconds instead of ticks). 0 if there is no such process.
  package static func cpuSeconds(of pid: Int32) -> Double {
    var clock = clockid_t()
    return clock_getcpuclockid(pid, &clock) == 0 ? seconds(on: clock) : 0
  }

  /// CPU seconds of this thread.
  static func cpuSecondsOfThread() -> Double { seconds(on: CLOCK_THREAD_CPUTIME_ID) }

  private static func seconds(on clock: clockid_t) -> Double {
    // Read as the two words that struct timespec is: which module declares its fields depends on what else a file imports.
    withUnsafeTemporaryAllocation(byteCount: MemoryLayout<timespec>.size, alignment: MemoryLayout<timespec>.alignment) { raw in
      guard let base = raw.baseAddress, clock_gettime(clock, base.assumingMemoryBound(to: timespec.self)) == 0 else { return 0 }
      return Double(raw.load(as: Int.self)) + Double(raw.load(fromByteOffset: MemoryLayout<Int>.size, as: Int.self)) / 1e9
    }
  }

  /// Proportional set size in KB: shared pages are counted once over all who share them. `nil` where the kernel does not let
  /// us look (a process that forbids dumps, for anybody but root).
  package static func proportionalKB(of pid: Int32) -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("Pss:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
  }

  /// Each connection is a descriptor here and in the server, which inherits the limit.
  package static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
