import AuthPolicy
import AuthTerms
import Foundation
import Testing

/// Slips of the keyboard in the shipped files: each must be refused, change nothing, or stay above the floor and be countable.
@Suite("mutants of the shipped policies")
struct MutationTests {
  private static let vocabulary = [
    "card", "pin", "password", "palm", "code", "or", "+", "(", ")", "pk", "pk-pin", "sym-3des", "identifier", "nothing", "lock",
    "logoff", "0", "1", "61", "999", "010", "yes", "no", "null", "~", "*", "&a", "!x", "[]", "{}", "\"", "'", "#", "-", ":",
    "|",
    "logon", "unlock", "remote", "deny", "seg-lgwan", "telework", "mynumber", "internet", "\t", "\r", "\u{FEFF}", "ｃａｒｄ",
    "\u{202E}", "---", "1e-4", "1e-7", "palm:",
  ]

  /// Requests over every segment: factors, classes, groups and sessions; independent of what the files say.
  private func requests() throws -> [DecisionRequest] {
    var all: [DecisionRequest] = []
    for segment in [Segment.mynumber, .lgwan, .internet] {
      for scenario in [Scenario.logon, .unlock, .remote] {
        for proofClass in [nil] + ProofClass.allCases.map(Optional.some) {
          for others in 0..<8 {
            for groups in [["seg-\(segment)", "telework"], ["seg-\(segment)"], ["seg-other", "telework"]] as [Set<String>] {
              var request = try Situation(scenario, segment: segment, groups: groups).request
              if let proofClass { request.proofs.append(try Situation.card(proofClass)) }
              if others & 1 != 0 { request.proofs.append(.password) }
              if others & 2 != 0 { request.proofs.append(.palm(falseMatchExponent: 6)) }
              if others & 4 != 0 { request.proofs.append(.code) }
              all.append(request)
            }
          }
        }
      }
    }
    return all
  }

  /// What no file may grant: fewer than two kinds at logon, a copied number, My Number without a key, an unlock by possession.
  private func isAboveFloor(_ grant: Grant, _ request: DecisionRequest) -> Bool {
    var proofClass: ProofClass?
    for case .card(_, let found, _) in request.proofs { proofClass = found }
    if grant.factors.contains(.card) {
      guard let proofClass, proofClass >= (grant.segment == .mynumber ? .publicKey : .symmetric3DES) else { return false }
    }
    if grant.factors.contains(.pin), proofClass != .publicKeyWithPIN { return false }
    let kinds = Set(grant.factors.map(\.kind))
    if grant.scenario == .unlock { return kinds.contains(.know) || kinds.contains(.are) }
    return kinds.count >= 2 && kinds.contains(.have)
  }

