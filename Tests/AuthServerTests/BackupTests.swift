import AuditLog
import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Foundation
import Sealing
import Storage
import Testing

@Suite(
  "backups are made while everything runs, and found wrong when they are", .serialized,
  .enabled(if: BackupBench.mayRun, "sanmon is not built"))
struct BackupTests {
  private func mode(_ path: String) throws -> Int {
    (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue ?? -1
  }

  @Test("made while rows are written, whole by itself, verified by restoring; nothing of it stays on the server")
  func made() async throws {
    let bench = try await BackupBench()
    _ = try await bench.city.importPeople()
    let writing = Task {
      while !Task.isCancelled { _ = try await bench.city.audit("limit=1") }
    }
    let made = try await bench.create("night.sanmon")
    writing.cancel()
    #expect(made.status == 0, "\(made.output)")
    #expect(try mode(bench.path("night.sanmon")) == 0o600)
    #expect(!bench.exists("night.sanmon.part"))
    #expect(!FileManager.default.fileExists(atPath: bench.city.folder + "/state/backup"))
    let row = try #require(try await bench.city.audit("action=backup.made").first)
    #expect(row.operatorID == "yamada" && row.note.contains("rows"))
    let bytes = try #require(FileManager.default.contents(atPath: bench.path("night.sanmon")))
    for plain in ["SQLite format 3", "sanmon/backup/1", "p-000042", "yamada"] {
      #expect(bytes.range(of: Data(plain.utf8)) == nil, "\(plain) can be read in the file")
    }

    let verified = try await bench.verify("night.sanmon")
    #expect(verified.status == 0 && verified.output.contains("whole and unchanged"), "\(verified.output)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("tmp")) == [], "the scratch folder is gone")
    let again = try await bench.create("night.sanmon")
    #expect(again.status == 65 && again.output.contains("not overwritten"), "\(again.output)")
    // The log goes on, and so do checkpoints.
    #expect(try await !bench.note().note.isEmpty)
    await bench.end()
  }

  @Test("cut off, bent, spliced, added to, of another key or another vault: 65, and nothing is left in the scratch folder")
  func wrong() async throws {
    let bench = try await BackupBench()
    #expect(try await bench.create("a.sanmon").status == 0)
    #expect(try await bench.create("b.sanmon").status == 0)
    let a = try #require(FileManager.default.contents(atPath: bench.path("a.sanmon")))
    let b = try #require(FileManager.default.contents(atPath: bench.path("b.sanmon")))
    func isRefused(_ bytes: Data, _ what: String) async throws {
      try bytes.write(to: URL(filePath: bench.path("bent.sanmon")))
      let result = try await bench.verify("bent.sanmon")
      #expect(result.status == 65, "\(what): \(result.output)")
    }
    for length in [0, 15, 16, 40, 60, a.count / 3, a.count / 2, a.count - 1] {
      try await isRefused(a.prefix(length), "cut at \(length)")
    }
    for place in [0, 20, 49, 55, 600, a.count / 4, a.count / 2, a.count - 40_000, a.count - 3] {
      var bent = a
      bent[place] ^= 1
      try await isRefused(bent, "bent at \(place)")
    }
    try await isRefused(a + Data([0]), "a byte more")
    // Two good backups of one instance: the server's part of the one, the vault's of the other.
    let frames = try Frames(a)
    let others = try Frames(b)
    try await isRefused(frames.server + others.vault, "the vault's part of another night")
    var swapped = frames.pieces
    swapped.swapAt(2, 3)
    try await isRefused(frames.head + Data(swapped.joined()) + frames.vault, "two pieces exchanged")
    try await isRefused(
      frames.head + Data((frames.pieces[..<2] + frames.pieces[3...]).joined()) + frames.vault, "a piece left out")
    try await isRefused(
      frames.head + Data(frames.pieces[..<2].joined()) + others.pieces[2] + Data(frames.pieces[3...].joined()) + frames.vault,
      "a piece of another night")
    try await isRefused(frames.server, "without the vault's part")

    let stranger = try RecoveryKey(random: Secret(copying: City.random(32)))
    let other = try await bench.verify("a.sanmon", typed: stranger.text)
    #expect(other.status == 65 && other.output.contains("recovery key does not open it"), "\(other.output)")
    let slip = try await bench.verify("a.sanmon", typed: String(bench.key.text.dropLast()))
    #expect(slip.status == 65 && slip.output.contains("14 groups"), "\(slip.output)")
    #expect(!slip.output.contains(bench.key.text.prefix(9)), "what was typed is not shown")
    // Anybody may seal to the public half: another vault's backup, for the same key, of the same name.
    let foreign = try await BackupBench(key: bench.key)
    #expect(try await foreign.create("c.sanmon").status == 0)
    try FileManager.default.copyItem(atPath: foreign.path("c.sanmon"), toPath: bench.path("c.sanmon"))
    let forged = try await bench.verify("c.sanmon")
    #expect(forged.status == 65 && forged.output.contains("not signed by the vault"), "\(forged.output)")
    await foreign.end()
    #expect(try await bench.verify("a.sanmon").status == 0)
    #expect(try await bench.verify("none.sanmon").status == 66)
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("tmp")) == [])
    await bench.end()
  }

  @Test("without a recovery key, with two different ones, or without the role, none is made")
  func refused() async throws {
    let key = try RecoveryKey(random: Secret(copying: City.random(32))).publicKey.text
    let other = try RecoveryKey(random: Secret(copying: City.random(32))).publicKey.text
    for (ours, vaults) in [(nil, nil), (nil, key), (key, nil), (key, other)] as [(String?, String?)] {
      let city = try await City(lines: { _ in ours.map { "recovery-key: \($0)\n" } ?? "" }, vaultRecoveryKey: vaults)
      var answer = try await city.link.request("POST", "/v1/admin/backups")
      while let state = try? JSONDecoder().decode(BackupState.self, from: Data(answer.body)) {
        #expect(!state.isReady)
        try await Task.sleep(for: .milliseconds(20))
        answer = try await city.link.request("GET", "/v1/admin/backups/\(state.backup)")
      }
      #expect(answer.status == 409 && String(decoding: answer.body, as: UTF8.self).contains("AP195"))
      #expect(!FileManager.default.fileExists(atPath: city.folder + "/state/backup"))
      #expect(try await city.audit("action=backup.made").isEmpty)
      await city.end()
    }
    await #expect(throws: StartFault.recoveryKeyWrong) {
      try await City(lines: { _ in "recovery-key: recovery-1-\(key.dropFirst(12))\n" })
    }
    let city = try await City()
    #expect(try await city.link.request("GET", "/v1/admin/backups/b-0/pieces?offset=0").status == 404)
    #expect(try await city.link.request("GET", "/v1/admin/backups/b-0").status == 404)
    #expect(try await city.link.request("GET", "/v1/admin/backups/b-0/pieces").status == 400)
    #expect(try await city.link.request("POST", "/v1/admin/backups/b-0/taken").status == 404)
    await city.end()
  }

  @Test("what a kill left of a copy or a backup is removed at the next start")
  func leftovers() async throws {
    let bench = try await BackupBench()
    try await bench.city.restartBoth { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/state/backup", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      for file in ["/state/backup/copy.sqlite", "/vault/backup.copy", "/vault/backup.sealed"] {
        try Data("half".utf8).write(to: URL(filePath: folder + file))
      }
    }
    for file in ["/state/backup", "/vault/backup.copy", "/vault/backup.sealed"] {
      #expect(!FileManager.default.fileExists(atPath: bench.city.folder + file), "\(file)")
    }
    #expect(try await bench.create("night.sanmon").status == 0)
    #expect(try await bench.verify("night.sanmon").status == 0)
    await bench.end()
  }

  @Test("a key is shown once, with its public half; the public half of a typed key is shown again")
  func keys() async throws {
    let bench = try await BackupBench()
    let shown = try await bench.sanmon(["backup", "key"])
    let lines = shown.output.split(separator: "\n").map(String.init)
    #expect(shown.status == 0 && lines.count == 4, "\(shown.output)")
    let checked = try await bench.sanmon(["backup", "key", "--check", "--key-fd", "0"], typed: lines[1])
    #expect(checked.output.trimmingCharacters(in: .whitespacesAndNewlines) == lines[3])
    #expect(try await bench.sanmon(["backup", "key", "--check", "--key-fd", "0"], typed: lines[3]).status == 65)
    await bench.end()
  }
}

/// A backup file taken apart without any key, as whoever holds the file can.
private struct Frames {
  var head = Data()
  var pieces: [Data] = []
  var vault = Data()
  var server: Data { head + Data(pieces.joined()) }

  init(_ bytes: Data) throws {
    head = bytes.prefix(16 + SealedStream.headerLength)
    var place = head.count
    var isLast = false
    while !isLast {
      let header = Array(bytes[place..<place + SealedStream.frameHeaderLength])
      let (length, last) = try SealedStream.frame(header)
      pieces.append(bytes[place..<place + header.count + length])
      place += header.count + length
      isLast = last
    }
    vault = bytes[place...]
  }
}
