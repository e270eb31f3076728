import ArgumentParser
import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Make, verify and restore backups. / 控え（バックアップ）の作成・確認・復元。",
    discussion: """
      A backup is one file, sealed to a recovery key that is kept on paper. It never holds the vault's master key.

      EXAMPLE
        sanmon backup key
        sanmon backup create 2026-11-21.sanmon
        sanmon backup verify 2026-11-21.sanmon --key-file lgwan.vkey
      """,
    subcommands: [BackupKey.self, BackupCreate.self, BackupVerify.self, BackupRestore.self, BackupApprove.self])
}

/// The recovery key, as it was typed from paper.
struct RecoveryOptions: ParsableArguments {
  @Option(help: "Read the recovery key from this file descriptor instead of the terminal.")
  var keyFd: Int32?

  func key() throws -> RecoveryKey {
    let typed = try TerminalSecret.read(
      prompt: say("回復鍵（4文字の組が14個）: ", "Recovery key (14 groups of four): "), descriptor: keyFd, option: "--key-fd")
    do { return try RecoveryKey(typed: typed) } catch {
      throw fail(
        65, "回復鍵の打ち間違いです。紙のとおり、4文字の組を14個打ってください（公開部分 recovery-1-… ではありません）。",
        "not a recovery key: type its 14 groups of four as they stand on the paper (not the public half, recovery-1-…)")
    }
  }
}

struct BackupKey: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make a recovery key and show it once. / 回復鍵を作り、一度だけ表示します。",
    discussion: """
      Write the secret half on paper, twice, and keep it where the master key is kept, never on the instance. The public half
      goes into the start-up file (recovery-key) and to the vault (--recovery-key). With --check a key is typed from paper, and
      its public half is shown: compare it with the settings.

      EXAMPLE
        sanmon backup key
        sanmon backup key --check
      """)
  @Flag(help: "Type a key from paper and show its public half.") var check = false
  @OptionGroup var recovery: RecoveryOptions

  func run() throws {
    if check { return print(try recovery.key().publicKey.text) }
    var generator = SystemRandomNumberGenerator()
    let key = try RecoveryKey(
      random: Secret(count: 32) { target in
        for index in 0..<32 { target[index] = UInt8.random(in: 0...255, using: &generator) }
      })
    print(
      say(
        "回復鍵（秘密。紙に二部書き写し、装置の外に保管してください。ここにしか表示されません）:",
        "Recovery key (secret: write it on paper, twice, and keep it away from the instance; shown only here):"))
    print(key.text)
    print(
      say(
        "公開部分（起動ファイルの recovery-key と、鍵庫の --recovery-key に書きます）:",
        "Public half (for recovery-key in the start-up file, and the vault's --recovery-key):"))
    print(key.publicKey.text)
  }
}

struct BackupCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a backup while everything runs. / 動かしたまま控えを作ります。",
    discussion: """
      Server and vault each copy their own state, and seal it to the recovery key before it leaves them. The file appears under
      its name when it is whole.

      EXAMPLE
        sanmon backup create 2026-11-21.sanmon
      """)
  @Argument(help: "The file to make; must not exist.") var file: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard !FileManager.default.fileExists(atPath: file) else {
      throw fail(65, "\(file) はすでにあります。上書きしません。", "\(file) exists and is not overwritten")
    }
    let operatorLink = OperatorLink(options: link)
    let made = try await make(operatorLink)
    let part = file + ".part"
    unlink(part)
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fail(66, "\(part) に書けません。", "cannot write \(part)") }
    let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      var hash = SHA256()
      var length: UInt64 = 0
      while length < made.length ?? 0 {
        let piece = try await operatorLink.get(
          query("/v1/admin/backups/\(made.backup)/pieces", [("offset", String(length))]), as: BackupPiece.self)
        guard !piece.bytes.isEmpty else { break }
        try output.write(contentsOf: piece.bytes)
        hash.update(data: piece.bytes)
        length += UInt64(piece.bytes.count)
      }
      guard length == made.length, Hex.encode(hash.finalize()) == made.hash else {
        throw fail(69, "控えの受け取りが途中で切れました。やり直してください。", "the backup did not arrive whole; try again")
      }
      try output.synchronize()
      // A link does not replace anything that came there meanwhile.
      guard Foundation.link(part, file) == 0 else { throw fail(66, "\(file) に書けません。", "cannot write \(file)") }
      unlink(part)
    } catch {
      unlink(part)
      throw error
    }
    _ = try await operatorLink.postEmpty("/v1/admin/backups/\(made.backup)/taken", as: Nothing.self)
    try operatorLink.show(made) {
      say(
        "\(file): 監査記録 \($0.rows ?? 0) 件までの控え、\($0.length ?? 0) バイト。SHA-256 \($0.hash ?? "")\n  → sanmon backup verify で確かめてください。",
        "\(file): log of \($0.rows ?? 0) rows, \($0.length ?? 0) bytes, SHA-256 \($0.hash ?? "")\n  -> check it with: sanmon backup verify"
      )
    }
  }

  private struct Nothing: Codable {}

  /// Waits as long as it takes: a log of many rows is copied and sealed whole.
  private func make(_ operatorLink: OperatorLink) async throws -> BackupState {
    var state = try await operatorLink.postEmpty("/v1/admin/backups", as: BackupState.self)
    while !state.isReady {
      try await Task.sleep(for: .milliseconds(200))
      state = try await operatorLink.get("/v1/admin/backups/\(state.backup)", as: BackupState.self)
    }
    return state
  }
}

