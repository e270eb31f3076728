import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Sealing
import Testing

/// No domain controller is needed to read what one said.
@Suite("a server that reads snapshots of the directory")
struct SnapshotReadTests {
  @Test("people appear, and change with the next one; the same file again is nothing new, and has no row")
  func arrives() async throws {
    var office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      #expect(try await desk.look().faultEn?.hasPrefix("DS221") == true)
      let first = try office.file(1000, at: desk.now)
      try desk.put(first)
      var status = try await desk.look()
      #expect(status.faultEn == nil && status.plan == nil && status.readsSnapshots && status.server == desk.path)
      #expect(status.snapshot?.sequence == 1000 && status.snapshot?.instance == "lgwan-1")
      #expect(status.snapshot?.domain == "S-1-5-21-1-2-3")
      #expect(try await desk.status().people == 60)
      #expect(try await desk.person(7).displayName == "山田 花子7")
      #expect(try await desk.person(7).groups == ["seg-mynumber"])
      for _ in 0..<3 {
        try desk.put(first)
        #expect(try await desk.wait().faultEn == nil)
      }
      try await desk.city.restart()
      _ = try await desk.look()
      #expect(
        try await desk.rows("directory.synced").map(\.note) == [
          "60 added, 0 changed, 0 disabled because absent, 0 unchanged (0 lose access); snapshot 1000 of lgwan-1"
        ])
      try office.call(7, "佐藤 花子7")
      try desk.put(try office.file(1001, at: desk.now))
      status = try await desk.look()
      #expect(status.snapshot?.sequence == 1001)
      #expect(try await desk.person(7).displayName == "佐藤 花子7")
      // Nothing changed, and still no older one may come after it.
      try desk.put(try office.file(1002, at: desk.now))
      #expect(try await desk.look().snapshot?.sequence == 1002)
      #expect(try await desk.rows("directory.synced").count == 3)
      #expect(try await desk.rows("directory.snapshotRefused").isEmpty)
    }
  }

  @Test("people are not imported from files beside it")
  func notFromFiles() async throws {
    try await SnapshotReader.with(try OtherSegment()) { desk in
      let answer = try await desk.city.importPeople()
      #expect(!answer.applied)
    }
  }

  @Test("altered in any region, cut off, of another key or domain: changes nothing, is told, has one row; a good one heals it")
  func refused() async throws {
    let office = try OtherSegment()
    var other = office
    try other.becomeDomain(9)
    try await SnapshotReader.with(office) { desk in
      try desk.put(try office.file(1000, at: desk.now))
      #expect(try await desk.look().faultEn == nil)
      var changed = office
      try changed.delete(9...9)
      desk.city.clock.stop()
      let good = try changed.file(1001, at: desk.now)
      let regions = [
        "instance", "domain", "service", "sequence", "written", "objects", "body", "\nobject", "member", "signature",
      ]
      let text = String(decoding: good, as: UTF8.self)
      for region in regions {
        let place = try #require(text.range(of: region))
        var bytes = good
        let offset = text.utf8.distance(from: text.startIndex, to: place.upperBound) + 3
        bytes[offset] = bytes[offset] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
        try desk.put(bytes)
        let status = try await desk.look()
        #expect(status.faultEn != nil && status.snapshot?.sequence == 1000 && status.objects == 62, "\(region)")
      }
      for (bytes, code) in [
        (Array(good.dropLast(50)), "DS223"), (good + good.suffix(99), "DS225"), ([], "DS223"),
        (try changed.file(1001, at: desk.now, by: Curve25519.Signing.PrivateKey()), "DS225"),
        (try other.file(1001, at: desk.now), "DS227"), (Array("人事異動一覧\n".utf8), "DS224"),
      ] {
        try desk.put(bytes)
        #expect(try await desk.look().faultEn?.hasPrefix(code) == true, "\(code)")
        #expect(try await desk.look().faultJa?.hasPrefix(code) == true, "a second look says the same")
      }
      #expect(try await desk.rows("directory.snapshotRefused").isEmpty, "none stayed for half a minute")
      #expect(try await desk.status().warningsEn.contains { $0.contains("DS224") })
      #expect(try await desk.status().warningsJa.contains { $0.hasPrefix("ディレクトリの写しを読み取れません") })
      for _ in 0..<3 { _ = try await desk.wait() }
      let rows = try await desk.rows("directory.snapshotRefused")
      #expect(rows.count == 1 && rows.first?.outcome == "refused" && rows.first?.note.hasPrefix("DS224") == true)
      // Something else is wrong with the next one: that has its own row.
      try desk.put(Array(good.dropLast(50)))
      _ = try await desk.look()
      for _ in 0..<3 { _ = try await desk.wait() }
      #expect(try await desk.rows("directory.snapshotRefused").count == 2)
      #expect(try await desk.person(9).isEnabled)
      // The copy comes to its end.
      try desk.put(good)
      #expect(try await desk.look().faultEn == nil)
      #expect(try await !desk.person(9).isEnabled)
      #expect(try await desk.rows("directory.reachable").count == 1)
      #expect(try await desk.status().warningsEn.allSatisfy { !$0.contains("DS2") })
    }
  }

  @Test("an older number, or the same with other content, is refused; also after a restart, and after one that was held")
  func replay() async throws {
    let office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      let old = try office.file(1000, at: desk.now)
      try desk.put(old)
      _ = try await desk.look()
      var next = office
      try next.disable(5)
      try desk.put(try next.file(1005, at: desk.now))
      #expect(try await desk.look().faultEn == nil)
      #expect(try await !desk.person(5).isEnabled)
      for isRestarted in [false, true] {
        if isRestarted { try await desk.city.restart() }
        for (bytes, code) in [
          (old, "DS228"), (try office.file(1004, at: desk.now), "DS228"), (try office.file(1005, at: desk.now), "DS229"),
        ] {
          try desk.put(bytes)
          #expect(try await desk.look().faultEn?.hasPrefix(code) == true, "\(code) \(isRestarted)")
          #expect(try await !desk.person(5).isEnabled)
        }
      }
      // Held, with one who is disabled all the same.
      var mistaken = next
      try mistaken.delete(20...50)
      try mistaken.disable(6)
      try desk.put(try mistaken.file(1010, at: desk.now))
      #expect(try await desk.look().plan != nil)
      #expect(try await !desk.person(6).isEnabled)
      for isRestarted in [false, true] {
        if isRestarted { try await desk.city.restart() }
        try desk.put(try next.file(1009, at: desk.now))
        #expect(try await desk.look().faultEn?.hasPrefix("DS228") == true)
        #expect(try await !desk.person(6).isEnabled, "\(isRestarted)")
        #expect(try await desk.person(20).isEnabled)
      }
      try desk.put(try next.file(1011, at: desk.now))
      let status = try await desk.look()
      #expect(status.plan == nil && status.faultEn == nil && status.snapshot?.sequence == 1011)
    }
  }

  @Test("a mass deletion is held with its reason, over a restart too, and passes with two administrators of this instance")
  func held() async throws {
    var office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      try desk.put(try office.file(1000, at: desk.now))
      _ = try await desk.look()
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await desk.city.register(second) == 201)
      try office.delete(20...50)
      let file = try office.file(1001, at: desk.now)
      try desk.put(file)
      for isRestarted in [false, true] {
        if isRestarted { try await desk.city.restart() }
        let status = try await desk.look()
        #expect(status.heldEn.contains("31 people would lose access, counting the last hour (limit 10)"))
        #expect(status.snapshot?.sequence == 1000 && status.effectsEn.count == 31)
        #expect(try await desk.status().warningsJa.contains { $0.contains("31 人が利用できなくなります") })
        #expect(try await desk.person(20).isEnabled)
      }
      #expect(try await desk.rows("directory.held").first?.note.contains("snapshot 1001 of lgwan-1") == true)
      let plan = try #require(try await desk.look().plan)
      let act = try desk.city.act("directory.approve", ["plan": plan])
      let signed = try desk.city.sign(act)
      let whole = SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try second.approval(act)])
      let body = Array(try JSONEncoder().encode(DirectoryAct(act: Data(whole.encoded))))
      #expect(try await desk.city.link.request("POST", "/v1/admin/directory/approve", body: body).status == 200)
      #expect(try await !desk.person(20).isEnabled)
      #expect(try await desk.look().snapshot?.sequence == 1001)
    }
  }

  @Test(
    "of a folder the last by name counts, and nothing that does not end in .txt; a pipe, a folder or a file too large is refused"
  )
  func places() async throws {
    var office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      try FileManager.default.createDirectory(atPath: desk.path, withIntermediateDirectories: false)
      #expect(try await desk.look().faultEn?.hasPrefix("DS221") == true)
      try desk.put(try office.file(1000, at: desk.now), "directory-1000.txt")
      try desk.put(Array("half".utf8), "directory-1001.txt.part")
      try desk.put(Array("half".utf8), ".directory-1001.txt")
      #expect(try await desk.look().snapshot?.sequence == 1000)
      try office.call(3, "改 名")
      try desk.put(try office.file(1001, at: desk.now), "directory-1001.txt")
      // Who may write it, or read it, makes no difference: it comes on a stick.
      try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: desk.path + "/directory-1001.txt")
      #expect(try await desk.look().snapshot?.sequence == 1001)
      #expect(try await desk.person(3).displayName == "改 名")
      #expect(mkfifo(desk.path + "/z.txt", 0o600) == 0)
      #expect(try await desk.look().faultEn?.hasPrefix("DS221") == true)
      try FileManager.default.removeItem(atPath: desk.path + "/z.txt")
      try FileManager.default.createDirectory(atPath: desk.path + "/z.txt", withIntermediateDirectories: false)
      #expect(try await desk.look().faultEn?.hasPrefix("DS221") == true)
      try FileManager.default.removeItem(atPath: desk.path + "/z.txt")
      try desk.put([], "z.txt")
      let large = try #require(FileHandle(forWritingAtPath: desk.path + "/z.txt"))
      try large.truncate(atOffset: UInt64(SnapshotFile.byteLimit) + 1)
      #expect(try await desk.look().faultEn?.hasPrefix("DS222") == true)
      try FileManager.default.removeItem(atPath: desk.path + "/z.txt")
      #expect(try await desk.look().faultEn == nil)
    }
  }

  @Test("one that is older than the limit, or ahead of our clock, is told; a fresh one ends it")
  func age() async throws {
    let office = try OtherSegment()
    try await SnapshotReader.with(office, "  maximum-age-hours: 3") { desk in
      desk.city.clock.stop()
      let begin = desk.now
      try desk.put(try office.file(1000, at: begin))
      _ = try await desk.look()
      func words() async throws -> [String] {
        try await desk.status().warningsEn.filter { $0.hasPrefix("the snapshot of the directory") }
      }
      #expect(try await words().isEmpty)
      desk.city.clock.advance(seconds: 3 * 3600 - 120)
      #expect(try await words().isEmpty)
      desk.city.clock.advance(seconds: 120 + 30)
      #expect(try await words().isEmpty, "three hours and half a minute")
      desk.city.clock.advance(seconds: 60)
      #expect(try await words() == ["the snapshot of the directory is old (written 3 hours ago, limit 3): carry a new one"])
      try await desk.city.restart()
      _ = try await desk.look()
      #expect(try await words().count == 1)
      #expect(try await desk.status().warningsJa.contains { $0.contains("古くなっています") })
      try desk.put(try office.file(1001, at: desk.now))
      _ = try await desk.look()
      #expect(try await words().isEmpty)
      #expect(try await desk.status().people == 60)
      try desk.put(try office.file(1002, at: desk.now + 3_600_000))
      _ = try await desk.look()
      #expect(try await words().isEmpty, "an hour ahead, less what passed since")
      try desk.put(try office.file(1003, at: desk.now + 3 * 3_600_000))
      _ = try await desk.look()
      #expect(try await words().first?.contains("check both clocks") == true)
    }
  }

  @Test("a new key counts when the start-up file says so; another domain when it names that one")
  func rotated() async throws {
    let office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      try desk.put(try office.file(1000, at: desk.now))
      _ = try await desk.look()
      var next = office
      next.key = Curve25519.Signing.PrivateKey()
      try next.disable(5)
      // Numbers count within one key: the new one begins again.
      try desk.put(try next.file(1, at: desk.now))
      #expect(try await desk.look().faultEn?.hasPrefix("DS225") == true)
      try await desk.city.restart(lines: SnapshotReader.lines(next, desk.path))
      #expect(try await desk.look().snapshot?.sequence == 1)
      #expect(try await !desk.person(5).isEnabled)
      for isRestarted in [false, true] {
        if isRestarted { try await desk.city.restart() }
        try desk.put(try office.file(1002, at: desk.now))
        #expect(try await desk.look().faultEn?.hasPrefix("DS225") == true)
        try next.call(9, "改 \(isRestarted)")
        try desk.put(try next.file(1, at: desk.now))
        #expect(try await desk.look().faultEn?.hasPrefix("DS229") == true, "and none of its own comes again")
      }
      try next.becomeDomain(9)
      try desk.put(try next.file(2, at: desk.now))
      #expect(try await desk.look().faultEn?.hasPrefix("DS227") == true)
      try await desk.city.restart(lines: SnapshotReader.lines(next, desk.path, "  domain: S-1-5-21-9-2-3"))
      #expect(try await desk.look().snapshot?.domain == "S-1-5-21-9-2-3")
    }
  }

  @Test("two faults that take turns have a row each, and one only")
  func turns() async throws {
    let office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      desk.city.clock.stop()
      let forged = try office.file(1000, at: desk.now, by: Curve25519.Signing.PrivateKey())
      for _ in 0..<4 {
        for bytes in [forged, Array("人事異動一覧\n".utf8)] {
          try desk.put(bytes)
          #expect(try await desk.look().faultEn != nil)
          desk.city.clock.advance(seconds: 20)
        }
      }
      #expect(try await desk.rows("directory.snapshotRefused").map { $0.note.prefix(5) }.sorted() == ["DS224", "DS225"])
      // What was met once, hours ago, and is met again has not stood there.
      try desk.put(Array(forged.dropLast(10)))
      _ = try await desk.look()
      try desk.put(forged)
      for _ in 0..<2 {
        _ = try await desk.look()
        desk.city.clock.advance(seconds: 3601)
      }
      try desk.put(Array(forged.dropLast(10)))
      #expect(try await desk.look().faultEn?.hasPrefix("DS223") == true)
      #expect(try await desk.rows("directory.snapshotRefused").count == 2)
      _ = try await desk.wait()
      #expect(try await desk.rows("directory.snapshotRefused").count == 3)
    }
  }

  @Test("a key that was copied with a slip, or a domain that is none, keeps the server from starting")
  func slips() async throws {
    let office = try OtherSegment()
    try await SnapshotReader.with(office) { desk in
      let key = try office.keyText
      let slip = String(key.dropLast()) + (key.last == "0" ? "1" : "0")
      let right = try SnapshotReader.lines(office, desk.path)
      for lines in [right.replacing(key, with: slip), right + "  domain: S-1-5-21-1-2"] {
        await #expect(throws: StartFault.snapshotKeyWrong) { try await desk.city.restart(lines: lines) }
      }
      try await desk.city.restart(lines: right)
    }
  }
}
