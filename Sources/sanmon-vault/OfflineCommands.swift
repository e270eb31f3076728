import ArgumentParser
import AuthAPI
import AuthTerms
import Isolation
import SSOVault

struct Initialise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Makes the keys of a new instance and prints the one-time code for the first administrator (72 hours).",
    discussion: "Run it as the vault's own user, before `serve`. Instance, segments and hosts are fixed for ever.")

  @OptionGroup var state: StateOptions
  @Option(help: "Name of the instance (lgwan-1).") var instance: String
  @Option(help: "Segment that it serves; may be repeated. mynumber and internet never together.") var segment: [String]
  @Option(help: "DNS name or IP address of the server; may be repeated.") var host: [String]

  func run() throws {
    try reportingFaults {
      let settings: VaultInitialisation
      do {
        settings = VaultInitialisation(
          instance: try InstanceID(parsing: instance), segments: try segment.map { try Segment(parsing: $0) }, hosts: host)
      } catch let error as MalformedInput {
        throw VaultStartFault(.settings, error.description)
      }
      let service = try state.open()
      do throws(VaultRefusal) {
        print(try service.initialise(settings))
      } catch {
        throw VaultStartFault(error.code == .storeUnavailable ? .state : .settings, "\(error.code.rawValue) \(error.note)")
      }
    }
  }
}

struct MakeMasterKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a new master key, mode 0400; or prints its shares, and writes nothing.",
    discussion: """
      With --shares the key is on no disk: each line that is printed goes on paper to another person, and --threshold of them open the
      vault at each start ('serve --await-shares'). Print it where nothing keeps what a terminal shows.
      """)

  @Option(help: "The file to make.") var out: String?
  @Option(help: "Print that many shares instead, 2 to 9.") var shares: Int?
  @Option(help: "How many of them open the vault.") var threshold = 2
  @Flag(help: "Run as root (the file then belongs to root).") var allowRoot = false

  func run() throws {
    try reportingFaults {
      try harden(allowRoot: allowRoot)
      switch (out, shares) {
      case (let out?, nil): try MasterKey.make(path: out, random: randomSecret(32))
      case (nil, let count?):
        guard let made = try? KeyShare.make(count, threshold: threshold, random: randomSecret) else {
          throw VaultStartFault(.settings, "--shares takes 2 to 9, --threshold 2 to all of them")
        }
        for share in made { print(share.text) }
      default: throw VaultStartFault(.settings, "name either --out or --shares")
      }
    }
  }
}

struct VerifyLog: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Opens state and keys, reads the vault's whole log and compares it with its tree.")

  @OptionGroup var state: StateOptions

  func run() throws {
    try reportingFaults {
      _ = try state.open()
      print("the vault's state, keys and log are as they were written")
    }
  }
}
