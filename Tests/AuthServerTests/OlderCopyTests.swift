import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import Foundation
import Programs
import Storage
import Testing

/// A row of no meaning, as somebody would write who has the database file.
struct ForgedRow: Change {
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    ((), AuditRecord(time: 0, eventClass: .administration, action: "forged", outcome: .done))
  }
}

/// Files of a city put aside and put back, as from a copy of the disk.
struct Put {
  let city: String

  private static let files = ["state/sanmon.sqlite", "vault/vault.sqlite"]

  func aside(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(city)/\(name)", withIntermediateDirectories: true)
    for file in Self.files {
      for side in ["", "-wal"] where FileManager.default.fileExists(atPath: "\(city)/\(file)\(side)") {
        let place = "\(city)/\(name)/" + file.replacingOccurrences(of: "/", with: "-") + side
        try FileManager.default.copyItem(atPath: "\(city)/\(file)\(side)", toPath: place)
      }
    }
  }

  /// - Parameter part: `state` or `vault`.
  func back(_ part: String, from name: String) throws {
    for file in Self.files where file.hasPrefix(part) {
      for side in ["", "-wal", "-shm"] {
        let place = "\(city)/\(name)/" + file.replacingOccurrences(of: "/", with: "-") + side
        try? FileManager.default.removeItem(atPath: "\(city)/\(file)\(side)")
        guard FileManager.default.fileExists(atPath: place) else { continue }
        try FileManager.default.copyItem(atPath: place, toPath: "\(city)/\(file)\(side)")
      }
    }
  }
}

/// Yesterday's copy would let in whoever was shut out since. The server compares its log with what was signed before it
/// listens or writes.
@Suite("an older copy is not served", .serialized)
struct OlderCopyTests {
  private func start(_ city: City, _ meanwhile: (Put) throws -> Void) async throws -> StartFault? {
    do {
      try await city.restartBoth { try meanwhile(Put(city: $0)) }
      return nil
    } catch let fault as StartFault { return fault }
  }

  /// A city with a copy of its first day put aside; on the second a card is reported lost.
  private func twoDays(_ city: City) async throws -> (old: UInt64, new: UInt64) {
    try await city.restartBoth { try Put(city: $0).aside("first") }
    let old = try await signed(city)
    _ = try await city.importPeople()
    let card = try await city.enrolCard("p-000042")
    let _: CardStateChanged = try await city.link.call(
      "POST", "/v1/admin/cards/\(card.id)/state", CardStateChange(state: "lost", reason: "reported"))
    let new = try await signed(city)
    return (old, new)
  }

  private func witnessFolder(_ city: String) throws {
    try FileManager.default.createDirectory(atPath: city + "/witness", withIntermediateDirectories: false)
  }

  private func note(_ city: City) async throws -> CheckpointAnswer {
    try await city.link.fetch("/v1/admin/audit/checkpoint")
  }

  private func signed(_ city: City) async throws -> UInt64 {
    try await Checkpoint(parsing: SignedNote(parsing: note(city).note).text).size
  }

  @Test("a database that was put back is refused, untouched; the newest one is served again")
  func database() async throws {
    let city = try await City()
    _ = try await twoDays(city)
    let fault = try await start(city) {
      try $0.aside("second")
      try $0.back("state", from: "first")
    }
    guard case .logIsOlder(let size, let signed, .vault) = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(size < signed)
    #expect(fault?.isOfAnOlderCopy == true && fault?.japanese.contains("古い写し") == true)
    #expect(try await SQLiteStore(path: city.folder + "/state/sanmon.sqlite").size() == size, "nothing was written")
    #expect(try await start(city) { try $0.back("state", from: "second") } == nil)
    await city.end()
  }

  @Test("an older copy that was written on until it is long enough is another log")
  func writtenOn() async throws {
    let city = try await City()
    let (_, new) = try await twoDays(city)
    let fault = try await start(city) { try $0.back("state", from: "first") }
    #expect(fault?.isOfAnOlderCopy == true)
    let store = try SQLiteStore(path: city.folder + "/state/sanmon.sqlite")
    while try await store.size() < new + 8 { try await store.commit(ForgedRow()) }
    store.close()
    guard case .logIsAnother(_, .vault) = try await start(city, { _ in }) else {
      Issue.record("a log with other rows was served")
      return
    }
    await city.end()
  }

