import AuthTerms
import DirectorySync
import Foundation
import Programs
import Testing

/// OpenSSL's server as the other side: it speaks the version it is told, and no LDAP.
@Suite("TLS towards a directory", .serialized)
struct OldTLSTests {
  private struct NotListening: Error {}

  /// - Returns: what the server says of the handshake: its cipher, or nothing.
  private static func cipher(_ version: String, _ folder: String) async throws -> (said: String?, fault: LDAPFault.Code?) {
    let program = try Program(
      [
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", folder + "/cert.pem", "-key", folder + "/key.pem", version,
        "-cipher", "ALL:@SECLEVEL=0",
      ], input: .open, output: .together)
    defer { program.kill() }
    func said() -> [Substring] { program.output.split(separator: "\n") }
    var port: UInt16?
    for _ in 0..<200 where port == nil {
      port = said().first { $0.hasPrefix("ACCEPT ") }.flatMap { UInt16($0.split(separator: ":").last ?? "") }
      if port == nil { try await Task.sleep(for: .milliseconds(20)) }
    }
    guard let port else { throw NotListening() }
    let server = try LDAPServer(host: "127.0.0.1", port: port, authorities: folder + "/cert.pem")
    let connection = LDAPConnection(server, account: "a@b", password: Secret(copying: Array("x".utf8)), patience: .seconds(1))
    var fault: LDAPFault.Code?
    do throws(LDAPFault) { _ = try await connection.root() } catch { fault = error.code }
    await connection.close()
    return (said().first { $0.hasPrefix("CIPHER is ") }.map(String.init), fault)
  }

  @Test("1.2 and 1.3 with forward secrecy; nothing older, and no password goes there")
  func versions() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-tls-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try Program.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
      "/CN=dc",
      "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem",
    ])
    try #require(made.status == 0, "\(made.errors)")
    for version in ["-tls1", "-tls1_1"] {
      let (said, fault) = try await Self.cipher(version, folder)
      #expect(said == nil && fault == .unreachable, "\(version): \(said ?? "") \(String(describing: fault))")
    }
    // It answers no LDAP, but TLS stood.
    for (version, cipher) in [("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384"), ("-tls1_3", "TLS_AES_256_GCM_SHA384")] {
      let (said, fault) = try await Self.cipher(version, folder)
      #expect(said == "CIPHER is \(cipher)" && fault != nil, "\(version): \(said ?? "")")
    }
  }
}
