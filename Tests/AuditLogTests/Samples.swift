import AuditLog
import AuthTerms
import Crypto

/// Deterministic numbers, so that a failing case can be run again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

enum Samples {
  static func bytes(_ byte: UInt8, _ count: Int = 32) -> [UInt8] { [UInt8](repeating: byte, count: count) }

  /// Every field set.
  static func full() throws -> AuditRecord {
    var record = AuditRecord(time: 1_700_000_000_000, eventClass: .ceremony, action: "logon", outcome: .denied)
    record.person = try PersonID(parsing: "p1")
    record.workstation = try WorkstationID(parsing: "LGWAN-PC-0042")
    record.workstationCertificate = try CertificateFingerprint(parsing: bytes(1))
    record.segment = .lgwan
    record.scenario = .logon
    record.session = try SessionID(parsing: "s1")
    record.card = try CardID(parsing: "c1")
    record.factors = ["card", "pin"]
    record.proofClass = .publicKeyWithPIN
    record.assurance = .aal3
    record.code = .cardLost
    record.rule = RuleID(file: "lgwan.yaml", line: 12)
    record.policyVersion = try PolicyVersion(parsing: bytes(2))
    record.reference = try Reference(number: 482_913)
    record.latencyMilliseconds = 35
    record.waivers = ["introduction"]
    record.note = "失効"
    return record
  }

  static func row(_ number: Int) -> AuditRecord {
    var record = AuditRecord(time: Int64(number), eventClass: .session, action: "lock", outcome: .done)
    record.note = "row \(number)"
    return record
  }

  static func log(_ size: Int) throws -> [StoredRow] {
    try (0..<size).map { number in
      let encoded = try RecordEncoding.encode(row(number))
      return StoredRow(sequence: UInt64(number), encoded: encoded, hash: TreeHash.leaf(encoded).bytes)
    }
  }

  static func root(of rows: some Sequence<StoredRow>) -> TreeHash {
    var frontier = Frontier()
    for row in rows { frontier.append(TreeHash.leaf(row.encoded)) }
    return frontier.root
  }

  static let origin = "sanmon.city.example/lgwan"
  static let keyBytes = Array(UInt8(0)..<32)

  static func signer(seed: UInt8 = 0, name: String = origin) throws -> NoteSigner {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: keyBytes.map { $0 &+ seed })
    let verifier = try NoteVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation))
    return NoteSigner(verifier: verifier) { Array(try key.signature(for: $0)) }
  }

  static func kept(
    _ rows: [StoredRow], _ source: String = "database", size: Int? = nil, seed: UInt8 = 0, origin: String = origin
  ) async throws -> KeptCheckpoint {
    let front = rows.prefix(size ?? rows.count)
    let checkpoint = try Checkpoint(origin: origin, size: UInt64(front.count), root: root(of: front))
    return KeptCheckpoint(source: source, note: try await signer(seed: seed).sign(checkpoint).encoded)
  }
}

/// The tree as a dictionary: the plainest store there is.
struct DictionaryTree: TreeStore {
  struct Missing: Error {}
  struct Place: Hashable {
    let level: Int
    let index: UInt64
  }
  var nodes: [Place: TreeHash] = [:]
  var size: UInt64 = 0

  func treeSize() throws(Missing) -> UInt64 { size }
  func treeNode(level: Int, index: UInt64) throws(Missing) -> TreeHash {
    guard let hash = nodes[Place(level: level, index: index)] else { throw Missing() }
    return hash
  }
  mutating func storeTreeNode(_ hash: TreeHash, level: Int, index: UInt64) throws(Missing) {
    // Stored once and never changed.
    guard nodes.updateValue(hash, forKey: Place(level: level, index: index)) == nil else { throw Missing() }
    if level == 0 { size += 1 }
  }
}

/// The definition of RFC 9162 §2.1.1, read aloud.
func naiveRoot(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
  if leaves.isEmpty { return Array(SHA256.hash(data: [UInt8]())) }
  if leaves.count == 1 { return Array(SHA256.hash(data: [0] + leaves[leaves.startIndex])) }
  var k = 1
  while k * 2 < leaves.count { k *= 2 }
  let middle = leaves.startIndex + k
  return Array(SHA256.hash(data: [1] + naiveRoot(leaves[..<middle]) + naiveRoot(leaves[middle...])))
}
