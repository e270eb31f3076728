/// What may happen in the simulated town, in dictionaries of plain strings and numbers. Written from docs/policy.md and
/// docs/operations.md and not from the server: it shares no line with what it judges.
struct Model {
  struct Person: Hashable {
    var isEnabled: Bool
    var groups: Set<String>
    var first: Int?
    var last: Int?
    var hasPassword: Bool
  }

  struct Card: Hashable {
    let person: String
    var state: String
    /// Key name to its slot and whether it was seen to refuse without a PIN.
    let keys: [String: (slot: String, isGuarded: Bool)]

    static func == (a: Card, b: Card) -> Bool { a.person == b.person && a.state == b.state }
    func hash(into hasher: inout Hasher) { hasher.combine(state) }
  }

  struct Workstation: Hashable {
    var isRevoked: Bool
    let isRemote: Bool
  }

  struct Session: Hashable {
    let person: String
    let workstation: String
    let card: String?
    var phase: String
    var isRevoked: Bool
    let opened: Tick
    var active: Tick
    let keys: String
    /// Milliseconds.
    let lease: Int64
    let idle: Int64
    let overall: Int64

    var isLive: Bool { phase != "ended" }
  }

  struct Failures: Hashable {
    var count: Int
    var last: Tick
    var until: Tick?
    var isForEver = false
  }

  struct Ceremony {
    let id: String
    let workstation: String
    let scenario: String
    let session: String?
    let expires: Tick
    var keys: String?
    var card: (key: String, slot: String)?
    var isKeyProven = false
  }

  /// How many refusals of one workstation and code there were since when.
  struct Burst {
    var since: Tick
    var rows: Int
    var counted: Int64
  }

  // Durable.
  var people: [String: Person] = [:]
  var cards: [String: Card] = [:]
  var workstations: [String: Workstation] = [:]
  var sessions: [String: Session] = [:]
  var failures: [String: Failures] = [:]

  // In the server's memory: gone with it.
  var rules: Rules
  var started: Tick
  /// The latest time of a row that somebody was told of: no date is judged by an earlier one.
  var latestRow: Int64
  var ceremonies: [String: Ceremony] = [:]
  var current: [String: String] = [:]
  var redeemed: Set<String> = []
  var heard: [String: Tick] = [:]
  var held: [String: Int] = [:]
  var bursts: [String: Burst] = [:]
  var unrecorded: Int64 = 0

  init(rules: Rules, at start: Tick) {
    self.rules = rules
    started = start
    latestRow = start.wall
    for clerk in Town.clerks {
      people[clerk.id] = Person(
        isEnabled: true, groups: Set(clerk.groups), first: clerk.first.map { Town.day + $0 },
        last: clerk.last.map { Town.day + $0 }, hasPassword: clerk.hasPassword)
    }
    for card in Town.cards {
      let keys = card.slots.map { (card.key($0), (slot: $0, isGuarded: $0 == "9a" && card.isGuarded)) }
      cards[card.id] = Card(person: card.person, state: "active", keys: Dictionary(uniqueKeysWithValues: keys))
    }
    for name in Town.workstations {
      workstations[name] = Workstation(isRevoked: false, isRemote: Town.isRemote(name))
    }
  }

  /// The process ended and another one began: what was in memory is gone, what is durable is not.
  /// - Parameter latestRow: of the newest rows, which are read at the start.
  mutating func restart(rules: Rules, at now: Tick, latestRow: Int64) {
    self.rules = rules
    self.latestRow = latestRow
    started = now
    ceremonies = [:]
    current = [:]
    redeemed = []
    heard = [:]
    held = [:]
    bursts = [:]
    unrecorded = 0
  }

  func live(on workstation: String) -> (id: String, session: Session)? {
    sessions.first { $0.value.workstation == workstation && $0.value.isLive }.map { ($0.key, $0.value) }
  }

  func card(ofKey key: String) -> (id: String, card: Card)? {
    cards.first { $0.value.keys[key] != nil }.map { ($0.key, $0.value) }
  }

  /// The day by which people's dates are judged: a clock that is set back brings nobody back.
  func day(at now: Tick) -> Int { Tick(wall: max(now.wall, latestRow), boot: now.boot, mono: now.mono).day }

  // MARK: Presence

  func silence(of workstation: String, at now: Tick) -> Int64 {
    held[workstation, default: 0] > 0 ? 0 : max(0, now.since(heard[workstation] ?? started))
  }

  // MARK: Refusals that fill no disk

  /// - Returns: whether the refusal has a row of its own; if not, it is counted.
  mutating func hasOwnRow(_ workstation: String, _ code: String, at now: Tick) -> Bool {
    let name = "\(workstation) \(code)"
    guard var burst = bursts[name], now.since(burst.since) < 60_000 else {
      if let late = bursts[name], late.counted > 0 {
        bursts[name]?.counted += 1
        return false
      }
      bursts[name] = Burst(since: now, rows: 1, counted: 0)
      return true
    }
    defer { bursts[name] = burst }
    if burst.rows < 5 {
      burst.rows += 1
      return true
    }
    burst.counted += 1
    return false
  }

  /// The bursts that are over, with what was only counted.
  mutating func flushed(at now: Tick) -> [String: Burst] {
    let over = bursts.filter { now.since($0.value.since) >= 60_000 }
    for name in over.keys { bursts[name] = nil }
    return over.filter { $0.value.counted > 0 }
  }

  /// Its row was not written: the count stays.
  mutating func putBack(_ burst: Burst, for name: String) {
    if bursts[name] == nil { bursts[name] = burst } else { bursts[name]?.counted += burst.counted }
  }
}
