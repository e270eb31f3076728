import AuditLog
import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import SSOVault
import Sealing
import Testing

@Suite("the vault's copy leaves it sealed, is restored as a copy, and counts when administrators say so")
struct RestoreTests {
  let key: RecoveryKey
  let office: Office
  let sato: Clerk
  let log: CheckpointTests.Log

  init() throws {
    key = try RecoveryKey(random: Secret(count: 32) { $0[0] = 9 })
    office = try Office(recoveryKey: key.publicKey.text)
    sato = try Clerk("sato")
    try office.begin(with: sato)
    log = try CheckpointTests.Log(rows: 60)
  }

  // MARK: Words

  private func read(_ office: Office) throws -> [UInt8] {
    guard case .backup(let backup) = office.ask(.openBackup) else { throw Office.Unexpected() }
    var bytes: [UInt8] = []
    while true {
      guard case .backupPiece(let piece) = office.ask(.readBackup(offset: UInt64(bytes.count))) else {
        throw Office.Unexpected()
      }
      if piece.isEmpty { break }
      bytes += piece
    }
    #expect(UInt64(bytes.count) == backup.length && Array(SHA256.hash(data: bytes)) == backup.hash)
    #expect(backup.recipient == key.publicKey.bytes)
    return bytes
  }

  private func open(_ sealed: [UInt8]) throws -> (manifest: BackupManifest, note: SignedNote, database: [UInt8]) {
    var rest = sealed[...]
    func take(_ count: Int) -> [UInt8] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    var opener = try StreamOpener(
      header: take(SealedStream.headerLength), key: key, label: BackupManifest.streamLabel(.vault))
    var pieces: [[UInt8]] = []
    while !opener.isComplete {
      let (length, isLast) = try SealedStream.frame(take(SealedStream.frameHeaderLength))
      pieces.append(try opener.open(take(length), isLast: isLast))
    }
    #expect(rest.isEmpty)
    var reader = LengthPrefixedReader(pieces[0], subject: "front")
    return (
      try BackupManifest(canonicalBytes: reader.field()), try SignedNote(parsing: reader.text()), Array(pieces[1...].joined())
    )
  }

  /// A vault over what a backup held, in a folder of its own.
  private func restored(_ sealed: [UInt8]) throws -> VaultService {
    let folder = office.folder.appending(path: "restored-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    _ = FileManager.default.createFile(
      atPath: folder + "/vault.sqlite", contents: Data(try open(sealed).database), attributes: [.posixPermissions: 0o600])
    return try office.reopen(at: folder)
  }

  private func refusal(_ service: VaultService, _ request: VaultRequest) -> String {
    let answer = service.handle(request, from: Office.server, peers: Office.peers)
    if case .refused(let refusal) = answer { return refusal.code.rawValue }
    return "answered"
  }

  private func status(_ service: VaultService) throws -> VaultStatus {
    guard case .status(let status) = service.handle(.status, from: Office.server, peers: Office.peers) else {
      throw Office.Unexpected()
    }
    return status
  }

  private func root(_ size: UInt64) throws -> [UInt8] { try MerkleTree.root(of: size, in: log)?.bytes ?? [] }

  private func sign(to size: UInt64, from old: UInt64) throws {
    guard case .checkpoint = office.ask(.signCheckpoint(try log.request(from: old, to: size))) else {
      throw Office.Unexpected()
    }
  }

  private func approval(
    _ office: Office, epoch: UInt64 = 2, size: UInt64, head: UInt64, lost: UInt64? = nil,
    bend: ([String: String]) -> [String: String] = { $0 }
  ) throws -> Act {
    let parameters = RestoreApproval(
      epoch: epoch, size: size, root: try root(size), head: head, headRoot: try root(head), lost: lost ?? head - size
    ).parameters
    return try Act(
      kind: Act.Kind.approveRestore, operatorID: sato.id, instance: office.instance, nonce: Office.random(16),
      issuedAt: office.clock.now.wallMilliseconds, parameters: bend(parameters))
  }

  // MARK: The copy

