import AuthAPI
public import AuthClient
public import AuthTerms
import Crypto
import Foundation

/// What an administrator typed: a one-time code. Not a secret of a person, but good for one certificate.
public enum EnrolmentCodeText {}

/// Makes this machine a workstation, and keeps it one.
public struct Enrolment: Sendable {
  private let path: String
  private let surroundings: Surroundings

  public init(state path: String, surroundings: Surroundings) {
    self.path = path
    self.surroundings = surroundings
  }

  /// Makes a key that never leaves this machine, asks the enrolment listener for its certificate, and stores both.
  ///
  /// - Parameters:
  ///   - server: the enrolment listener.
  ///   - services: where the agent will log on later; at least one.
  ///   - authority: SHA-256 of the instance's authority, as the administrator printed it beside the code.
  /// - Throws: `alreadyEnrolled` unless `replacing`; `disagreement(.certificate)` if the answer is not for the key just made
  ///   or does not come from the pinned authority.
  public func enrol(
    at server: ServerAddress, services: [ServerAddress], code: Secret<EnrolmentCodeText>,
    authority: CertificateFingerprint, allowTLS12: Bool, replacing: Bool
  ) async throws(AgentFault) -> EnrolledWorkstation {
    let folder = try StateFolder.create(path)
    guard replacing || !folder.exists("identity.pem") else { throw .alreadyEnrolled }
    let key = try makeKey()
    guard let request = try? PKCS10.request(for: key) else { throw .disagreement(.certificate) }
    let text = code.withBytes { String(validating: $0, as: UTF8.self) }
    guard let text, (4...128).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .badInput(expected: "the enrolment code as it was printed")
    }
    let issued: WorkstationCertificateIssued
    do {
      var settings = ClientSettings()
      settings.allowTLS12 = allowTLS12
      let connection = try await ServerConnection(
        to: server, trust: .authority(authority), identity: nil, settings: settings)
      defer { connection.close() }
      issued = try await connection.call(
        "POST", "/v1/enrolment/workstations",
        WorkstationEnrolmentRequest(code: text, certificateRequest: Data(request)))
    } catch {
      throw .server(error)
    }
    let workstation = try accept(issued, for: key)
    // The authority that was pinned must be among the roots, else a middle-man could leave its own behind.
    let roots = issued.trustRoots.map { Array($0) }
    guard (1...8).contains(roots.count), roots.contains(where: { Array(SHA256.hash(data: $0)) == authority.bytes }) else {
      throw .disagreement(.certificate)
    }
    try AgentState.write(
      to: path, keyPEM: Self.pem(key), certificate: workstation.certificate, roots: roots, servers: services,
      allowTLS12: allowTLS12)
    return workstation
  }

  /// Gets a new certificate for a new key, over the present one. The files are replaced only when the answer fits.
  public func renew() async throws(AgentFault) -> EnrolledWorkstation {
    let state = try AgentState(reading: path)
    let servers = try await state.connections()
    defer { servers.close() }
    let key = try makeKey()
    let current = state.key.withBytes { try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: $0, as: UTF8.self)) }
    guard let current else { throw .damagedState(file: "identity.pem") }
    guard let request = try? PKCS10.request(for: key),
      let proof = try? current.signature(for: VaultRenewal.message(certificateRequest: request))
    else { throw .disagreement(.certificate) }
    let message = WorkstationRenewalRequest(certificateRequest: Data(request), proof: proof.derRepresentation)
    let issued: WorkstationCertificateIssued
    do {
      issued = try await servers.withServer { connection throws(ClientFault) in
        try await connection.call("POST", "/v1/workstation/renewal", message)
      }
    } catch {
      throw .server(error)
    }
    let renewed = try accept(issued, for: key)
    guard renewed.workstation == state.workstation.workstation, renewed.segment == state.workstation.segment,
      renewed.instance == state.workstation.instance
    else { throw .disagreement(.workstation) }
    try AgentState.writeIdentity(
      try StateFolder(checking: path), keyPEM: Self.pem(key), certificate: renewed.certificate)
    // A running watch would go on with the certificate that ends now. If it does not answer, its next restart helps.
    _ = try? await WatchSocket.ask(WatchCommand(.reload), folder: path)
    return renewed
  }

  private func accept(
    _ issued: WorkstationCertificateIssued, for key: P256.Signing.PrivateKey
  ) throws(AgentFault) -> EnrolledWorkstation {
    let certificate = Array(issued.certificate)
    guard let workstation = try? EnrolledWorkstation(certificate: certificate),
      workstation.workstation.text == issued.workstation, workstation.segment.name == issued.segment,
      certificate.firstRange(of: Array(key.publicKey.derRepresentation)) != nil
    else { throw .disagreement(.certificate) }
    return workstation
  }

  /// A P-256 key out of the random source; of 2^256 numbers fewer than one in 2^32 is no key, so the second try never comes.
  private func makeKey() throws(AgentFault) -> P256.Signing.PrivateKey {
    for _ in 0..<4 {
      if let key = try? P256.Signing.PrivateKey(rawRepresentation: surroundings.random(32)) { return key }
    }
    throw .badInput(expected: "a random source")
  }

  private static func pem(_ key: P256.Signing.PrivateKey) -> Secret<KeyMaterial> {
    Secret(copying: (key.pemRepresentation + "\n").utf8)
  }
}
