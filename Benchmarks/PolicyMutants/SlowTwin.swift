package import AuthPolicy
import Yams

/// What the files of one set let people do, read from their trees once more and tried case by case: without the compiler, the
/// grammar, the evaluator or the difference of `AuthPolicy`. It knows the keys of the shipped files and stops at any other.
package struct SlowTwin: Equatable, Sendable {
  package struct Unforeseen: Error {
    let what: String
  }

  package struct Line: Equatable, Sendable {
    /// Sets of factors, a bit each, any of which is enough.
    var ways: [UInt8]
    /// Empty: everybody of the segment.
    var groups: Set<String>
  }

  package struct SegmentTwin: Equatable, Sendable {
    var people: Set<String> = []
    var floor = 0
    var lines: [String: [Line]] = [:]
    /// More is wider: an open desktop, minutes, hours, workstations.
    var limits: [Int] = []

    /// Those that it names.
    package var groups: Set<String> { lines.values.joined().reduce(into: people) { $0.formUnion($1.groups) } }
  }

  package private(set) var segments: [String: SegmentTwin] = [:]
  var offsetSeconds = 0
  /// Less is wider: the seconds to wait after 1 … 200 failures, and those for which one is forgiven.
  var waits: [Int] = []

  private static let factors = ["card", "pin", "password", "palm", "code"]
  private static let classes = ["identifier", "sym-3des", "sym-aes", "pk", "pk-pin"]
  private static let scenarios = ["logon", "unlock", "remote"]

  package init(_ sources: [PolicySource]) throws {
    for source in sources {
      guard let root = try Yams.compose(yaml: String(decoding: source.bytes, as: UTF8.self)) else {
        throw Unforeseen(what: "nothing")
      }
      if source.name == "organisation.yaml" { try readOrganisation(root) } else { try readSegment(root) }
    }
  }

  // MARK: Reading

  private func fields(_ node: Node?, _ known: Set<String>) throws -> [String: Node] {
    guard let mapping = node?.mapping else { throw Unforeseen(what: "no mapping") }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, known.contains(name) else { throw Unforeseen(what: "key") }
      fields[name] = value
    }
    return fields
  }

  private func text(_ node: Node?) throws -> String {
    guard let text = node?.scalar?.string else { throw Unforeseen(what: "no text") }
    return text
  }

  private func number(_ node: Node?) throws -> Int {
    guard let number = Int(try text(node)) else { throw Unforeseen(what: "no number") }
    return number
  }

  private func list(_ node: Node?) throws -> [Node] {
    guard let sequence = node?.sequence else { throw Unforeseen(what: "no list") }
    return Array(sequence)
  }

  private mutating func readOrganisation(_ root: Node) throws {
    let all = try fields(root, ["city", "time-zone", "sites", "help-desk", "segments", "throttle"])
    let zone = Array(try text(all["time-zone"]).utf8).map { Int($0) - 48 }
    guard zone.count == 6 else { throw Unforeseen(what: "zone") }
    offsetSeconds = ((zone[1] * 10 + zone[2]) * 60 + zone[4] * 10 + zone[5]) * 60 * (zone[0] == -3 ? -1 : 1)
    for (name, usual) in [("person", [2, 30, 3600, 50]), ("workstation", [10, 5, 300, 60])] {
      let last = name == "person" ? "most-failures" : "forgive-one-every-seconds"
      let keys = ["free-failures", "first-delay-seconds", "longest-delay-seconds", last]
      var given: [String: Node] = [:]
      if let throttle = all["throttle"], let part = try fields(throttle, ["person", "workstation"])[name] {
        given = try fields(part, Set(keys))
      }
      var numbers = usual
      for (place, key) in keys.enumerated() where given[key] != nil { numbers[place] = try number(given[key]) }
      let ceiling = name == "person" ? numbers[3] : Int.max
      for failures in 1...200 {
        var wait = numbers[1]
        for _ in 0..<max(0, failures - numbers[0] - 1) where wait < 100_000_000 { wait *= 2 }
        waits.append(failures >= ceiling ? .max : failures <= numbers[0] ? 0 : max(1, min(numbers[2], wait)))
      }
      waits.append(name == "person" ? 0 : numbers[3])
    }
  }

  private mutating func readSegment(_ root: Node) throws {
    let all = try fields(root, ["segment", "people", "card", "session", "logon", "unlock", "remote"])
    var twin = SegmentTwin()
    twin.people = try texts(all["people"])
    let card = try fields(all["card"], ["proof", "on-removal"])
    let (proof, pulled) = (try text(card["proof"]), try text(card["on-removal"]))
    guard let floor = Self.classes.firstIndex(of: proof), let removal = ["logoff", "lock", "nothing"].firstIndex(of: pulled)
    else { throw Unforeseen(what: "card") }
    twin.floor = floor
    let session = try fields(all["session"], ["lease-minutes", "idle-minutes", "overall-hours", "at-once"])
    twin.limits = [removal]
    for key in ["lease-minutes", "idle-minutes", "overall-hours"] { twin.limits.append(try number(session[key])) }
    twin.limits.append(session["at-once"] == nil ? 1 : try number(session["at-once"]))
    for scenario in Self.scenarios {
      guard let node = all[scenario] else { continue }
      var lines: [Line] = []
      for entry in try list(node) {
        if entry.mapping == nil {
          lines.append(Line(ways: try ways(text(entry)), groups: []))
        } else {
          let line = try fields(entry, ["factors", "groups"])
          lines.append(Line(ways: try ways(text(line["factors"])), groups: try texts(line["groups"])))
        }
      }
      twin.lines[scenario] = lines
    }
    let name = try text(all["segment"])
    segments[name] = twin
  }

  private func texts(_ node: Node?) throws -> Set<String> {
    var texts: Set<String> = []
    for entry in try list(node) { texts.insert(try text(entry)) }
    return texts
  }

  /// `a + (b or c)`, as docs/policy.md has it.
  private func ways(_ expression: String) throws -> [UInt8] {
    let spaced = expression.replacing("(", with: " ( ").replacing(")", with: " ) ").replacing("+", with: " + ")
    var words = spaced.split(separator: " ").map { String($0) }[...]
    let ways = try sum(&words)
    guard words.isEmpty else { throw Unforeseen(what: "expression") }
    return ways
  }

  private func sum(_ words: inout ArraySlice<String>) throws -> [UInt8] {
    var ways = try choice(&words)
    while let sign = words.first, sign == "+" || sign == "or" {
      words.removeFirst()
      let right = try choice(&words)
      ways = sign == "or" ? ways + right : ways.flatMap { left in right.map { left | $0 } }
    }
    return ways
  }

  private func choice(_ words: inout ArraySlice<String>) throws -> [UInt8] {
    guard let word = words.popFirst() else { throw Unforeseen(what: "end") }
    if word == "(" {
      let ways = try sum(&words)
      guard words.popFirst() == ")" else { throw Unforeseen(what: "parenthesis") }
      return ways
    }
    guard let place = Self.factors.firstIndex(of: word) else { throw Unforeseen(what: "factor") }
    return [UInt8(1) << UInt8(place)]
  }

  // MARK: Trying

  /// What somebody shows at a workstation of a segment.
  package struct Case: Sendable {
    package let scenario: String
    package let groups: Set<String>
    /// 0 … 4, weakest first.
    package let card: Int?
    package let password: Bool
    /// 0: none.
    package let palm: Int
    package let code: Bool
  }

  /// Every card, password, palm and code, by people of none, each and each two of these groups.
  package static func cases(_ groups: Set<String>) -> [Case] {
    let names = groups.sorted()
    var memberships: [Set<String>] = [[]]
    for (index, name) in names.enumerated() {
      memberships.append([name])
      for other in names.dropFirst(index + 1) { memberships.append([name, other]) }
    }
    var cases: [Case] = []
    for scenario in scenarios {
      for groups in memberships {
        for card in -1...4 {
          for palm in [0, 4, 5, 6, 7] {
            for others in 0..<4 {
              cases.append(
                Case(
                  scenario: scenario, groups: groups, card: card < 0 ? nil : card, password: others & 1 != 0, palm: palm,
                  code: others & 2 != 0))
            }
          }
        }
      }
    }
    return cases
  }

  package func allows(_ one: Case, in segment: String) -> Bool {
    guard let twin = segments[segment], !twin.people.isDisjoint(with: one.groups) else { return false }
    if let card = one.card, card < twin.floor { return false }
    var shown: UInt8 = (one.card ?? 0) > 0 ? 1 : 0
    if one.card == 4 { shown |= 2 }
    if one.password { shown |= 4 }
    if one.palm >= 5 { shown |= 8 }
    if one.code { shown |= 16 }
    for line in twin.lines[one.scenario] ?? [] where line.groups.isEmpty || !line.groups.isDisjoint(with: one.groups) {
      for way in line.ways where way & ~shown == 0 {
        // A palm by itself has to be closer.
        if way != 8 || one.palm >= 6 { return true }
      }
    }
    return false
  }

  /// Whether some case is allowed here that the other set refuses.
  package func allowsMore(than other: SlowTwin) -> Bool {
    if zip(waits, other.waits).contains(where: { $0 < $1 }) { return true }
    // Each quarter of an hour of four days in UTC: is it the second of the city's days?
    let quarters = 0..<(4 * 96)
    if quarters.contains(where: { isSecondDay($0) && !other.isSecondDay($0) }) { return true }
    return segments.contains { name, twin in
      guard let former = other.segments[name] else { return true }
      if zip(twin.limits, former.limits).contains(where: { $0 > $1 }) { return true }
      if twin.people == former.people, twin.floor == former.floor, twin.lines == former.lines { return false }
      return Self.cases(twin.groups.union(former.groups)).contains { allows($0, in: name) && !other.allows($0, in: name) }
    }
  }

  private func isSecondDay(_ quarter: Int) -> Bool {
    let local = quarter * 900 + offsetSeconds
    return local >= 86_400 && local < 2 * 86_400
  }
}
