import AuthAPI
import AuthTerms
import Foundation

/// A transfer for people who read it on paper or in a spreadsheet.
enum TransferPage {
  // MARK: HTML

  static func html(_ report: TransferReport, title: String) -> String {
    let head = say("人事異動の事前確認", "Transfer preview") + ": " + title
    let totals = zip(report.totalsJa, report.totalsEn).map { "<li>\(text(say($0, $1)))</li>" }
    let warnings = zip(report.warningsJa, report.warningsEn).map { "<li class=\"bad\">\(text(say($0, $1)))</li>" }
    // What somebody has to do something about stands first.
    let bad = report.lines.filter { !$0.faultsEn.isEmpty || ["waiting", "unlisted"].contains($0.state) }
    let rest = report.lines.filter { $0.faultsEn.isEmpty && !["waiting", "unlisted"].contains($0.state) }
    var body = ["<h1>\(text(head))</h1>", "<ul>\((totals + warnings).joined())</ul>"]
    if !bad.isEmpty { body += ["<h2>\(text(say("確かめること", "To be looked at")))（\(bad.count)）</h2>", table(bad)] }
    if !rest.isEmpty {
      body += [
        "<h2>\(text(report.isApproved ? say("済み", "Done") : say("問題なし", "Nothing wrong")))（\(rest.count)）</h2>", table(rest),
      ]
    }
    if let plan = report.plan {
      body.append("<p class=\"plan\">\(text(say("この内容の番号（承認されるもの）", "What is approved")))<br>\(plan)</p>")
    }
    return """
      <!doctype html>
      <html lang="\(say("ja", "en"))"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(text(head))</title><style>
      body { font: 15px/1.5 "Noto Sans JP", "Yu Gothic", Meiryo, sans-serif; margin: 1.5rem; color: #1a1a1a }
      h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 1.6rem }
      table { border-collapse: collapse; width: 100%; font-size: .9rem; table-layout: fixed } td { overflow-wrap: anywhere }
      col.s { width: 3.2em } col.k { width: 4em } col.n { width: 7em } col.w { width: 16% } th, td { border: 1px solid #999; padding: .25rem .45rem; text-align: left; vertical-align: top }
      th { background: #eef2f6; position: sticky; top: 0 } tr { break-inside: avoid } .bad { color: #a40000; font-weight: 600 }
      .need { color: #7a4b00 } .small { color: #444; font-size: .85em } .plan { font-size: .75rem; color: #555; overflow-wrap: anywhere }
      @media print { body { margin: 0; font-size: 10px } th { position: static } @page { size: A4 landscape; margin: 10mm } }
      </style></head><body>
      \(body.joined(separator: "\n"))
      </body></html>

      """
  }

  private static func table(_ lines: [TransferLine]) -> String {
    let heads = [
      say("行", "line"), say("職員番号", "number"), say("氏名", "name"), say("区分", "kind"), say("所属", "department"),
      say("使える系統", "segments"), say("AD のグループ", "groups in AD"), say("ログオンに要るもの", "asked at logon"),
      say("準備・確認", "to do"),
    ]
    let rows = lines.map { line in
      let cells = [
        line.line > 0 ? String(line.line) : "", text(line.number), text(line.name) + small(line.account),
        text(TransferText.kind(line.kind)),
        change(line.from, line.to), change(line.segmentsFrom.map(segment), line.segmentsTo.map(segment)),
        (line.joins.map { say("入れる: ", "add: ") + $0 } + line.leaves.map { say("外す: ", "remove: ") + $0 }).map(text)
          .joined(separator: "<br>"),
        line.factors.map { text(factors($0)) }.joined(separator: "<br>"), toDo(line),
      ]
      return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }
    let widths = ["s", "n", "n", "k", "w", "w", "w", "w", ""].map { "<col class=\"\($0)\">" }.joined()
    return "<table><colgroup>\(widths)</colgroup><thead><tr>" + heads.map { "<th>\(text($0))</th>" }.joined()
      + "</tr></thead><tbody>\n"
      + rows.joined(separator: "\n") + "\n</tbody></table>"
  }

