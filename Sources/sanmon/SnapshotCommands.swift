import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation

struct DirectorySnapshotWrite: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot",
    abstract: "Write the directory as a signed file, for an instance that cannot reach it. / ディレクトリの写しを書き出します。",
    discussion: """
      The instance that follows the Active Directory looks once more and writes everything it reads as one text file, signed by its
      vault. Carry it to the cut-off instance (a stick, or the file sanitiser), into the place that 'snapshot' in its start-up file
      names. It holds names, posts and groups of everybody: lock the stick away. FILE is replaced whole; in a folder, the file is
      called directory-NUMBER.txt. The SHA-256 that is shown, and that the row directory.snapshotWritten keeps, is of all but the last
      line, which is the signature: head -n -1 FILE | sha256sum

      Administrators may do this, and the unix user that 'snapshot-user' in the start-up file names: deploy/systemd has a timer for it.

      EXAMPLES
        sanmon directory snapshot /media/usb
        sanmon directory snapshot /srv/sanmon/out/directory.txt

      EXIT CODES
        0 written   1 no domain controller answers, or none is followed: the reason is said   66 the file cannot be written
        69 the server cannot be reached, or the snapshot did not arrive whole
      """)
  @Argument(help: "The file to write, or a folder. / 書き出すファイルかフォルダー", completion: .file()) var file: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let made = try await operatorLink.postEmpty("/v1/admin/directory/snapshot", as: SnapshotWritten.self)
    if let ja = made.faultJa, let en = made.faultEn { throw fail(1, Rows.visible(ja), Rows.visible(en)) }
    var bytes: [UInt8] = []
    while true {
      let piece = try await operatorLink.get(
        query("/v1/admin/directory/snapshots/\(made.sequence)/pieces", [("offset", String(bytes.count))]), as: BackupPiece.self)
      if piece.bytes.isEmpty { break }
      bytes.append(contentsOf: piece.bytes)
    }
    guard UInt64(bytes.count) == made.length else {
      throw fail(69, "写しの受け取りが途中で切れました。やり直してください。", "the snapshot did not arrive whole; try again")
    }
    var isFolder: ObjCBool = false
    let path =
      FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) && isFolder.boolValue
      ? "\(file)/directory-\(made.sequence).txt" : file
    try Self.write(bytes, to: path)
    try operatorLink.show(made) { made in
      say(
        "\(path): 写し \(made.sequence)、オブジェクト \(made.objects)、\(made.length) バイト。SHA-256 \(made.hash ?? "")"
          + "\n  （最後の行を除いた値です。運んだ先では head -n -1 ファイル | sha256sum で確かめられます）"
          + (made.isHeld ? "\n! この装置では変更を保留しています。写しを読む装置でも、保留されることがあります。" : ""),
        "\(path): snapshot \(made.sequence), \(made.objects) objects, \(made.length) bytes, SHA-256 \(made.hash ?? "")"
          + "\n  (of all but the last line; where it was carried: head -n -1 FILE | sha256sum)"
          + (made.isHeld ? "\n! A change is held here; it may be held where the snapshot is read, too." : ""))
    }
  }

  /// Whole or not at all; a stick knows no links, so it is renamed.
  private static func write(_ bytes: [UInt8], to path: String) throws {
    let part = path + ".part"
    unlink(part)
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fail(66, "\(part) に書けません。", "cannot write \(part)") }
    let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try output.write(contentsOf: bytes)
      try output.synchronize()
      guard rename(part, path) == 0 else { throw POSIXError(.EIO) }
    } catch {
      unlink(part)
      throw fail(66, "\(path) に書けません。", "cannot write \(path)")
    }
  }
}

struct DirectorySnapshotKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot-key", abstract: "Show by what others know this instance's snapshots. / 写しの鍵とドメインを表示します。",
    discussion: """
      Both lines go into 'directory' of the start-up file of the instance that reads the snapshots, copied by hand: a slip is
      found. The key is the public half of the vault's; it is no secret.

      EXAMPLE
        sanmon directory snapshot-key
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let shown = try await operatorLink.get("/v1/admin/directory/snapshot-key", as: SnapshotKeyShown.self)
    try operatorLink.show(shown) { shown in
      "snapshot-key: \(shown.key)" + (shown.domain.map { "\ndomain: \($0)" } ?? "")
    }
  }
}
