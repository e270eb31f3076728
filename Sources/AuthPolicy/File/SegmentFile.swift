import AuthTerms

/// Reads one `SEGMENT.yaml` into rules; every fault of the file is named, not only the first.
enum SegmentFile {
  private static let keys = [
    "segment", "people", "card", "session", "palm", "directory", "hours", "logon", "unlock", "remote", "deny", "waivers",
  ]
  static let mostGroups = 64
  /// A long weekend and a day: what is in force where the file says nothing.
  static let oldestDirectoryHours = 96
  static let mostRules = 32
  /// As many as one act takes signatures (`SignedAct`: the proposer's and up to eight approvals), less one.
  static let mostApprovers = 8
  /// Fewer than a segment's: each is tried by the proof of the floor.
  static let mostLineGroups = 16

  /// - Parameter digest: SHA-256, for the hash of each waiver.
  static func read(_ root: MarkedNode, digest: ([UInt8]) -> [UInt8], _ log: FaultLog) -> SegmentRules? {
    let fields = Fields(root, allowed: keys, log)
    let segment = log.name(fields.required("segment"), Names.segment) { text throws(MalformedInput) in
      try Segment(parsing: text)
    }
    if let segment, segment.name + ".yaml" != log.file, let node = fields.optional("segment") {
      log.add(.nameMismatch, node.position)
    }
    let people = Set(log.distinct(fields.required("people"), 1...mostGroups) { Names.group($0, log) })
    let waivers = fields.optional("waivers").map { log.list($0, 1...4).compactMap { waiver($0, segment, digest, log) } } ?? []
    let waived = Set(waivers.map(\.name))
    let card = fields.required("card").map { CardClause($0, segment, waived, log) }
    let session = fields.required("session").map { SessionClause($0, log) }
    let palm: PalmRates? = fields.optional("palm").map { PalmClause($0, log).rates } ?? .weakest
    let hours = fields.optional("hours").map { hoursList($0, log) } ?? []
    var oldest: Int? = oldestDirectoryHours
    if let node = fields.optional("directory") {
      let clause = Fields(node, allowed: ["oldest-hours"], log)
      oldest = log.integer(clause.required("oldest-hours"), 1...720)
    }

    var accepted: [Scenario: [AcceptedCombination]] = [:]
    for scenario in [Scenario.logon, .unlock, .remote] {
      let node = scenario == .remote ? fields.optional(scenario.rawValue) : fields.required(scenario.rawValue)
      guard let node else { continue }
      accepted[scenario] = combinations(node, scenario, people, waived, log)
    }
    let denials = fields.optional("deny").map { log.list($0, 1...mostRules).compactMap { denyRule($0, log) } } ?? []
    warnOfUnused(waivers, card, accepted, log)
    warnOfUnreachable(accepted, people, denials, log)

    guard log.isClean, let segment, let card, let oldest, let proof = card.proof, let removal = card.removal, let session,
      let palm,
      let lease = session.leaseMinutes, let idle = session.idleMinutes, let overall = session.overallHours
    else { return nil }
    let terms = SessionTerms(
      leaseSeconds: lease * 60, idleSeconds: idle * 60, overallSeconds: overall * 3600, onCardRemoval: removal)
    return SegmentRules(
      segment: segment, declared: log.rule(fields.place("segment")), people: people,
      peopleRule: log.rule(fields.place("people")),
      proofFloor: proof, proofRule: log.rule(card.proofPlace), terms: terms, sessionsAtOnce: session.atOnce,
      sessionRule: log.rule(fields.place("session")), palmRates: palm, oldestDirectorySeconds: Int64(oldest) * 3600,
      directoryRule: fields.optional("directory") == nil ? .builtin("directory") : log.rule(fields.place("directory")),
      hours: hours, hoursRule: log.rule(fields.place("hours")),
      accepted: accepted, denials: denials, waivers: waivers, felicaGeneration: card.generation,
      takesFirstTaps: card.takesFirstTaps, takesMyNumberCards: card.takesMyNumberCards)
  }

  private static func combinations(
    _ node: MarkedNode, _ scenario: Scenario, _ people: Set<String>, _ waived: Set<WaiverName>, _ log: FaultLog
  ) -> [AcceptedCombination] {
    var sets: [AcceptedLine] = []
    for entry in log.list(node, 1...mostRules) {
      let (expression, groups) = line(entry, log)
      for factors in expression.flatMap({ FactorExpression.parse($0, log) }) ?? [] {
        // One set of factors stands once: who it is for is then one list to read, not the sum of several.
        if sets.contains(where: { $0.factors == factors }) { log.add(.combinationTwice, entry.position) }
        sets.append(AcceptedLine(factors: factors, groups: groups, position: entry.position))
      }
    }
    SegmentFloor.check(sets, scenario, people: people, waivers: waived, log)
    return sets.map { set in
      AcceptedCombination(
        combination: Combination(factors: set.factors, rule: log.rule(set.position)),
        needs: SegmentFloor.needs(set.factors, scenario), groups: set.groups)
    }
  }

