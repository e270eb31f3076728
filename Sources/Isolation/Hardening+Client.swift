import CIsolation
import Dispatch
import Foundation
import Synchronization

// A process that runs a library which is not ours and has to talk to a service of this machine: a card maker's, to the reader
// service. Two halves, because rights over files belong to a thread and are handed on to what it starts: who starts the process
// takes the files from it, before its first instruction, and the process takes the rest from itself once it knows what to do.
extension Hardening {
  /// What every user of a machine may read and no library does without: programs, libraries, settings, the kernel's tables, chance.
  private static let commonlyRead = [
    "/usr", "/lib", "/lib64", "/etc", "/opt", "/proc", "/sys", "/dev/urandom", "/dev/random",
  ]

  /// Runs `work` on a thread made for it that reaches no file but these, and neither does what it starts, for good (Landlock).
  /// Besides them: `/usr`, `/lib`, `/etc`, `/opt`, `/proc`, `/sys`, random numbers and the folders of the libraries that this
  /// program has loaded, all to be read, and `/dev/null`. Files that are open stay open; paths can still be asked about, and sockets
  /// be connected to. Blocks the calling thread, which keeps its files.
  ///
  /// - Parameters:
  ///   - reading: files, or folders with all below them; what is not there is passed over.
  ///   - writing: the same for reading and writing; files may be made there and removed.
  ///   - work: starts a process, and no thread and no task: a shared thread that began here would have no files either.
  /// - Throws: `system` where the kernel has no Landlock (it came with Linux 5.13) or does not use it; `work` was not begun then.
  public static func reachingOnly<R: Sendable>(
    reading: [String], writing: [String], _ work: @escaping @Sendable () -> R
  ) throws(Fault) -> R {
    let outcome = Outcome<R>()
    let isThere = DispatchSemaphore(value: 0)
    let thread = Thread {
      do throws(Fault) {
        try Hardening.giveUpFiles(reading: reading, writing: writing)
        outcome.set(.success(work()))
      } catch { outcome.set(.failure(error)) }
      isThere.signal()
    }
    thread.start()
    isThere.wait()
    guard let result = outcome.value else { throw .system(attempted: "give up files", code: EIO) }
    return try result.get()
  }

  /// For the calling thread.
  private static func giveUpFiles(reading: [String], writing: [String]) throws(Fault) {
    var rules: Int32 = -1
    try check(sanmon_files_begin(&rules), "use Landlock")
    defer { close(rules) }
    for path in commonlyRead + reading { try check(sanmon_files_allow(rules, path, 0), "allow reading") }
    for path in ["/dev/null"] + writing { try check(sanmon_files_allow(rules, path, 1), "allow writing") }
    try check(sanmon_files_allow_own_libraries(rules), "allow this program's libraries")
    try check(sanmon_files_enforce(rules), "give up files")
  }

  /// Takes from this process, for all its threads and for good: sockets but those of this machine, other programs and processes,
  /// signals to others, its group, and that anybody of the same user may look into it. Files are taken by who starts it.
  ///
  /// - Throws: `system`; the process is to end then.
  public static func confineClient() throws(Fault) {
    try forbidDumps()
    try check(sanmon_confine_client(), "filter system calls")
  }

  private static func check(_ fault: Int32, _ attempted: String) throws(Fault) {
    guard fault == 0 else { throw .system(attempted: attempted, code: fault) }
  }
}

/// What a thread hands to the one that waits for it.
private final class Outcome<R: Sendable>: Sendable {
  private let state = Mutex<Result<R, Hardening.Fault>?>(nil)

  func set(_ result: Result<R, Hardening.Fault>) { state.withLock { $0 = result } }
  var value: Result<R, Hardening.Fault>? { state.withLock { $0 } }
}