/// What a backup is compared with.
struct BackupTrust: ParsableArguments {
  @Option(help: "The log's verifier key, as 'sanmon audit checkpoint --key-file' wrote it; kept outside the instance.")
  var keyFile: String
  @OptionGroup var recovery: RecoveryOptions

  func verifier() throws -> NoteVerifier {
    guard let data = FileManager.default.contents(atPath: keyFile), let text = String(validating: data, as: UTF8.self) else {
      throw fail(66, "\(keyFile) を読めません。", "cannot read \(keyFile)")
    }
    do { return try NoteVerifier(vkey: text.trimmingCharacters(in: .whitespacesAndNewlines)) } catch {
      throw fail(65, "\(keyFile) は検証鍵ではありません。", "\(keyFile) is not a verifier key")
    }
  }
}

struct BackupVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Restore into a scratch folder and read every row. / 控えを仮に復元し、全件を確かめます。",
    discussion: """
      Needs no server: run it on the machine that keeps the backups, twice a year at least. Every piece is opened, every file
      compared with what the vault signed, every row of the log read. The scratch folder is removed at the end.

      EXAMPLE
        sanmon backup verify 2026-11-21.sanmon --key-file lgwan.vkey

      EXIT CODES
        0 whole   65 cut off, changed, of another key or not signed by this vault   66 a file cannot be read or written
      """)
  @Argument(help: "The file of 'sanmon backup create'.") var file: String
  @OptionGroup var trust: BackupTrust

  func run() throws {
    let verifier = try trust.verifier()
    let key = try trust.recovery.key()
    try ScratchFolder.with { scratch in
      let (server, vault) = (scratch + "/server", scratch + "/vault")
      for folder in [server, vault] { try RestoreFolder.make(folder) }
      let unpacked = try BackupFile.unpack(file, key: key, verifier: verifier, server: server, vault: vault)
      try BackupFile.check(unpacked, server: server, vault: vault, verifier: verifier)
      print(Self.summary(file, unpacked.server))
    }
  }

  static func summary(_ file: String, _ manifest: BackupManifest) -> String {
    let hasColumnKey = manifest.entries.contains { $0.name == "column.key" }
    return say(
      "\(file): 装置 \(manifest.instance)、\(Times.show(manifest.madeAt))、第 \(manifest.epoch) 期、監査記録 \(manifest.size) 件。欠落・改変はありません。"
        + (hasColumnKey ? "" : "\n  パスワード列の鍵（column.key）は含まれていません。別に保管したものを使います。"),
      "\(file): instance \(manifest.instance), \(Times.show(manifest.madeAt)), epoch \(manifest.epoch), log of \(manifest.size) rows: whole and unchanged."
        + (hasColumnKey ? "" : "\n  The key of the password column (column.key) is not in it: use the one kept apart."))
  }
}
