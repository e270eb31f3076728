import ArgumentParser
import AuthAPI
import AuthClient
import AuthTerms
import Dispatch
import Foundation
import Workstation

struct LockCommandLine: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "lock", abstract: "ロックする / Lock the session.")
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.run {
      try await common.withSessions { sessions in try await sessions.lock() }
      if common.json { Report.print(["outcome": "locked"]) }
      common.say(.locked)
    }
  }
}

struct LogoffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "logoff", abstract: "ログオフする / End the session.")
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await common.run {
      try await common.withSessions { sessions in try await sessions.logoff() }
      if common.json { Report.print(["outcome": "loggedOff"]) }
      common.say(.loggedOff)
    }
  }
}

struct WatchCommandLine: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "端末を見守る常駐 / The resident process: keeps the session's keys, hears of locks, renews the lease.",
    discussion: """
      画面をロックする命令は「命令 lock|logoff 理由」の形で呼ばれます（シェルは通しません）。
      The lock command is called as: PROGRAM lock|logoff CAUSE (no shell in between).

      例 / Example:
        sanmon-agent watch --lock-command /usr/local/bin/lock-screen
      """)
  @OptionGroup var common: CommonOptions

  @Option(
    name: .long, help: ArgumentHelp("画面をロックする命令 / Program that locks the screen.", valueName: "path"), completion: .file())
  var lockCommand: String?

  func run() async throws {
    try await common.run {
      let state = try AgentState(reading: common.state)
      let command = try lockCommand.map { try LockCommand(program: $0) }
      let language = common.language
      let service = WatchService(
        state: state, servers: try await state.connections(), surroundings: try common.surroundings, lockCommand: command,
        say: { message in FileHandle.standardOutput.write(Data((message.text(language) + "\n").utf8)) })
      let signals = [SIGTERM, SIGINT, SIGHUP].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { Task { await service.stop() } }
        source.activate()
        return source
      }
      defer { for source in signals { source.cancel() } }
      try await service.run()
    }
  }
}

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "端末の状態 / What this workstation is, and who is logged on. Succeeds if a watch runs and the server answers.")
  @OptionGroup var common: CommonOptions

  private struct Summary: Encodable {
    let workstation: String
    let segment: String
    let instance: String
    let certificateNotAfter: Int64
    let session: String?
    let person: String?
    let state: String?
    let watch: String

    func lines(ja: Bool) -> [String] {
      let day = Self.day(certificateNotAfter)
      let who = person.map { "\(TerminalText.clean($0, limit: 64)) (\(phase(ja: ja)))" }
      return ja
        ? [
          "端末：\(workstation)（\(Segment.title(of: segment).ja)）", "証明書の期限：\(day)", "ログオン中：\(who ?? "なし")",
          "常駐プロセス：\(resident(ja: true))",
        ]
        : [
          "Workstation: \(workstation) (\(Segment.title(of: segment).en))", "Certificate until: \(day)",
          "Logged on: \(who ?? "nobody")", "Watch: \(resident(ja: false))",
        ]
    }

    private func phase(ja: Bool) -> String {
      switch state {
      case "open": ja ? "使用中" : "open"
      case "locked": ja ? "ロック中" : "locked"
      default: TerminalText.clean(state ?? "", limit: 16)
      }
    }

    private func resident(ja: Bool) -> String {
      switch watch {
      case "connected": ja ? "動作中（サーバーに接続）" : "connected"
      case "reconnecting": ja ? "動作中（サーバーに再接続中）" : "reconnecting"
      default: ja ? "動いていません" : "none"
      }
    }

    /// The day at this workstation: people plan by it.
    private static func day(_ milliseconds: Int64) -> String {
      let formatter = DateFormatter()
      formatter.locale = Locale(identifier: "en_US_POSIX")
      formatter.dateFormat = "yyyy-MM-dd"
      return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }
  }

  func run() async throws {
    try await common.run {
      let state = try AgentState(reading: common.state)
      let (session, watch) = try await common.withSessions { sessions in
        (try await sessions.current(), try await sessions.watch())
      }
      let ja = common.language == .ja
      let watching = watch.map { $0.isConnected ? "connected" : "reconnecting" } ?? "none"
      let summary = Summary(
        workstation: state.workstation.workstation.text, segment: state.workstation.segment.name,
        instance: state.workstation.instance, certificateNotAfter: state.workstation.notAfter, session: session?.session,
        person: session?.person, state: session?.state, watch: watching)
      if common.json {
        Report.print(summary)
      } else {
        summary.lines(ja: ja).forEach { print($0) }
      }
      if watch == nil { throw AgentFault.watchNotRunning }
    }
  }
}

extension CommonOptions {
  func withSessions<Result>(_ use: (SessionEnder) async throws -> Result) async throws -> Result {
    let state = try AgentState(reading: self.state)
    let servers = try await state.connections()
    defer { servers.close() }
    return try await use(SessionEnder(folder: state.path, servers: servers))
  }
}