  @Test("the sealed part holds a whole copy that the vault signed, and says that it is one")
  func copy() throws {
    try sign(to: 10, from: 0)
    let sealed = try read(office)
    let (manifest, note, database) = try open(sealed)
    #expect(manifest.part == .vault && manifest.instance == office.instance && manifest.epoch == 1)
    #expect(manifest.entries.map(\.name) == ["vault.sqlite"] && manifest.entries[0].length == UInt64(database.count))
    #expect(manifest.entries[0].hash == Array(SHA256.hash(data: database)))
    guard case .publicKeys(let keys) = office.ask(.publicKeys) else { return }
    #expect(try NoteVerifier(vkey: keys.checkpointVerifier).verifies(note))
    #expect(
      note.text
        == BackupSignature.text(instance: office.instance, hash: Array(SHA256.hash(data: manifest.canonicalBytes))))
    let names = try FileManager.default.contentsOfDirectory(atPath: office.state).sorted()
    #expect(names.contains("backup.sealed") && !names.contains { $0.hasPrefix("backup.copy") }, "\(names)")
    #expect(try !office.status().isRestored, "the original is no copy")
    _ = try office.reopen()
    #expect(try FileManager.default.contentsOfDirectory(atPath: office.state).allSatisfy { !$0.hasPrefix("backup") })
  }

  @Test("only the server may ask, only with a recovery key, and a piece only of an open backup")
  func refusals() throws {
    let hash = [UInt8](repeating: 0, count: 32)
    for request in [VaultRequest.openBackup, .readBackup(offset: 0), .signBackup(hash: hash), .signSnapshot(hash: hash)] {
      #expect(office.refusal(request, from: Office.desk) == "V103")
    }
    #expect(office.refusal(.readBackup(offset: 0)) == "V104", "none is open")
    let without = try Office()
    #expect(without.refusal(.openBackup) == "V101")
    try without.begin(with: sato)
    #expect(without.refusal(.openBackup) == "V142")
    #expect(throws: VaultStartFault.self) { try Office(recoveryKey: key.text) }
    #expect(throws: VaultStartFault.self) { try Office(recoveryKey: "recovery-1-") }
  }

  @Test("a restored copy signs nothing that lets anybody in, and the first administrator's code is dead in it")
  func waiting() throws {
    let tanaka = try Clerk("tanaka")
    try sign(to: 10, from: 0)
    let code = try office.code("LGWAN-PC-0042", by: sato)
    let workstation = P256.Signing.PrivateKey()
    let copy = try restored(read(office))
    #expect(try status(copy).isRestored)
    let request = try CertificateRequest.make(key: workstation)
    for refused in [
      VaultRequest.createEnrolmentCode(try office.enrolment(by: sato)),
      .signWorkstation(certificateRequest: request, code: code),
      .renewWorkstation(VaultRenewal(certificateRequest: request, current: [1])),
      .signCheckpoint(try log.request(from: 10, to: 20)), .openBackup, .readBackup(offset: 0),
      .signBackup(hash: [UInt8](repeating: 0, count: 32)), .signSnapshot(hash: [UInt8](repeating: 0, count: 32)),
      try office.firstRegistration(tanaka, code: code),
    ] { #expect(refusal(copy, refused) == "V140", "\(refused.kind)") }
    for allowed in [
      VaultRequest.trustRoots, .publicKeys, .listOperators, .signServer(certificateRequest: request),
      try office.register(tanaka, by: sato),
    ] { #expect(refusal(copy, allowed) == "answered", "\(allowed.kind)") }
  }

  // MARK: The approval

  @Test("an approved copy begins a new epoch at its head; codes that may have been used are void")
  func approved() throws {
    try sign(to: 10, from: 0)
    let code = try office.code("LGWAN-PC-0042", by: sato)
    let copy = try restored(read(office))
    #expect(refusal(copy, .approveRestore(try sato.sign(approval(office, size: 10, head: 10)))) == "answered")
    let after = try status(copy)
    #expect(!after.isRestored && after.epoch == 2 && after.checkpointSize == 10)
    #expect(after.bases == [EpochBase(epoch: 2, size: 10)])
    let request = try CertificateRequest.make(key: P256.Signing.PrivateKey())
    #expect(refusal(copy, .signWorkstation(certificateRequest: request, code: code)) == "V114")
    guard
      case .checkpoint(let note) = copy.handle(
        .signCheckpoint(try log.request(from: 10, to: 20)), from: Office.server, peers: Office.peers)
    else {
      Issue.record("nothing is signed")
      return
    }
    #expect(try Checkpoint(parsing: SignedNote(parsing: note).text).extensions == ["epoch 2"])
  }

  @Test("the vault that lives on goes back to a log that one of its backups had, and to no other")
  func back() throws {
    try sign(to: 10, from: 0)
    _ = try read(office)
    try sign(to: 30, from: 10)
    _ = try read(office)
    try sign(to: 40, from: 30)
    // Never backed up: 20 rows. Another head, an old epoch, fewer rows lost than there are.
    for wrong in [
      try approval(office, size: 20, head: 40), try approval(office, size: 10, head: 39),
      try approval(office, epoch: 1, size: 10, head: 40), try approval(office, size: 10, head: 40, lost: 29),
      try approval(office, size: 10, head: 40) { $0.merging(["root": $0["headRoot"] ?? ""]) { $1 } },
      try approval(office, size: 40, head: 40) { $0.merging(["root": String(repeating: "0", count: 64)]) { $1 } },
    ] { #expect(office.refusal(.approveRestore(try sato.sign(wrong))) == "V141") }
    #expect(try office.status().checkpointSize == 40 && office.status().epoch == 1)
    #expect(office.refusal(.approveRestore(try sato.sign(approval(office, size: 10, head: 40, lost: 33)))) == "answered")
    let after = try office.status()
    #expect(after.checkpointSize == 10 && after.epoch == 2 && after.bases == [EpochBase(epoch: 2, size: 10)])
    #expect(try office.reopen().handle(.status, from: Office.server, peers: Office.peers) == .status(after))
    // The log that was left does not come back; the other history that begins at row 10 does.
    #expect(office.refusal(.signCheckpoint(try log.request(from: 40, to: 50))) == "V131")
    let other = try CheckpointTests.Log(rows: 60, changed: 15)
    #expect(office.refusal(.signCheckpoint(try other.request(from: 10, to: 30))) == "answered")
    #expect(office.refusal(.signCheckpoint(try log.request(from: 30, to: 50))) == "V130")
    // The backup of 30 rows held rows that were given up.
    guard case .checkpoint = office.ask(.signCheckpoint(try other.request(from: 30, to: 50))) else { throw Office.Unexpected() }
    let givenUp = try approval(office, epoch: 3, size: 30, head: 50) {
      $0.merging(["headRoot": Hex.encode((try? MerkleTree.root(of: 50, in: other)?.bytes) ?? [])]) { $1 }
    }
    #expect(office.refusal(.approveRestore(try sato.sign(givenUp))) == "V141")
  }

  @Test("an approval is an administrator's fresh act, carried out once; in My Number it takes two")
  func signatures() throws {
    try sign(to: 10, from: 0)
    let copy = try restored(read(office))
    let act = try approval(office, size: 10, head: 10)
    let signed = try sato.sign(act)
    #expect(refusal(copy, .approveRestore(try Clerk("sato").sign(act))) == "V121", "another key")
    let more = try approval(office, size: 10, head: 10) { $0.merging(["more": "1"]) { $1 } }
    #expect(refusal(copy, .approveRestore(try sato.sign(more))) == "V121")
    let malformed = try approval(office, size: 10, head: 10) { $0.merging(["size": "010"]) { $1 } }
    #expect(refusal(copy, .approveRestore(try sato.sign(malformed))) == "V121")
    #expect(refusal(copy, .revoke(signed)) == "V121", "another request")
    office.clock.advance(seconds: 11 * 60)
    #expect(refusal(copy, .approveRestore(signed)) == "V122")
    office.clock.advance(seconds: -11 * 60)
    #expect(try status(copy).isRestored)
    #expect(refusal(copy, .approveRestore(signed)) == "answered")
    #expect(refusal(copy, .approveRestore(signed)) == "V123")

    let mynumber = try Office(segments: [.mynumber], recoveryKey: key.publicKey.text)
    let tanaka = try Clerk("tanaka")
    try mynumber.begin(with: sato)
    guard case .operatorRegistered = mynumber.ask(try mynumber.register(tanaka, by: sato)) else { throw Office.Unexpected() }
    guard case .checkpoint = mynumber.ask(.signCheckpoint(try log.request(from: 0, to: 10))) else { throw Office.Unexpected() }
    let twice = try approval(mynumber, size: 10, head: 10)
    #expect(mynumber.refusal(.approveRestore(try sato.sign(twice))) == "V121", "one is not enough")
    #expect(mynumber.refusal(.approveRestore(try sato.sign(twice, approvedBy: [sato]))) == "V121", "the same person twice")
    #expect(mynumber.refusal(.approveRestore(try sato.sign(twice, approvedBy: [tanaka]))) == "answered")
  }
}
