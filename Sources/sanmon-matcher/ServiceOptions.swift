import ArgumentParser
import Foundation
import Isolation
import MatcherHost

/// What every matcher that serves a socket is told, and what it gives up before the first sample.
struct ServiceOptions: ParsableArguments {
  @Option(help: "Path of the unix socket, at most 107 bytes.") var socket: String
  @Option(help: "Mode of the socket, octal. Who is served is decided by the user, not by the mode.") var socketMode = "666"
  @Option(help: "User (name or number) under which the server runs; may be repeated.") var peerUser: [String]
  @Option(help: "Milliseconds of one call, 50 to 10000.") var deadline = 500
  @Option(help: "MiB of address space, 512 to 65536.") var memory = 2048

  func validate() throws {
    guard (50...10_000).contains(deadline), (512...65_536).contains(memory) else {
      throw ValidationError("--deadline 50…10000, --memory 512…65536")
    }
  }

  /// Until SIGTERM or SIGINT.
  /// - Parameter make: on the thread that all calls come from, before the process is confined.
  func serve(
    mayReadFiles: Bool = false, _ make: @escaping @Sendable () throws -> sending any BiometricMatcher
  ) throws {
    // Each heap takes address space, of which --memory may leave little.
    FreeMemory.useFewHeaps()
    do throws(Hardening.Fault) { try Hardening.apply(allowsRoot: false) } catch {
      throw SanmonMatcher.fail(77, "\(error)", "\(error)")
    }
    guard let mode = UInt32(socketMode, radix: 8), mode <= 0o777 else {
      throw SanmonMatcher.fail(64, "--socket-mode は 8 進 3 桁までです。", "--socket-mode takes up to three octal digits")
    }
    let peers = try Set(
      peerUser.map { name in
        guard let uid = UnixUser.uid(of: name) else {
          throw SanmonMatcher.fail(64, "ユーザー \(name) はいません。", "there is no user \(name)")
        }
        return uid
      })
    let signals = StopSignals()
    let notify = ServiceNotify.fromEnvironment()
    let server: MatcherServer
    do {
      server = try MatcherServer(
        socket: socket, mode: mode, peers: peers, deadlineMilliseconds: deadline, makeMatcher: make)
    } catch let fault as SocketFault { throw SanmonMatcher.fail(69, "\(socket): \(fault)", "\(socket): \(fault)") }
    signals.waiting {
      notify.stopping()
      server.stop()
    }
    notify.ready("serving")
    SanmonMatcher.say("serving on \(socket)", "serving on \(socket)")
    do throws(Hardening.Fault) {
      try Hardening.confine(memoryBytes: memory << 20, mayReadFiles: mayReadFiles)
    } catch { throw SanmonMatcher.fail(69, "\(error)", "\(error)") }
    try server.run()
    // A call that is under way still has its deadline: whoever waits gets the answer.
    let end = Deadline(milliseconds: deadline + 1000)
    while server.connectionCount > 0 && end.remainingMilliseconds > 0 { usleep(10_000) }
  }
}
