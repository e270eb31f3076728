import ArgumentParser
import AuthAPI
import DirectorySync
import Foundation

struct DirectoryRehearse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse", abstract: "Play a morning on a copy of the database. / 異動の朝を、写しの上で試します。",
    discussion: """
      The server copies its database, reads the whole directory once more, puts the transfers of LIST in force on the copy, and lets
      everybody log on at 8:30 of the day, all at once: a logon for each segment of this server that a person may use, decided and
      written as a real one, with the best card and the password that are registered. Shown are how long each step took, the slowest
      of them, how many logons a minute that makes, and who would not be let in and why. Nothing is changed; the copy is removed.
      The checks of signatures are counted; connections and TLS are not.

      LIST is the file of 'sanmon directory plan'. Play it in the evening: for some seconds the server has more to do than usual.

      EXAMPLES
        sanmon directory rehearse april.csv
        sanmon directory rehearse april.csv --day 2027-04-01
        sanmon directory rehearse --json

      EXIT CODES
        0 everybody gets in   1 somebody does not, or something has to be looked at   65 the list cannot be read, or the day is over
        69 it could not be played to its end
      """)
  @Argument(help: "The transfer list. / 異動の一覧（CSV）", completion: .file(extensions: ["csv"])) var list: String?
  @Option(help: "The day, as 2027-04-01; the next 1 April without it. / 日付") var day: String?
  @OptionGroup var link: LinkOptions

  func validate() throws {
    guard let day, CivilDay.parse(day) == nil else { return }
    throw ValidationError("--day: 2027-04-01")
  }

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    let question = RehearsalQuestion(list: try list.map(TransferText.read), day: day)
    var state = try await operatorLink.post("/v1/admin/directory/rehearsals", question, as: RehearsalState.self)
    if state.isOver, let ja = state.faultJa, let en = state.faultEn {
      func named(_ text: String) -> String { Rows.visible(TextFile.fault(text, of: list, called: TransferReport.listName)) }
      throw fail(65, named(ja), named(en))
    }
    var told = ""
    while !state.isOver {
      try await Task.sleep(for: .milliseconds(200))
      state = try await operatorLink.get("/v1/admin/directory/rehearsals/\(state.rehearsal)", as: RehearsalState.self)
      let doing = say(state.doingJa, state.doingEn)
      if !state.isOver, doing != told { printError("… \(doing)") }
      told = doing
    }
    if let ja = state.faultJa, let en = state.faultEn { throw fail(69, Rows.visible(ja), Rows.visible(en)) }
    try operatorLink.show(state, RehearsalText.block)
    guard let logons = state.logons, logons.refusals.isEmpty, state.warningsEn.isEmpty else { throw ExitCode(1) }
  }
}

enum RehearsalText {
  static func block(_ state: RehearsalState) -> String {
    var lines = [
      say("\(state.day) 8:30 の予行（写しの上で。何も変えていません）", "The morning of \(state.day), 8:30, on a copy; nothing is changed")
    ]
    let slowest = state.steps.max { $0.milliseconds < $1.milliseconds }
    for step in state.steps {
      let mark = step == slowest ? say("  ← いちばん長い", "  ← the slowest") : ""
      lines.append("  \(seconds(step.milliseconds))  \(say(step.ja, step.en)) (\(step.count))\(mark)")
    }
    if let logons = state.logons { lines += Self.lines(logons) }
    lines += zip(state.warningsJa, state.warningsEn).map { "! " + Rows.visible(say($0, $1)) }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ logons: RehearsedLogons) -> [String] {
    guard logons.logons > 0 else { return [say("ログオンする人がいません。", "Nobody is there to log on.")] }
    let refused = logons.logons - logons.granted
    let isTelling = logons.granted * 2 >= logons.logons
    // Everybody within one minute: no city hall is faster at its doors.
    let room = String(format: "%.1f", Double(logons.perMinute) / Double(logons.logons))
    var lines = [
      say(
        "ログオン: \(logons.people) 人、\(logons.logons) 回のうち \(logons.granted) 回は通り、\(refused) 回は通りません。",
        "Logons: \(logons.logons) by \(logons.people) people, \(logons.granted) let in, \(refused) not."),
      say(
        "待ち時間: 中央値 \(milliseconds(logons.medianMicroseconds))、99% が \(milliseconds(logons.p99Microseconds)) 以内（全員が同時のとき）",
        "Waiting: median \(milliseconds(logons.medianMicroseconds)), 99 of a hundred within \(milliseconds(logons.p99Microseconds)), all at once"
      ),
      say(
        "余裕: 判定と記録は 1 分に \(logons.perMinute) 回。全員が 1 分の間に来ても \(room) 倍（TLS の接続は含みません）"
          + (isTelling ? "" : "。通らない人が多く（断るほうが速い）、まだ目安になりません"),
        "Head-room: deciding and writing, \(logons.perMinute) a minute; \(room) times what comes if all come within one minute (TLS not counted)"
          + (isTelling ? "" : "; most are refused, which is quicker: no measure yet")),
    ]
    for refusal in logons.refusals {
      let people = refusal.people.joined(separator: ", ")
      let more = refusal.count > refusal.people.count ? say(" ほか", ", …") : ""
      lines.append("  ✗ \(refusal.code) \(say(refusal.ja, refusal.en)) (\(refusal.count)): \(people)\(more)")
    }
    return lines
  }

  private static func seconds(_ milliseconds: Int64) -> String { String(format: "%8.2f s", Double(milliseconds) / 1000) }
  private static func milliseconds(_ microseconds: Int64) -> String { String(format: "%.1f ms", Double(microseconds) / 1000) }
}
