import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Isolation
import Storage

/// What an integrator may see of an instance. Each file is put together from things that are named here; nothing is copied whole
/// and then cleaned. Ids, names, machines and addresses are masked with a key that ends with this value.
///
/// *Not trusted: whoever reads it learns counts, times, rules and versions, and which rows are of the same person, not whose.*
struct SupportBundle {
  struct File {
    let name: String
    let content: String
    let said: Words
  }

  private(set) var files: [File] = []
  let instance: String
  let made: Int64
  private let mask = Mask()

  /// - Parameters:
  ///   - rows: newest audit rows that go in.
  ///   - log: newest lines of the service log, from journald or from a file.
  init(config path: String, rows: Int, log: (lines: [String], source: Words)) async throws {
    let checkup = await Checkup(config: path)
    guard let file = checkup.file, let at = checkup.examination else {
      throw fail(65, "\(path) を読めません。sanmon doctor で確かめてください。", "\(path) cannot be read; see 'sanmon doctor'")
    }
    instance = file.instance
    made = at.now
    add("about.txt", Words("版と機械", "versions and machine"), about(file))
    add("doctor.txt", Words("診断の結果", "what doctor found"), doctor(checkup))
    add("settings.txt", Words("起動の設定（アドレスと名前を除く）", "the start-up file, without addresses and names"), settings(file))
    add(
      "rules.txt", Words("規則（注釈・理由・名前を除く）", "the rules, without comments, reasons and names"),
      BundleRules.text(file.policies, day: at.day, mask))
    if let facts = at.server.value { addServer(facts) }
    addRows(at, rows)
    let service = ServiceLines(mask: mask)
    let known = log.lines.compactMap(service.line)
    let left = log.lines.count - known.count
    add(
      "service.jsonl",
      Words(
        "\(log.source.ja) \(known.count) 行（知らない形の \(left) 行は入れない）",
        "\(log.source.en), \(known.count) lines (\(left) of unknown form left out)"),
      known.joined(separator: "\n") + "\n")
  }

  private mutating func add(_ name: String, _ said: Words, _ content: String) {
    files.append(File(name: name, content: content, said: said))
  }

  // MARK: Parts

