import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Synchronization
import VaultLink

/// The vault as the server sees it, in memory: signs a checkpoint only if it extends the last one, takes revocations, and has
/// nothing else to say. It outlives the server.
final class SimulatedVault: Vault {
  private struct State {
    var size: UInt64 = 0
    var root: [UInt8] = []
    var isAway = false
    var notes: [String] = []
  }
  private let key: Curve25519.Signing.PrivateKey
  let verifier: NoteVerifier
  private let state = Mutex(State())
  private static let origin = "sanmon.simulation/lgwan-1"

  init(key bytes: [UInt8]) throws {
    key = try Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    verifier = try NoteVerifier(name: Self.origin, publicKey: Array(key.publicKey.rawRepresentation))
  }

  /// What an auditor keeps elsewhere.
  var notes: [String] { state.withLock { $0.notes } }

  var isAway: Bool {
    get { state.withLock { $0.isAway } }
    set { state.withLock { $0.isAway = newValue } }
  }

  private func requirePresent() throws(VaultFault) {
    if isAway { throw .unreachable("simulated") }
  }

  func status() async throws(VaultFault) -> VaultStatus {
    try requirePresent()
    let (size, root) = state.withLock { ($0.size, $0.root) }
    return VaultStatus(
      isInitialised: true, instance: "lgwan-1", segments: ["lgwan"], hosts: ["127.0.0.1"], operators: 1, checkpointSize: size,
      checkpointRoot: root, alarms: 0, logSize: 0)
  }

  func signCheckpoint(_ request: CheckpointRequest) async throws(VaultFault) -> String {
    try requirePresent()
    do {
      let root = try TreeHash(parsing: request.root)
      let (size, former) = state.withLock { ($0.size, $0.root) }
      guard request.oldSize == size, request.size >= size else {
        throw VaultFault.refused(VaultRefusal(.checkpointNotExtending, "not from the last size"))
      }
      if size > 0 {
        let proof = ConsistencyProof(oldSize: size, newSize: request.size, path: try request.proof.map(TreeHash.init(parsing:)))
        guard proof.proves(try TreeHash(parsing: former), growsInto: root) else {
          throw VaultFault.refused(VaultRefusal(.checkpointContradicts, "not an extension"))
        }
      }
      let checkpoint = try Checkpoint(origin: Self.origin, size: request.size, root: root)
      let signature = Array(try key.signature(for: Array(checkpoint.text.utf8)))
      let note = try SignedNote(
        text: checkpoint.text,
        signatures: [NoteSignature(name: verifier.name, keyID: verifier.keyID, signature: signature)]
      ).encoded
      state.withLock { state in
        state.size = request.size
        state.root = request.root
        state.notes.append(note)
      }
      return note
    } catch let fault as VaultFault {
      throw fault
    } catch {
      throw .malformed("a checkpoint")
    }
  }

  func publicKeys() async throws(VaultFault) -> VaultPublicKeys {
    try requirePresent()
    return VaultPublicKeys(checkpointVerifier: verifier.vkey, ticket: [])
  }

  func revoke(_ act: SignedAct) async throws(VaultFault) { try requirePresent() }

  // What no simulated request comes to.
  func trustRoots() async throws(VaultFault) -> [[UInt8]] { throw .unreachable("not simulated") }
  func signServer(certificateRequest: [UInt8]) async throws(VaultFault) -> [UInt8] { throw .unreachable("not simulated") }
  func createEnrolmentCode(_ act: SignedAct) async throws(VaultFault) -> String { throw .unreachable("not simulated") }
  func signWorkstation(certificateRequest: [UInt8], code: String) async throws(VaultFault) -> IssuedWorkstation {
    throw .unreachable("not simulated")
  }
  func renewWorkstation(
    certificateRequest: [UInt8], current: [UInt8], proof: [UInt8]
  ) async throws(VaultFault) -> IssuedWorkstation { throw .unreachable("not simulated") }
  func registerOperator(_ registration: OperatorRegistration) async throws(VaultFault) -> OperatorID {
    throw .unreachable("not simulated")
  }
  func listOperators() async throws(VaultFault) -> [KnownOperator] { throw .unreachable("not simulated") }
  func openBackup() async throws(VaultFault) -> VaultBackup { throw .unreachable("not simulated") }
  func readBackup(offset: UInt64) async throws(VaultFault) -> [UInt8] { throw .unreachable("not simulated") }
  func signBackup(hash: [UInt8]) async throws(VaultFault) -> String { throw .unreachable("not simulated") }
  func signSnapshot(hash: [UInt8]) async throws(VaultFault) -> [UInt8] { throw .unreachable("not simulated") }
  func approveRestore(_ act: SignedAct) async throws(VaultFault) -> UInt64 { throw .unreachable("not simulated") }
  func templateKey(of person: PersonID, ring: UInt32) async throws(VaultFault) -> RingHalf {
    throw .unreachable("not simulated")
  }
  func registerCards(_ act: SignedAct, cards: [VaultCard]) async throws(VaultFault) { throw .unreachable("not simulated") }
  func listCards(after key: [UInt8]) async throws(VaultFault) -> [VaultCard] { throw .unreachable("not simulated") }
  func publishApplication(_ act: SignedAct) async throws(VaultFault) { throw .unreachable("not simulated") }
  func listApplications() async throws(VaultFault) -> [VaultApplication] { throw .unreachable("not simulated") }
  func setCredential(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) { throw .unreachable("not simulated") }
  func listCredentials(after place: String) async throws(VaultFault) -> [CredentialEntry] {
    throw .unreachable("not simulated")
  }
  func setDeputies(_ act: SignedAct) async throws(VaultFault) { throw .unreachable("not simulated") }
  func listDeputies(after place: String) async throws(VaultFault) -> [VaultDeputy] { throw .unreachable("not simulated") }
  func sessionAct(_ request: SessionActRequest) async throws(VaultFault) -> SealedRelease? {
    throw .unreachable("not simulated")
  }
  func resumeReleases(_ act: SignedAct) async throws(VaultFault) { throw .unreachable("not simulated") }
  func rotateKeys(_ act: SignedAct) async throws(VaultFault) { throw .unreachable("not simulated") }
  func beginCard(script: [UInt8], number: [UInt8]) async throws(VaultFault) -> CardExchangeAnswer {
    throw .unreachable("not simulated")
  }
  func stepCard(exchange: [UInt8], answers: [[UInt8]]) async throws(VaultFault) -> CardExchangeAnswer {
    throw .unreachable("not simulated")
  }
  func setCardKey(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) { throw .unreachable("not simulated") }
  func listCardKeys() async throws(VaultFault) -> [VaultCardKey] { throw .unreachable("not simulated") }
  func lookUp(_ request: LookUpRequest) async throws(VaultFault) -> LookUpAnswer? { throw .unreachable("not simulated") }
  func listKeys() async throws(VaultFault) -> [VaultKeyTerm] { throw .unreachable("not simulated") }
  func listAlarms(after number: UInt64) async throws(VaultFault) -> [VaultAlarm] { throw .unreachable("not simulated") }
  func seeAlarm(_ act: SignedAct) async throws(VaultFault) { throw .unreachable("not simulated") }
  func removeCardKey(_ act: SignedAct, cards: UInt64) async throws(VaultFault) { throw .unreachable("not simulated") }

  /// Nothing is released here, and there is no log.
  func witness(from: UInt64) async throws(VaultFault) -> VaultWitness {
    try requirePresent()
    return VaultWitness(size: 0, root: [], rootBefore: [], end: 0, releases: [], others: 0)
  }
}
