import ArgumentParser
import AuthAPI
import AuthClient
import AuthTerms
import SmartCard
import TokenHost
import Workstation

enum FactorNames: String, ExpressibleByArgument, CaseIterable {
  case cardAndPIN = "card+pin"
  case cardAndPassword = "card+password"
  case cardAndPalm = "card+palm"
  case palm
  case codeAndPassword = "code+password"
  case codeAndPalm = "code+palm"
}

enum SlotName: String, ExpressibleByArgument, CaseIterable {
  case pin = "9a"
  case noPIN = "9e"
}

/// Where palms come from.
struct PalmOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "手のひらの画像ファイル（複数可、順に使用） / A picture of the palm, PGM or PNG; several are shown in their order.", valueName: "file"),
    completion: .file(extensions: ["pgm", "png"]))
  var palm: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "センサー独自のデータのファイル（--palm-format とともに。複数可） / What the sensor gave in its own format; several are shown in their order.",
      valueName: "file"),
    completion: .file())
  var palmBlob: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("独自のデータの形式 / Format of --palm-blob, or of what --palm-command writes.", valueName: "id/version"))
  var palmFormat: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "手のひらセンサーのプログラム / Program of the palm sensor, called as PROGRAM right|left [ADVICE].", valueName: "path"),
    completion: .file())
  var palmCommand: String?

  @Option(name: .long, help: "手（右、左） / Which hand.")
  var hand = Hand.right

  @Option(name: .long, help: ArgumentHelp("センサーの名前 / The sensor's name.", valueName: "name"))
  var sensor = "palm"

  var source: PalmSource {
    PalmSource(pictures: palm, blobs: palmBlob, command: palmCommand, format: palmFormat, name: sensor, hand: hand)
  }
}

/// How a card and a person are asked.
struct LogonOptions: ParsableArguments {
  @Option(name: .long, help: "使う組み合わせ（既定は規則の先頭） / The combination to use; default: the policy's first.")
  var factors: FactorNames?

  @Option(name: .long, help: ArgumentHelp("暗証番号（PIN）を読む記述子 / Read the PIN from this descriptor.", valueName: "fd"))
  var pinFd: Int32?

  @Option(name: .long, help: ArgumentHelp("パスワードを読む記述子 / Read the password from this descriptor.", valueName: "fd"))
  var passwordFd: Int32?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "変更が必要なときの新しいパスワードを読む記述子 / Read a new password from this descriptor, if it has to be changed.", valueName: "fd"))
  var newPasswordFd: Int32?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "代替コードの職員のアカウント名 / Whose printed one-time code it is; needed with code+password and code+palm.", valueName: "name"))
  var account: String?

  @Option(name: .long, help: ArgumentHelp("代替コードを読む記述子 / Read the printed code from this descriptor.", valueName: "fd"))
  var codeFd: Int32?

  @OptionGroup var palms: PalmOptions
  @OptionGroup var module: ModuleOptions

  @Flag(name: .long, help: "暗証番号（PIN）の最後の1回を使う / Use the PIN's last try.")
  var useLastTry = false

  @Option(name: .long, help: "カードの鍵（既定は組み合わせから） / The card's key; default: from the combination.")
  var slot: SlotName?

  @Option(name: .long, help: ArgumentHelp("読み取り機の名前 / The reader's name.", valueName: "name"))
  var reader: String?

  @Option(name: .long, help: ArgumentHelp("カードを待つ秒数（既定は画面があれば20） / Seconds to wait for a card.", valueName: "s"))
  var wait: Int64?

  @Option(
    name: .long,
    help: ArgumentHelp("サーバーの応答を待つ秒数（既定は画面があれば60） / Seconds to wait for the server.", valueName: "s"))
  var waitForServer: Int64?

  @Option(
    name: .long, parsing: .remaining,
    help: ArgumentHelp(
      "Windows に要るものを渡すプログラムと引数（最後に書く） / The program that hands Windows what it needs, and its arguments; goes last.",
      valueName: "program"))
  var credentialTo: [String] = []

  func run(_ purpose: LogonWish.Purpose, _ common: CommonOptions) async throws {
    var isWindowsLeftOut = false
    try await common.run {
      if let wait, !(0...600).contains(wait) { throw AgentFault.badInput(expected: "--wait: 0 to 600") }
      if let waitForServer, !(0...3600).contains(waitForServer) {
        throw AgentFault.badInput(expected: "--wait-for-server: 0 to 3600")
      }
      let asked = try module.module
      let sensor = try palms.source.sensor()
      if sensor == nil, let factors, [.palm, .cardAndPalm, .codeAndPalm].contains(factors) {
        throw AgentFault.badInput(expected: "--palm, --palm-blob or --palm-command")
      }
      let surroundings = try common.surroundings
      let state = try AgentState(reading: common.state)
      let servers = try await state.connections()
      defer { servers.close() }
      let windows =
        credentialTo.isEmpty
        ? nil
        : try WindowsHandover(state: state, servers: servers, surroundings: surroundings, program: credentialTo)
      let terminal = Terminal()
      let language = common.language
      // Behind a script nobody is there to put a card on the reader, or to choose.
      let isAttended = terminal != nil && pinFd == nil && !palms.source.isFiles
      let watch = try await WatchHolder(folder: state.path)
      let holder: any SessionHolder = if let watch { watch } else { PassingHolder(surroundings) }
      let client = LogonClient(
        workstation: state.workstation, servers: servers, cards: cards(asked, state),
        asking: PersonAsking(
          terminal: terminal, language: language, pinDescriptor: pinFd, passwordDescriptor: passwordFd,
          newPasswordDescriptor: newPasswordFd, codeDescriptor: codeFd,
          useLastTry: useLastTry, isAttended: isAttended, tell: { common.say($0) }),
        holder: holder, sensor: sensor, surroundings: surroundings)
      let granted = try await client.enter(
        LogonWish(
          purpose: purpose, factors: factors.flatMap { FactorWish(rawValue: $0.rawValue) },
          slot: slot.flatMap { PIVSlot(name: $0.rawValue) },
          waitSeconds: wait ?? (isAttended ? 20 : 0), serverWaitSeconds: waitForServer ?? (isAttended ? 60 : 0),
          account: account))
      let session = granted.session
      let name = TerminalText.clean(session.displayName, limit: 80)
      common.say(session.scenario == "unlock" ? .unlocked(displayName: name) : .granted(displayName: name))
      if !holder.isLasting { common.say(.keysDie) }
      var report = GrantedReport(session, canUnlock: holder.isLasting)
      if let windows {
        do throws(AgentFault) {
          report.windows = WindowsReport(given: try await windows.run(granted))
          common.say(.windowsGiven)
        } catch {
          // The session stands: this is said beside it, not in its place.
          isWindowsLeftOut = true
          report.windows = WindowsReport(error, common.language)
          // Those about Windows say so themselves; the server's speak of the credential alone.
          if case .windows = error {} else { common.say(.windowsNotGiven) }
          if !common.json { Report.refusal(error, language: common.language, json: false) }
        }
      }
      if common.json { Report.print(report) }
    }
    if isWindowsLeftOut { throw ExitCode(AgentExit.windows.rawValue) }
  }
}

