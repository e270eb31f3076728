import ArgumentParser
import Foundation
import Isolation
import SSOVault

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serves the vault's socket until SIGTERM or SIGINT.")

  @OptionGroup var state: StateOptions
  @Option(help: "Path of the unix socket, at most 107 bytes.") var socket: String
  @Option(help: "Mode of the socket, octal. Who is served is decided by the user, not by the mode.") var socketMode = "666"
  @Option(help: "User (name or number) under which the server runs; may be repeated.") var peerUser: [String] = []
  @Option(help: "User (name or number) who may initialise and pass on acts; may be repeated.") var operatorUser: [String] = []

  @Option(help: "User (name or number) under which sanmon-rotator runs; may be repeated.") var rotatorUser: [String] = []

  @Option(help: "Public half of the recovery key, as 'sanmon backup key' printed it; without it no backups are made.")
  var recoveryKey: String?

  @Option(help: "Start sealed, until that many people have typed their shares ('sanmon-vault unseal').") var awaitShares: Int?

  func run() throws {
    try reportingFaults {
      let signals = StopSignals()
      let notify = ServiceNotify.fromEnvironment()
      guard let mode = UInt32(socketMode, radix: 8), mode <= 0o777 else {
        throw VaultStartFault(.settings, "--socket-mode takes up to three octal digits")
      }
      let peers = VaultPeers(
        servers: try users(peerUser), operators: try users(operatorUser), rotators: try users(rotatorUser))
      guard !peers.servers.isEmpty || !peers.operators.isEmpty else {
        throw VaultStartFault(.settings, "name at least one --peer-user or --operator-user")
      }
      // Before any key is read.
      let isLocked = Hardening.lockMemory()
      let service: any VaultAnswering =
        if let awaitShares {
          try state.await(shares: awaitShares, recoveryKey: recoveryKey) { service in
            service.renewKeysInBackground()
            notify.status("serving")
            FileHandle.standardError.write(Data("sanmon-vault: opened\n".utf8))
          }
        } else { try begin() }
      let server = try VaultServer(service: service, peers: peers, socket: socket, mode: mode)
      signals.waiting {
        notify.stopping()
        server.stop()
      }
      notify.ready(awaitShares.map { "sealed: \($0) people are needed (sanmon-vault unseal)" } ?? "serving")
      FileHandle.standardError.write(Data("sanmon-vault: serving on \(socket)\(isLocked ? "" : Self.notLocked)\n".utf8))
      try server.run()
      // Answers that are being made are still sent: at most five seconds.
      let end = Deadline(milliseconds: 5000)
      while server.connectionCount > 0 && end.remainingMilliseconds > 0 { usleep(10_000) }
    }
  }

  private func begin() throws -> VaultService {
    let service = try state.open(recoveryKey: recoveryKey)
    service.renewKeysInBackground()
    return service
  }

  /// The unit allows it; by hand it takes `ulimit -l unlimited`.
  private static let notLocked = " (its memory may reach a swap device: RLIMIT_MEMLOCK is limited)"

  private func users(_ names: [String]) throws(VaultStartFault) -> Set<UInt32> {
    var numbers: Set<UInt32> = []
    for name in names {
      guard let uid = UnixUser.uid(of: name) else { throw VaultStartFault(.settings, "there is no user \(name)") }
      numbers.insert(uid)
    }
    return numbers
  }
}
