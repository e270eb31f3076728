import ArgumentParser
import Workstation

struct PINChangeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin-change",
    abstract: "カードの暗証番号（PIN）を変える / Change the PIN of your card.",
    discussion: """
      いまの暗証番号（PIN）と、新しい暗証番号（6桁から8桁の数字、2回）を入力します。カードが確かめ、番号はこの端末の外へ出ません。
      番号を忘れたとき、止まったときは、カードを持って窓口・支所担当へお越しください（sanmon card pin-reset）。
      Asks for the present PIN and twice for the new one (6 to 8 digits). The card decides; no PIN leaves this machine, and no
      server is needed. A PIN that is forgotten or blocked is reset at the desk: sanmon card pin-reset.

      例 / Examples:
        sanmon-agent pin-change
        sanmon-agent pin-change --pin-fd 3 --new-pin-fd 3 3< pins.txt --json
      """)
  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("いまの暗証番号（PIN）を読む記述子 / Read the present PIN from this descriptor.", valueName: "fd"))
  var pinFd: Int32?

  @Option(name: .long, help: ArgumentHelp("新しい暗証番号（PIN）を読む記述子 / Read the new PIN from this descriptor.", valueName: "fd"))
  var newPinFd: Int32?

  @Flag(name: .long, help: "暗証番号（PIN）の最後の1回を使う / Use the PIN's last try.")
  var useLastTry = false

  @Option(name: .long, help: ArgumentHelp("読み取り機の名前 / The reader's name.", valueName: "name"))
  var reader: String?

  @Option(name: .long, help: ArgumentHelp("カードを待つ秒数（既定は画面があれば20） / Seconds to wait for a card.", valueName: "s"))
  var wait: Int64?

  func run() async throws {
    try await common.run {
      if let wait, !(0...600).contains(wait) { throw AgentFault.badInput(expected: "--wait: 0 to 600") }
      let terminal = Terminal()
      let changer = PINChanger(
        cards: ReaderCards(reader: reader),
        asking: PINEntry(
          terminal: terminal, language: common.language, presentDescriptor: pinFd, newDescriptor: newPinFd,
          useLastTry: useLastTry, tell: { common.say($0) }),
        surroundings: try common.surroundings)
      let seen = try await changer.waitForCard(seconds: wait ?? (terminal != nil && pinFd == nil ? 20 : 0))
      try await changer.change(seen)
      if common.json { Report.print(["outcome": "pinChanged"]) }
      common.say(.pinChanged)
    }
  }
}
