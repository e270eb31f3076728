import AuthPolicy
import AuthTerms
import Fuzzing
import Testing

/// Rights with an end: the file that somebody writes, and what two administrators sign.
@Suite("Fuzz: dated accesses", .serialized)
struct AccessFuzzTests {
  private static let file = """
    access: kijitsumae-2026
    kind: temporary
    title: {ja: 期日前投票, en: Early voting}
    from: 2026-08-20
    until: 2026-09-05
    days: 3
    people: [000042, p-000007]
    department: "0401"
    groups: [seg-lgwan]
    workstations: [LGWAN-PC-0042]
    hours: [daily 08:00-21:00]

    """
  private static let handover = """
    access: hikitsugi
    kind: handover
    title: 引継ぎ
    from: 2026-08-15
    until: 2026-11-14
    people:
      - 000042

    """
  private static let today = 20_680  // 2026-08-15

  private static func ground() throws -> DatedAccessFile.Ground {
    func candidate(_ id: String, _ groups: Set<String>, _ department: String) throws -> DatedAccessFile.Candidate {
      DatedAccessFile.Candidate(id: try PersonID(parsing: id), groups: groups, department: department)
    }
    return DatedAccessFile.Ground(
      people: [
        "000042": try candidate("p-42", ["seg-lgwan", "ka-0401"], "0401"), "p-000007": try candidate("p-7", [], "0402"),
        "000043": try candidate("p-43", ["ka-0401"], "0401"),
      ],
      workstations: [try WorkstationID(parsing: "LGWAN-PC-0042")], opening: ["seg-lgwan", "telework"],
      named: ["seg-lgwan", "telework", "ka-0401"], today: today)
  }

  private static func resolved(_ bytes: [UInt8], _ ground: DatedAccessFile.Ground) throws(PolicyFaults) -> DatedAccess {
    try DatedAccessFile.read(PolicySource(name: "access.yaml", bytes: bytes)).resolved(against: ground).access
  }

  @Test("a file: comes to something inside every limit that reads back as it is, or every fault has a place in it")
  func files() throws {
    let ground = try Self.ground()
    let words = [
      "department", "days: 3\n", "hours", "- ", ": ", "[", "]", "{", "2026-08-15", "handover", "temporary", "000043",
      "telework",
      "\"", "~", "&a", "*a",
    ]
    let corpus = [Array(Self.file.utf8), Array(Self.handover.utf8)]
    let tally = try Fuzzer("access-file", corpus: corpus, words: words, count: 5000, share: 0.5).run { bytes in
      do {
        let access = try Self.resolved(bytes, ground)
        guard (try? DatedAccess(parsing: access.encoded)) == access else { throw Fuzzer.Broken("not itself") }
        let longest = access.days == nil ? access.kind.longestDays : DatedAccessFile.longestReadiness
        guard access.from <= access.until, access.until - access.from < longest, access.from >= Self.today - 1,
          access.until <= Self.today + DatedAccessFile.longestReadiness, !access.groups.isEmpty,
          access.lastDay(switchedOn: Self.today) <= access.until
        else { throw Fuzzer.Broken("beyond a limit") }
        return true
      } catch let error as PolicyFaults {
        guard !error.faults.isEmpty, error.faults.allSatisfy({ $0.line >= 1 && $0.column >= 1 }) else {
          throw Fuzzer.Broken("no place")
        }
        return false
      }
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
  }

  @Test("what is approved: taken only as it was written")
  func approved() throws {
    let ground = try Self.ground()
    let corpus = try [Self.file, Self.handover].map { try Self.resolved(Array($0.utf8), ground).encoded }
    let tally = try Fuzzer("access-kept", corpus: corpus, words: ["seg-lgwan", "p-42", "handover"], count: 5000, share: 0.5).run
    {
      bytes in
      guard let access = try? DatedAccess(parsing: bytes) else { return false }
      guard access.encoded == bytes else { throw Fuzzer.Broken("two ways to write one access") }
      return true
    }
    #expect(tally.accepted > 50 && tally.refused > 1000)
  }
}
