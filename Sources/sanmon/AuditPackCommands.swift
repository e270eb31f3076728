import ArgumentParser
import AuditLog
import AuthAPI
import AuthTerms
import Foundation

struct AuditPack: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Write rows with their proofs into one file, for an auditor. / 監査人に渡す監査パックを作ります。",
    discussion: """
      The file is a page that a browser shows, and whose every line can be checked without the server: with 'sanmon audit
      check', or with the page audit-check.html. The purpose stands in the log and in the file.

      EXAMPLES
        sanmon audit pack --month 2026-03 --purpose 四半期監査 --out 2026-03.pack.html
        sanmon audit pack --since 2026-04-01 --until 2026-04-08 --purpose "inquiry 12" --out week.pack.html

      EXIT CODES
        0 written and checked   65 the file exists   66 it cannot be written   69 the rows did not arrive whole
      """)
  @Option(help: "A month of local time, for example 2026-03.") var month: String?
  @Option(help: "Instead of a month: today, yesterday, 2026-04-01 or 2026-04-01T08:30 (local time).") var since: String?
  @Option(help: "With --since: until, exclusive; written like --since. Default: now.") var until: String?
  @Option(help: "Why the rows are read; stands in the log.") var purpose: String
  @Option(name: .customLong("out"), help: "The file to make; must not exist.") var file: String
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let span = try askedSpan()
    guard !FileManager.default.fileExists(atPath: file) else {
      throw fail(65, "\(file) はすでにあります。上書きしません。", "\(file) exists and is not overwritten")
    }
    let operatorLink = OperatorLink(options: link)
    let opened = try await operatorLink.post(
      "/v1/admin/audit-packs", AuditPackRequest(from: span.from, until: span.until, purpose: purpose), as: AuditPackOpened.self)
    let part = file + ".part"
    unlink(part)
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fail(66, "\(part) に書けません。", "cannot write \(part)") }
    let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try await write(opened, to: output, operatorLink)
      try output.synchronize()
      let report = try PackFile.check(part, verifiers: [NoteVerifier(vkey: opened.verifierKey)])
      guard report.isSound else {
        for finding in report.findings { printError(VisibleText.marking(say(finding.japanese, finding.english))) }
        throw fail(69, "書き出した監査パックが検証に通りません。", "the pack that was written does not stand its check")
      }
      // A link does not replace anything that came there meanwhile.
      guard Foundation.link(part, file) == 0 else { throw fail(66, "\(file) に書けません。", "cannot write \(file)") }
      unlink(part)
      print(PackFile.summary(report))
    } catch {
      unlink(part)
      throw error
    }
  }

  private func write(_ opened: AuditPackOpened, to output: FileHandle, _ operatorLink: OperatorLink) async throws {
    var writer: AuditPackWriter
    do throws(MalformedInput) { writer = try Self.writer(opened) } catch { throw Self.unreadable(error) }
    try output.write(contentsOf: writer.head)
    var next = opened.first
    var told = next
    while next < opened.end {
      let page = try await operatorLink.get(
        query("/v1/admin/audit-packs/\(opened.pack)/rows", [("from", String(next))]), as: AuditPackRows.self)
      var lines: [UInt8] = []
      do throws(MalformedInput) {
        var reader = LengthPrefixedReader(page.rows, subject: "audit pack rows", limit: RecordEncoding.limit)
        while !reader.isAtEnd {
          lines += try writer.row(reader.field())
          next += 1
        }
      } catch { throw Self.unreadable(error) }
      guard !lines.isEmpty else {
        throw fail(69, "記録の受け取りが途中で切れました。やり直してください。", "the rows did not arrive whole; try again")
      }
      try output.write(contentsOf: lines)
      if next - told >= 50_000 || next == opened.end {
        let (done, all) = (next - opened.first, opened.end - opened.first)
        printError(say("\(done) / \(all) 件", "\(done) of \(all) rows"))
        told = next
      }
    }
    let tail: [UInt8]
    do throws(MalformedInput) { tail = try writer.tail() } catch { throw Self.unreadable(error) }
    try output.write(contentsOf: tail)
  }

  private static func writer(_ opened: AuditPackOpened) throws(MalformedInput) -> AuditPackWriter {
    let note = try SignedNote(parsing: opened.note)
    let size = try Checkpoint(parsing: note.text).size
    guard opened.exportRow < size else { throw MalformedInput("audit pack", expected: "a row of the log") }
    let own = try RangeProof(
      first: opened.exportRow, end: opened.exportRow + 1, size: size, hashes: hashes(opened.exportProof))
    return try AuditPackWriter(
      note: note, export: ProvenRow(sequence: opened.exportRow, encoded: Array(opened.export), proof: own),
      rows: RangeProof(first: opened.first, end: opened.end, size: size, hashes: hashes(opened.proof)))
  }

  private static func hashes(_ data: Data) throws(MalformedInput) -> [TreeHash] {
    var hashes: [TreeHash] = []
    var rest = Array(data)[...]
    while !rest.isEmpty {
      hashes.append(try TreeHash(parsing: rest.prefix(32)))
      rest = rest.dropFirst(32)
    }
    return hashes
  }

  private static func unreadable(_ malformed: MalformedInput) -> ExitCode {
    fail(
      69, "サーバーの応答を読めません（\(malformed)）。版が合っているか確認してください。",
      "the server's answer cannot be read (\(malformed)); check that versions match")
  }

  /// Local time, which is Japan's.
  private func askedSpan() throws -> (from: Int64, until: Int64) {
    func wrong() -> ExitCode {
      fail(
        64, "期間を --month 2026-03、または --since と --until で指定してください。",
        "say the span with --month 2026-03, or with --since and --until")
    }
    if let month {
      let parts = month.split(separator: "-", omittingEmptySubsequences: false)
      guard since == nil, until == nil, parts.count == 2, parts[0].count == 4, parts[1].count == 2, let year = Int(parts[0]),
        let number = Int(parts[1]), (1...12).contains(number), let from = Times.parse("\(month)-01")
      else { throw wrong() }
      let next = number == 12 ? (year + 1, 1) : (year, number + 1)
      guard let end = Times.parse("\(next.0)-\(next.1 < 10 ? "0" : "")\(next.1)-01") else { throw wrong() }
      return (from, end)
    }
    guard let since, let from = Times.parse(since) else { throw wrong() }
    guard let until else { return (from, Int64(Date().timeIntervalSince1970 * 1000)) }
    guard let end = Times.parse(until), from < end else { throw wrong() }
    return (from, end)
  }
}

