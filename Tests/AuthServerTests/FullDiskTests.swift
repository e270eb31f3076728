import AuthAPI
import AuthClient
import Foundation
import Programs
import Testing

/// Nobody is let in without a row. A full disk is a denial with its own code, counted, and over as soon as there is room.
@Suite("A full disk", .serialized)
struct FullDiskTests {
  static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    try Program.run([program] + arguments).status
  }

  /// Whether this process may mount a small file system of its own.
  static let mayMount: Bool = {
    let folder = NSTemporaryDirectory() + "sanmon-mount-\(UInt32.random(in: 0...UInt32.max))"
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard (try? run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder])) == 0 else { return false }
    _ = try? run("/usr/bin/umount", [folder])
    return true
  }()

  @Test(
    "the answer is AP190 while the disk is full, nothing is granted, and logons go on when there is room, without a restart",
    .enabled(if: mayMount || ProcessInfo.processInfo.environment["CI"] != nil, "needs the right to mount a tmpfs"))
  func fullDisk() async throws {
    let city = try await City { folder in
      try FileManager.default.createDirectory(atPath: folder + "/state", withIntermediateDirectories: true)
      guard try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", folder + "/state"]) == 0 else {
        throw CocoaError(.fileWriteNoPermission)
      }
    }
    defer { _ = try? Self.run("/usr/bin/umount", ["-l", city.folder + "/state"]) }
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard("p-000042")
    #expect(try await pc.enter(card).person == "p-000042")
    let rows = try await city.audit("class=ceremony").count

    let filler = city.folder + "/state/filler"
    #expect(FileManager.default.createFile(atPath: filler, contents: nil))
    let handle = try #require(FileHandle(forWritingAtPath: filler))
    while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
    try? handle.close()

    var codes: Set<String> = []
    for _ in 0..<5 {
      if let refused = try await refusal({ try await pc.enter(card) }) {
        #expect(refused.status == 503)
        codes.insert(refused.body.code)
      }
    }
    #expect(codes == ["AP190"])

    try FileManager.default.removeItem(atPath: filler)
    var session: SessionOpened?
    for _ in 0..<900 where session == nil {
      session = try? await pc.enter(card)
      if session == nil { try await Task.sleep(for: .milliseconds(100)) }
    }
    #expect(session?.person == "p-000042")
    let after = try await city.audit("class=ceremony&outcome=granted").count
    #expect(after == rows + 1, "each grant has its row, no denied one left any")
    let recovered = try #require(try await city.audit("action=audit.recovered").first)
    #expect(recovered.count >= 5 && recovered.code == "AP190")
    await city.end()
  }

  @Test("a person who leaves loses the open session at once, and cannot come back")
  func leaver() async throws {
    let city = try await City()
    _ = try await city.importPeople()
    let pc = try await city.workstation("LGWAN-PC-0042")
    let card = try await city.enrolCard("p-000042")
    let session = try await pc.enter(card)
    var events = try await Events(pc)
    func file(_ name: String) throws -> String {
      try String(contentsOfFile: Repository.root + "/deploy/sample-city/" + name, encoding: .utf8)
    }
    let lineEnd = try file("people.csv").contains("\r\n") ? "\r\n" : "\n"
    let people = try file("people.csv").components(separatedBy: lineEnd).filter { !$0.hasPrefix("p-000042,") }
    let answer: PeopleImported = try await city.link.call(
      "POST", "/v1/admin/people",
      PeopleImport(
        format: "csv", people: people.joined(separator: lineEnd), groups: file("groups.csv"),
        departments: file("departments.csv"), confirmed: nil, preview: false))
    #expect(answer.applied && answer.disabled == 1)
    let told = try await events.next()
    #expect(told == WatchEvent(event: "lock", session: session.session, cause: "accountDisabled"))
    #expect(try await refusal { try await pc.enter(card) }?.body.code == "AP103")
    await city.end()
  }
}
