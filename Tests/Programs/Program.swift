import CPrograms
import Glibc
import Synchronization

/// A program that a test starts, waits for and ends: by posix_spawn and waitpid, without a run loop.
///
/// It begins in a process group of its own, with every signal as it is by default and none blocked (a test's thread blocks most of
/// them), and with no open file but its three. What it says goes to files without a name: nobody has to read while it runs, and what
/// outlives it holds nothing up. Whoever forgets it ends it.
package final class Program: Sendable {
  package enum Input: Sendable {
    case nothing
    /// All there is to read.
    case text(String)
    /// What `send` says, until `closeInput`.
    case open
  }

  package enum Output: Sendable {
    /// For `output` and `errors`.
    case kept
    /// Both in the order in which they are said, for `output`.
    case together
    /// Both, behind what stands in this file.
    case appended(to: String)
  }

  package struct Ended: Sendable {
    /// The exit code; 128 and the signal's number if a signal ended it.
    package let status: Int32
    package let output: String
    package let errors: String
  }

  package struct Failed: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
  }

  package let pid: Int32
  private let words: [String]
  private let said: (output: UnnamedFile, errors: UnnamedFile?)?
  private let state: Mutex<(status: Int32?, input: Int32?)>

  /// - Parameters:
  ///   - words: program (found in PATH unless it has a slash) and arguments.
  ///   - environment: in the place of ours; `nil`: ours.
  ///   - adding: to the environment.
  ///   - folder: in which it works; `nil`: ours.
  package init(
    _ words: [String], environment: [String: String]? = nil, adding: [String: String] = [:], in folder: String? = nil,
    input: Input = .nothing, output: Output = .kept
  ) throws {
    self.words = words
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }

    var (typed, ends): (UnnamedFile?, [Int32]) = (nil, [])
    switch input {
    case .nothing: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    case .text(let text):
      let file = try UnnamedFile(holding: text)
      posix_spawn_file_actions_adddup2(&actions, file.descriptor, 0)
      typed = file
    case .open:
      ends = [-1, -1]
      guard programs_pipe(&ends) == 0 else { throw Failed(description: "pipe2: \(errno)") }
      posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    }
    switch output {
    case .kept:
      let files = (output: try UnnamedFile(), errors: try UnnamedFile())
      posix_spawn_file_actions_adddup2(&actions, files.output.descriptor, 1)
      posix_spawn_file_actions_adddup2(&actions, files.errors.descriptor, 2)
      said = files
    case .together:
      let file = try UnnamedFile()
      posix_spawn_file_actions_adddup2(&actions, file.descriptor, 1)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
      said = (file, nil)
    case .appended(let path):
      posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
      said = nil
    }
    programs_close_from(&actions, 3)
    if let folder { programs_change_folder(&actions, folder) }

    var pid: pid_t = 0
    let code = Self.withDefaultSignals { attributes in
      var arguments = words.map { strdup($0) } + [nil]
      var variables = Self.environment(environment, adding).map { strdup($0) } + [nil]
      defer { for text in arguments + variables { free(text) } }
      return posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, &variables)
    }
    withExtendedLifetime(typed) {}
    if let reading = ends.first { close(reading) }
    self.pid = pid
    state = Mutex((code == 0 ? nil : -1, ends.last))
    guard code == 0 else { throw Failed(description: "\(words[0]): \(String(cString: strerror(code)))") }
  }

  deinit {
    kill()
    closeInput()
  }

  private static func environment(_ given: [String: String]?, _ more: [String: String]) -> [String] {
    var all = given ?? [:]
    if given == nil {
      var next = environ
      while let line = next.pointee {
        let parts = String(cString: line).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { all[String(parts[0])] = String(parts[1]) }
        next += 1
      }
    }
    return all.merging(more) { _, new in new }.map { "\($0.key)=\($0.value)" }
  }

  private static func withDefaultSignals(_ start: (inout posix_spawnattr_t) -> Int32) -> Int32 {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    return start(&attributes)
  }

  // MARK: While it runs

  /// What it has said so far.
  package var output: String { said?.output.text ?? "" }
  package var errors: String { said?.errors?.text ?? "" }

  package var isRunning: Bool { reap(WNOHANG) == nil }

  /// - Throws: `Failed` when it does not listen any more.
  package func send(_ text: String) throws {
    guard let input = state.withLock({ $0.input }) else { throw Failed(description: "\(words[0]): its input is closed") }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = Self.write(rest, to: input)
      guard count > 0 else { throw Failed(description: "\(words[0]) does not listen") }
      rest = rest.dropFirst(count)
    }
  }

  /// Without SIGPIPE, which would end us.
  private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int {
    var (signals, before) = (sigset_t(), sigset_t())
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, &before)
    defer {
      var none = timespec()
      if sigismember(&before, SIGPIPE) == 0 { sigtimedwait(&signals, nil, &none) }
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    var count = 0
    repeat {
      count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    } while count < 0 && errno == EINTR
    return count
  }

  package func closeInput() {
    state.withLock { state in
      if let input = state.input { close(input) }
      state.input = nil
    }
  }

  /// Waits for nothing.
  package func signal(_ number: Int32) {
    // Its number is nobody else's as long as nobody has waited for it.
    state.withLock { if $0.status == nil { _ = Glibc.kill(pid, number) } }
  }

  package func terminate() { signal(SIGTERM) }

  /// With what it started in its group; afterwards it is over.
  package func kill() {
    state.withLock { if $0.status == nil { _ = Glibc.kill(-pid, SIGKILL) } }
    _ = reap(0)
  }

  private func reap(_ options: Int32) -> Int32? {
    state.withLock { state in
      if let status = state.status { return status }
      var found: Int32 = 0
      var answer: pid_t = 0
      repeat { answer = waitpid(pid, &found, options) } while answer == -1 && errno == EINTR
      guard answer != 0 else { return nil }
      let status = answer < 0 ? -1 : found & 0x7F == 0 ? (found >> 8) & 0xFF : 128 + (found & 0x7F)
      state.status = status
      return status
    }
  }

  // MARK: Its end

  /// Waits for it; blocks this thread.
  /// - Throws: `Failed` with what it said, if it is not over in time; it is killed then.
  @discardableResult
  package func end(within seconds: Double = 60) throws -> Ended {
    let end = ContinuousClock.now + .seconds(seconds)
    var pause: useconds_t = 500
    while isRunning {
      guard ContinuousClock.now < end else { throw overdue(seconds) }
      usleep(pause)
      pause = min(2 * pause, 10_000)
    }
    return ended
  }

  /// The same without a thread that waits: one of the few that tests and servers share must not.
  @discardableResult
  package func ending(within seconds: Double = 60) async throws -> Ended {
    let end = ContinuousClock.now + .seconds(seconds)
    var pause = Duration.microseconds(500)
    while isRunning {
      guard ContinuousClock.now < end else { throw overdue(seconds) }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .milliseconds(10))
    }
    return ended
  }

  private var ended: Ended { Ended(status: reap(WNOHANG) ?? -1, output: output, errors: errors) }

  private func overdue(_ seconds: Double) -> Failed {
    kill()
    return Failed(description: "\(words.joined(separator: " ")): not over after \(seconds) s\n\(output)\(errors)")
  }

  /// Starts it and waits for its end; blocks this thread.
  package static func run(
    _ words: [String], environment: [String: String]? = nil, adding: [String: String] = [:], in folder: String? = nil,
    input: Input = .nothing, output: Output = .kept, within seconds: Double = 60
  ) throws -> Ended {
    try Program(words, environment: environment, adding: adding, in: folder, input: input, output: output)
      .end(within: seconds)
  }

  /// The same without a thread that waits.
  package static func running(
    _ words: [String], environment: [String: String]? = nil, adding: [String: String] = [:], in folder: String? = nil,
    input: Input = .nothing, output: Output = .kept, within seconds: Double = 60
  ) async throws -> Ended {
    try await Program(words, environment: environment, adding: adding, in: folder, input: input, output: output)
      .ending(within: seconds)
  }
}
