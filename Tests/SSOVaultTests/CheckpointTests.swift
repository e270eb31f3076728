import AuditLog
import AuthAPI
import AuthTerms
import SSOVault
import Sealing
import Testing

@Suite("a checkpoint is signed only if it extends the last one")
struct CheckpointTests {
  /// A log in memory.
  struct Log: TreeStore {
    var nodes: [Int: [UInt64: TreeHash]] = [:]
    func treeSize() throws(MalformedInput) -> UInt64 { UInt64(nodes[0]?.count ?? 0) }
    func treeNode(level: Int, index: UInt64) throws(MalformedInput) -> TreeHash {
      guard let hash = nodes[level]?[index] else { throw MalformedInput("node", expected: "one that is there") }
      return hash
    }
    mutating func storeTreeNode(_ hash: TreeHash, level: Int, index: UInt64) throws(MalformedInput) {
      nodes[level, default: [:]][index] = hash
    }

    init(rows: Int, changed: Int? = nil) throws {
      for row in 0..<rows { try MerkleTree.append(.leaf(Array("row \(row)\(row == changed ? "!" : "")".utf8)), to: &self) }
    }

    func request(from old: UInt64, to size: UInt64) throws -> CheckpointRequest {
      CheckpointRequest(
        size: size, root: try MerkleTree.root(of: size, in: self)?.bytes ?? [], oldSize: old,
        proof: try MerkleTree.consistencyProof(from: old, to: size, in: self)?.path.map(\.bytes) ?? [])
    }
  }

  let office: Office
  let log: Log
  init() throws {
    office = try Office()
    try office.begin(with: Clerk("sato"))
    log = try Log(rows: 40)
  }

  private func verifier() throws -> NoteVerifier {
    guard case .publicKeys(let keys) = office.ask(.publicKeys) else { throw Office.Unexpected() }
    return try NoteVerifier(vkey: keys.checkpointVerifier)
  }

