import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import Programs
import RealDirectory
import Sealing
import Storage
import Testing

/// Two real servers: one in LGWAN follows a Samba domain controller and writes, one in My Number reads what is carried over.
@Suite(
  "a segment without a domain controller reads what another one wrote", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct SnapshotCarriedTests {
  private let sato = "p-000042"

  private func directory(_ city: City) async throws -> DirectoryStatus { try await city.link.fetch("/v1/admin/directory") }

  private func look(_ city: City) async throws -> DirectoryStatus {
    let answer = try await city.link.request("POST", "/v1/admin/directory/sync")
    return try JSONDecoder().decode(DirectoryStatus.self, from: Data(answer.body))
  }

  private func person(_ city: City, _ id: String) async throws -> PersonSummary {
    try await city.link.fetch("/v1/admin/people/\(id)")
  }

  private func rows(_ city: City, _ action: String) async throws -> [AuditEntry] {
    try await city.audit("newest=true&limit=500").filter { $0.action == action }
  }

  private func write(_ city: City) async throws -> SnapshotWritten {
    let answer = try await city.link.request("POST", "/v1/admin/directory/snapshot")
    return try JSONDecoder().decode(SnapshotWritten.self, from: Data(answer.body))
  }

  /// The whole file, as the tool takes it.
  private func taken(_ city: City) async throws -> [UInt8] {
    let made = try await write(city)
    #expect(made.faultEn == nil)
    var bytes: [UInt8] = []
    while true {
      let piece: BackupPiece = try await city.link.fetch(
        "/v1/admin/directory/snapshots/\(made.sequence)/pieces?offset=\(bytes.count)")
      if piece.bytes.isEmpty { break }
      bytes.append(contentsOf: piece.bytes)
    }
    #expect(UInt64(bytes.count) == made.length)
    return bytes
  }

  private func together(_ test: (DomainController, City, City, String) async throws -> Void) async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let writer = try await City(lines: { _ in lines })
      var cities = [writer]
      func end() async { for city in cities { await city.end() } }
      do {
        try await becomes("the city is read") { try await directory(writer).objects > 1200 }
        let key: SnapshotKeyShown = try await writer.link.fetch("/v1/admin/directory/snapshot-key")
        let path = writer.folder + "/directory.txt"
        let reading = """
          directory:
            snapshot: \(path)
            snapshot-key: \(key.key)
            domain: \(key.domain ?? "-")
            base: 職員
            tick-seconds: 3600
          """
        let reader = try await City(segment: .mynumber, lines: { _ in reading })
        cities.append(reader)
        try await test(dc, writer, reader, path)
      } catch {
        await end()
        throw error
      }
      await end()
    }
  }

  private func carry(_ writer: City, _ path: String) async throws -> [UInt8] {
    let bytes = try await taken(writer)
    try Data(bytes).write(to: URL(filePath: path))
    return bytes
  }

  @Test("people appear as they are in the directory; a move there arrives with the next snapshot, and locks what is open")
  func moved() async throws {
    try await together { dc, writer, reader, path in
      let first = try await carry(writer, path)
      let text = String(decoding: first, as: UTF8.self)
      #expect(text.hasPrefix("sanmon directory snapshot 1\ninstance lgwan-1\ndomain S-1-5-21-"))
      #expect(text.contains("\ndisplayname: 佐藤 花子\n") && !text.contains("\r"))
      #expect(try await look(reader).faultEn == nil)
      // All of them: who stands in which office is the directory's, what may be entered are the segment's own rules.
      for q in ["sato", "髙橋", "kato", "田"] {
        let path = "/v1/admin/people?q=\(q.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")&limit=500"
        let (ours, theirs): ([PersonSummary], [PersonSummary]) = (
          try await reader.link.fetch(path), try await writer.link.fetch(path)
        )
        #expect(!ours.isEmpty && ours.map(\.id) == theirs.map(\.id) && ours.map(\.groups) == theirs.map(\.groups))
        #expect(ours.map(\.departments) == theirs.map(\.departments) && ours.map(\.isEnabled) == theirs.map(\.isEnabled))
      }
      #expect(try await reader.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 1200)

      try dc.tool("group addmembers ka-0401-mynumber sato.hanako")
      try await becomes("the writer has it") { try await person(writer, sato).groups.contains("seg-mynumber") }
      #expect(try await !person(reader, sato).groups.contains("seg-mynumber"))
      _ = try await carry(writer, path)
      #expect(try await look(reader).faultEn == nil)
      #expect(try await person(reader, sato).groups.contains("seg-mynumber"))
      let pc = try await reader.workstation("MYNUMBER-PC-0001", segment: .mynumber)
      let card = try await reader.enrolCard(sato)
      try await reader.setPassword(sato, "kawa-no-nagare-7")
      _ = try await pc.enter(card, password: "kawa-no-nagare-7")
      var events = try await Events(pc)

      try dc.tool("group removemembers ka-0401-mynumber sato.hanako")
      try await becomes("the writer has it") { try await !person(writer, sato).groups.contains("seg-mynumber") }
      _ = try await carry(writer, path)
      _ = try await look(reader)
      let event = try await events.next()
      #expect(event.event == "lock" && event.cause == "accessChanged")
      // The first one again: refused as older.
      try Data(first).write(to: URL(filePath: path))
      #expect(try await look(reader).faultEn?.hasPrefix("DS228") == true)
      #expect(try await rows(reader, "directory.synced").map { $0.note.contains(" of lgwan-1") } == [true, true, true])
      let written = try await rows(writer, "directory.snapshotWritten")
      #expect(written.count == 3 && written.allSatisfy { $0.operatorID == "yamada" && $0.count > 1200 })
    }
  }

  @Test(
    "a mass deletion is in the snapshot though the writer holds it; it is held here too, and one disabled account passes at both"
  )
  func massDeletion() async throws {
    try await together { dc, writer, reader, path in
      _ = try await carry(writer, path)
      _ = try await look(reader)
      try dc.tool("ou delete 'OU=行政委員会等,OU=職員,\(DomainController.base)' --force-subtree-delete")
      try dc.tool("user disable sato.hanako")
      try await becomes("it is held, and she is disabled") {
        let isEnabled = try await person(writer, sato).isEnabled
        return try await directory(writer).plan != nil && !isEnabled
      }
      _ = try await carry(writer, path)
      let status = try await look(reader)
      #expect(status.heldEn.first?.contains("people would lose access") == true && status.plan != nil)
      #expect(try await person(reader, "p-000011").isEnabled)
      #expect(try await !person(reader, sato).isEnabled)
      #expect(try await rows(reader, "directory.held").count == 1)
    }
  }

  @Test("numbers only rise, also with a clock set back and after a restart; while nobody answers nothing is written")
  func numbers() async throws {
    try await together { dc, writer, _, path in
      var last: UInt64 = 0
      for step in 0..<4 {
        if step == 1 { writer.clock.setWall(bySeconds: -7200) }
        if step == 2 { try await writer.restart() }
        if step == 3 { writer.clock.setWall(bySeconds: 7200) }
        try await becomes("it is read") {
          let status = try await directory(writer)
          return status.objects > 1200 && status.faultEn == nil
        }
        let made = try await write(writer)
        #expect(made.sequence > last, "\(step)")
        last = made.sequence
      }
      // Written over, and taken: only the last one is there, once.
      let bytes = try await taken(writer)
      let read = try await SignedSnapshot(parsing: bytes, signedBy: key(writer))
      #expect(read.header.sequence > last)
      for gone in ["\(last)", "\(last + 1)", "0", "x"] {
        #expect(try await writer.link.request("GET", "/v1/admin/directory/snapshots/\(gone)/pieces?offset=0").status == 404)
      }
      try dc.stop()
      let made = try await write(writer)
      #expect(made.faultEn?.hasPrefix("DS202") == true && made.faultJa?.hasPrefix("DS202") == true && made.sequence == 0)
      #expect(try await rows(writer, "directory.snapshotWritten").count == 5)
    }
  }

  private func key(_ city: City) async throws -> SnapshotKey {
    let shown: SnapshotKeyShown = try await city.link.fetch("/v1/admin/directory/snapshot-key")
    return try SnapshotKey(parsing: shown.key)
  }

  @Test(
    "the tool writes a file of its own, or whole in place of the old one, shows the key, and reads a snapshot as the other side would"
  )
  func tool() async throws {
    try await together { _, writer, reader, path in
      let socket = ["--socket", writer.folder + "/operator.sock"]
      let folder = writer.folder + "/out"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      for place in [folder, path, path] {
        let ran = try await ToolProcess.started(["directory", "snapshot", place] + socket)
        #expect(ran.status == 0 && ran.output.contains("SHA-256"), "\(ran.errors)")
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      let name = try #require(names.first)
      #expect(name.wholeMatch(of: /directory-\d{13}\.txt/) != nil)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try await look(reader).faultEn == nil)
      let shown = try await ToolProcess.started(["directory", "snapshot-key"] + socket)
      let key = try await self.key(writer).text
      #expect(shown.output.contains("snapshot-key: \(key)\ndomain: S-1-5-21-"))
      let checked = try await ToolProcess.started([
        "directory", "check", "--snapshot", path, "--snapshot-key", key, "--group", "seg-lgwan",
      ])
      #expect(checked.status == 0 || checked.status == 1, "\(checked.output)\(checked.errors)")
      #expect(checked.output.contains("lgwan-1") && checked.output.contains("seg-lgwan"))
      #expect(checked.output.contains("CN=NTDS Settings,CN=DC1") && checked.output.contains("which answered 20"))
      // What the row keeps is what everybody can compute.
      let sum = try Program.run(["sh", "-c", "head -n -1 '\(path)' | sha256sum"]).output.prefix(64)
      let written = try await rows(writer, "directory.snapshotWritten").first
      #expect(checked.output.contains("SHA-256 \(sum)") && written?.note.hasSuffix(String(sum)) == true)
      try Data(Data(contentsOf: URL(filePath: path)).dropLast(10)).write(to: URL(filePath: path))
      let cut = try await ToolProcess.started(["directory", "check", "--snapshot", path, "--snapshot-key", key])
      #expect(cut.status == 2 && cut.output.contains("DS223"))
      for wrong in [["--snapshot", path], ["--snapshot", path, "--snapshot-key", "snapshot-1-0"], ["--host", "dc1"], []] {
        #expect(try await ToolProcess.started(["directory", "check"] + wrong).status == 64)
      }
      let status = try await ToolProcess.started(["directory", "status", "--socket", reader.folder + "/operator.sock"])
      #expect(status.output.contains("lgwan-1") && status.output.contains(path))
      let doctor = try await ToolProcess.started(["directory", "history", "--socket", writer.folder + "/operator.sock"])
      #expect(doctor.output.contains("directory.snapshotWritten"))
      let refused = try await ToolProcess.started([
        "directory", "snapshot", folder, "--socket", reader.folder + "/operator.sock",
      ])
      #expect(refused.status == 1 && refused.errors.contains("follows no Active Directory"))
      let unwritable = try await ToolProcess.started(["directory", "snapshot", folder + "/none/file.txt"] + socket)
      #expect(unwritable.status == 66)
    }
  }

  @Test(
    "the unix user that the start-up file names has snapshots written, with a row that says so, and may do nothing else",
    .enabled(if: geteuid() == 0, "only root can be another user"))
  func named() async throws {
    try await together { dc, writer, _, path in
      // Users of every Debian.
      let (daemon, games): (UInt32, UInt32) = (1, 5)
      chmod(writer.folder, 0o711)
      let folder = "/tmp/sanmon-out-\(UInt32.random(in: 0...UInt32.max))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      chmod(folder, 0o777)
      func ran(_ arguments: [String], _ uid: UInt32) async throws -> Int32 {
        try await ToolProcess.started(arguments + ["--socket", writer.folder + "/operator.sock"], uid: uid).status
      }
      let snapshot = ["directory", "snapshot", folder + "/a.txt"]
      #expect(try await ran(snapshot, daemon) == 77, "nobody is named yet")
      try await writer.restart(lines: dc.lines() + "\n  snapshot-user: daemon")
      try await becomes("the city is read") { try await directory(writer).objects > 1200 }
      #expect(try await ran(snapshot, daemon) == 0)
      #expect(try await ran(snapshot, games) == 77)
      let read = try await SignedSnapshot(
        parsing: Array(Data(contentsOf: URL(filePath: folder + "/a.txt"))), signedBy: key(writer))
      let row = try await rows(writer, "directory.snapshotWritten")
      #expect(row.count == 1 && row.first?.operatorID == nil)
      #expect(row.first?.note.hasPrefix("by unix user daemon: snapshot \(read.header.sequence) of ") == true)
      for other in [
        ["status"], ["directory", "status"], ["directory", "sync"], ["directory", "snapshot-key"], ["person", "list"],
        ["audit", "list", "--purpose", "test"], ["policy", "reload"],
      ] {
        #expect(try await ran(other, daemon) == 77, "\(other)")
      }
    }
  }

  @Test("the disk of a following server and of a reading one can be exchanged: what the store knows of people stays")
  func exchanged() async throws {
    try await together { dc, writer, _, path in
      let key = try await self.key(writer)
      _ = try await carry(writer, path)
      try dc.tool("user disable sato.hanako")
      try await becomes("it arrives") { try await !person(writer, sato).isEnabled }
      let next = try await taken(writer)
      let lines = "directory:\n  snapshot: \(path)\n  snapshot-key: \(key.text)\n  base: 職員\n  tick-seconds: 3600\n"
      try await writer.restart(lines: lines)
      // An older state of the same domain: one person is enabled again, everybody else is who they were.
      #expect(try await look(writer).faultEn == nil)
      #expect(try await person(writer, sato).isEnabled)
      try Data(next).write(to: URL(filePath: path))
      _ = try await look(writer)
      #expect(try await !person(writer, sato).isEnabled)
      try await writer.restart(lines: dc.lines())
      try await becomes("it follows again") {
        let status = try await directory(writer)
        return status.lookedAt != nil && status.faultEn == nil
      }
      try dc.tool("user enable sato.hanako")
      try await becomes("it arrives") { try await person(writer, sato).isEnabled }
      #expect(try await directory(writer).holds.isEmpty)
      #expect(try await writer.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 1200)
    }
  }

  @Test(
    "whoever is no administrator writes and takes no snapshot, and may see the key", arguments: [OperatorRole.desk, .auditor])
  func roles(role: OperatorRole) async throws {
    let city = try await City()
    let nothing = try await write(city)
    #expect(nothing.faultEn?.contains("follows no Active Directory") == true && nothing.faultJa != nil && nothing.sequence == 0)
    try await city.demoteOperators(to: role)
    #expect(try await city.link.request("POST", "/v1/admin/directory/snapshot").status == 403)
    #expect(try await city.link.request("GET", "/v1/admin/directory/snapshots/1/pieces?offset=0").status == 403)
    #expect(try await city.link.request("GET", "/v1/admin/directory/snapshot-key").status == 200)
    await city.end()
  }
}