  @Test func ofTokens() throws {
    let sources = try Samples.shipped()
    let requests = try requests()
    let original = try Samples.compile(sources)
    let granted = requests.map { original.decide($0).isGrant }
    var chance = Chance(seed: 42)
    var counts: [String: Int] = [:]
    var below: [String] = []
    // SANMON_MUTANTS asks a patient machine for more.
    let number = ProcessInfo.processInfo.environment["SANMON_MUTANTS"].flatMap(Int.init) ?? 3000
    for _ in 0..<number {
      let mutant = mutate(sources, &chance)
      guard let set = try? Samples.compile(mutant) else {
        counts["refused", default: 0] += 1
        continue
      }
      var widens = false
      var narrows = false
      for (index, request) in requests.enumerated() {
        let decision = set.decide(request)
        if case .grant(let grant) = decision {
          if !isAboveFloor(grant, request) { below.append(decision.summary) }
          if !granted[index] { widens = true }
        } else if granted[index] {
          narrows = true
        }
      }
      counts[widens ? "widening, above the floor" : narrows ? "narrowing" : "equal", default: 0] += 1
    }
    print("\(number) mutants:", counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    #expect(below.prefix(5) == [])
    #expect(counts["refused", default: 0] > number / 2)
    #expect(counts["widening, above the floor", default: 0] > 0)
  }

  /// One slip in one file: a token replaced, removed or doubled, a line removed, doubled or moved, or a letter changed.
  private func mutate(_ sources: [PolicySource], _ chance: inout Chance) -> [PolicySource] {
    var sources = sources
    let index = Int.random(in: 0..<sources.count, using: &chance)
    var lines = String(decoding: sources[index].bytes, as: UTF8.self).components(separatedBy: "\n")
    let meaningful = lines.indices.filter { !lines[$0].isEmpty && !lines[$0].hasPrefix("#") }
    let line = chance.one(of: meaningful)
    switch Int.random(in: 0..<7, using: &chance) {
    case 0: lines.remove(at: line)
    case 1: lines.insert(lines[line], at: line)
    case 2: lines.swapAt(line, chance.one(of: meaningful))
    case 3:
      var letters = Array(lines[line].unicodeScalars)
      let place = Int.random(in: 0..<letters.count, using: &chance)
      if chance.hit(2) {
        letters.remove(at: place)
      } else {
        letters[place] = chance.one(of: Array("abcz019 -_:+()[]{}#'\"&*!|>%@`\\".unicodeScalars))
      }
      lines[line] = String(String.UnicodeScalarView(letters))
    default:
      var tokens = lines[line].components(separatedBy: " ")
      let place = chance.one(of: tokens.indices.filter { !tokens[$0].isEmpty })
      switch Int.random(in: 0..<4, using: &chance) {
      case 0: tokens.remove(at: place)
      case 1: tokens.insert(tokens[place], at: place)
      default: tokens[place] = chance.one(of: Self.vocabulary)
      }
      lines[line] = tokens.joined(separator: " ")
    }
    sources[index].bytes = Array(lines.joined(separator: "\n").utf8)
    return sources
  }

  @Test("a key that is not known never passes, wherever it is put")
  func unknownKeys() throws {
    let sources = try Samples.shipped()
    var tried = 0
    for (index, source) in sources.enumerated() {
      let lines = String(decoding: source.bytes, as: UTF8.self).components(separatedBy: "\n")
      for (number, line) in lines.enumerated() {
        guard let colon = line.firstIndex(of: ":"), !line.contains("#"), !line.contains("{") else { continue }
        let indent = String(line.prefix { $0 == " " })
        for added in [
          "\(indent)zone: x", "\(indent)Segment: x", "\(indent)\(line[..<colon].trimmingCharacters(in: .whitespaces))-x: 1",
        ] {
          var changed = lines
          changed.insert(added, at: number)
          var set = sources
          set[index].bytes = Array(changed.joined(separator: "\n").utf8)
          #expect(throws: PolicyFaults.self, "\(source.name):\(number + 1)") { try Samples.compile(set) }
          tried += 1
        }
      }
    }
    #expect(tried > 100)
  }

  @Test("bytes at random never crash the reader")
  func ofBytes() throws {
    let sources = try Samples.shipped() + [Samples.source("sanmon.yaml", Samples.instance)]
    var chance = Chance(seed: 9)
    for _ in 0..<3000 {
      var source = chance.one(of: sources)
      for _ in 0..<Int.random(in: 1...6, using: &chance) {
        let place = Int.random(in: 0..<source.bytes.count, using: &chance)
        switch Int.random(in: 0..<4, using: &chance) {
        case 0: source.bytes[place] = UInt8.random(in: 0...255, using: &chance)
        case 1: source.bytes.remove(at: place)
        case 2: source.bytes.insert(chance.one(of: Array("-?:,[]{}#&*!|>'\"%@` \n\t\r\\~<".utf8)), at: place)
        default: source.bytes.removeSubrange(place..<min(source.bytes.count, place + 20))
        }
        if source.bytes.isEmpty { source.bytes = [0] }
      }
      _ = try? InstanceFile.parse(source)
      _ = try? Samples.compile([source] + sources.prefix(4).filter { $0.name != source.name })
    }
  }

  @Test(
    "openers without end are refused before any parser recurses",
    arguments: ["[", "{", "- ", "? ", "{a: ", "[[", "'", "\"", "!", "&a ", "\n "])
  func deep(piece: String) {
    let text = "a: " + String(repeating: piece, count: 200_000 / piece.utf8.count)
    #expect(throws: PolicyFaults.self) { try InstanceFile.parse(Samples.source("sanmon.yaml", text)) }
  }
}
