import ArgumentParser
import AuditLog
import AuthAPI
import AuthTerms
import Foundation

struct BackupRestore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup into empty folders. / 控えを空のフォルダーに復元します。",
    discussion: """
      Never over anything: each folder is new or empty, and appears when it is whole and was verified. Stop server and vault
      first. What was restored admits nobody until administrators approve it (sanmon backup approve). Without --vault-state the
      vault stays as it is, where it still runs; without --state the server's database does.

      EXAMPLE (as root; then give the folders to their users)
        sanmon backup restore 2026-11-21.sanmon --key-file lgwan.vkey --state /var/lib/sanmon/lgwan --vault-state /var/lib/sanmon-vault/lgwan
        chown -R sanmond-lgwan: /var/lib/sanmon/lgwan

      EXIT CODES
        0 restored   65 a folder is not empty, or the backup is not whole   66 a file cannot be read or written
      """)
  @Argument(help: "The file of 'sanmon backup create'.") var file: String
  @Option(help: "The server's state folder: new or empty.") var state: String?
  @Option(help: "The vault's state folder: new or empty.") var vaultState: String?
  @OptionGroup var trust: BackupTrust

  func run() throws {
    let targets = [state, vaultState].compactMap { $0 }
    guard !targets.isEmpty else { throw fail(64, "--state か --vault-state を指定してください。", "say --state, --vault-state or both") }
    for folder in targets { try RestoreFolder.requireEmpty(folder) }
    let verifier = try trust.verifier()
    let key = try trust.recovery.key()
    try ScratchFolder.with { scratch in
      let server = try state.map(RestoreFolder.begin) ?? RestoreFolder.made(scratch + "/server")
      let vault = try vaultState.map(RestoreFolder.begin) ?? RestoreFolder.made(scratch + "/vault")
      do {
        let unpacked = try BackupFile.unpack(file, key: key, verifier: verifier, server: server, vault: vault)
        try BackupFile.check(unpacked, server: server, vault: vault, verifier: verifier)
        // The vault first: a server without its vault does not start, a vault without its server admits nobody.
        if let vaultState { try RestoreFolder.finish(vaultState) }
        if let state { try RestoreFolder.finish(state) }
        print(BackupVerify.summary(file, unpacked.server))
      } catch {
        for folder in targets { RestoreFolder.abandon(folder) }
        throw error
      }
    }
    print(
      say(
        "復元しました: \(targets.joined(separator: "、"))\n  → フォルダーの所有者を戻して起動し、sanmon backup approve で承認するまで、だれも受け入れません。",
        "restored: \(targets.joined(separator: ", "))\n  -> give the folders to their users and start; nobody is let in until: sanmon backup approve"
      ))
  }
}

