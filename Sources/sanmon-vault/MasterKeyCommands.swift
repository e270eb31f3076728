import ArgumentParser
import AuthTerms
import Foundation
import Isolation
import SSOVault

/// Where a master key is now: in a file, or in people's hands.
struct MasterKeySource: ParsableArguments {
  @Option(help: "File of the master key, mode 0400.") var masterKeyFile: String?
  @Flag(help: "Type the shares of the master key, where no file holds it.") var typeShares = false
  @Option(help: "With --type-shares: read them from this file descriptor, a line each.") var shareFd: Int32?

  func validate() throws {
    guard (masterKeyFile != nil) != typeShares else { throw ValidationError("--master-key-file or --type-shares") }
  }

  func secret() throws -> MasterSecret {
    if let masterKeyFile { return try MasterSecret.read(path: masterKeyFile) }
    return try MasterSecret.typed(descriptor: shareFd)
  }
}

extension MasterSecret {
  /// As many shares as the first one says.
  static func typed(descriptor: Int32?) throws -> MasterSecret {
    var shares: [KeyShare] = []
    while shares.count < shares.first?.threshold ?? 1 {
      let typed = try TypedText.share(descriptor: descriptor)
      guard let share = try? KeyShare(typed: typed) else {
        throw VaultStartFault(.masterKey, "not a share, or a slip in it")
      }
      shares.append(share)
    }
    return try MasterSecret(shares: shares)
  }

  /// Of the system's generator.
  static func made() throws -> MasterSecret { try MasterSecret(randomSecret(32)) }

  func shares(_ count: Int, threshold: Int) throws -> [KeyShare] {
    guard let shares = try? KeyShare.split(self, into: count, threshold: threshold, random: randomSecret) else {
      throw VaultStartFault(.settings, "--shares takes 2 to 9, --threshold 2 to all of them")
    }
    return shares
  }
}

func randomSecret(_ count: Int) -> Secret<KeyMaterial> { Secret(count: count) { $0.copyBytes(from: systemRandom(count)) } }

struct SplitMasterKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints shares of the master key that there is. マスター鍵を分ける",
    discussion: """
      For a vault that began with a file and goes into people's hands, or for other people: --threshold of the shares give the same key
      back. Nothing is written; delete the file when each share is on its paper. Shares that were made before still give that key:
      where one is lost or its holder has left, make a new key ('rewrap'). Print it where nothing keeps what a terminal shows.

      EXAMPLES
        sanmon-vault split-master-key --master-key-file master.key --shares 3 --threshold 2
        sanmon-vault split-master-key --type-shares --shares 5 --threshold 3
      """)

  @OptionGroup var source: MasterKeySource
  @Option(help: "How many, 2 to 9.") var shares: Int
  @Option(help: "How many of them open the vault.") var threshold = 2
  @Flag(help: "Run as root (test machines).") var allowRoot = false

  func run() throws {
    try reportingFaults {
      try harden(allowRoot: allowRoot)
      for share in try source.secret().shares(shares, threshold: threshold) { print(share.text) }
    }
  }
}

struct JoinMasterKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the master key that shares give to a file, mode 0400. 分けた鍵を一つに戻す",
    discussion: """
      For a vault that shall open by itself again. The shares are typed, or read from --share-fd. Whether they are this vault's shows
      'verify'.

      EXAMPLE
        sanmon-vault join-master-key --out master.key
      """)

  @Option(help: "The file to make.") var out: String
  @Option(help: "Read the shares from this file descriptor, a line each.") var shareFd: Int32?
  @Flag(help: "Run as root (the file then belongs to root).") var allowRoot = false

  func run() throws {
    try reportingFaults {
      try harden(allowRoot: allowRoot)
      try MasterSecret.typed(descriptor: shareFd).write(path: out)
    }
  }
}

struct Rewrap: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts the vault's keys under a new master key, while it is stopped. マスター鍵を新しくする",
    discussion: """
      When a share is lost, its holder has left, or the file may have been copied: the former key and all of its shares then open this
      vault no more. They still open backups and copies of before: keep them apart for as long as those are kept.
      With --new-master-key-file it is one that 'make-master-key' wrote. With --shares a key is made, its shares are printed, and
      --threshold of them are typed back before anything is changed. A power cut leaves the former key or the new one in force: 'verify'
      tells which.

      EXAMPLES
        sanmon-vault make-master-key --out new.key
        sanmon-vault rewrap --state /var/lib/sanmon-vault/lgwan-1 --master-key-file old.key --new-master-key-file new.key
        sanmon-vault rewrap --state /var/lib/sanmon-vault/lgwan-1 --type-shares --shares 3 --threshold 2
      """)

  @Option(help: "Folder of the vault's state.") var state: String
  @OptionGroup var source: MasterKeySource
  @Option(help: "File of the new master key, mode 0400.") var newMasterKeyFile: String?
  @Option(help: "Make a new key and print that many shares of it, 2 to 9.") var shares: Int?
  @Option(help: "How many of them open the vault.") var threshold = 2
  @Flag(help: "Run as root (test machines).") var allowRoot = false

  func validate() throws {
    guard (newMasterKeyFile != nil) != (shares != nil) else { throw ValidationError("--new-master-key-file or --shares") }
  }

  func run() throws {
    try reportingFaults {
      try harden(allowRoot: allowRoot)
      let old = try source.secret()
      let new = try newMasterKeyFile.map { try MasterSecret.read(path: $0) } ?? inHands()
      let count = try MasterRewrap.rewrap(
        directory: state, from: old, to: new, now: BootClock().now().wallMilliseconds)
      print("\(count) keys are under the new master key / 鍵 \(count) 個を新しいマスター鍵に移しました")
    }
  }

  /// Whoever cannot read her own paper would find out at the next start.
  private func inHands() throws -> MasterSecret {
    let made = try MasterSecret.made()
    for share in try made.shares(shares ?? 0, threshold: threshold) { print(share.text) }
    fflush(nil)
    guard try MasterSecret.typed(descriptor: source.shareFd).isSame(as: made) else {
      throw VaultStartFault(.masterKey, "what was typed back are not the new shares; nothing was changed")
    }
    return made
  }
}
