import ArgumentParser
import AuthAPI
import Foundation
import Synchronization

struct AuditExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write rows as CSV for Excel, or JSON Lines. / 記録をファイルに書き出します。",
    discussion: """
      In a CSV what cannot be seen in a text is written <U+202E>, and what a spreadsheet would run as a formula has an apostrophe
      before it; JSON Lines have every text as it is. The file is there when all of it was written, and never a part of it: until
      then its name ends in .partial. The number of rows stands on standard output and in the log.

      EXAMPLES
        sanmon audit export --purpose 監査委員へ提出 --since 2026-04-01 --until 2026-05-01 --out 2026-04.csv
        sanmon audit export --purpose 分析 --format jsonl --department 0401 --out 0401.jsonl

      EXIT CODES
        0 all rows were written   64 wrong usage   69 it broke off, and there is no file   73 the file cannot be written
      """)
  @OptionGroup var filter: AuditFilter
  @OptionGroup var why: PurposeOption
  @Option(help: "csv or jsonl") var format = "csv"
  @Option(
    name: [.customLong("out"), .customLong("output"), .customShort("o")],
    help: "File to write; must not exist. Default: standard output.", completion: .file()) var out: String?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard ["csv", "jsonl"].contains(format) else { throw fail(64, "--format は csv か jsonl です。", "--format: csv or jsonl") }
    let path = try query("/v1/admin/audit/export", [("format", format), why.item()] + filter.items())
    guard path.utf8.count <= 2048 else {
      throw fail(64, "目的と条件が長すぎます。短くしてください。", "purpose and filters are too long together")
    }
    let target = try ExportTarget(out, heads: format == "csv" ? 1 : 0)
    let trailers: [String: String]
    do { trailers = try await OperatorLink(options: link).receive(path) { try target.write($0) } } catch {
      target.discard()
      if let fault = target.fault { throw fault }
      throw error
    }
    guard let told = trailers["sanmon-rows"].flatMap({ Int($0) }), told == target.rows else {
      target.discard()
      throw fail(
        69, "書き出しが途中で切れました。ファイルは残していません。もう一度実行してください。", "the export broke off and there is no file; run it again")
    }
    try target.keep()
    let sentence = say("\(told) 件を書き出しました。", "\(told) rows written")
    if out == nil { printError(sentence) } else { print(sentence) }
  }
}

/// Where an export goes: a file that is there whole or not at all, or standard output.
private final class ExportTarget: Sendable {
  private struct State {
    var lines = 0
    var told = 0
    var fault: ExitCode?
  }
  /// Rows between two lines of progress.
  private static let step = 10_000

  private let path: String?
  private let heads: Int
  private let descriptor: Int32
  private let state = Mutex(State())

  /// - Parameter heads: lines that are no rows.
  init(_ path: String?, heads: Int) throws {
    self.path = path
    self.heads = heads
    guard let path else {
      descriptor = STDOUT_FILENO
      return
    }
    guard !FileManager.default.fileExists(atPath: path) else {
      throw fail(73, "\(path) はすでにあります。", "\(path) exists already")
    }
    descriptor = open(Self.partial(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw fail(
        73, "\(Self.partial(path)) を新しく作れません（前の書き出しの残りなら、消してください）。",
        "cannot create \(Self.partial(path)); if an earlier export left it, remove it")
    }
  }

  deinit { if path != nil, descriptor >= 0 { close(descriptor) } }

  private var file: FileHandle { FileHandle(fileDescriptor: descriptor, closeOnDealloc: false) }

  private static func partial(_ path: String) -> String { path + ".partial" }

  var rows: Int { max(0, state.withLock { $0.lines } - heads) }
  /// Why it could not be written.
  var fault: ExitCode? { state.withLock { $0.fault } }

  func write(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    do { try file.write(contentsOf: Data(bytes)) } catch {
      let fault = fail(73, "\(path ?? "-") に書けません。", "cannot write \(path ?? "-")")
      state.withLock { $0.fault = fault }
      throw fault
    }
    // In neither format has a row a line break within it.
    let found = bytes.count { $0 == UInt8(ascii: "\n") }
    let told = state.withLock { state -> Int? in
      state.lines += found
      guard state.lines - state.told >= Self.step else { return nil }
      state.told = state.lines
      return state.lines
    }
    if let told, path != nil { printError(say("\(told) 件…", "\(told) rows…")) }
  }

  func keep() throws {
    guard let path else { return }
    do {
      try file.synchronize()
      guard !FileManager.default.fileExists(atPath: path) else { throw CocoaError(.fileWriteFileExists) }
      try FileManager.default.moveItem(atPath: Self.partial(path), toPath: path)
    } catch {
      discard()
      throw fail(73, "\(path) に書けません。", "cannot write \(path)")
    }
  }

  func discard() {
    if let path { _ = unlink(Self.partial(path)) }
  }
}