  private func about(_ file: InstanceFile) -> String {
    var lines = ["sanmon support bundle, format 1", "made \(made) ms since 1970-01-01 UTC"]
    lines.append("sanmon \(Release.version)")
    lines.append("instance \(mask.token("instance", file.instance))")
    let release = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
    if let name = release.firstMatch(of: /(?m)^VERSION_ID="?([0-9.]{1,16})"?$/),
      let id = release.firstMatch(of: /(?m)^ID="?([a-z]{1,20})"?$/)
    {
      lines.append("system \(id.1) \(name.1)")
    }
    let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
    if let number = kernel.firstMatch(of: /^[0-9]+\.[0-9]+(\.[0-9]+)?/) { lines.append("kernel \(number.0)") }
    let process = ProcessInfo.processInfo
    lines.append("processors \(process.processorCount), memory \(process.physicalMemory >> 20) MB")
    let me = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = URL(fileURLWithPath: me).deletingLastPathComponent().path
    for program in ["sanmond", "sanmon", "sanmon-vault", "sanmon-agent"] {
      guard let data = try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(program)"), options: .mappedIfSafe) else {
        continue
      }
      lines.append("program \(program) \(data.count) bytes, sha256 \(Hex.encode(Array(SHA256.hash(data: data)).prefix(8)))")
    }
    for name in ["sanmon.sqlite", "sanmon.sqlite-wal", "tls.pem", "tls.key", "column.key"] {
      guard let facts = try? FileFacts(path: "\(file.state)/\(name)") else { continue }
      lines.append(
        "file \(name) \(facts.size) bytes, mode \(String(facts.mode, radix: 8)), owner \(mask.token("uid", String(facts.uid)))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func doctor(_ checkup: Checkup) -> String {
    checkup.findings.map { finding in
      func line(_ words: Words) -> String { words.en.text { mask.token("text", $0) }.replacing("\n", with: " ") }
      return "\(finding.state.rawValue) \(finding.check.rawValue): \(line(finding.said))"
        + (finding.next.map { "\n  -> \(line($0))" } ?? "")
    }.joined(separator: "\n") + "\n"
  }

  private func settings(_ file: InstanceFile) -> String {
    let lines = [
      "segments \(file.segments.map { ["mynumber", "lgwan", "internet"].contains($0.name) ? $0.name : mask.token("segment", $0.name) }.joined(separator: ", "))",
      "listen port \(file.listen.listener.port), TLS \(file.listen.minimum.rawValue)",
      "enrolment-listen port \(file.enrolmentListen.listener.port), TLS \(file.enrolmentListen.minimum.rawValue)",
      "operator-listen \(file.operatorListen == nil ? "no" : "yes"), metrics-listen \(file.metricsListen == nil ? "no" : "yes")",
      "operator-users \(file.operatorUsers.count), hosts \(file.hosts.count), witness \(file.witness == nil ? "no" : "yes")",
      "card-roots \(file.cardRoots.values.reduce(0) { $0 + $1.count }), card-crls \(file.cardCRLs.values.reduce(0) { $0 + $1.count })",
      "stale-grace-hours \(file.staleGraceHours), checkpoint-seconds \(file.checkpointSeconds)",
      "connections-per-source \(file.connectionsPerSource), policy-signatures \(file.policySignatures)",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func addServer(_ facts: Examination.ServerFacts) {
    if let status = facts.status {
      let counts: [(String, String)] = [
        ("people", "\(status.people)"), ("workstations", "\(status.workstations)"), ("live sessions", "\(status.liveSessions)"),
        ("watching", "\(status.watching)"), ("audit rows", "\(status.auditRows)"), ("signed", "\(status.checkpointSize)"),
        ("unrecorded denials", "\(status.unrecordedDenials)"), ("vault rows", status.vaultRows.map { "\($0)" } ?? "no answer"),
        ("vault alarms", status.vaultAlarms.map { "\($0)" } ?? "no answer"), ("warnings", "\(status.warningsEn.count)"),
        ("policy version", String(status.policyVersion.prefix(16).filter(\.isHexDigit))),
      ]
      add("status.txt", Words("状態（数だけ）", "status, counts only"), counts.map { "\($0): \($1)" }.joined(separator: "\n") + "\n")
    }
    // Names and labels of metrics are the server's own words; a label is never what somebody sent.
    let shape =
      /(# (HELP|TYPE) )?sanmon_[a-z_]+(\{[a-zA-Z_]+="[A-Za-z0-9_+.\/:{}-]*"(,[a-zA-Z_]+="[A-Za-z0-9_+.\/:{}-]*")*\})? [0-9.e+-]+/
    let lines = facts.metrics.split(separator: "\n").filter { $0.wholeMatch(of: shape) != nil }
    add("metrics.txt", Words("測定値 \(lines.count) 行", "\(lines.count) metrics"), lines.joined(separator: "\n") + "\n")
  }

  private mutating func addRows(_ at: Examination, _ limit: Int) {
    guard case .value(let archive) = at.archive, let size = at.log.value?.size else {
      add("audit.jsonl", Words("監査記録（読めないため 0 件）", "audit rows: none, they cannot be read"), "")
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let first = size > UInt64(limit) ? size - UInt64(limit) : 0
    let rows = (try? archive.rows(from: first, limit: limit)) ?? []
    let lines = rows.compactMap { row -> String? in
      guard let record = try? RecordEncoding.decode(row.encoded),
        let line = try? encoder.encode(BundleRow(row.sequence, record, mask))
      else { return nil }
      return String(decoding: line, as: UTF8.self)
    }
    add(
      "audit.jsonl",
      Words(
        "監査記録の末尾 \(lines.count) 件（番号・端末などは仮の名前、備考は入れない）", "the last \(lines.count) audit rows (ids masked, notes left out)"),
      lines.joined(separator: "\n") + "\n")
  }

  // MARK: Shown and written

  /// All of it, as it would leave.
  var text: String { files.map { "==== \($0.name)\n\($0.content)" }.joined(separator: "\n") }

  var tar: [UInt8] {
    var archive = TarArchive(at: made)
    for file in files { archive.add("sanmon-support/\(file.name)", Array(file.content.utf8)) }
    return archive.whole
  }
}
