import ArgumentParser
import AuthAPI
import Foundation
import LoadClient

/// A server with a long log: how soon an auditor sees the first page, and how long a file takes.
struct Searching: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Search and export a long log. / 監査記録の検索と書き出し。",
    discussion: """
      Three years of logons, one in fifty refused. Each time is of one question over the operators' socket, the row of the read
      included, which is on the disk before anything is shown.
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument { case short, long }

  @OptionGroup var common: CommonOptions
  @Option(help: "Only this part; repeat for several: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).")
  var part: [Part] = []
  @Option(help: "Rows of 'short': each filter's first page, and all of them as CSV.") var rows = 100_000
  @Option(help: "Rows of 'long': a person and a month.") var longRows = 5_000_000

  private static let days = 1096

  func run() async throws {
    try await common.measuring {
      let parts = part.isEmpty ? Part.allCases : Part.allCases.filter(part.contains)
      for part in parts {
        let city = try await common.city(clerks: 2)
        defer { city.end() }
        city.instance.stopServer()
        try await Fill.into(city, rows: part == .short ? rows : longRows, days: Self.days, common.figures)
        try city.instance.startServer()
        let size = try await city.instance.status(within: 10).auditRows
        switch part {
        case .short:
          try await firstPages(city, size)
          try await export(city)
        case .long: try await month(city, size)
        }
      }
      return []
    }
  }

  /// The slowest of all filters, in each run.
  private func firstPages(_ city: LoadCity, _ size: UInt64) async throws {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    // A filter, and whether it finds something.
    let filters: [(query: String, finds: Bool)] = [
      ("person=l-000042", true), ("workstation=LOAD-PC-42", true), ("segment=lgwan&outcome=granted", true),
      ("segment=internet", false), ("class=release", false), ("action=unlock", true), ("outcome=denied", true),
      ("code=AP101", true), ("code=AP105", false), ("department=0901", true), ("department=0901&outcome=denied", true),
      // 高野, 誰もいない, and what stands in notes.
      ("text=%E9%AB%98%E9%87%8E", true), ("text=%E8%AA%B0%E3%82%82%E3%81%84%E3%81%AA%E3%81%84", false),
      ("text=left", true), ("from=\(now - 30 * 86_400_000)", true), ("until=0", false),
    ]
    var slowest: [Double] = []
    var names: [String: Int] = [:]
    for _ in 0..<common.runs {
      var most = (0.0, "")
      for (query, finds) in filters {
        let (time, page) = try await timed { try await city.desk.audit(query + "&limit=50&newest=true") }
        // A read leaves a row with its own filter: what found nothing at first finds that.
        guard !page.entries.isEmpty || !finds else { throw RunFault("検索の結果が誤りました。", "a wrong page for \(query)") }
        if time > most.0 { most = (time, query) }
      }
      slowest.append(most.0)
      names[most.1, default: 0] += 1
    }
    let name = names.max { $0.value < $1.value }?.key ?? ""
    common.figures.show(
      Figure(
        "audit.search_100k_ms", slowest,
        note: say("\(size) 件、\(filters.count) 条件のうち最も遅い \(name)", "\(size) rows; the slowest of \(filters.count): \(name)")))
  }

  private func export(_ city: LoadCity) async throws {
    var times: [Double] = []
    var count = 0
    for _ in 0..<common.runs {
      let start = ContinuousClock.now
      let (lines, told) = try await city.desk.exportAudit()
      times.append(start.duration(to: .now).inSeconds)
      guard lines >= rows, told == lines else { throw RunFault("書き出しが誤りました。", "a wrong export: \(lines) rows") }
      count = lines
    }
    common.figures.show(Figure("audit.export_100k_s", times, note: say("\(count) 件の CSV", "\(count) rows as CSV")))
  }

  private func month(_ city: LoadCity, _ size: UInt64) async throws {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    var times: [Double] = []
    var found = 0
    for run in 0..<common.runs * 4 {
      let begin = now - Int64(run % 30 + 2) * 30 * 86_400_000
      let person = "l-\(String(1_000_001 + run * 37 % 1000).dropFirst())"
      let (time, page) = try await timed {
        try await city.desk.audit("person=\(person)&from=\(begin)&until=\(begin + 30 * 86_400_000)&limit=1000")
      }
      guard page.entries.allSatisfy({ $0.person == person && $0.time >= begin }) else {
        throw RunFault("検索の結果が誤りました。", "a wrong page for \(person)")
      }
      found += page.entries.count
      times.append(time)
    }
    guard found > 0 || longRows < 100_000 else { throw RunFault("検索の結果が誤りました。", "nobody was found") }
    common.figures.show(
      Figure(
        "audit.search_50m_ms", times,
        note: say("\(size) 件、一人の一か月（平均 \(found / times.count) 件）", "\(size) rows; \(found / times.count) found, on average")))
  }

  /// - Returns: milliseconds.
  private func timed(_ ask: () async throws -> AuditPage) async throws -> (Double, AuditPage) {
    let start = ContinuousClock.now
    let page = try await ask()
    return (start.duration(to: .now).inSeconds * 1000, page)
  }
}