  @Test("a vault that was put back alone is refused as well: the log holds a checkpoint that it does not remember")
  func vault() async throws {
    let city = try await City()
    _ = try await twoDays(city)
    let fault = try await start(city) {
      try $0.aside("second")
      try $0.back("vault", from: "first")
    }
    guard case .vaultIsOlder(let signed, let vault) = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(vault < signed)
    #expect(try await start(city) { try $0.back("vault", from: "second") } == nil)
    await city.end()
  }

  @Test("server and vault put back together are found by a checkpoint in the witness folder, and by nothing else")
  func witness() async throws {
    let city = try await City(prepare: witnessFolder, lines: { "witness: \($0)/witness\n" })
    _ = try await twoDays(city)
    let note = try await note(city).note
    // Without it the two old copies agree with each other: what docs/threat-model.md says.
    #expect(
      try await start(city) {
        try $0.aside("third")
        try $0.back("state", from: "first")
        try $0.back("vault", from: "first")
      } == nil)
    let file = city.folder + "/witness/second-day.checkpoint"
    try note.write(toFile: file, atomically: true, encoding: .utf8)
    guard case .logIsOlder(_, _, .file(file)) = try await start(city, { _ in }) else {
      Issue.record("the witness was not asked")
      return
    }
    #expect(
      try await start(city) {
        try $0.back("state", from: "third")
        try $0.back("vault", from: "third")
      } == nil, "the witness agrees with the newest")
    await city.end()
  }

  @Test("a witness that cannot be compared keeps the server from starting")
  func unusable() async throws {
    let city = try await City(prepare: witnessFolder, lines: { "witness: \($0)/witness\n" })
    let right = try await note(city).note
    let file = city.folder + "/witness/a.checkpoint"
    func withWitness(_ text: String) async throws -> StartFault? {
      try await start(city) { _ in try text.write(toFile: file, atomically: true, encoding: .utf8) }
    }
    #expect(try await withWitness("read me\n") == .witnessUnusable(file, .unreadable))
    #expect(try await withWitness("") == .witnessUnusable(file, .unreadable))
    #expect(
      try await withWitness(right.replacingOccurrences(of: "lgwan-1\n", with: "lgwan-2\n")) == .witnessUnusable(file, .notOurs))
    // Its own key, our name.
    let key = Curve25519.Signing.PrivateKey()
    let text = try SignedNote(parsing: right).text
    let verifier = try NoteVerifier(name: "sanmon/lgwan-1", publicKey: Array(key.publicKey.rawRepresentation))
    let forged = try SignedNote(
      text: text,
      signatures: [
        NoteSignature(
          name: verifier.name, keyID: verifier.keyID, signature: Array(try key.signature(for: Array(text.utf8))))
      ])
    #expect(try await withWitness(forged.encoded) == .witnessUnusable(file, .notOurs))
    #expect(try await withWitness(right) == nil)
    let folder = city.folder + "/witness"
    #expect(
      try await start(city) { _ in try FileManager.default.removeItem(atPath: folder) } == .witnessUnusable(folder, .missing))
    // A single file is as good as a folder.
    #expect(try await start(city) { _ in try right.write(toFile: folder, atomically: true, encoding: .utf8) } == nil)
    await city.end()
  }

  @Test("sanmond ends with 76 and says in words what to do", .enabled(if: ProcessCity.isBuilt, "sanmond is not built"))
  func process() async throws {
    let city = try await City()
    _ = try await twoDays(city)
    let processes = try await ProcessCity(takingOver: city)
    try Put(city: processes.folder).back("state", from: "first")
    try processes.start()
    #expect(try await processes.server?.ending().status == 76)
    let said = try String(contentsOfFile: processes.folder + "/sanmond.log", encoding: .utf8)
    #expect(said.contains("older copy") || said.contains("古い写し"))
  }
}

extension SQLiteStore {
  fileprivate func size() async throws -> UInt64 {
    try await read { (state) throws(StorageFault) -> UInt64 in try state.auditSize() }
  }
}
