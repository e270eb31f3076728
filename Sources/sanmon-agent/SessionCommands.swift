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
        let day = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(summary.certificateNotAfter) / 1000))
        let person = session.map { "\(TerminalText.clean($0.person, limit: 64)) (\(TerminalText.clean($0.state, limit: 16)))" }
        print(ja ? "端末：\(summary.workstation)（\(summary.segment)）" : "Workstation: \(summary.workstation) (\(summary.segment))")
        print(ja ? "証明書の期限：\(day)" : "Certificate until: \(day)")
        print(ja ? "ログオン中：\(person ?? "なし")" : "Logged on: \(person ?? "nobody")")
        print(ja ? "常駐：\(watching)" : "Watch: \(watching)")
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
