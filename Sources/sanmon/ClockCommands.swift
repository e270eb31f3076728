import ArgumentParser
import AuthAPI
import AuthTerms
import Foundation

struct ClockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock", abstract: "The clock that dates are judged by. / 期限の判定に使う時計。",
    discussion: """
      Dates (ends of cards, people, waivers) are judged by the later of the clock and the newest row of the log: a clock that is
      set back revives nothing. If the clock once ran ahead and rows were dated in the future, say so with 'accept'.
      """,
    subcommands: [ClockShow.self, ClockAccept.self])

  static func text(_ status: ClockStatus) -> String {
    let lines = [
      say("時計:         ", "clock:           ") + Times.show(status.clock),
      say("判定の下限:   ", "judged from:     ") + Times.show(status.floor),
    ]
    guard status.behindSeconds > 0 else {
      return (lines + [say("時計に異状はありません。", "The clock is not behind.")]).joined(separator: "\n")
    }
    return
      (lines + [
        say(
          "時計が記録より \(status.behindSeconds) 秒遅れています。NTP を確かめてください。\n時計が正しく、記録の日時が誤っているときは sanmon clock accept（管理者 \(status.required) 人の署名）",
          "The clock is \(status.behindSeconds) s behind the log. Check its NTP.\nIf the clock is right and the rows were dated wrongly: sanmon clock accept (signed by \(status.required))"
        )
      ]).joined(separator: "\n")
  }
}

struct ClockShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the clock and what it is judged by. / 時計と判定の下限を表示します。")
  @OptionGroup var link: LinkOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: link)
    try operatorLink.show(try await operatorLink.get("/v1/admin/clock", as: ClockStatus.self), ClockCommand.text)
  }
}

struct ClockAccept: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Say that the clock is right and rows were dated wrongly. / 時計が正しく、記録の日時が誤っていたと認めます。",
    discussion: """
      First compare this server's clock with a watch. The rows stay as they are; a row says who accepted. Where My Number is
      served, a second administrator signs as well. Works over the socket on the server itself also when the operators' cards
      are refused for their dates.

      EXAMPLE (one administrator; two)
        sanmon clock accept
        sanmon clock accept --out clock.act
        sanmon operator accept clock.act --as tanaka --out tanaka.sig
        sanmon clock accept --act clock.act --approval tanaka=tanaka.sig
      """)
  @OptionGroup var draft: DraftOptions
  @OptionGroup var acting: ActingOptions

  func run() async throws {
    let operatorLink = OperatorLink(options: acting.link)
    let act = try await draft.signed(Act.Kind.acceptClock, about: Words("時計", "the clock")) {
      let status = try await operatorLink.get("/v1/admin/clock", as: ClockStatus.self)
      guard status.behindSeconds > 0 else {
        throw fail(1, "時計は遅れていません。することはありません。", "the clock is not behind: there is nothing to accept")
      }
      printError(ClockCommand.text(status))
      return try await acting.act(Act.Kind.acceptClock, ["floor": String(status.floor)])
    }
    guard let act else { return }
    let answer = try await operatorLink.post(
      "/v1/admin/clock/accept", ClockAct(act: Data(act.encoded)), as: ClockStatus.self)
    try operatorLink.show(answer, ClockCommand.text)
  }
}