extension LogonOptions {
  /// A library that is named here is the only one that is asked; one of the workstation's settings stands beside the readers.
  private func cards(_ asked: TokenModule?, _ state: AgentState) -> any CardPort {
    if let asked { return ModuleCards(asked, reader: reader, command: TokenHost.command) }
    let readers = ReaderCards(reader: reader)
    guard let module = state.module, reader == nil else { return readers }
    return EitherCards(readers: readers, module: ModuleCards(module, command: TokenHost.command))
  }
}

/// What Windows was given, or why nothing.
struct WindowsReport: Encodable {
  var given: String?
  var code: String?
  var message: String?
  var nextStep: String?

  init(given: WindowsHandover.Given) { self.given = given.rawValue }

  init(_ fault: AgentFault, _ language: Language) {
    let sentence = fault.sentence
    (message, nextStep) = language == .ja ? (sentence.ja, sentence.nextStepJa) : (sentence.en, sentence.nextStepEn)
    if case .server(.refused(let body)) = fault { code = TerminalText.clean(body.code, limit: 8) }
  }
}

struct GrantedReport: Encodable {
  let outcome = "granted"
  let session: SessionOpened
  let canUnlock: Bool
  /// Only where a program is to be given something.
  var windows: WindowsReport?

  init(_ session: SessionOpened, canUnlock: Bool) {
    self.session = session
    self.canUnlock = canUnlock
  }
}

struct LogonCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logon", abstract: "カードでログオン / Log on with a card.",
    discussion: """
      例 / Examples:
        sanmon-agent logon
        sanmon-agent logon --factors card+password
        sanmon-agent logon --pin-fd 3 3< pin.txt --json
        sanmon-agent logon --wait-for-server 600
        sanmon-agent logon --palm-command /usr/local/bin/palm-sensor --hand left
        sanmon-agent logon --factors card+palm --pin-fd 3 --palm palm.pgm 3< pin.txt
        sanmon-agent logon --palm-blob palm.bin --palm-format PSX/3
        sanmon-agent logon --credential-to /usr/local/libexec/windows-logon
        sanmon-agent logon --factors code+password --account sato.hanako
        sanmon-agent logon --factors card+password --pkcs11 /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so

      カードを忘れたときは、窓口で印刷した一回限りの代替コードとパスワードで入れます（規則が認めていれば）。コードは画面で入力します。
      Who forgot the card logs on with the printed one-time code of the desk and the password, where the rules allow it; the code is
      typed.

      --credential-to のプログラムは、ログオンの直後に、記述子 3 から Windows に要るもの（鍵庫のパスワード、いま入力したパスワード、または
      カードの証明書の名前）を読みます。渡せなくてもログオンはそのままで、終了コードは 17 です。
      The program of --credential-to reads what Windows needs from descriptor 3, right after the logon: the vault's password, the one just
      typed, or the name of the card's certificate. If it cannot be given, the logon stands, and the exit code is 17.
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var options: LogonOptions
  func run() async throws { try await options.run(.logon, common) }
}

struct UnlockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlock", abstract: "ロックを解除 / Return to the locked session. Needs the watch that holds its key.",
    discussion: """
      規則が認めていれば、手のひらだけで解除できます（カードは不要です）。
      Where the rules allow it, the palm alone unlocks, without a card.

      例 / Examples:
        sanmon-agent unlock
        sanmon-agent unlock --factors palm --palm-command /usr/local/bin/palm-sensor
      """)
  @OptionGroup var common: CommonOptions
  @OptionGroup var options: LogonOptions
  func run() async throws { try await options.run(.unlock, common) }
}
