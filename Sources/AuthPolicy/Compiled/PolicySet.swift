public import AuthTerms

/// A right policy set: parsed, held against the floor, immutable. Replaced whole or not at all.
public final class PolicySet: Sendable {
  public let version: PolicyVersion
  public let organisation: Organisation
  /// Standing warnings as long as nothing is known of approvals: waivers that nobody has signed yet, ended or unused, and lines
  /// that nobody can use. `warnings(on:approved:segments:)` knows more.
  public var warnings: [PolicyFault] { warnings(on: today, approved: []) }
  /// What is odd in the files themselves, whatever the day.
  let lint: [PolicyFault]
  private let today: Int
  package let rules: [Segment: SegmentRules]

  static let mostFiles = 32

  private init(
    version: PolicyVersion, organisation: Organisation, lint: [PolicyFault], today: Int, rules: [Segment: SegmentRules]
  ) {
    self.version = version
    self.organisation = organisation
    self.lint = lint
    self.today = today
    self.rules = rules
  }

  /// Reads `organisation.yaml` and one file per segment it lists.
  ///
  /// - Parameters:
  ///   - sources: every file of the policy folder, in any order; at most 32 of at most 256 KiB.
  ///   - digest: SHA-256.
  ///   - today: `LocalTime.day`; only `warnings` depend on it, whether a waiver is in force is asked at each decision.
  /// - Throws: every fault of every file, never only the first.
  public static func compile(
    _ sources: [PolicySource], digest: ([UInt8]) -> [UInt8], today: Int
  ) throws(PolicyFaults) -> PolicySet {
    var set = SetReader()
    set.read(sources, digest)
    guard set.faults.isEmpty, let organisation = set.organisation?.organisation else {
      throw PolicyFaults(FaultLog.sorted(set.faults))
    }
    guard let version = try? PolicyVersion(parsing: digest(canonicalBytes(sources))) else {
      let log = FaultLog(file: OrganisationFile.name)
      log.add(.badDigest, .start)
      throw PolicyFaults(log.faults)
    }
    let policy = PolicySet(
      version: version, organisation: organisation, lint: set.warnings, today: today, rules: set.rules)
    let unproven = FloorProof(policy).faults()
    guard unproven.isEmpty else { throw PolicyFaults(unproven) }
    return policy
  }

  /// The same set with one segment's rules changed: what `FloorProof` tries, and what a test breaks on purpose.
  package func replacing(_ changed: SegmentRules) -> PolicySet {
    var rules = rules
    rules[changed.segment] = changed
    return PolicySet(version: version, organisation: organisation, lint: lint, today: today, rules: rules)
  }

  /// What the version is the hash of: a domain, then each name and its bytes, length-prefixed, sorted by name.
  public static func canonicalBytes(_ sources: [PolicySource]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/policy/1")
    for source in sources.sorted(by: { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }) {
      writer.field(source.name)
      writer.field(source.bytes)
    }
    return writer.bytes
  }

  public var segments: [Segment] { rules.keys.sorted() }

  /// Grants, asks for more, or refuses; never throws and never reads anything but the request.
  public func decide(_ request: DecisionRequest) -> Decision {
    evaluate(request) { NoTrace() }.0
  }

  /// The same evaluation with each step in words.
  public func explain(_ request: DecisionRequest) -> Explanation {
    let (decision, trace) = evaluate(request) { StepTrace() }
    return Explanation(steps: trace.steps, decision: decision, policy: version)
  }

  /// What a ceremony would accept on that day, shown before anything is proven; empty if the scenario has no rule, or the
  /// person of these groups, when given, is in none of the segment's or of its lines'.
  public func combinations(
    segment: Segment, scenario: Scenario, groups: Set<String>?, on day: Int, approved: Set<WaiverHash>
  ) -> [Combination] {
    guard let rules = rules[segment] else { return [] }
    if let groups, rules.people.isDisjoint(with: groups) { return [] }
    return rules.accepted(scenario, on: day, approved: approved).filter { $0.isFor(groups) }.map(\.combination)
  }

  /// The weakest card the segment's file names, whatever the date.
  public func cardFloor(_ segment: Segment) -> ProofClass? { rules[segment]?.proofFloor }

  /// How closely a palm has to match in the segment; `nil` without a policy for it.
  public func palmRates(_ segment: Segment) -> PalmRates? { rules[segment]?.palmRates }

  /// What a session of the segment would be opened with.
  public func sessionTerms(_ segment: Segment) -> SessionTerms? { rules[segment]?.terms }

  public func throttle(for key: ThrottleSubject) -> ThrottleLimits {
    switch key {
    case .person, .card: organisation.throttle
    case .workstation: organisation.workstationThrottle
    case .palm: .palm
    }
  }
}

/// Whose failures are counted.
public enum ThrottleSubject: Sendable, CaseIterable {
  case person
  case card
  case workstation
  /// The palms of a person.
  case palm
}

/// Reads the files of one set and holds them against each other.
private struct SetReader {
  var faults: [PolicyFault] = []
  var warnings: [PolicyFault] = []
  var organisation: OrganisationFile.Result?
  var rules: [Segment: SegmentRules] = [:]

  mutating func read(_ sources: [PolicySource], _ digest: ([UInt8]) -> [UInt8]) {
    guard sources.count <= PolicySet.mostFiles else { return add(.tooManyFiles, OrganisationFile.name) }
    var names: Set<String> = []
    for source in sources {
      guard names.insert(source.name).inserted else {
        add(.fileTwice, Self.showable(source.name))
        continue
      }
      if source.name == OrganisationFile.name { readOrganisation(source) } else { readSegment(source, digest) }
    }
    guard names.contains(OrganisationFile.name) else { return add(.organisationMissing, OrganisationFile.name) }
    holdTogether(names)
  }

  private mutating func readOrganisation(_ source: PolicySource) {
    let log = FaultLog(file: source.name)
    organisation = MarkedTree.parse(source.bytes, log).flatMap { OrganisationFile.read($0, log) }
    take(log)
  }

  private mutating func readSegment(_ source: PolicySource, _ digest: ([UInt8]) -> [UInt8]) {
    guard source.name.hasSuffix(".yaml"), (try? Segment(parsing: source.name.dropLast(5))) != nil else {
      return add(.unknownFile, Self.showable(source.name))
    }
    let log = FaultLog(file: source.name)
    if let segment = MarkedTree.parse(source.bytes, log).flatMap({ SegmentFile.read($0, digest: digest, log) }) {
      rules[segment.segment] = segment
    }
    take(log)
  }

  private mutating func holdTogether(_ names: Set<String>) {
    guard let organisation else { return }
    for segment in organisation.organisation.models.keys.sorted() where !names.contains(segment.name + ".yaml") {
      add(.segmentFileMissing, OrganisationFile.name, organisation.places[segment] ?? .start)
    }
    for found in rules.values where organisation.organisation.models[found.segment] == nil {
      add(.segmentUndeclared, found.declared.file, Position(line: found.declared.line, column: 1))
    }
  }

  private mutating func take(_ log: FaultLog) {
    faults += log.faults
    warnings += log.warnings
  }

  private mutating func add(_ code: FaultCode, _ file: String, _ position: Position = .start) {
    let log = FaultLog(file: file)
    log.add(code, position)
    take(log)
  }

  /// A file name goes into a fault only in a closed character set; it is content like any other.
  private static func showable(_ name: String) -> String {
    (try? Identifier<Never>(parsing: name))?.text ?? "?"
  }
}