  @Test("a growing log gets a note each time, signed by the published key")
  func grows() throws {
    var old: UInt64 = 0
    for size: UInt64 in [1, 2, 3, 7, 8, 9, 31, 40] {
      guard case .checkpoint(let text) = office.ask(.signCheckpoint(try log.request(from: old, to: size))) else {
        Issue.record("refused at \(size)")
        return
      }
      let note = try SignedNote(parsing: text)
      #expect(try verifier().verifies(note))
      let checkpoint = try Checkpoint(parsing: note.text)
      #expect(
        try checkpoint.size == size && checkpoint.origin == "sanmon/lgwan-1"
          && checkpoint.root == MerkleTree.root(of: size, in: log))
      old = size
    }
    #expect(try office.status().checkpointSize == 40)
    #expect(try office.status().alarms == 0)
  }

  @Test("asking again for the same checkpoint gives the same note, also after a restart")
  func again() throws {
    let request = VaultRequest.signCheckpoint(try log.request(from: 0, to: 10))
    let first = office.ask(request)
    #expect(office.ask(request) == first)
    #expect(try office.reopen().handle(request, from: Office.server, peers: Office.peers) == first)
  }

  @Test("another history is refused and counted, and the count outlives a restart")
  func contradicts() throws {
    _ = office.ask(.signCheckpoint(try log.request(from: 0, to: 10)))
    let other = try Log(rows: 40, changed: 4)
    // Same size, other root; a rewritten row below the old size; a shorter log.
    #expect(office.refusal(.signCheckpoint(try other.request(from: 0, to: 10))) == "V130")
    #expect(office.refusal(.signCheckpoint(try other.request(from: 10, to: 20))) == "V130")
    #expect(office.refusal(.signCheckpoint(try log.request(from: 0, to: 9))) == "V130")
    #expect(try office.status().alarms == 3)
    guard case .status(let status) = try office.reopen().handle(.status, from: Office.server, peers: Office.peers) else {
      return
    }
    #expect(status.alarms == 3 && status.checkpointSize == 10)
    // The honest log goes on.
    #expect(office.refusal(.signCheckpoint(try log.request(from: 10, to: 20))) == "answered")
  }

  @Test("the proof must start where the last signature ended, and be exact")
  func proofs() throws {
    _ = office.ask(.signCheckpoint(try log.request(from: 0, to: 10)))
    #expect(office.refusal(.signCheckpoint(try log.request(from: 9, to: 20))) == "V131")
    var request = try log.request(from: 10, to: 20)
    request.proof.removeLast()
    #expect(office.refusal(.signCheckpoint(request)) == "V130")
    request = try log.request(from: 10, to: 20)
    request.proof.append(request.proof[0])
    #expect(office.refusal(.signCheckpoint(request)) == "V130")
    request = try log.request(from: 10, to: 20)
    request.root[31] ^= 1
    #expect(office.refusal(.signCheckpoint(request)) == "V130")
    #expect(
      office.refusal(.signCheckpoint(CheckpointRequest(size: .max, root: request.root, oldSize: 10, proof: []))) == "V104")
    #expect(try office.status().checkpointSize == 10)
  }

  @Test("the first checkpoint starts from nothing")
  func first() throws {
    #expect(office.refusal(.signCheckpoint(try log.request(from: 3, to: 10))) == "V131")
    let root = try log.request(from: 0, to: 1).root
    #expect(office.refusal(.signCheckpoint(CheckpointRequest(size: 0, root: root, oldSize: 0, proof: []))) == "V131")
    #expect(
      office.refusal(.signCheckpoint(CheckpointRequest(size: 0, root: TreeHash.empty.bytes, oldSize: 0, proof: [])))
        == "answered")
    #expect(office.refusal(.signCheckpoint(try log.request(from: 0, to: 10))) == "answered")
  }

  @Test("each signed checkpoint has a row here; the head and the releases behind a size are told, to servers alone")
  func witness() throws {
    func witness(from: UInt64) throws -> VaultWitness {
      guard case .witness(let witness) = office.ask(.witness(from: from)) else { throw Office.Unexpected() }
      return witness
    }
    let before = try witness(from: 0)
    #expect(before.size == before.end && before.others == before.size && before.root.count == 32 && before.rootBefore.isEmpty)
    _ = office.ask(.signCheckpoint(try log.request(from: 0, to: 3)))
    let after = try witness(from: before.size)
    #expect(after.size == before.size + 1 && after.rootBefore == before.root && after.others == 0 && after.releases.isEmpty)
    // The same checkpoint again is the same note, and no row.
    _ = office.ask(.signCheckpoint(try log.request(from: 0, to: 3)))
    #expect(try witness(from: 0).size == after.size)
    let beyond = try witness(from: after.size + 1)
    #expect(beyond.rootBefore.isEmpty && beyond.end == after.size && beyond.others == 0)
    #expect(try witness(from: .max).rootBefore.isEmpty)
    #expect(office.refusal(.witness(from: 0), from: Office.desk) == "V103")
  }

  @Test(
    "a snapshot of the directory is signed as nothing else is, for servers alone, with a row; before initialisation not at all")
  func snapshots() throws {
    let hash = [UInt8](repeating: 7, count: 32)
    let before = try office.status().logSize
    guard case .snapshotSignature(let signature) = office.ask(.signSnapshot(hash: hash)) else {
      Issue.record("not signed")
      return
    }
    let key = try SnapshotKey(bytes: verifier().publicKey)
    #expect(key.verifies(signature, instance: office.instance.text, hash: hash))
    #expect(try office.status().logSize == before + 1)
    guard case .backupSignature(let note) = office.ask(.signBackup(hash: hash)) else { return }
    let other = try SignedNote(parsing: note).signatures[0].signature
    #expect(!key.verifies(other, instance: office.instance.text, hash: hash))
    #expect(office.refusal(.signSnapshot(hash: hash), from: Office.desk) == "V103")
    #expect(try Office().refusal(.signSnapshot(hash: hash)) == "V101")
  }
}