  /// `card + pin`, for all of the segment's people, or `{factors: card + pin, groups: [telework]}`.
  private static func line(_ entry: MarkedNode, _ log: FaultLog) -> (expression: MarkedNode?, groups: Set<String>) {
    guard case .map = entry.content else { return (entry, []) }
    let fields = Fields(entry, allowed: ["factors", "groups"], log)
    let groups = log.distinct(fields.required("groups"), 1...mostLineGroups) { Names.group($0, log) }
    return (fields.required("factors"), Set(groups))
  }

  private static func denyRule(_ node: MarkedNode, _ log: FaultLog) -> DenyRule? {
    let fields = Fields(node, allowed: ["reason", "groups", "workstations", "hours"], log)
    let reason = log.text(fields.required("reason"), most: 200)
    let conditions = ["groups", "workstations", "hours"].filter { fields.optional($0) != nil }
    if conditions.isEmpty { log.add(.conditionMissing, node.position) }
    let groups = fields.optional("groups").map { log.distinct($0, 1...mostGroups) { Names.group($0, log) } } ?? []
    let workstations = fields.optional("workstations").map { log.distinct($0, 1...1024) { Names.workstation($0, log) } } ?? []
    let hours = fields.optional("hours").map { hoursList($0, log) } ?? []
    guard let reason else { return nil }
    return DenyRule(
      rule: log.rule(node.position), reason: reason, groups: Set(groups), workstations: Set(workstations), hours: hours)
  }

  static func hoursList(_ node: MarkedNode, _ log: FaultLog) -> [WeekHours] {
    log.distinct(node, 1...32) { entry in
      guard case .scalar(let text, _) = entry.content, let hours = WeekHours.parse(text) else {
        log.add(.badHours, entry.position)
        return nil
      }
      return hours
    }
  }

  private static func waiver(
    _ node: MarkedNode, _ segment: Segment?, _ digest: ([UInt8]) -> [UInt8], _ log: FaultLog
  ) -> Waiver? {
    let fields = Fields(node, allowed: ["waiver", "from", "until", "approvers", "reason"], log)
    let name = log.word(fields.required("waiver"), of: WaiverName.allCases.map(\.rawValue)).flatMap(WaiverName.init)
    let from = log.day(fields.required("from"))
    let until = log.day(fields.required("until"))
    let approvers = log.distinct(fields.required("approvers"), 1...mostApprovers) { Names.operatorID($0, log) }
    let reason = log.text(fields.required("reason"), most: 200)
    guard let name, let from, let until, let reason else { return nil }
    if until < from { log.add(.waiverReversed, fields.place("until")) }
    if until - from + 1 > name.longestDays {
      log.add(
        .waiverTooLong, fields.place("until"),
        FaultDetail(expected: Bilingual("\(name.longestDays) 日", "\(name.longestDays) days")))
    }
    if segment == .mynumber, approvers.count < 2 { log.add(.twoApprovers, fields.place("approvers")) }
    guard let segment else { return nil }
    do throws(MalformedInput) {
      return try Waiver(
        segment: segment, name: name, from: from, until: until, approvers: approvers, reason: reason,
        rule: log.rule(node.position), column: node.position.column, digest: digest)
    } catch {
      log.add(.badDigest, node.position)
      return nil
    }
  }

  private static func warnOfUnused(
    _ waivers: [Waiver], _ card: CardClause?, _ accepted: [Scenario: [AcceptedCombination]], _ log: FaultLog
  ) {
    for waiver in waivers {
      let isNeeded =
        switch waiver.name {
        case .identifierAsPossession: card?.proof == .identifier
        case .introductionPhase: accepted.values.joined().contains { $0.needs == .introductionPhase }
        }
      if !isNeeded { log.warn(.waiverUnused, Position(line: waiver.rule.line, column: 1)) }
    }
  }
}

extension SegmentFile {
  /// A line whose people are all refused by a deny rule, wherever they are and at whatever hour.
  fileprivate static func warnOfUnreachable(
    _ accepted: [Scenario: [AcceptedCombination]], _ people: Set<String>, _ denials: [DenyRule], _ log: FaultLog
  ) {
    let always = denials.filter { $0.workstations.isEmpty && $0.hours.isEmpty }
    var lines: Set<Int> = []
    for entry in accepted.values.joined() {
      let isRefused = always.contains { rule in
        people.isSubset(of: rule.groups) || (!entry.groups.isEmpty && entry.groups.isSubset(of: rule.groups))
      }
      if isRefused { lines.insert(entry.combination.rule.line) }
    }
    for line in lines.sorted() { log.warn(.lineUnreachable, Position(line: line, column: 1)) }
  }
}

