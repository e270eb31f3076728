import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing
import Synchronization

/// A vault in memory behind a server that a test scripts: it opens what is sealed to it, counts versions, seals to the session, signs.
///
/// It believes every act: what the real one checks is tested there.
final class MemoryVault: Sendable {
  struct Version: Equatable {
    var number: UInt64
    var password: String
    var state: String
  }

  struct Contents {
    var keys: SessionKeys?
    /// The newest first.
    var versions: [String: [Version]] = [:]
    var handedOver: [String: UInt64] = [:]
    var acts: [String] = []
    /// Of the next act of a kind; some only once something was kept.
    var refusals: [SessionAct.Kind: (body: ErrorBody, afterCapture: Bool)] = [:]
    /// Says that it keeps what it does not keep.
    var isForgetful = false
    /// What it keeps instead of what it is given.
    var keepsInstead: String?
    var setAt: Int64 = 0
    /// What the server says besides the definition.
    var owners: [OwnerOffer]?
    var unpublished: [String]?
    /// Whose, of each act; `-` for one's own.
    var askedOwners: [String] = []
  }

  static let user = "sato.hanako"
  let contents = Mutex(Contents())
  let definition: ApplicationDefinition
  private let ticket = Curve25519.Signing.PrivateKey()
  private let intake: SealingKey
  private let instance: InstanceID
  private let keysSignature: [UInt8]
  private let authority: [UInt8]

  init(_ definition: ApplicationDefinition, instance: String, authority: TestAuthority) throws {
    self.definition = definition
    self.instance = try InstanceID(parsing: instance)
    self.authority = authority.certificate
    let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    intake = try SealingKey(.x25519, seed: Secret(copying: seed))
    let keys = VaultPublicKeys(
      checkpointVerifier: "v", ticket: Array(ticket.publicKey.rawRepresentation), intakeSuite: intake.suite.rawValue,
      intake: intake.publicKey)
    keysSignature = try authority.sign(keys.message(instance: self.instance))
  }

  func keep(_ password: String, state: String = "current", account: String = "") {
    contents.withLock { contents in
      let number = (contents.versions[account]?.first?.number ?? 0) + 1
      contents.versions[account, default: []].insert(Version(number: number, password: password, state: state), at: 0)
    }
  }

  func versions(_ account: String = "") -> [Version] { contents.withLock { $0.versions[account] ?? [] } }
  var acts: [String] { contents.withLock { $0.acts } }

  /// The routes of the server that lead to it; nil for another one.
  func reply(_ seen: TestServer.Seen) throws -> TestServer.Reply? {
    switch seen.path {
    case "/v1/applications":
      let (owners, unpublished) = contents.withLock { ($0.owners, $0.unpublished) }
      return try json(
        ApplicationsMessage(definitions: [Data(definition.canonicalBytes)], owners: owners, unpublished: unpublished))
    case "/v1/vault/keys":
      let keys = VaultPublicKeys(
        checkpointVerifier: "v", ticket: Array(ticket.publicKey.rawRepresentation), intakeSuite: intake.suite.rawValue,
        intake: intake.publicKey, signature: keysSignature)
      return try json(VaultKeysMessage(instance: instance.text, keys: keys, authority: authority))
    case "/v1/sessions/s-1/acts":
      let message = try JSONDecoder().decode(SessionActMessage.self, from: Data(seen.body.utf8))
      let act = try SessionAct(canonicalBytes: Array(message.act))
      return try contents.withLock { try carryOut(act, &$0) }
    default: return nil
    }
  }

  private func carryOut(_ act: SessionAct, _ contents: inout Contents) throws -> TestServer.Reply {
    contents.acts.append(
      "\(act.kind.rawValue.dropFirst("credential.".count)) \(act.account)"
        + (act.kind == .report ? " " + String(decoding: act.content, as: UTF8.self) : ""))
    contents.askedOwners.append(act.owner?.text ?? "-")
    let hasCaptured = contents.acts.contains { $0.hasPrefix("capture") }
    if let refusal = contents.refusals[act.kind], hasCaptured || !refusal.afterCapture {
      contents.refusals[act.kind] = nil
      return .json(403, String(decoding: try JSONEncoder().encode(refusal.body), as: UTF8.self))
    }
    var versions = contents.versions[act.account] ?? []
    defer { contents.versions[act.account] = versions }
    switch act.kind {
    case .release:
      guard let found = versions.first(where: { $0.state != "refused" }), let keys = contents.keys else {
        return .json(
          403, String(decoding: try JSONEncoder().encode(ErrorBody(.credentialWrong, reference: nil)), as: UTF8.self))
      }
      contents.handedOver[act.account] = found.number
      return try json(SessionActAnswer(sealed: Data(seal(found, act, keys, setAt: contents.setAt))))
    case .capture:
      let message = try IntakeMessage(decoding: act.content)
      let plaintext = try intake.open(
        SealedMessage(encapsulated: message.encapsulated, ciphertext: message.ciphertext),
        info: IntakeMessage.info(suite: intake.suite.rawValue, key: message.key),
        associatedData: IntakeMessage.associatedData(
          instance: instance, person: PersonID(parsing: "p-1"), application: act.application, account: act.account),
        as: ApplicationPassword.self)
      let password = try StoredCredential(plaintext: plaintext).password.withBytes { String(decoding: $0, as: UTF8.self) }
      let number = (versions.first?.number ?? 0) + 1
      contents.handedOver[act.account] = number
      if !contents.isForgetful {
        versions.insert(
          Version(number: number, password: contents.keepsInstead ?? password, state: "unconfirmed"), at: 0)
      }
    case .report:
      guard let number = contents.handedOver[act.account], let place = versions.firstIndex(where: { $0.number == number })
      else { break }
      let word = String(decoding: act.content, as: UTF8.self)
      versions[place].state = word == "accepted" ? "current" : word
      if word == "accepted" { versions.removeSubrange((place + 1)...) }
    }
    return try json(SessionActAnswer(sealed: nil))
  }

  private func seal(_ version: Version, _ act: SessionAct, _ keys: SessionKeys, setAt: Int64) throws -> [UInt8] {
    let hash = [UInt8](repeating: 7, count: 32)
    let fingerprint = try KeyFingerprint(parsing: Array(SHA256.hash(data: ticket.publicKey.rawRepresentation)))
    guard let suite = SealingSuite(rawValue: keys.suite) else { throw MalformedInput("suite", expected: "a known one") }
    let statement = ReleaseStatement(
      instance: instance, vaultKey: fingerprint, suite: keys.suite, ticket: Array(SHA256.hash(data: act.canonicalBytes)),
      person: try PersonID(parsing: "p-1"), owner: try act.owner ?? PersonID(parsing: "p-1"), keys: act.keys,
      workstationCertificate: try CertificateFingerprint(parsing: hash),
      application: act.application, account: act.account, version: version.number,
      definition: Array(SHA256.hash(data: definition.canonicalBytes)), authorised: hash, setAt: setAt,
      expiresAt: act.issuedAt + 60_000
    ).canonicalBytes
    let credential = try StoredCredential(user: Self.user, password: Secret(copying: Array(version.password.utf8)))
    let sealed = try suite.seal(
      credential.plaintext, to: Array(keys.sealing), info: ReleaseStatement.info(suite: keys.suite, vaultKey: fingerprint),
      associatedData: statement)
    let message = SealedRelease.message(
      statement: statement, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext)
    return SealedRelease(
      statement: statement, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext,
      signature: Array(try ticket.signature(for: message))
    ).encoded
  }

  private func json(_ value: some Encodable) throws -> TestServer.Reply {
    .json(200, String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
  }
}
