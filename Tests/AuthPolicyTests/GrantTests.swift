import AuthPolicy
import AuthTerms
import Testing

@Suite("grants")
struct GrantTests {
  let set: PolicySet

  init() throws { set = try Samples.compile(Samples.shipped()) }

  @Test(
    "logon and remote",
    arguments: [
      (Segment.lgwan, Scenario.logon, ProofClass.publicKeyWithPIN, [Proof](), "grant card+pin AAL2 lgwan.yaml:17"),
      (.lgwan, .logon, .publicKey, [], "needs password lgwan.yaml:18"),
      (.lgwan, .logon, .publicKey, [.password], "grant card+password AAL2 lgwan.yaml:18"),
      (.lgwan, .remote, .publicKeyWithPIN, [], "needs password lgwan.yaml:26"),
      (.lgwan, .remote, .publicKeyWithPIN, [.password], "grant card+password AAL2 lgwan.yaml:26"),
      (.mynumber, .logon, .publicKeyWithPIN, [], "needs palm or password mynumber.yaml:19"),
      (.mynumber, .logon, .publicKey, [.palm(falseMatchExponent: 5)], "grant card+palm AAL2 mynumber.yaml:19"),
      (.mynumber, .logon, .publicKey, [.palm(falseMatchExponent: 4)], "needs palm or password mynumber.yaml:19"),
      (.mynumber, .logon, .publicKey, [.password], "grant card+password AAL2 mynumber.yaml:20"),
    ])
  func logon(segment: Segment, scenario: Scenario, proofClass: ProofClass, proofs: [Proof], expected: String) throws {
    var request = try Situation(scenario, segment: segment).showing(Situation.card(proofClass))
    request.proofs += proofs
    #expect(set.decide(request).summary == expected)
  }

  @Test("a shared-key card is a possession where the city says so, and never AAL2")
  func symmetricCard() throws {
    let set = try Samples.set(Samples.lgwan.breaking("proof: pk", "proof: sym-3des"))
    #expect(
      try set.decide(Situation().showing(Situation.card(.symmetric3DES), .password)).summary
        == "grant card+password AAL1 lgwan.yaml:7")
    #expect(try set.decide(Situation().showing(Situation.card(.identifier), .password)).summary == "AP157 lgwan.yaml:3")
  }

  @Test("a code stands in for the card, with a password")
  func code() throws {
    let set = try Samples.set(Samples.lgwan.breaking("- card + pin", "- code + password"))
    #expect(try set.decide(Situation().showing(.code)).summary == "needs password lgwan.yaml:6")
    #expect(try set.decide(Situation().showing(.code, .password)).summary == "grant password+code AAL2 lgwan.yaml:6")
    // Whether a code waits in a pocket is not known: nobody is sent to look for one.
    #expect(try set.decide(Situation().showing(Situation.card(.publicKey))).summary == "needs password lgwan.yaml:7")
  }

  @Test("while nobody is known, everything may still come")
  func nobodyYet() throws {
    var morning = try Situation()
    morning.request.person = nil
    #expect(set.decide(morning.request).summary == "needs card+pin or card+password or password+code lgwan.yaml:17")
  }

  @Test("without a palm registered, no palm is asked for or believed")
  func noPalm() throws {
    var morning = try Situation(segment: .mynumber)
    morning.request.authenticators.hasPalm = false
    #expect(try set.decide(morning.showing(Situation.card())).summary == "needs password mynumber.yaml:20")
    #expect(
      try set.decide(morning.showing(Situation.card(), .palm(falseMatchExponent: 9))).summary
        == "needs password mynumber.yaml:20")
  }

  @Test("the grant names everything the session is opened with")
  func grant() throws {
    let request = try Situation().showing(Situation.card())
    guard case .grant(let grant) = set.decide(request) else {
      Issue.record("no grant")
      return
    }
    #expect(grant.ceremony == request.ceremony && grant.person == request.person?.id)
    #expect(grant.workstation == request.workstation.id && grant.segment == .lgwan && grant.scenario == .logon)
    #expect(grant.policy == set.version)
    #expect(grant.waivers.isEmpty)
    #expect(
      grant.session == SessionTerms(leaseSeconds: 900, idleSeconds: 3600, overallSeconds: 50_400, onCardRemoval: .nothing))
  }
}

