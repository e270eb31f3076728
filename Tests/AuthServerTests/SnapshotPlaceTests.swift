import AuthServer
import AuthTerms
import Crypto
import DirectorySync
import Dispatch
import Foundation
import Isolation
import Sealing
import Synchronization
import Testing

@Suite("the place where snapshots arrive")
struct SnapshotPlaceTests {
  private let path = "/tmp/sanmon-place-\(UInt32.random(in: 0...UInt32.max))"
  private let office: OtherSegment
  private let key: SnapshotKey

  init() throws {
    office = try OtherSegment()
    key = try SnapshotKey(bytes: Array(office.key.publicKey.rawRepresentation))
  }

  private func put(_ bytes: [UInt8], _ name: String = "") throws {
    try Data(bytes).write(to: URL(filePath: name.isEmpty ? path : "\(path)/\(name)"))
  }

  private func at(_ seconds: Int64) -> Moment {
    Moment(wallMilliseconds: 1_800_000_000_000 + seconds * 1000, boot: "", monotonicMilliseconds: seconds * 1000)
  }

  /// - Returns: `nil` for a look without one.
  private func trouble(_ place: SnapshotPlace, _ seconds: Int64 = 0) async -> DirectoryTrouble? {
    do throws(DirectoryTrouble) {
      _ = try await place.look(after: nil, now: at(seconds))
      return nil
    } catch { return error }
  }

  @Test("a share that does not answer holds up one look, for so long, and one thread; it is read when it answers again")
  func hanging() async throws {
    try put(try office.file(1000, at: 1))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let begun = Mutex(0)
    let gate = DispatchSemaphore(value: 0)
    let place = SnapshotPlace(path: path, key: key, domain: nil, patience: .seconds(1)) { path, known in
      begun.withLock { $0 += 1 }
      gate.wait()
      return SnapshotPlace.found(at: path, unless: known)
    }
    let begin = ContinuousClock.now
    for _ in 0..<40 {
      let trouble = await trouble(place)
      #expect(trouble?.code == "DS232" && trouble?.en.contains(path) == true && trouble?.isOfFile == true)
    }
    let passed = ContinuousClock.now - begin
    #expect(passed >= .seconds(1) && passed < .seconds(40), "only the first look waited: \(passed)")
    #expect(begun.withLock { $0 } == 1)
    gate.signal()
    try await becomes("what it came to is taken") {
      do throws(DirectoryTrouble) {
        guard case .found(let stand) = try await place.look(after: nil, now: at(1)) else { return false }
        return stand.position.snapshot?.sequence == 1000
      } catch { return false }
    }
    #expect(begun.withLock { $0 } == 1)
    gate.signal()
    #expect(await trouble(place) == nil)
  }

  @Test("a file that stays wrong is read twice, seconds apart, and no more; one that becomes whole meanwhile is taken")
  func staysWrong() async throws {
    let good = try office.file(1000, at: 1)
    let forged = try office.file(1000, at: 1, by: .init())
    defer { try? FileManager.default.removeItem(atPath: path) }
    let readings = Mutex(0)
    let place = SnapshotPlace(path: path, key: key, domain: nil) { path, known in
      let found = SnapshotPlace.found(at: path, unless: known)
      if found != nil { readings.withLock { $0 += 1 } }
      return found
    }
    for (bytes, code) in [(forged, "DS225"), (Array(good.dropLast(50)), "DS223")] {
      readings.withLock { $0 = 0 }
      try put(bytes)
      for second in [0, 6, 12, 600, 3600] as [Int64] { #expect(await trouble(place, second)?.code == code, "\(second)") }
      #expect(readings.withLock { $0 } == 2)
    }
    try put(good)
    #expect(await trouble(place, 3602) == nil)
    // Whole and of another domain, or too old: nothing that time could mend.
    let other = SnapshotPlace(path: path, key: key, domain: try DomainSID(parsing: "S-1-5-21-7-7-7")) { path, known in
      let found = SnapshotPlace.found(at: path, unless: known)
      if found != nil { readings.withLock { $0 += 1 } }
      return found
    }
    readings.withLock { $0 = 0 }
    for second in [0, 6, 12] as [Int64] { #expect(await trouble(other, second)?.code == "DS227") }
    #expect(readings.withLock { $0 } == 1)
  }

  @Test("what becomes whole without another mark, within the two seconds of a stick's clock, is taken")
  func sameMark() async throws {
    let good = try office.file(1000, at: 1)
    try put([])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let mark = try FileMark(path: path)
    let bytes = Mutex(Array(good.dropLast(50)))
    let place = SnapshotPlace(path: path, key: key, domain: nil) { _, known in
      known == mark ? nil : SnapshotPlace.Found(file: nil, mark: mark, contents: .success(bytes.withLock { $0 }))
    }
    #expect(await trouble(place, 0)?.code == "DS223")
    bytes.withLock { $0 = good }
    #expect(await trouble(place, 60) == nil)
  }

  @Test(
    "of a folder the fault names the file, with nothing in the name that cannot be seen; an empty one says what is looked for")
  func named() async throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let place = SnapshotPlace(path: path, key: key, domain: nil)
    let empty = await trouble(place)
    #expect(empty?.code == "DS221" && empty?.ja.contains(path + "/*.txt") == true)
    try put(try office.file(1000, at: 1), "a.txt")
    try put(Array("人事異動\n".utf8), "b.txt")
    let wrong = await trouble(place)
    #expect(wrong?.code == "DS224" && wrong?.ja.hasPrefix("b.txt: ") == true && wrong?.en.hasPrefix("b.txt: ") == true)
    #expect(await trouble(place) == wrong, "a second look says the same")
    let long = String(repeating: "z", count: 80)
    try put([], "z\u{202E}\n\(long).txt")
    #expect(await trouble(place)?.en.hasPrefix("z<U+202E><U+000A>\(long.prefix(61)): ") == true)
    #expect(mkfifo(path + "/\u{FFFD}.txt", 0o600) == 0)
    #expect(await trouble(place)?.code == "DS221")
  }
}
