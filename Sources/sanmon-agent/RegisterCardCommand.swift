import ArgumentParser
import AuthAPI
import AuthClient
import AuthTerms
import Workstation

struct RegisterCardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register-card",
    abstract: "新しいカードを自分のカードとして登録する / Register your new card at your own workstation.",
    discussion: """
      新しいカードを読み取り機に置き、カードの暗証番号（PIN）、いつものパスワード、職場で手渡された登録コード（13 桁）を入力します。
      三つがそろったときだけ登録されます。すでにカードのある人と、マイナンバー利用事務系のカードは、窓口・支所担当で登録します。
      Put the new card on the reader; its PIN, your usual password and the enrolment code that was handed to you in person
      register it together, and nothing less does. A second card, and cards of the My Number segment, are the desk's.

      例 / Examples:
        sanmon-agent register-card --account sato.hanako
        sanmon-agent register-card --account sato.hanako --pin-fd 3 --password-fd 4 --code-fd 5 3< pin 4< password 5< code
      """)
  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("ログオン名 / Your account.", valueName: "account"))
  var account: String

  @Option(name: .long, help: ArgumentHelp("暗証番号（PIN）を読む記述子 / Read the PIN from this descriptor.", valueName: "fd"))
  var pinFd: Int32?

  @Option(name: .long, help: ArgumentHelp("パスワードを読む記述子 / Read the password from this descriptor.", valueName: "fd"))
  var passwordFd: Int32?

  @Option(name: .long, help: ArgumentHelp("登録コードを読む記述子 / Read the enrolment code from this descriptor.", valueName: "fd"))
  var codeFd: Int32?

  @Flag(name: .long, help: "暗証番号（PIN）の最後の1回を使う / Use the PIN's last try.")
  var useLastTry = false

  @Option(name: .long, help: ArgumentHelp("読み取り機の名前 / The reader's name.", valueName: "name"))
  var reader: String?

  @Option(name: .long, help: ArgumentHelp("カードを待つ秒数（既定は画面があれば20） / Seconds to wait for a card.", valueName: "s"))
  var wait: Int64?

  func run() async throws {
    try await common.run {
      if let wait, !(0...600).contains(wait) { throw AgentFault.badInput(expected: "--wait: 0 to 600") }
      guard let account = try? AccountName(parsing: account) else {
        throw AgentFault.badInput(expected: "--account: an account name")
      }
      let surroundings = try common.surroundings
      let state = try AgentState(reading: common.state)
      let servers = try await state.connections()
      defer { servers.close() }
      let terminal = Terminal()
      let registrar = CardRegistrar(
        workstation: state.workstation, servers: servers, cards: ReaderCards(reader: reader),
        asking: PersonAsking(
          terminal: terminal, language: common.language, pinDescriptor: pinFd, passwordDescriptor: passwordFd,
          newPasswordDescriptor: nil, codeDescriptor: codeFd, useLastTry: useLastTry, codeQuestion: .askEnrolmentCode,
          tell: { common.say($0) }),
        surroundings: surroundings)
      let done = try await registrar.register(
        for: account, waitSeconds: wait ?? (terminal != nil && pinFd == nil ? 20 : 0))
      if common.json { Report.print(done) }
      common.say(.cardRegistered(displayName: TerminalText.clean(done.displayName, limit: 80)))
    }
  }
}
