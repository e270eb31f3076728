import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation
import Isolation
import SSOVault

struct StateOptions: ParsableArguments {
  @Option(help: "Folder of the vault's state; made with mode 0700.") var state: String
  @Option(help: "File of the master key, mode 0400. Default: sanmon-vault-master in $CREDENTIALS_DIRECTORY.")
  var masterKeyFile: String?
  @Flag(help: "Type the shares of the master key, where no file holds it.") var typeShares = false
  @Option(help: "With --type-shares: read them from this file descriptor, a line each.") var shareFd: Int32?
  @Flag(help: "Run as root although nothing here needs it (test machines).") var allowRoot = false

  /// Hardens this process, then opens the state.
  /// - Parameter recoveryKey: the public half of what backups are sealed to.
  func open(recoveryKey: String? = nil) throws -> VaultService {
    try harden(allowRoot: allowRoot)
    let clock = try BootClock()
    return try VaultService(
      directory: state, master: try master(),
      environment: VaultEnvironment(now: { clock.now() }, random: { systemRandom($0) }),
      recoveryKey: recoveryKey)
  }

  /// Hardens this process; the state is opened when people have typed that many shares.
  func await(
    shares: Int, recoveryKey: String?, opened: @escaping @Sendable (VaultService) -> Void
  ) throws -> SealedVault {
    guard masterKeyFile == nil, !typeShares else {
      throw VaultStartFault(.settings, "--await-shares and --master-key-file: the master key is in one place or the other")
    }
    try harden(allowRoot: allowRoot)
    let (clock, directory) = (try BootClock(), state)
    return try SealedVault(
      needed: shares, now: { clock.now() },
      open: { master throws(VaultStartFault) in
        try VaultService(
          directory: directory, master: master,
          environment: VaultEnvironment(now: { clock.now() }, random: { systemRandom($0) }), recoveryKey: recoveryKey)
      },
      noticed: { wrong in
        FileHandle.standardError.write(
          Data("sanmon-vault: a share was refused (\(wrong.code.rawValue), user \(wrong.uid))\n".utf8))
      }, opened: opened)
  }

  private func typedMaster() throws -> MasterKey {
    guard masterKeyFile == nil else {
      throw VaultStartFault(.settings, "--type-shares and --master-key-file: the master key is in one place or the other")
    }
    return try MasterKey(MasterSecret.typed(descriptor: shareFd))
  }

  private func master() throws -> MasterKey {
    if typeShares { return try typedMaster() }
    if let masterKeyFile { return try MasterKey.read(path: masterKeyFile) }
    guard let folder = getenv("CREDENTIALS_DIRECTORY").map({ String(cString: $0) }) else {
      throw VaultStartFault(.masterKey, "say --master-key-file, or start under systemd with LoadCredential=sanmon-vault-master")
    }
    return try MasterKey.read(credentialsDirectory: folder)
  }
}

func harden(allowRoot: Bool) throws { try Hardening.apply(allowsRoot: allowRoot) }

func systemRandom(_ count: Int) -> [UInt8] {
  var generator = SystemRandomNumberGenerator()
  return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// Says what failed in one line on standard error, and ends with the code that the help text promises.
func reportingFaults(_ work: () throws -> Void) throws {
  do {
    try work()
  } catch let fault as VaultStartFault {
    let code: Int32 =
      switch fault.kind {
      case .unsafeFile: 77
      case .masterKey, .settings: 78
      case .state: 74
      }
    try end(fault.description, code)
  } catch let fault as Hardening.Fault {
    try end(fault.description, 77)
  } catch let fault as SocketFault {
    try end(fault.description, 69)
  }
}

func end(_ text: String, _ code: Int32) throws -> Never {
  FileHandle.standardError.write(Data("sanmon-vault: \(text)\n".utf8))
  throw ExitCode(code)
}
