import AuthAPI
import AuthClient
import AuthServer
import CertificateTrust
import Foundation
import Sealing
import Testing

/// After an approved restore the log goes on from where the copy ended: the same numbers, other rows.
@Suite(
  "the log goes to a collector after a restore", .serialized, .enabled(if: BackupBench.mayRun, "sanmon is not built"),
  .timeLimit(.minutes(10)))
struct ForwardRestoreTests {
  private func wait(_ isSo: () async throws -> Bool) async throws {
    for _ in 0..<1200 {
      if try await isSo() { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("nothing came")
  }

  private func waitForAll(_ bench: BackupBench) async throws {
    try await wait {
      let status: InstanceStatus = try await bench.city.link.fetch("/v1/admin/status")
      return status.warningsEn.contains { $0.hasPrefix("log to soc: delivered") && $0.contains(", 0 waiting") }
    }
  }

  @Test("rows behind the copy come under numbers that were used before, told by their leaf; none before it comes twice")
  func restored() async throws {
    let collectors = try TestAuthority("collectors")
    let collector = try SyslogReceiver(collectors)
    try await collector.listen()
    let bench = try await BackupBench()
    let folder = bench.city.folder
    try PEMFile.encode(certificate: collectors.certificate.derBytes()).write(
      toFile: folder + "/collector.pem", atomically: true, encoding: .utf8)
    let destination =
      "{name: soc, address: \"127.0.0.1:\(collector.port)\", trust: \(folder)/collector.pem, format: rfc5424}"
    try await bench.city.restart(lines: "recovery-key: \(bench.key.publicKey.text)\nforward: [\(destination)]")
    #expect(try await bench.create("night.sanmon").status == 0)
    _ = try await bench.city.importPeople()
    _ = try await bench.note()
    try await waitForAll(bench)
    #expect(try await bench.restore("night.sanmon", state: "s", vault: nil).status == 0)
    try await bench.exchange(state: "s", vault: nil)
    // The place that the collector has belongs to what is outside, not to the copy.
    try await bench.city.restartBoth { folder in
      let former = try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix("state-before-") }
      let place = "\(folder)/\(try #require(former))/forward"
      try? FileManager.default.removeItem(atPath: folder + "/state/forward")
      try FileManager.default.copyItem(atPath: place, toPath: folder + "/state/forward")
    }
    let had = collector.messages.count
    let waiting = try await bench.waiting()
    let (lost, size) = (try #require(waiting.lost), Int(try #require(waiting.size)))
    try await Task.sleep(for: .seconds(3))
    #expect(collector.messages.count == had, "a copy that nobody approved sends nothing")
    #expect(try await bench.approve(["--lost", "\(lost)"]).status == 0)
    try await wait { collector.messages.count > had }
    try await waitForAll(bench)
    let all = try collector.messages.map { try ParsedSyslog($0) }
    let forms = Dictionary(grouping: all) { $0.sequence ?? -1 }
    #expect(forms.filter { $0.key < size }.allSatisfy { $0.value.count == 1 }, "nothing of the copy comes twice")
    let again = forms.filter { $0.key >= size && $0.value.count > 1 }
    #expect(!again.isEmpty && again.allSatisfy { Set($0.value.map { $0["leaf"] }).count == $0.value.count })
    #expect(try await bench.city.audit("action=forward.contradicts").isEmpty)
    await bench.end()
    await collector.stop()
  }
}
