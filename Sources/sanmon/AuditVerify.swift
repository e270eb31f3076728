import ArgumentParser
import AuditLog
import AuthTerms
import Foundation
import Storage

struct AuditVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify a whole log: every row, every hash, every checkpoint. / 監査記録の全件を検証します。",
    discussion: """
      Works on the database file or a copy of it, without the server. The key file is what 'sanmon audit checkpoint
      --key-file' wrote; checkpoints kept elsewhere (--checkpoint, repeatable) also show a cut tail. With --witness-key each
      of these must be cosigned by one of the witnesses named: then not even who holds the log's key can have made it later.

      EXAMPLES
        sanmon audit verify --database copy.sqlite --key-file log.vkey --checkpoint checkpoint-2026-04-01.txt
        sanmon audit verify --database copy.sqlite --key-file log.vkey --checkpoint note.txt --witness-key witness.vkey

      EXIT CODES
        0 whole and unchanged   65 something was found (each position is named)   66 the files cannot be read
      """)
  @Option(help: "The server's database, or a copy of it.") var database: String
  @Option(help: "The log's verifier key(s), one a line.") var keyFile: String
  @Option(help: "A checkpoint kept elsewhere; repeat for several.") var checkpoint: [String] = []
  @Option(help: "A witness's key (vkey), or a file that holds them, one a line; repeat for several.") var witnessKey: [String] =
    []
  @Option(help: "The log's origin, as the checkpoints write it; others are then refused.") var origin: String?

  func run() throws {
    let verifiers: [NoteVerifier]
    do {
      verifiers = try read(keyFile).split(separator: "\n").map { try NoteVerifier(vkey: String($0)) }
    } catch let malformed as MalformedInput {
      throw fail(66, "\(keyFile) は検証鍵ではありません（\(malformed)）。", "\(keyFile) is not a verifier key (\(malformed))")
    }
    let witnesses = try witnessKey.flatMap(witnessKeys)
    guard witnesses.isEmpty || !checkpoint.isEmpty else {
      throw fail(64, "--witness-key は --checkpoint と一緒に指定します。", "--witness-key: say --checkpoint too")
    }
    let kept = try checkpoint.map {
      KeptCheckpoint(source: $0, note: try read($0), needsWitness: !witnesses.isEmpty)
    }
    let report: LogReport
    do {
      report = try AuditArchive(path: database).verify(
        verifiers: verifiers, elsewhere: kept, witnesses: witnesses, origin: origin)
    } catch {
      throw fail(66, "データベースを読めません: \(error)", "the database cannot be read: \(error)")
    }
    for finding in report.findings { print(say("異常: ", "FOUND: ") + say(finding.japanese, finding.english)) }
    guard report.isIntact else {
      throw fail(65, "記録は完全ではありません（\(report.findings.count) 件の異常）。", "the log is not whole (\(report.findings.count) findings)")
    }
    print(
      say(
        "欠落・改変はありません。\(report.size) 件、チェックポイント \(report.checkpointsMatched) 件と一致（署名済み \(report.coveredSize) 件まで）。",
        "whole and unchanged: \(report.size) rows, \(report.checkpointsMatched) checkpoints match (signed up to \(report.coveredSize))."
      ))
    if report.witnessedSize > 0 {
      print(say("証人の連署は \(report.witnessedSize) 件までです。", "witnesses have cosigned up to \(report.witnessedSize)."))
    }
    print("root \(report.root)")
  }

  private func witnessKeys(_ text: String) throws -> [WitnessVerifier] {
    do {
      if let key = try? WitnessVerifier(vkey: text) { return [key] }
      return try read(text).split(separator: "\n").map { try WitnessVerifier(vkey: String($0)) }
    } catch let malformed as MalformedInput {
      throw fail(66, "\(text) は証人の検証鍵ではありません（\(malformed)）。", "\(text) is not a witness's key (\(malformed))")
    }
  }

  private func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self) else {
      throw fail(66, "\(path) を読めません。", "cannot read \(path)")
    }
    return text
  }
}
