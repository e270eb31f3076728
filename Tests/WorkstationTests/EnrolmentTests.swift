import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import SwiftASN1
import Synchronization
import Testing
import Workstation
import X509

@Suite("enrolment and the state folder")
struct EnrolmentTests {
  let authority: TestAuthority
  let clock = TestClock()
  let folder: TestFolder

  init() throws {
    authority = try TestAuthority()
    folder = try TestFolder()
  }

  /// An enrolment listener that signs what it is asked, as the vault would: the key from the request, the name from the code.
  @discardableResult private func serving<R>(
    segment: String = "lgwan", issuer: TestAuthority? = nil, ownKey: Bool = true, roots: [[UInt8]]? = nil,
    refusal: ErrorBody? = nil, _ use: (TestServer) async throws -> R
  ) async throws -> R {
    let issued = try authority.issue("server", names: [TestAuthority.loopback])
    let tls = try TestServer.tls(issued, chain: [authority.certificate], clientRoots: nil)
    let authority = authority
    let server = try await TestServer(tls: tls) { _, seen in
      do {
        if let refusal { return .json(403, String(decoding: try JSONEncoder().encode(refusal), as: UTF8.self)) }
        let csr: Data
        if seen.path == "/v1/enrolment/workstations" {
          csr = try JSONDecoder().decode(WorkstationEnrolmentRequest.self, from: Data(seen.body.utf8)).certificateRequest
        } else {
          csr = try JSONDecoder().decode(WorkstationRenewalRequest.self, from: Data(seen.body.utf8)).certificateRequest
        }
        let request = try CertificateSigningRequest(derEncoded: Array(csr))
        guard request.publicKey.isValidSignature(request.signature, for: request),
          let key = P256.Signing.PublicKey(request.publicKey)
        else { return .json(400, "{}") }
        let certificate = try (issuer ?? authority).issue(
          "PC", names: [.uniformResourceIdentifier("sanmon://city/\(segment)/workstation/LGWAN-PC-0042")],
          publicKey: ownKey ? key : P256.Signing.PrivateKey().publicKey)
        let answer = WorkstationCertificateIssued(
          workstation: "LGWAN-PC-0042", segment: "lgwan", certificate: Data(certificate),
          trustRoots: (roots ?? [authority.certificate]).map { Data($0) })
        return .json(201, String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
      } catch { return .json(500, "{}") }
    }
    let result: Result<R, any Error>
    do { result = .success(try await use(server)) } catch { result = .failure(error) }
    await server.stop()
    return try result.get()
  }

  @discardableResult
  private func enrol(
    _ server: TestServer, code: String = "ABCD-EFGH", pin: [UInt8]? = nil, replacing: Bool = false
  ) async throws -> EnrolledWorkstation {
    let address = try ServerAddress(parsing: "https://127.0.0.1:\(server.port)")
    return try await Enrolment(state: folder.state, surroundings: clock.surroundings).enrol(
      at: address, services: [address], code: Secret(copying: code.utf8),
      authority: try CertificateFingerprint(parsing: pin ?? TestAuthority.sha256(authority.certificate)), allowTLS12: false,
      replacing: replacing)
  }

  private func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: name)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test("a request that a foreign reader accepts, and files for this user alone")
  func enrols() async throws {
    try await serving { server in
      let enrolled = try await enrol(server)
      #expect(enrolled.workstation.text == "LGWAN-PC-0042")
      let body = try #require(server.requests.first?.body)
      #expect(body.contains("\"code\":\"ABCD-EFGH\""))
    }
    #expect(try mode(folder.state) == 0o700)
    for name in ["identity.pem", "roots.pem", "agent.json"] { #expect(try mode("\(folder.state)/\(name)") == 0o600) }
    let state = try AgentState(reading: folder.state)
    #expect(state.workstation.segment == .lgwan)
    #expect(state.servers.count == 1)
  }

  @Test("an enrolment that is there is replaced only when said so")
  func twice() async throws {
    try await serving { server in
      try await enrol(server)
      let first = try AgentState(reading: folder.state).workstation
      await #expect(throws: AgentFault.alreadyEnrolled) { try await enrol(server) }
      #expect(server.requests.count == 1, "the code must not be used up")
      try await enrol(server, replacing: true)
      #expect(try AgentState(reading: folder.state).workstation != first)
    }
  }

  @Test("a certificate for another key, another name, or without the pinned authority leaves nothing behind")
  func unfitting() async throws {
    let stranger = try TestAuthority("stranger")
    try await serving(ownKey: false) { server in
      await #expect(throws: AgentFault.disagreement(.certificate)) { try await enrol(server) }
    }
    try await serving(segment: "mynumber") { server in
      await #expect(throws: AgentFault.disagreement(.certificate)) { try await enrol(server) }
    }
    try await serving(roots: [stranger.certificate]) { server in
      await #expect(throws: AgentFault.disagreement(.certificate)) { try await enrol(server) }
    }
    #expect(throws: AgentFault.notEnrolled) { _ = try AgentState(reading: folder.state) }
  }

  @Test("the code never leaves when the authority is not the one that was printed")
  func wrongPin() async throws {
    try await serving { server in
      await #expect(throws: AgentFault.server(.tlsRefused(.serverUntrusted))) {
        try await enrol(server, pin: [UInt8](repeating: 1, count: 32))
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test("a refused code is told with the server's own words")
  func refused() async throws {
    let body = ErrorBody(.enrolmentRefused, reference: nil)
    try await serving(refusal: body) { server in
      await #expect(throws: AgentFault.server(.refused(body))) { try await enrol(server) }
    }
  }

  @Test(
    "codes that cannot have been printed are not sent",
    arguments: ["abc", "a b c d", "日本語のコード", String(repeating: "a", count: 129)])
  func oddCodes(code: String) async throws {
    try await serving { server in
      await #expect(throws: AgentFault.badInput(expected: "the enrolment code as it was printed")) {
        try await enrol(server, code: code)
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test("renewal changes key and certificate at once, proven by the old key")
  func renewal() async throws {
    try await serving { server in
      try await enrol(server)
      let old = try AgentState(reading: folder.state).workstation
      let renewed = try await Enrolment(state: folder.state, surroundings: clock.surroundings).renew()
      #expect(renewed != old)
      #expect(try AgentState(reading: folder.state).workstation == renewed)
      let body = try #require(server.requests.last?.body)
      let message = try JSONDecoder().decode(WorkstationRenewalRequest.self, from: Data(body.utf8))
      let proof = try P256.Signing.ECDSASignature(derRepresentation: try #require(message.proof))
      let key = try #require(P256.Signing.PublicKey(try Certificate(derEncoded: old.certificate).publicKey))
      #expect(
        key.isValidSignature(proof, for: Data(VaultRenewal.message(certificateRequest: Array(message.certificateRequest)))))
    }
  }

  @Test("a running watch renews by itself near the end, and says so")
  func renewsItself() async throws {
    try await serving { server in
      let old = try await enrol(server)
      // An hour before the certificate's end, on this machine's clock.
      clock.advance(milliseconds: old.notAfter - 3_600_000 - clock.now.wallMilliseconds)
      let state = try AgentState(reading: folder.state)
      let said = Mutex<[AgentMessage]>([])
      let watch = WatchService(
        state: state, servers: try await state.connections(), surroundings: clock.surroundings, lockCommand: nil,
        say: { message in said.withLock { $0.append(message) } })
      let running = Task { try await watch.run() }
      for _ in 0..<200 where !said.withLock({ $0.contains(.renewed(workstation: "LGWAN-PC-0042")) }) {
        try await Task.sleep(for: .milliseconds(50))
      }
      await watch.stop()
      try await running.value
      #expect(said.withLock { $0.contains(.renewed(workstation: "LGWAN-PC-0042")) })
      #expect(try AgentState(reading: folder.state).workstation != old)
      #expect(server.requests.filter { $0.path == "/v1/workstation/renewal" }.count == 1)
    }
  }

  @Test("a renewal for another segment is refused and the old files stay")
  func movedRenewal() async throws {
    try await serving { server in try await enrol(server) }
    let before = try Data(contentsOf: URL(fileURLWithPath: "\(folder.state)/identity.pem"))
    try await serving(segment: "mynumber") { server in
      let settings = "{\"allowTLS12\":false,\"servers\":[\"https://127.0.0.1:\(server.port)\"]}"
      try Data(settings.utf8).write(to: URL(fileURLWithPath: "\(folder.state)/agent.json"))
      chmod("\(folder.state)/agent.json", 0o600)
      await #expect(throws: AgentFault.disagreement(.certificate)) {
        _ = try await Enrolment(state: folder.state, surroundings: clock.surroundings).renew()
      }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder.state)/identity.pem")) == before)
  }

  @Test("what others can read or change is not used", arguments: ["", "identity.pem", "roots.pem", "agent.json"])
  func permissions(name: String) async throws {
    try await serving { server in try await enrol(server) }
    let path = name.isEmpty ? folder.state : "\(folder.state)/\(name)"
    for extra in [0o040, 0o004, 0o020, 0o002, 0o010] {
      chmod(path, mode_t((name.isEmpty ? 0o700 : 0o600) | extra))
      #expect(throws: AgentFault.unsafeState(file: name.isEmpty ? folder.state : name)) {
        _ = try AgentState(reading: folder.state)
      }
    }
    chmod(path, name.isEmpty ? 0o700 : 0o600)
    #expect(throws: Never.self) { _ = try AgentState(reading: folder.state) }
  }

  @Test("a link, a missing file, a file of rubbish and an endless one", arguments: ["identity.pem", "roots.pem", "agent.json"])
  func damage(name: String) async throws {
    try await serving { server in try await enrol(server) }
    let path = "\(folder.state)/\(name)"
    try FileManager.default.moveItem(atPath: path, toPath: "\(folder.path)/elsewhere")
    #expect(throws: AgentFault.notEnrolled) { _ = try AgentState(reading: folder.state) }
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "\(folder.path)/elsewhere")
    #expect(throws: AgentFault.unsafeState(file: name)) { _ = try AgentState(reading: folder.state) }
    for content in [Data(), Data("rubbish".utf8), Data(repeating: 0xFF, count: 100), Data(repeating: 0x61, count: 70_000)] {
      unlink(path)
      try content.write(to: URL(fileURLWithPath: path))
      chmod(path, 0o600)
      #expect(throws: AgentFault.damagedState(file: name)) { _ = try AgentState(reading: folder.state) }
    }
  }

  @Test("no folder: not enrolled")
  func nothing() { #expect(throws: AgentFault.notEnrolled) { _ = try AgentState(reading: "\(folder.path)/none") } }
}