@Suite("unlock")
struct UnlockTests {
  let first: PolicySet
  let second: PolicySet

  init() throws {
    first = try Samples.set(Samples.lgwan)
    second = try Samples.set(Samples.lgwan.breaking("(card + password) or palm", "card + (password or palm)"))
  }

  @Test(
    "the two readings of one sentence",
    arguments: [
      ([Proof.palm(falseMatchExponent: 6)], false, "grant palm AAL1 lgwan.yaml:9", "needs card lgwan.yaml:9"),
      ([.palm(falseMatchExponent: 6)], true, "grant palm AAL1 lgwan.yaml:9", "grant card+palm AAL2 lgwan.yaml:9"),
      ([.password], true, "grant card+password AAL2 lgwan.yaml:9", "grant card+password AAL2 lgwan.yaml:9"),
      ([.password], false, "needs card lgwan.yaml:9", "needs card lgwan.yaml:9"),
      ([], true, "needs password lgwan.yaml:9", "needs password or palm lgwan.yaml:9"),
      // Strict enough beside a card, not strict enough alone.
      ([.palm(falseMatchExponent: 5)], true, "AP101 lgwan.yaml:9", "grant card+palm AAL2 lgwan.yaml:9"),
      ([.palm(falseMatchExponent: 5)], false, "AP101 lgwan.yaml:9", "needs card lgwan.yaml:9"),
    ])
  func readings(proofs: [Proof], withCard: Bool, one: String, other: String) throws {
    var request = try Situation(.unlock).request
    request.proofs += proofs
    if withCard { request.proofs.append(try Situation.card(.publicKey)) }
    #expect(first.decide(request).summary == one)
    #expect(second.decide(request).summary == other)
  }

  @Test("the session is asked for whatever the factors", arguments: 0..<7)
  func session(fault: Int) throws {
    var request = try Situation(.unlock).showing(Situation.card(), .password)
    #expect(first.decide(request).isGrant)
    let expected: String
    switch fault {
    case 0:
      request.session = nil
      expected = "AP115 builtin:session"
    case 1:
      request.session?.person = try PersonID(parsing: "p-000002")
      expected = "AP116 builtin:session"
    case 2:
      request.session?.isRevoked = true
      expected = "AP124 builtin:session"
    case 3:
      request.session?.kinds = [.have]
      expected = "AP115 builtin:session-kinds"
    case 4:
      request.proofs.removeFirst()
      expected = "AP115 builtin:session-key"
    case 5:
      request.proofs[0] = .sessionKey(try SessionID(parsing: "s-2"))
      expected = "AP115 builtin:session-key"
    default:
      request.proofs.append(.sessionKey(try SessionID(parsing: "s-2")))
      expected = "AP115 builtin:session-key"
    }
    #expect(first.decide(request).summary == expected)
  }

  @Test(
    "idle 1 h, overall 14 h; a clock set back ends the session",
    arguments: [
      (-50_399, -600, "boot-1", true), (-50_400, -600, "boot-1", false), (-7200, -3599, "boot-1", true),
      (-7200, -3600, "boot-1", false), (1, -600, "boot-1", false), (-3600, 1, "boot-1", false),
      // After a reboot of the server the wall clock decides; moments in the future are not believed.
      (-7200, -3599, "boot-0", true), (-7200, -3600, "boot-0", false), (-3600, 1, "boot-0", false),
    ])
  func limits(opened: Int64, active: Int64, boot: String, isInside: Bool) throws {
    var request = try Situation(.unlock).showing(Situation.card(), .password)
    request.session?.openedAt = Situation.moment(opened, boot: boot)
    request.session?.lastActivity = Situation.moment(active, boot: boot)
    #expect(first.decide(request).summary == (isInside ? "grant card+password AAL2 lgwan.yaml:9" : "AP117 lgwan.yaml:4"))
  }

  @Test("a session key opens nothing but its own lock")
  func sessionKeyAtLogon() throws {
    let request = try Situation().showing(.sessionKey(SessionID(parsing: "s-1")), .password)
    #expect(!first.decide(request).isGrant)
  }

  @Test("a session counts for nothing as room for itself")
  func sessionsElsewhere() throws {
    var request = try Situation(.unlock).showing(Situation.card(), .password)
    request.sessionsElsewhere = 9
    #expect(first.decide(request).isGrant)
  }
}