/// One set of factors of one line, before it is a rule.
struct AcceptedLine {
  var factors: FactorSet
  /// Empty: all of the segment's people.
  var groups: Set<String>
  var position: Position
}

/// `card:`
private struct CardClause {
  var proof: ProofClass?
  var proofPlace: Position
  var removal: CardRemoval?
  /// Of FeliCa cards that are known by their number.
  var generation: FelicaGeneration?
  var takesFirstTaps = false
  /// By their user-authentication key; by nothing else.
  var takesMyNumberCards = false

  init(_ node: MarkedNode, _ segment: Segment?, _ waived: Set<WaiverName>, _ log: FaultLog) {
    let fields = Fields(node, allowed: ["proof", "on-removal", "felica-generation", "first-tap", "jpki"], log)
    proofPlace = fields.place("proof")
    let names = ProofClass.allCases.sorted(by: >).map(\.name)
    proof = log.word(fields.required("proof"), of: names).flatMap { ProofClass(name: $0) }
    removal = log.word(fields.required("on-removal"), of: CardRemoval.allCases.map(\.rawValue)).flatMap(CardRemoval.init)
    if let node = fields.optional("felica-generation") {
      generation = log.word(node, of: FelicaGeneration.allCases.map(\.name)).flatMap { FelicaGeneration(name: $0) }
    }
    if let node = fields.optional("first-tap") {
      takesFirstTaps = log.word(node, of: ["allowed", "desk-only"]) == "allowed"
      // Whoever reaches a My Number workstation with a code and a password must not bring a card of her own (decision 49).
      if takesFirstTaps, segment == .mynumber { log.add(.firstTapInMyNumber, node.position) }
    }
    if let node = fields.optional("jpki"), log.word(node, of: ["user-authentication"]) != nil {
      takesMyNumberCards = true
      log.warn(.myNumberCardsTaken, node.position)
    }
    guard let proof, let segment, let place = fields.optional("proof")?.position else { return }
    let weakest = SegmentFloor.weakestProof(segment)
    // Two people may sign for much in My Number; not for a number that anybody can show (decision 45).
    let isWaived = proof == .identifier && waived.contains(.identifierAsPossession) && segment != .mynumber
    if proof < weakest, !isWaived {
      log.add(.proofBelowFloor, place, FaultDetail(expected: Bilingual(same: weakest.name)))
    }
  }
}

/// `session:`
private struct SessionClause {
  var leaseMinutes: Int?
  var idleMinutes: Int?
  var overallHours: Int?
  var atOnce = 1

  init(_ node: MarkedNode, _ log: FaultLog) {
    let fields = Fields(node, allowed: ["lease-minutes", "idle-minutes", "overall-hours", "at-once"], log)
    leaseMinutes = log.integer(fields.required("lease-minutes"), 1...60)
    // NIST SP 800-63B-4 §2.2.3 (AAL2): at most 1 h without activity, 24 h in all. A floor here, not advice.
    // The shortest session is as long as the longest idle time, so the two never contradict each other.
    idleMinutes = log.integer(fields.required("idle-minutes"), 1...60)
    overallHours = log.integer(fields.required("overall-hours"), 1...24)
    if let node = fields.optional("at-once") { atOnce = log.integer(node, 1...10) ?? 1 }
  }
}

/// `palm:`
private struct PalmClause {
  private(set) var rates: PalmRates?

  init(_ node: MarkedNode, _ log: FaultLog) {
    let fields = Fields(node, allowed: ["beside-card", "alone"], log)
    let beside = Self.rate(fields.required("beside-card"), weakest: PalmRates.weakest.besideAnother, log)
    let floor = PalmRates.weakest.alone
    let alone = Self.rate(fields.required("alone"), weakest: beside.map { max($0, floor) } ?? floor, log)
    guard let beside, let alone else { return }
    rates = try? PalmRates(besideAnother: beside, alone: alone)
  }

  private static func rate(_ node: MarkedNode?, weakest: Int, _ log: FaultLog) -> Int? {
    guard let node, let exponent = log.rate(node) else { return nil }
    func named(_ text: String) -> FaultDetail { FaultDetail(expected: Bilingual(same: text)) }
    if exponent < weakest {
      log.add(.palmTooWeak, node.position, named("1e-\(weakest)"))
      return nil
    }
    if exponent > PalmRates.strictest {
      log.add(.outOfRange, node.position, named("1e-\(weakest) – 1e-\(PalmRates.strictest)"))
      return nil
    }
    if exponent > PalmRates.strictestOfOurs {
      log.warn(.rateBeyondOurs, node.position, named("1e-\(PalmRates.strictestOfOurs)"))
    }
    return exponent
  }
}

extension FaultLog {
  func rule(_ position: Position) -> RuleID { RuleID(file: file, line: position.line) }
}