  private static func toDo(_ line: TransferLine) -> String {
    let bad = zip(line.faultsJa, line.faultsEn).map { "<span class=\"bad\">\(text(say($0, $1)))</span>" }
    let need = zip(line.missingJa, line.missingEn).map { "<span class=\"need\">\(text(say($0, $1)))</span>" }
    let only =
      line.workstations.isEmpty ? [] : [text(say("使える端末: ", "workstations: ") + line.workstations.joined(separator: ", "))]
    return (bad + need + zip(line.notesJa, line.notesEn).map { text(say($0, $1)) } + only).joined(separator: "<br>")
  }

  private static func change(_ from: [String], _ to: [String]) -> String {
    if from == to { return text(TransferText.names(to)) }
    return text(TransferText.names(from)) + "<br>→ <b>" + text(TransferText.names(to)) + "</b>"
  }

  private static func small(_ part: String) -> String { part.isEmpty ? "" : "<br><span class=\"small\">\(text(part))</span>" }

  private static func segment(_ name: String) -> String {
    let title = Segment.title(of: name)
    return say(title.ja, title.en)
  }

  /// `lgwan: card+pin | card+password` as people say it.
  private static func factors(_ line: String) -> String {
    let words = [
      "card": say("カード", "card"), "pin": say("暗証番号", "PIN"), "password": say("パスワード", "password"),
      "palm": say("静脈", "palm"), "code": say("一時コード", "code"),
    ]
    let parts = line.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return line }
    let ways = parts[1].split(separator: "|").map { way in
      way.split(separator: "+").map { part in
        let name = part.trimmingCharacters(in: .whitespaces)
        return words[name] ?? name
      }.joined(separator: say("＋", " + "))
    }
    return segment(String(parts[0])) + say("：", ": ") + ways.joined(separator: say(" または ", " or "))
  }

  private static func text(_ value: String) -> String {
    Rows.visible(value).reduce(into: "") { text, letter in
      switch letter {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      default: text.append(letter)
      }
    }
  }

  // MARK: CSV

  /// With a byte order mark, as a spreadsheet wants it.
  static func csv(_ report: TransferReport) -> String {
    let heads = [
      say("行", "line"), say("職員番号", "number"), say("氏名", "name"), say("ログオン名", "account"), say("区分", "kind"),
      say("現所属", "from"), say("新所属", "to"), say("現系統", "segments_from"), say("新系統", "segments_to"),
      say("入れるグループ", "add_groups"), say("外すグループ", "remove_groups"), say("要準備", "missing"), say("誤り", "faults"),
      say("備考", "notes"), say("状態", "state"),
    ]
    let rows = report.lines.map { line in
      [
        line.line > 0 ? String(line.line) : "", line.number, line.name, line.account, TransferText.kind(line.kind),
        line.from.joined(separator: ";"), line.to.joined(separator: ";"), line.segmentsFrom.joined(separator: ";"),
        line.segmentsTo.joined(separator: ";"), line.joins.joined(separator: ";"), line.leaves.joined(separator: ";"),
        say(line.missingJa.joined(separator: ";"), line.missingEn.joined(separator: ";")),
        say(line.faultsJa.joined(separator: ";"), line.faultsEn.joined(separator: ";")),
        say(line.notesJa.joined(separator: ";"), line.notesEn.joined(separator: ";")), line.state,
      ]
    }
    return "\u{FEFF}" + ([heads] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
  }

  /// A spreadsheet takes what begins like a formula for one; an apostrophe makes it text.
  private static func cell(_ value: String) -> String {
    let shown = Rows.visible(value)
    let safe = shown.first.map { "=+-@\t".contains($0) } == true ? "'" + shown : shown
    return "\"" + safe.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
