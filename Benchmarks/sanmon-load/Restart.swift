import ArgumentParser
import AuditLog
import AuthAPI
import Foundation
import LoadClient
import Storage

/// A server with a long log: how soon it decides again, and how long the whole log takes to verify.
struct Restart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Restart with 1,000,000 audit rows, and verify them all. / 監査記録 100 万件での再起動と検証。")

  @OptionGroup var common: CommonOptions
  @Option(help: "Rows in the log.") var rows = 1_000_000

  func run() async throws {
    try await common.measuring {
      let city = try await common.city(clerks: 2)
      defer { city.end() }
      let clerk = city.clerks[0]
      _ = try await clerk.workstation.logOn(clerk.card)
      city.instance.stopServer()
      try await Fill.into(city, rows: rows, common.figures)
      var times: [Double] = []
      for run in 0..<common.runs {
        if run > 0 { city.instance.stopServer() }
        times.append(try await firstDecision(city, clerk))
      }
      let size = try await city.instance.status(within: 10).auditRows
      common.figures.show(
        Figure(
          "server.restart_s", times, note: say("監査記録 \(size) 件、起動から最初の正しいログオンまで", "\(size) rows; exec to the first right logon")
        ))
      try await verify(city)
      return []
    }
  }

  private func firstDecision(_ city: LoadCity, _ clerk: LoadCity.Clerk) async throws -> Double {
    clerk.workstation.hangUp()
    let start = ContinuousClock.now
    try city.instance.startServer()
    while start.duration(to: .now) < .seconds(60) {
      if (try? await clerk.workstation.logOn(clerk.card)) != nil { return start.duration(to: .now).inSeconds }
      try await Task.sleep(for: .milliseconds(2))
    }
    throw RunFault("再起動後にログオンできません。", "no logon after the restart")
  }

  private func verify(_ city: LoadCity) async throws {
    let checkpoint = try await city.desk.checkpoint()
    city.instance.stopServer()
    let verifier = try NoteVerifier(vkey: checkpoint.verifierKey)
    let archive = try AuditArchive(path: city.instance.database)
    var times: [Double] = []
    for _ in 0..<(rows > 200_000 ? 1 : common.runs) {
      let start = ContinuousClock.now
      let report = try archive.verify(
        verifiers: [verifier], elsewhere: [KeptCheckpoint(source: "operator", note: checkpoint.note)])
      times.append(start.duration(to: .now).inSeconds)
      guard report.isIntact, report.size >= UInt64(rows), report.coveredSize == report.size else {
        throw RunFault("監査記録の検証が誤りました。", "the log did not verify: \(report.findings.count) findings, \(report.size) rows")
      }
    }
    var bare = 0.0
    var next: UInt64 = 0
    while true {
      let page = try archive.rows(from: next, limit: 10_000)
      guard let last = page.last else { break }
      bare += Bare.sha256(page.map(\.encoded))
      next = last.sequence + 1
    }
    common.figures.show(
      Figure(
        "audit.verify_1m_s", times, limit: (bare, say("同じバイト列の SHA-256 だけ", "SHA-256 of the same rows alone")),
        note: say("\(next) 件", "\(next) rows")))
  }
}