/// A state folder that comes into being whole: filled beside its place, synced, and renamed over the empty one.
enum RestoreFolder {
  static func requireEmpty(_ path: String) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: path) else { return }
    guard let names = try? files.contentsOfDirectory(atPath: path), names.isEmpty else {
      throw fail(
        65, "\(path) は空ではありません。使われている装置の上には復元しません。新しいフォルダーか空のフォルダーを指定してください。",
        "\(path) is not empty; nothing is restored over an instance. Name a new or an empty folder")
    }
  }

  static func make(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch { throw fail(66, "\(path) を作れません。", "cannot make \(path)") }
  }

  static func made(_ path: String) throws -> String {
    try make(path)
    return path
  }

  /// - Returns: where to write; what an earlier restore left there when it was killed is removed.
  static func begin(_ path: String) throws -> String {
    abandon(path)
    return try made(beside(path))
  }

  static func finish(_ path: String) throws {
    sync(beside(path))
    // Atomic, and only over an empty folder (rename(2)).
    guard rename(beside(path), path) == 0 else {
      throw fail(66, "\(path) に移せません。", "cannot move the restored folder to \(path)")
    }
    sync((path as NSString).deletingLastPathComponent)
  }

  static func abandon(_ path: String) { try? FileManager.default.removeItem(atPath: beside(path)) }

  private static func beside(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path + ".restoring"
  }

  private static func sync(_ folder: String) {
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

struct BackupApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Let a restored instance count again. / 復元した装置の使用開始を承認します。",
    discussion: """
      Without --lost it says what was restored and what is known to be lost, and signs nothing. What was changed after the
      backup it cannot know: compare with the auditor's export, and do those things again at once. One administrator signs; in
      My Number two.

      EXAMPLE (one administrator; two)
        sanmon backup approve
        sanmon backup approve --lost 33
        sanmon backup approve --lost 33 --out restore.act
        sanmon operator accept restore.act --as suzuki --out suzuki.sig
        sanmon backup approve --act restore.act --approval suzuki=suzuki.sig
      """)
  @Option(help: "The number of rows that are known to be lost, as the command told it.") var lost: UInt64?
  @Option(help: "Only sign, into this file, for the second administrator.") var out: String?
  @Option(help: "The file that --out wrote.") var act: String?
  @Option(help: "ID=FILE of a second administrator's 'sanmon operator accept --as ID'.") var approval: [String] = []
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let state = try await operatorLink.get("/v1/admin/restore", as: RestoreState.self)
    guard state.isPending, let parameters = Self.parameters(state) else {
      throw fail(1, "承認を待っている復元はありません（第 \(state.epoch) 期）。", "no restore waits for an approval (epoch \(state.epoch))")
    }
    let signed: SignedAct
    if let act {
      signed = try SignedActFile.read(act)
      guard signed.act.kind == Act.Kind.approveRestore, signed.act.parameters == parameters else {
        throw fail(65, "\(act) は、今のこの復元を承認する起案ではありません。", "\(act) does not approve this restore as it is now")
      }
    } else {
      printError(Self.text(state))
      guard lost == state.lost else {
        throw fail(
          65, "内容を確かめたうえで、--lost \(state.lost ?? 0) を付けてもう一度実行してください。",
          "when you have compared, run it again with --lost \(state.lost ?? 0)")
      }
      signed = try await acting.act(Act.Kind.approveRestore, parameters)
    }
    if let out { return try Data(signed.encoded).write(to: URL(fileURLWithPath: out), options: .withoutOverwriting) }
    let whole = try SignedActFile.approved(signed, by: approval)
    let answer = try await operatorLink.post(
      "/v1/admin/restore/approve", RestoreAct(act: Data(whole.encoded)), as: RestoreState.self)
    try operatorLink.show(answer) {
      say(
        "承認しました。第 \($0.epoch) 期が始まりました。控えのあとに行われた停止・取り消しを、今すぐやり直してください。",
        "approved: epoch \($0.epoch) has begun. Do again now what was suspended or revoked after the backup.")
    }
  }

  private static func parameters(_ state: RestoreState) -> [String: String]? {
    guard let epoch = state.nextEpoch, let size = state.size, let root = state.root.flatMap({ try? Hex.decode($0) }),
      let head = state.head, let headRoot = state.headRoot.flatMap({ try? Hex.decode($0) }), let lost = state.lost
    else { return nil }
    return RestoreApproval(epoch: epoch, size: size, root: root, head: head, headRoot: headRoot, lost: lost).parameters
  }

  private static func text(_ state: RestoreState) -> String {
    let (size, head, lost, epoch) = (state.size ?? 0, state.head ?? 0, state.lost ?? 0, state.nextEpoch ?? 0)
    let madeAt = state.madeAt.map(Times.show)
    return say(
      """
      復元されたもの: \(state.isServerRestored ? "サーバーのデータベース" : "")\(state.isServerRestored && state.isVaultRestored ? "と" : "")\
      \(state.isVaultRestored ? "鍵庫の状態" : "")\(madeAt.map { "（\($0) の控え）" } ?? "")
      監査記録は \(size) 件目から第 \(epoch) 期として続きます。鍵庫の最後のチェックポイントは \(head) 件、失われると分かっている記録は \(lost) 件です。
      ・控えのあとに行われたこと（カードの紛失・停止、端末の取り消し、操作者の削除、パスワードの変更、職員の取り込み、特例の取り消し）は、
      　この装置には分かりません。失われたカードや外した操作者が、再び有効になっています。監査担当者が持つ書き出しや届出と照らし合わせ、
      　承認のあと、すぐにやり直してください。
      ・利用中のセッションはすべて終了し、使われていない登録コードは無効になります。
      ・必要な署名: 管理者 \(state.signatures) 人
      """,
      """
      restored: \([state.isServerRestored ? "the server's database" : nil, state.isVaultRestored ? "the vault's state" : nil].compactMap { $0 }.joined(separator: " and "))\
      \(madeAt.map { " (backup of \($0))" } ?? "")
      The log goes on from row \(size) as epoch \(epoch). The vault's last checkpoint had \(head) rows; \(lost) rows are known to be lost.
      - What was done after the backup (cards lost or suspended, workstations revoked, operators removed, passwords changed, people
        imported, waivers withdrawn) this instance cannot know: lost cards and removed operators count again. Compare with the
        auditor's export and with what was reported, and do those things again as soon as this is approved.
      - All sessions end; enrolment codes that were not used are void.
      - Signatures needed: \(state.signatures)
      """)
  }
}
