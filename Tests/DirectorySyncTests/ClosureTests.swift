import DirectorySync
import Testing

@Suite("groups through groups")
struct ClosureTests {
  private func name(_ text: String) throws -> GroupName { try GroupName(parsing: text) }

  private func closure(_ edges: [(String, [String])]) throws -> Closure {
    Closure(of: try edges.map { DirectoryGroup(name: try name($0.0), title: "t", parents: try $0.1.map { try name($0) }) })
  }

  @Test("課 → 部 → segment, and nothing sideways")
  func nested() throws {
    let closure = try closure([("seg", []), ("bu", ["seg"]), ("ka-1", ["bu"]), ("ka-2", ["bu"]), ("other", [])])
    #expect(closure.groups(from: [try name("ka-1")]).map(\.text).sorted() == ["bu", "ka-1", "seg"])
    #expect(closure.groups(from: [try name("seg")]).map(\.text) == ["seg"])
    #expect(closure.groups(from: []).isEmpty && closure.cycles.isEmpty)
    #expect(closure.groups(from: [try name("unknown")]).map(\.text) == ["unknown"])
  }

  @Test("groups that contain each other are one, and are reported once")
  func cycles() throws {
    let closure = try closure([
      ("a", ["b"]), ("b", ["c"]), ("c", ["a", "seg"]), ("self", ["self"]), ("seg", []), ("below", ["a"]),
    ])
    #expect(closure.cycles.map { $0.map(\.text) } == [["a", "b", "c"], ["self"]])
    #expect(closure.groups(from: [try name("b")]).map(\.text).sorted() == ["a", "b", "c", "seg"])
    #expect(closure.groups(from: [try name("below")]).map(\.text).sorted() == ["a", "b", "below", "c", "seg"])
    #expect(closure.groups(from: [try name("self")]).map(\.text) == ["self"])
  }

  @Test("a ring of 20,000 groups is one cycle, and costs no more than its length")
  func deep() throws {
    let closure = try closure((0..<20_000).map { ("g\($0)", ["g\(($0 + 1) % 20_000)"]) })
    #expect(closure.cycles.map(\.count) == [20_000])
    #expect(closure.groups(from: [try name("g1999")]).count == 20_000)
  }

  @Test("500 random graphs agree with a slow twin that repeats until nothing changes")
  func differential() throws {
    var random = SplitMix(state: 99)
    for _ in 0..<500 {
      let count = Int.random(in: 1...9, using: &random)
      let edges = (0..<count).map { group in
        ("g\(group)", (0..<count).filter { _ in Int.random(in: 0..<4, using: &random) == 0 }.map { "g\($0)" })
      }
      let parents = Dictionary(uniqueKeysWithValues: edges)
      let closure = try closure(edges)
      var reachable: [String: Set<String>] = [:]
      for (start, _) in edges {
        var all: Set<String> = [start]
        while true {
          let more = all.union(all.flatMap { parents[$0] ?? [] })
          if more == all { break }
          all = more
        }
        #expect(Set(closure.groups(from: [try name(start)]).map(\.text)) == all)
        reachable[start] = all
      }
      let cycles = Set(
        edges.compactMap { start, above -> [String]? in
          guard above.contains(where: { reachable[$0]?.contains(start) == true }) else { return nil }
          return (reachable[start] ?? []).filter { reachable[$0]?.contains(start) == true }.sorted()
        })
      #expect(Set(closure.cycles.map { $0.map(\.text) }) == cycles && closure.cycles.count == cycles.count)
    }
  }

  @Test(
    "capital letters are folded, other spellings refused",
    arguments: ["ＳＥＧ", "課", "", "a b", "-a", "seg\u{0}", String(repeating: "a", count: 65)])
  func names(wrong: String) throws {
    #expect(try name("SEG-LGWAN") == name("seg-lgwan"))
    #expect(throws: (any Error).self) { try name(wrong) }
  }
}
