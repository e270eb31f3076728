import AuthAPI
import AuthTerms
import Foundation
import LoadClient

extension DirectoryBench {
  /// The first import of many people from one LDIF file into a new server, and what the server held at most; beside it a tenth.
  func importing() async throws -> [WrongAnswer] {
    let file = try String(contentsOfFile: common.sampleCity + "/sample-city.ldif", encoding: .utf8)
    var wrong: [WrongAnswer] = []
    func first(_ people: Int) async throws -> (seconds: Double, peak: Double, empty: Double) {
      let city = try await city(nil)
      defer { city.end() }
      let text = try LDIFCopies(of: file, people: people).text
      let empty = city.instance.peakKB
      let (seconds, done) = try await timed { try await city.desk.importLDIF(text) }
      let there = try await city.desk.status().people
      if !done.applied || done.added != people || there != people {
        wrong.append(WrongAnswer("an import of \(done.added) instead of \(people): \(done.notesEn.first ?? "")"))
      }
      return (seconds, city.instance.peakKB / 1024, empty / 1024)
    }
    var (seconds, peaks): ([Double], [Double]) = ([], [])
    for _ in 0..<min(3, common.runs) {
      let run = try await first(importPeople)
      seconds.append(run.seconds)
      peaks.append(run.peak)
    }
    let tenth = try await first(importPeople / 10)
    common.figures.show(
      Figure("directory.import30k_s", seconds, note: say("\(importPeople) 人、LDIF から", "\(importPeople) people from LDIF")))
    common.figures.show(
      Figure(
        "directory.import_peak_mb", peaks, unit: "MB",
        limit: (tenth.peak, say("\(importPeople / 10) 人の取り込みでの最大", "peak of an import of \(importPeople / 10)")),
        note: say("サーバーの最大（VmHWM）、取り込み前", "most that the server held (VmHWM); before the import")
          + " \(Figures.short(tenth.empty)) MB"))
    return wrong
  }
}

/// The sample city's LDIF with so many people: copies have accounts and numbers of their own, in the groups of the first.
struct LDIFCopies {
  let text: String

  init(of file: String, people: Int) throws {
    var text = ""
    var records = file.components(separatedBy: "\n\n")
    let own = records.filter { $0.contains("\nemployeeNumber: ") }
    records.removeAll { $0.contains("\nemployeeNumber: ") }
    // uid=ACCOUNT,…: how often each account stands in the file from now on.
    var copies: [Substring: Int] = [:]
    var added = ""
    for number in 0..<people {
      let (record, copy) = (own[number % own.count], number / own.count)
      guard let account = record.firstMatch(of: /dn: uid=([^,]+),/)?.1 else { throw RunFault("LDIF が違います。", "another LDIF") }
      copies[account] = copy + 1
      added += copy == 0 ? record : Self.copied(record, account, copy)
      added += "\n\n"
    }
    for record in records {
      for line in record.split(separator: "\n", omittingEmptySubsequences: false) {
        guard let account = line.firstMatch(of: /^member: uid=([^,]+),/)?.1 else {
          text += line + "\n"
          continue
        }
        for copy in 0..<copies[account, default: 0] {
          text += copy == 0 ? line + "\n" : line.replacing("uid=\(account),", with: "uid=\(account).\(copy),") + "\n"
        }
      }
      text += "\n"
    }
    self.text = text + added
  }

  private static func copied(_ record: String, _ account: Substring, _ copy: Int) -> String {
    record.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("dn: ") { return String(line.replacing("uid=\(account),", with: "uid=\(account).\(copy),")) }
      return line.hasPrefix("uid: ") || line.hasPrefix("employeeNumber: ") ? "\(line).\(copy)" : String(line)
    }.joined(separator: "\n")
  }
}