struct AuditCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check an audit pack; needs no server and no key of an operator. / 監査パックを確かめます。",
    discussion: """
      The key is the log's public one: what 'sanmon audit checkpoint --key-file' wrote, on paper or in a file of your own. Do not
      take it from whoever gave you the pack.

      EXAMPLE
        sanmon audit check 2026-03.pack.html --key-file lgwan.vkey

      EXIT CODES
        0 nothing is missing and nothing was changed   65 something was found (each place is named)
        66 a file cannot be read
      """)
  @Argument(help: "The pack.") var file: String
  @Option(help: "The log's verifier key itself.") var logKey: String?
  @Option(help: "The log's verifier key(s), one a line, in a file.") var keyFile: String?
  @Flag(help: "Print the result as JSON.") var json = false

  private struct Answer: Encodable {
    let isSound: Bool
    let rows: UInt64
    let origin: String?
    let size: UInt64?
    let findingsJa: [String]
    let findingsEn: [String]
  }

  func run() throws {
    let report = try PackFile.check(file, verifiers: verifiers())
    if json {
      print(
        try Rows.json(
          Answer(
            isSound: report.isSound, rows: report.rows, origin: report.checkpoint?.origin, size: report.checkpoint?.size,
            findingsJa: report.findings.map(\.japanese), findingsEn: report.findings.map(\.english))))
    } else {
      for finding in report.findings {
        print(say("異常: ", "FOUND: ") + VisibleText.marking(say(finding.japanese, finding.english)))
      }
    }
    guard report.isSound else {
      let count = report.findings.count
      throw fail(65, "この監査パックは信用できません（\(count) 件の異常）。", "this pack is not sound (\(count) findings)")
    }
    if !json { print(PackFile.summary(report)) }
  }

  private func verifiers() throws -> [NoteVerifier] {
    let text: String
    switch (logKey, keyFile) {
    case (let key?, nil): text = key
    case (nil, let path?):
      guard let data = FileManager.default.contents(atPath: path), let read = String(validating: data, as: UTF8.self) else {
        throw fail(66, "\(path) を読めません。", "cannot read \(path)")
      }
      text = read
    default:
      throw fail(
        64, "--log-key か --key-file のどちらか一つを指定してください。", "give the key with --log-key or --key-file, one of them")
    }
    let keys: [NoteVerifier]
    do {
      keys = try text.split(whereSeparator: \.isNewline).map { try NoteVerifier(vkey: String($0)) }
    } catch {
      throw fail(66, "検証鍵ではありません（\(error)）。", "not a verifier key (\(error))")
    }
    guard !keys.isEmpty else { throw fail(66, "検証鍵がありません。", "there is no verifier key") }
    return keys
  }
}

/// A pack on a disk.
enum PackFile {
  private static let piece = 1 << 20

  /// Reads it once, piece by piece.
  static func check(_ path: String, verifiers: [NoteVerifier]) throws -> AuditPackReport {
    guard let input = FileHandle(forReadingAtPath: path) else { throw fail(66, "\(path) を読めません。", "cannot read \(path)") }
    var verifier = AuditPackVerifier(verifiers: verifiers)
    do {
      while let bytes = try input.read(upToCount: piece), !bytes.isEmpty { verifier.feed(Array(bytes)) }
    } catch {
      throw fail(66, "\(path) を読めません。", "cannot read \(path)")
    }
    return verifier.finish()
  }

  /// For a sound one.
  static func summary(_ report: AuditPackReport) -> String {
    guard let checkpoint = report.checkpoint, let order = report.order, let export = report.export else { return "" }
    let span = "\(Times.show(order.from)) – \(Times.show(order.until))"
    let by = export.record.operatorID?.text ?? "-"
    return VisibleText.marking(
      say(
        "欠落・改変はありません。\(checkpoint.origin)、\(span)、\(report.rows) 件。署名済みチェックポイント \(checkpoint.size) 件。"
          + "\(Times.show(export.record.time)) に \(by) が書き出し、目的: \(order.purpose)",
        "nothing is missing and nothing was changed: \(checkpoint.origin), \(span), \(report.rows) rows; checkpoint of "
          + "\(checkpoint.size) rows; written by \(by) at \(Times.show(export.record.time)), purpose: \(order.purpose)"))
  }
}
