import ArgumentParser
import AuthAPI
import AuthClient
import AuthTerms
import Workstation

struct RelinkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relink",
    abstract: "前のカードを持っていることを示す（再任用など） / Show the card of a former registration, for a new one.",
    discussion: """
      新しい登録の番号は、窓口が sanmon directory relink で確かめます。ログオンはしません。カードを引き継ぐには、このあと 30 分以内に
      管理者 2 人の署名が要ります。カードがないときは使えません（新しいカードを登録します）。
      The desk knows the new registration from 'sanmon directory relink'. Nobody is logged on; two administrators have to sign within
      30 minutes. Without the card there is nothing to show: a card is registered anew.

      例 / Examples:
        sanmon-agent relink --person 4711.2
        sanmon-agent relink --person 4711.2 --pin-fd 3 3< pin.txt --json
      """)
  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("新しい登録の職員の番号 / The new registration's person id.", valueName: "id"))
  var person: String

  @Option(name: .long, help: ArgumentHelp("暗証番号（PIN）を読む記述子 / Read the PIN from this descriptor.", valueName: "fd"))
  var pinFd: Int32?

  @Flag(name: .long, help: "暗証番号（PIN）の最後の1回を使う / Use the PIN's last try.")
  var useLastTry = false

  @Option(name: .long, help: ArgumentHelp("読み取り機の名前 / The reader's name.", valueName: "name"))
  var reader: String?

  @Option(name: .long, help: ArgumentHelp("カードを待つ秒数（既定は画面があれば20） / Seconds to wait for a card.", valueName: "s"))
  var wait: Int64?

  func run() async throws {
    try await common.run {
      if let wait, !(0...600).contains(wait) { throw AgentFault.badInput(expected: "--wait: 0 to 600") }
      guard let person = try? PersonID(parsing: person) else { throw AgentFault.badInput(expected: "--person: a person id") }
      let surroundings = try common.surroundings
      let state = try AgentState(reading: common.state)
      let servers = try await state.connections()
      defer { servers.close() }
      let terminal = Terminal()
      let client = LogonClient(
        workstation: state.workstation, servers: servers, cards: ReaderCards(reader: reader),
        asking: PersonAsking(
          terminal: terminal, language: common.language, pinDescriptor: pinFd, passwordDescriptor: nil,
          newPasswordDescriptor: nil, useLastTry: useLastTry, tell: { common.say($0) }),
        holder: PassingHolder(surroundings), surroundings: surroundings)
      let proven = try await client.showFormerCard(
        for: person, waitSeconds: wait ?? (terminal != nil && pinFd == nil ? 20 : 0))
      if common.json { Report.print(proven) }
      common.say(
        .relinkProven(
          person: TerminalText.clean(proven.person, limit: 64), displayName: TerminalText.clean(proven.displayName, limit: 80)))
    }
  }
}
