import AuthAPI
import AuthClient
import AuthTerms
import CertificateTrust
import Foundation
import Testing

/// What an operator sees of a collector: in the status, and on the doctor's screen.
@Suite("a collector, as the tool shows it", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct ForwardToolTests {
  @Test("the status says up to where it has everything; when it is away both say so, with what to do")
  func shown() async throws {
    let collectors = try TestAuthority("collectors")
    let collector = try SyslogReceiver(collectors)
    try await collector.listen()
    let port = collector.port
    let city = try await City(
      prepare: { folder in
        try PEMFile.encode(certificate: collectors.certificate.derBytes()).write(
          toFile: folder + "/collector.pem", atomically: true, encoding: .utf8)
      },
      lines: { Self.line($0, port) })
    func status(until isSo: (String) -> Bool) async throws -> String {
      for _ in 0..<100 {
        let ran = try await ToolProcess.started(["status", "--socket", city.folder + "/operator.sock"])
        if isSo(ran.output) { return ran.output }
        try await Task.sleep(for: .milliseconds(300))
      }
      return ""
    }
    let well = try await status { $0.contains("log to soc: delivered up to row") && $0.contains(", 0 waiting") }
    #expect(!well.isEmpty && !well.contains("WARNING: log to soc"))
    await collector.stop()
    _ = try await city.importPeople()
    let away = try await status { $0.contains("WARNING: log to soc: delivered up to row") }
    #expect(away.contains("it cannot be reached"))

    let path = city.folder + "/instance.yaml"
    try City.instanceText(city.folder, .lgwan, false, Self.line(city.folder, port)).write(
      toFile: path, atomically: true, encoding: .utf8)
    city.clock.advance(seconds: 180)
    for language in ["C.UTF-8", "ja_JP.UTF-8"] {
      let words = language == "C.UTF-8" ? "not taken by soc for " : "監査記録が soc に "
      var screen = ""
      for _ in 0..<60 where !screen.contains(words) {
        screen = try await ToolProcess.started(["doctor", "--config", path], environment: ["LC_ALL": language]).output
        try await Task.sleep(for: .milliseconds(500))
      }
      #expect(screen.contains(words) && screen.contains("sanmon status"), "\(screen)")
    }
    await city.end()
  }

  private static func line(_ folder: String, _ port: Int) -> String {
    "forward: [{name: soc, address: \"127.0.0.1:\(port)\", trust: \(folder)/collector.pem, format: json}]"
  }
}
