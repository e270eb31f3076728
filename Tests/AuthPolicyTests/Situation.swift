import AuthPolicy
import AuthTerms

/// A morning at a workstation, to be varied by each test.
struct Situation {
  var request: DecisionRequest

  static let boot = "boot-1"

  static func moment(_ seconds: Int64, boot: String = boot) -> Moment {
    Moment(wallMilliseconds: 1_786_752_000_000 + seconds * 1000, boot: boot, monotonicMilliseconds: 1_000_000 + seconds * 1000)
  }

  /// A Saturday (2026-08-15), 09:00.
  init(
    _ scenario: Scenario = .logon, segment: Segment = .lgwan, groups: Set<String> = ["seg-lgwan", "seg-mynumber", "telework"]
  ) throws {
    request = DecisionRequest(
      ceremony: try CeremonyID(parsing: "c-1"), scenario: scenario,
      workstation: WorkstationFacts(id: try WorkstationID(parsing: "LGWAN-PC-0042"), segment: segment, isRevoked: false),
      person: PersonFacts(
        id: try PersonID(parsing: "p-000001"), groups: groups, isEnabled: true, firstDay: nil, lastDay: nil,
        hasManagedPassword: false),
      proofs: [], authenticators: AuthenticatorFacts(hasPassword: true, hasPalm: true), session: nil, sessionsElsewhere: 0,
      throttledUntil: nil, now: Self.moment(0), local: LocalTime(weekday: 6, minuteOfDay: 540, day: Samples.today))
    if scenario == .unlock {
      request.session = SessionFacts(
        id: try SessionID(parsing: "s-1"), person: try PersonID(parsing: "p-000001"), isLocked: true,
        openedAt: Self.moment(-3600), lastActivity: Self.moment(-600), kinds: [.have, .know], isRevoked: false)
      request.proofs = [.sessionKey(try SessionID(parsing: "s-1"))]
    }
  }

  func showing(_ proofs: Proof...) -> DecisionRequest {
    var copy = request
    copy.proofs += proofs
    return copy
  }

  static func card(_ proofClass: ProofClass = .publicKeyWithPIN, _ state: CardState = .active) throws -> Proof {
    .card(try CardID(parsing: "card-1"), proofClass, state)
  }
}

extension Decision {
  /// `grant card+pin AAL2 lgwan.yaml:9`, `needs password`, `AP101 lgwan.yaml:9`: what a test compares.
  var summary: String {
    switch self {
    case .grant(let grant):
      let factors = grant.factors.sorted().map(\.rawValue).joined(separator: "+")
      let waivers = grant.waivers.isEmpty ? "" : " waivers " + grant.waivers.map(\.name).joined(separator: ",")
      return "grant \(factors) \(grant.assurance.name) \(grant.rule)\(waivers)"
    case .stillNeeded(let combinations, let rule):
      return "needs " + combinations.map { $0.names.joined(separator: "+") }.joined(separator: " or ") + " \(rule)"
    case .deny(let denial): return "\(denial.code.rawValue) \(denial.rule)"
    }
  }

  var isGrant: Bool { if case .grant = self { true } else { false } }
}
