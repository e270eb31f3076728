import ArgumentParser
import AuthAPI

struct PalmReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Which sensors to clean, whose palms to enrol anew. / 掃除するセンサー、登録し直す手のひらを示します。",
    discussion: """
      Compares how closely palms matched in the last 14 days with the 60 days before, for each person at each sensor (five palms
      or more in both). A sensor at which most of at least three people match less closely wants cleaning; a person who does so
      at two sensors or more wants enrolling anew. Of one person at one sensor of her own it cannot be told: clean first.

      EXAMPLE
        sanmon palm report
      """)
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let report = try await operatorLink.get("/v1/admin/palms/report", as: PalmReport.self)
    try operatorLink.show(report, Self.text)
  }

  static func text(_ report: PalmReport) -> String {
    var lines = [
      say(
        "直近 14 日とその前の 60 日を比べました: センサー \(report.judgedSensors) 台、職員 \(report.judgedPeople) 人",
        "the last 14 days against the 60 before: \(report.judgedSensors) sensor(s), \(report.judgedPeople) people")
    ]
    if report.findings.isEmpty { lines.append(say("することはありません。", "nothing to do")) }
    lines += report.findings.map(line)
    if report.more > 0 { lines.append(say("ほかに \(report.more) 件", "and \(report.more) more")) }
    return lines.joined(separator: "\n")
  }

  private static func line(_ finding: PalmFinding) -> String {
    let place = "\(finding.workstation ?? "?") (\(finding.sensor ?? "?"))"
    let person = finding.person ?? "?"
    let numbers =
      "1e-\(tenths(finding.former)) → 1e-\(tenths(finding.recent))"
      + say("、撮り直し \(finding.retakes)/\(finding.tries)", ", retaken \(finding.retakes)/\(finding.tries)")
    switch finding.advice {
    case "clean":
      return say(
        "\(place) のセンサーを掃除してください: \(finding.judged) 人中 \(finding.fallen) 人で低下、\(numbers)",
        "clean the sensor at \(place): fallen for \(finding.fallen) of \(finding.judged) people, \(numbers)")
    case "enrol":
      return say(
        "\(person) の手のひらを登録し直してください: センサー \(finding.judged) 台中 \(finding.fallen) 台で低下、\(numbers)",
        "enrol \(person) anew: fallen at \(finding.fallen) of \(finding.judged) sensors, \(numbers)")
    default:
      return say(
        "\(place) のセンサーを掃除し、続くようなら \(person) の手のひらを登録し直してください: \(numbers)",
        "clean the sensor at \(place), and enrol \(person) anew if it goes on: \(numbers)")
    }
  }

  private static func tenths(_ thousandths: Int) -> String { "\(thousandths / 1000).\(thousandths % 1000 / 100)" }
}
