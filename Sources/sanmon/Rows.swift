import AuthAPI
import AuthTerms
import Foundation

/// How rows look to people. Text from outside is shown with control characters replaced; the log keeps it byte for byte.
enum Rows {
  static func line(_ entry: AuditEntry) -> String {
    var parts = [String(entry.sequence), Times.show(entry.time), outcome(entry), entry.action]
    if let person = entry.person { parts.append(person + (entry.personName.map { " " + visible($0) } ?? "")) }
    if let workstation = entry.workstation { parts.append(workstation) }
    if let segment = entry.segment { parts.append(segment) }
    if !entry.factors.isEmpty { parts.append(entry.factors.joined(separator: "+")) }
    if let assurance = entry.assurance { parts.append(assurance) }
    if let code = entry.code { parts.append(code) }
    if let rule = entry.rule { parts.append(say("規則 ", "rule ") + rule) }
    if !entry.waivers.isEmpty { parts.append(say("特例 ", "waiver ") + entry.waivers.joined(separator: ", ")) }
    if let reference = entry.reference { parts.append(say("照会番号 ", "reference ") + reference) }
    if let operatorID = entry.operatorID { parts.append(say("操作者 ", "operator ") + operatorID) }
    if entry.count > 1 { parts.append("×\(entry.count)") }
    return parts.joined(separator: "  ")
  }

  private static func outcome(_ entry: AuditEntry) -> String {
    switch entry.outcome {
    case "granted": say("許可", "granted")
    case "denied": say("拒否", "denied")
    case "stillNeeded": say("継続", "more needed")
    case "refused": say("不成立", "refused")
    default: say("実施", "done")
    }
  }

  static func whole(_ entry: AuditEntry) -> String {
    let fields: [(String, String?)] = [
      (say("番号", "row"), String(entry.sequence)), (say("日時", "time"), Times.show(entry.time)),
      (say("結果", "outcome"), outcome(entry)), (say("内容", "action"), entry.action),
      (say("職員", "person"), entry.person.map { $0 + " " + visible(entry.personName ?? "") }),
      (say("端末", "workstation"), entry.workstation), (say("系統", "segment"), entry.segment),
      (say("場面", "scenario"), entry.scenario), (say("認証要素", "factors"), entry.factors.joined(separator: " + ")),
      (say("カードの証明", "card proof"), entry.proofClass), (say("保証レベル", "assurance"), entry.assurance),
      (say("理由", "reason"), entry.code.map { $0 + " " + reason($0) }), (say("規則", "rule"), entry.rule),
      (say("期限付き特例", "waivers"), entry.waivers.joined(separator: ", ")),
      (say("ポリシー版", "policy version"), entry.policyVersion), (say("照会番号", "reference"), entry.reference),
      (say("セッション", "session"), entry.session), (say("カード", "card"), entry.card),
      (say("操作者", "operator"), entry.operatorID),
      (say("所要", "latency"), entry.latencyMilliseconds.map { "\($0) ms" }),
      (say("件数", "count"), entry.count > 1 ? String(entry.count) : nil), (say("備考", "note"), visible(entry.note)),
    ]
    return fields.compactMap { name, value in value.flatMap { $0.isEmpty ? nil : "\(name): \($0)" } }.joined(separator: "\n")
  }

  static func reason(_ code: String) -> String {
    guard let code = DenialCode(rawValue: code) else { return "" }
    let sentence = Sentences.of(code)
    return say(sentence.ja, sentence.en)
  }

  /// Control and direction characters as U+XXXX, so that a name cannot forge a line.
  static func visible(_ text: String) -> String { VisibleText.marking(text) }

  /// One line, the same value for a program, nothing in it that steers a terminal.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return VisibleText.escaping(json: String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// Why an operator does something, held to the server's rule before it is sent.
enum Reasons {
  static func checked(_ text: String) throws -> String {
    guard let remark = try? Remark(parsing: text) else {
      throw fail(
        64, "--reason は 1 行で、500 バイト（日本語で約 160 字）までです。改行や目に見えない文字は使えません。",
        "--reason: one line of at most 500 bytes, without line breaks or invisible characters")
    }
    return remark.text
  }
}
