import AuditLog
import AuthAPI
import AuthServer
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Programs
import Storage
import Testing

/// What the programs say of snapshots, where no domain controller can be reached.
@Suite("snapshots and the programs around them", .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct SnapshotToolTests {
  private func configured(_ desk: SnapshotReader, _ lines: String) throws -> String {
    let path = desk.city.folder + "/instance.yaml"
    try Data(City.instanceText(desk.city.folder, .mynumber, false, lines).utf8).write(to: URL(filePath: path))
    return path
  }

  @Test("a slip in a key or domain that was copied by hand is found by sanmond --check, before anything is started")
  func checked() async throws {
    let office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      let programs = try #require(ProcessCity.binaries)
      func check(_ lines: String) throws -> Program.Ended {
        try Program.run(
          [programs + "/sanmond", "--config", configured(desk, lines), "--check"], adding: ["LC_ALL": "ja_JP.UTF-8"])
      }
      let key = try office.keyText
      let slip = String(key.dropLast()) + (key.last == "0" ? "1" : "0")
      let right = try SnapshotReader.lines(office, desk.path)
      #expect(try check(right).status == 0)
      for wrong in [right.replacing(key, with: slip), right + "  domain: S-1-5-21-1-2"] {
        let ended = try check(wrong)
        #expect(ended.status == 65 && ended.errors.contains("起動ファイルの snapshot-key か domain は"), "\(ended.errors)")
      }
      let recovery = try check(right + "\nrecovery-key: recovery-1-0000")
      #expect(recovery.status == 65 && recovery.errors.contains("recovery-key"))
    }
  }

  @Test("sanmon doctor says what stands in the place: a warning, or a fault where it looks like a forgery")
  func doctor() async throws {
    struct Report: Decodable {
      struct Line: Decodable {
        let check, state, en: String
        let nextJa: String?
      }
      let checks: [Line]
    }
    let office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      let config = try configured(desk, try SnapshotReader.lines(office, desk.path))
      func finding() async throws -> Report.Line? {
        let ran = try await ToolProcess.started(["doctor", "--config", config, "--json"])
        return try JSONDecoder().decode(Report.self, from: Data(ran.output.utf8)).checks.first { $0.check == "directory" }
      }
      let good = try office.file(1000, at: desk.now)
      try desk.put(good)
      _ = try await desk.look()
      #expect(try await finding()?.state == "ok")
      for (bytes, code, state) in [
        (try office.file(1001, at: desk.now, by: Curve25519.Signing.PrivateKey()), "DS225", "fault"),
        (try office.file(1000, at: desk.now + 1), "DS229", "fault"), (Array(good.dropLast(50)), "DS223", "warning"),
      ] {
        try desk.put(bytes)
        _ = try await desk.look()
        let found = try await finding()
        #expect(found?.state == state && found?.en.contains(code) == true, "\(code): \(String(describing: found))")
        #expect(found?.nextJa?.contains("sanmon directory status") == true)
      }
      try desk.put(good)
      _ = try await desk.look()
      #expect(try await finding()?.state == "ok")
    }
  }

  @Test("sanmon directory check --snapshot reads no more than a snapshot can have, and waits for no pipe")
  func places() async throws {
    let office = try OtherSegment()
    let path = "/tmp/sanmon-check-\(UInt32.random(in: 0...UInt32.max)).txt"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func check() async throws -> ToolProcess.Ran {
      try await ToolProcess.started(["directory", "check", "--snapshot", path, "--snapshot-key", try office.keyText])
    }
    try Data(office.file(1000, at: 1_800_000_000_000)).write(to: URL(filePath: path))
    let read = try await check()
    #expect(read.output.contains("lgwan-1") && read.output.contains("CN=NTDS Settings,CN=DC1"), "\(read)")
    let large = try #require(FileHandle(forWritingAtPath: path))
    try large.truncate(atOffset: UInt64(SnapshotFile.byteLimit) + 1)
    #expect(try await check().output.contains("DS222"))
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    let pipe = try await check()
    #expect(pipe.status == 2 && pipe.output.contains("DS221"))
  }

  private struct Position: Change {
    let bytes: [UInt8]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      try state.set(bytes, forSetting: "directory.position")
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "test", outcome: .done))
    }
  }

  @Test("who asks domain controllers again goes on from their position, whatever snapshots came before")
  func backToControllers() async throws {
    var office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      try office.expire(5, at: desk.now + 3_600_000)
      try desk.put(try office.file(1000, at: desk.now))
      #expect(try await desk.look().faultEn == nil)
      let city = desk.city
      // As it was kept when a domain controller had been read since; none answers now.
      let kept = DirectoryPosition.controller(
        DirSyncPosition(
          serviceName: "CN=NTDS Settings,CN=DC1", invocationID: office.replica.objects.keys.sorted()[0],
          highestCommittedUSN: 9, witness: nil, cookie: [1]))
      try await city.restart { database in
        let store = try SQLiteStore(path: database)
        _ = try await store.commit(Position(bytes: kept.encoded))
        store.close()
      }
      try Data("x".utf8).write(to: URL(filePath: city.folder + "/ad.password"))
      chmod(city.folder + "/ad.password", 0o600)
      try await city.restart(
        lines: """
          directory:
            servers: [{host: 127.0.0.1, port: 1}]
            authorities: \(city.folder)/cards.pem
            account: svc@ad.example
            password-file: \(city.folder)/ad.password
            base: 職員
            tick-seconds: 3600
          """)
      desk.city.clock.advance(seconds: 7200)
      let status = try await desk.look()
      #expect(status.faultEn?.hasPrefix("DS2") == true && !status.readsSnapshots && status.snapshot == nil)
      #expect(try await !desk.person(5).isEnabled, "her account ended, whoever answers")
      try await city.restart { database in
        let store = try SQLiteStore(path: database)
        let bytes = try await store.read { (state) throws(StorageFault) in try state.setting("directory.position") }
        #expect(bytes == kept.encoded)
        store.close()
      }
    }
  }
}
