import Foundation
import Isolation
import SmartCard

/// The process of a PKCS#11 library, for one question: this very program, started anew with a hidden command.
///
/// It has none of this process's files and none of its environment, but for three names. pcscd's socket is where it is for this
/// process (PCSCLITE_CSOCK_NAME), and the libraries that are tested take the path of their settings from a variable and from
/// nowhere else (SOFTHSM2_CONF, OPENSC_CONF): both are given the path of `TokenModule.configuration`, or neither.
///
/// It reaches no file of its user's: `Hardening.reachingOnly` says which it may read, besides its library's folder; it writes below
/// the folder of the settings alone. Without that it is not started.
struct ModuleProcess {
  private let process: pid_t
  private let connection: PeerConnection

  /// - Parameters:
  ///   - program: that has the hidden command; `/proc/self/exe` for this one.
  ///   - command: its name.
  ///   - library: that it will be asked to load.
  init(program: String, command: String, library: String, configuration: String?) throws(CardFailure) {
    let own: PeerConnection
    let other: Int32
    do throws(SocketFault) { (own, other) = try PeerConnection.pair(frameLimit: ModuleRequest.frameLimit) } catch {
      throw .module(.unusable)
    }
    connection = own
    defer { close(other) }
    let environment = Self.environment(configuration)
    let started: pid_t?
    do throws(Hardening.Fault) {
      started = try Hardening.reachingOnly(
        reading: [program, Self.folder(of: library)], writing: configuration.map { [Self.folder(of: $0)] } ?? []
      ) { Self.start([program, command], environment, keeping: other) }
    } catch { throw .module(.unusable) }
    guard let started else { throw .module(.unusable) }
    process = started
  }

  /// Open ones; one that is closed meanwhile may be named to be closed.
  private static var descriptors: [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
  }

  /// Libraries and settings have absolute paths.
  private static func folder(of path: String) -> String {
    let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    // Not all there is, for what stands in the root itself.
    return folder.isEmpty ? path : String(folder)
  }

  private static func environment(_ configuration: String?) -> [String] {
    var lines: [String] = []
    if let socket = ProcessInfo.processInfo.environment["PCSCLITE_CSOCK_NAME"] { lines.append("PCSCLITE_CSOCK_NAME=\(socket)") }
    if let configuration { lines += ["SOFTHSM2_CONF=\(configuration)", "OPENSC_CONF=\(configuration)"] }
    return lines
  }

  /// - Parameter other: the end of the pair that becomes its descriptor 3.
  private static func start(_ words: [String], _ environment: [String], keeping other: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // A library may print: that goes nowhere, and never among our frames.
    for standard in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0) }
    posix_spawn_file_actions_adddup2(&actions, other, 3)
    // A PIN or a password may still stand in a descriptor that a script gave to this process.
    for open in descriptors where open > 3 { posix_spawn_file_actions_addclose(&actions, open) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // A group of its own, so that what the library starts ends with it.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process = pid_t()
    guard posix_spawn(&process, words[0], &actions, &attributes, &arguments, &variables) == 0 else { return nil }
    return process
  }

  /// Asks, waits for the answer and the end. Blocks; ends the process whatever comes of it.
  ///
  /// - Throws: `module`: `overdue`, `ended`, `malformed`.
  func ask(_ request: ModuleRequest, within milliseconds: Int) throws(CardFailure) -> ModuleAnswer {
    defer { end() }
    let deadline = Deadline(milliseconds: milliseconds)
    var frame = request.encoded()
    defer {
      frame.withUnsafeMutableBytes { bytes in
        if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
      }
    }
    do throws(SocketFault) {
      try connection.send(frame, by: deadline)
      guard let answer = try connection.receive(by: deadline) else { throw .closed }
      guard let decoded = try? ModuleAnswer(decoding: answer) else { throw .frameSize }
      return decoded
    } catch {
      switch error {
      case .deadline: throw .module(.overdue)
      case .frameSize: throw .module(.malformed)
      default: throw .module(.ended)
      }
    }
  }

  /// It ends by itself right after its answer; what does not is killed with all that it started.
  private func end() {
    let deadline = Deadline(milliseconds: 200)
    var status: Int32 = 0
    while deadline.remainingMilliseconds > 0 {
      let result = waitpid(process, &status, WNOHANG)
      if result == process || (result < 0 && errno != EINTR) {
        kill(-process, SIGKILL)
        return
      }
      usleep(1000)
    }
    kill(-process, SIGKILL)
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
