import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation

/// What the vault is asked for in a session's name, and what has to be true of its answers.
///
/// The server between carries what it cannot open; the definition of an application, which says where a password is typed, comes
/// from it as well and counts only if the vault's signed statement names it.
struct ReleaseClient: Sendable {
  let servers: ServerList
  let workstation: EnrolledWorkstation
  /// DER, pinned at enrolment.
  let roots: [[UInt8]]
  let surroundings: Surroundings

  /// A session, its keys, and what its card signed.
  struct Session: Sendable {
    let opened: SessionOpened
    let keyring: SessionKeyring
    let evidence: SessionEvidence?
    /// Milliseconds that the server's clock is before this machine's.
    let clockSkew: Int64
  }

  /// Something for one account at one application.
  struct Wish: Sendable {
    let kind: SessionAct.Kind
    let application: ApplicationID
    let account: String
    /// Whose credential, if not the session's own person's.
    var owner: PersonID?
    var content: [UInt8] = []
  }

  /// Applications of this workstation's segment as the server tells of them; not believed yet.
  func definitions() async throws(AgentFault) -> [ApplicationDefinition] { try definitions(of: await offered()) }

  func offered() async throws(AgentFault) -> ApplicationsMessage { try await fetch("/v1/applications") }

  func definitions(of message: ApplicationsMessage) throws(AgentFault) -> [ApplicationDefinition] {
    var definitions: [ApplicationDefinition] = []
    for bytes in message.definitions {
      guard let definition = try? ApplicationDefinition(canonicalBytes: Array(bytes)),
        definition.segments.contains(workstation.segment)
      else { throw .vaultUntrusted(.definition) }
      definitions.append(definition)
    }
    return definitions
  }

  /// The vault's keys, if an authority that is pinned here signed them.
  func keys() async throws(AgentFault) -> VaultPublicKeys {
    let message: VaultKeysMessage = try await fetch("/v1/vault/keys")
    let keys = message.keys
    guard message.instance == workstation.instance, let instance = try? InstanceID(parsing: message.instance),
      keys.areSigned(for: instance, byOneOf: roots)
    else { throw .vaultUntrusted(.keys) }
    return keys
  }

  /// - Returns: what was sealed, for a release.
  func carryOut(_ wish: Wish, _ session: Session) async throws(AgentFault) -> SealedRelease? {
    let path = "/v1/sessions/\(session.opened.session)/acts"
    var shows = false
    while true {
      let message = try message(wish, session, shows: shows)
      do {
        let answer: SessionActAnswer = try await servers.withServer { connection throws(ClientFault) in
          try await connection.call("POST", path, message)
        }
        guard let sealed = answer.sealed else { return nil }
        guard let release = try? SealedRelease(decoding: Array(sealed)) else { throw AgentFault.vaultUntrusted(.release) }
        return release
      } catch let fault as ClientFault {
        // Asked for once in a session's life, and after the vault has forgotten it.
        guard case .refused(let body) = fault, body.code == DenialCode.releaseNotProven.rawValue, !shows,
          session.evidence != nil
        else { throw .server(fault) }
        shows = true
      } catch let fault as AgentFault {
        throw fault
      } catch { throw .server(.interrupted) }
    }
  }

  private func message(_ wish: Wish, _ session: Session, shows: Bool) throws(AgentFault) -> SessionActMessage {
    let act: SessionAct
    do {
      act = try SessionAct(
        kind: wish.kind, keys: session.keyring.hash, workstation: workstation.workstation, application: wish.application,
        account: wish.account, owner: wish.owner, nonce: surroundings.random(32),
        issuedAt: surroundings.now().wallMilliseconds - session.clockSkew, content: wish.content)
    } catch { throw .badInput(expected: error.expected) }
    guard let signature = session.keyring.sign(act) else { throw .sessionKeyGone }
    return SessionActMessage(
      act: Data(act.canonicalBytes), signature: Data(signature),
      evidence: shows ? session.evidence.map { Data($0.encoded) } : nil)
  }

  /// The credential in a release, if the vault signed it for this session, this application and this definition of it.
  func open(
    _ release: SealedRelease, _ wish: Wish, of definition: ApplicationDefinition, _ session: Session, keys: VaultPublicKeys
  ) throws(AgentFault) -> (StoredCredential, ReleaseStatement) {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: keys.ticket),
      key.isValidSignature(release.signature, for: release.message),
      let statement = try? ReleaseStatement(canonicalBytes: release.statement),
      statement.instance.text == workstation.instance, statement.vaultKey.bytes == Array(SHA256.hash(data: keys.ticket)),
      statement.suite == session.keyring.publicKeys.suite, statement.keys == session.keyring.hash,
      statement.person.text == session.opened.person,
      statement.owner.text == wish.owner?.text ?? session.opened.person, statement.application == wish.application,
      statement.account == wish.account,
      surroundings.now().wallMilliseconds - session.clockSkew < statement.expiresAt + SessionAct.freshness
    else { throw .vaultUntrusted(.release) }
    guard statement.definition == Array(SHA256.hash(data: definition.canonicalBytes)) else {
      throw .vaultUntrusted(.definition)
    }
    do { return (try session.keyring.open(release, statement), statement) } catch { throw .vaultUntrusted(.release) }
  }

  /// Seals a credential that was typed here to the vault, for its owner and one account.
  /// - Parameter person: whose session is open.
  func seal(
    _ credential: StoredCredential, _ wish: Wish, person: String, keys: VaultPublicKeys
  ) throws(AgentFault) -> [UInt8] {
    do {
      return try IntakeMessage.seal(
        credential, to: keys, instance: InstanceID(parsing: workstation.instance),
        person: wish.owner ?? PersonID(parsing: person), application: wish.application, account: wish.account
      ).encoded
    } catch { throw .vaultUntrusted(.keys) }
  }

  private func fetch<Answer: Decodable & Sendable>(_ path: String) async throws(AgentFault) -> Answer {
    do {
      return try await servers.withServer { connection throws(ClientFault) in
        try await connection.fetch(path, returning: Answer.self)
      }
    } catch { throw .server(error) }
  }
}
