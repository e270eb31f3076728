public import AuthAPI
public import AuthClient
public import AuthTerms
import Foundation
public import SmartCard

/// What the person is asked for while a logon runs.
public protocol Asking: Sendable {
  func pin(triesLeft: Int) async throws(AgentFault) -> Secret<PIN>
  func password() async throws(AgentFault) -> Secret<TypedPassword>
  /// One that nobody has yet, typed twice.
  func newPassword() async throws(AgentFault) -> Secret<TypedPassword>
  /// A printed one-time code, as typed.
  func code() async throws(AgentFault) -> Secret<LookUpDigits>
  /// Whether the card's last try may be used.
  func confirmLastTry() async -> Bool
  /// Whether to go on without the palm, by another way that is open.
  func leavePalm(_ reason: PalmLeaving) async -> Bool
  func tell(_ message: AgentMessage) async
}

/// Why another way than the palm is offered.
public enum PalmLeaving: Sendable {
  /// Two palms did not count; another may be shown.
  case twoDidNotCount
  /// No palm can be shown, or is looked at, any more.
  case nothingElse
}

/// How one logon or unlock is wanted.
public struct LogonWish: Sendable {
  public enum Purpose: Sendable { case logon, unlock }
  public var purpose: Purpose
  public var factors: FactorWish?
  public var slot: PIVSlot?
  /// How long to wait for a card.
  public var waitSeconds: Int64
  /// How long to try again while the server cannot be reached or is full: after a power cut PCs are often up first.
  public var serverWaitSeconds: Int64
  /// Whose printed code it is; needed for a logon with one.
  public var account: String?

  public init(
    purpose: Purpose, factors: FactorWish? = nil, slot: PIVSlot? = nil, waitSeconds: Int64 = 20, serverWaitSeconds: Int64 = 0,
    account: String? = nil
  ) {
    self.purpose = purpose
    self.factors = factors
    self.slot = slot
    self.waitSeconds = waitSeconds
    self.serverWaitSeconds = serverWaitSeconds
    self.account = account
  }
}

/// One ceremony from its opening to the decision, at this workstation.
public struct LogonClient: Sendable {
  /// A challenge lives 30 s; one that waited longer than this for a person is replaced before the card signs.
  static let freshMilliseconds: Int64 = 10_000

  let workstation: EnrolledWorkstation
  let servers: ServerList
  let cards: any CardPort
  let asking: any Asking
  let holder: any SessionHolder
  let sensor: (any PalmSensor)?
  let surroundings: Surroundings

  /// - Parameter sensor: for palms; without one, ways with a palm are passed over.
  public init(
    workstation: EnrolledWorkstation, servers: ServerList, cards: any CardPort, asking: any Asking,
    holder: any SessionHolder, sensor: (any PalmSensor)? = nil, surroundings: Surroundings
  ) {
    self.workstation = workstation
    self.servers = servers
    self.cards = cards
    self.asking = asking
    self.holder = holder
    self.sensor = sensor
    self.surroundings = surroundings
  }

  /// What the person typed or showed; asked for once, though several ceremonies may need it.
  struct Entered {
    var pin: Secret<PIN>?
    var password: Secret<TypedPassword>?
    var newPassword: Secret<TypedPassword>?
    /// A sample that no server has seen yet: none is shown twice.
    var palm: PalmSampleMessage?
    /// The other ways are gone from here on.
    var isPalmOver = false
    var code: LookUpCode?
    /// What went out last: right, if the session is granted.
    var shown: Secret<TypedPassword>?
    var card: GrantedLogon.Card?
  }

  /// A ceremony between its opening and its decision.
  struct Running {
    let ceremony: CheckedCeremony
    let connection: ServerConnection
    let keys: SessionKeys
    let openedAt: Moment
    let plan: FactorPlan
    /// At an unlock: that the waiting session's key is here.
    let sessionSignature: Data?
  }

  /// What the card signed: for the server now, and for the vault whenever it asks.
  private struct Shown {
    let proof: CardProofMessage
    let evidence: SessionEvidence
  }

  enum Conclusion {
    case granted(SessionOpened)
    /// Another ceremony is needed, with what was entered until now.
    case startAgain
  }

  /// Returns the session, or throws why there is none. A password that has to be changed is changed on the way.
  public func run(_ wish: LogonWish) async throws(AgentFault) -> SessionOpened { try await enter(wish).session }

  /// The same, with what its logon leaves for Windows.
  public func enter(_ wish: LogonWish) async throws(AgentFault) -> GrantedLogon {
    var entered = Entered()
    // Each new start comes of something that happens once: a palm given up, a password asked for late, a password changed.
    while true {
      do throws(AgentFault) {
        if case .granted(let session) = try await attempt(wish, &entered) {
          return GrantedLogon(session: session, typed: entered.shown, card: entered.card)
        }
      } catch {
        guard case .server(.refused(let body)) = error, body.code == DenialCode.passwordMustChange.rawValue,
          entered.password != nil, entered.newPassword == nil
        else { throw error }
        await asking.tell(.passwordMustChange)
        entered.newPassword = try await asking.newPassword()
      }
    }
  }

  private func attempt(_ wish: LogonWish, _ entered: inout Entered) async throws(AgentFault) -> Conclusion {
    var opened = try await openOnceServerAnswers(within: wish.serverWaitSeconds)
    var openedAt = surroundings.now()
    var keys = try await check(opened.ceremony, wish)
    let offered = opened.ceremony.combinations
    let scripts = opened.ceremony.cardScripts
    let choice = FactorChoice(
      wish: entered.isPalmOver && wish.factors?.namesPalm == true ? wish.factors?.withoutPalm : wish.factors,
      hasSensor: sensor != nil && !entered.isPalmOver, isUnlock: opened.ceremony.session != nil)
    let (plan, seen) = try await plan(opened, keys, choice, wish)
    var (pin, leastTries): (Secret<PIN>?, Int) = (nil, 0)
    switch seen {
    case .piv(let view)?: (pin, leastTries) = try await askPIN(plan, view, &entered)
    case .personal(let view)?: (pin, leastTries) = try await askPersonalPIN(plan, view, &entered)
    case .shared?, .number?, nil: break
    }
    try await askCode(plan, wish, isUnlock: opened.ceremony.session != nil, &entered)
    if plan.needsPassword, entered.password == nil { entered.password = try await asking.password() }
    if plan.needsPalm, entered.palm == nil {
      do throws(AgentFault) { entered.palm = try await capture(after: nil) } catch {
        guard await switches(to: offered, &entered, because: error) else { throw error }
        return .startAgain
      }
    }

    if surroundings.now().milliseconds(since: openedAt) > Self.freshMilliseconds {
      let first = opened.ceremony
      opened = try await open()
      openedAt = surroundings.now()
      guard opened.ceremony.scenario == first.scenario, opened.ceremony.session == first.session else {
        throw .disagreement(.scenario)
      }
      guard opened.ceremony.cardScripts == scripts else { throw .disagreement(.cardScripts) }
      keys = try await check(opened.ceremony, wish)
    }

    var shown: Shown?
    let first: FirstProof
    switch seen {
    case .piv(let view)?:
      let signed = try await cardProof(plan, view, pin, leastTries, keys: keys, opened)
      (shown, first) = (signed, .card(signed.proof))
    case .shared(let view)?:
      try await prove(view, scripts, keys: keys, in: opened.ceremony.ceremony, over: opened.connection)
      first = .sharedCard
    case .number(let view)?: first = .number(CardNumberMessage(view))
    case .personal(let view)?: first = .card(try await personalProof(view, pin, leastTries, keys: keys, opened))
    case nil: first = Self.codeProof(wish, entered).flatMap { plan.needsCode ? .code($0) : nil } ?? .palm
    }
    var sessionSignature: Data?
    if let preimage = opened.ceremony.sessionPreimage {
      guard let bytes = try await holder.sign(preimage) else { throw .sessionKeyGone }
      sessionSignature = Data(bytes)
    }
    let running = Running(
      ceremony: opened.ceremony, connection: opened.connection, keys: keys, openedAt: openedAt, plan: plan,
      sessionSignature: sessionSignature)
    let conclusion = try await conclude(running, first, &entered)
    if case .granted(let session) = conclusion {
      if case .piv(let view) = seen, let slot = plan.slot, let certificate = view.certificates[slot] {
        entered.card = GrantedLogon.Card(
          certificate: certificate, slot: view.profile.name(of: slot), reader: view.reader)
      }
      // A logon with a code looks at no reader, whatever is put in or taken out there.
      let isByCode = plan.needsCode && running.ceremony.session == nil
      try await holder.adopt(session, keys: keys, reader: isByCode ? "" : seen?.reader, evidence: shown?.evidence)
    }
    return conclusion
  }

  /// With what is on the reader, unless the first way needs no card.
  private func plan(
    _ opened: (ceremony: CheckedCeremony, connection: ServerConnection), _ keys: SessionKeys, _ choice: FactorChoice,
    _ wish: LogonWish
  ) async throws(AgentFault) -> (FactorPlan, SeenCard?) {
    let (ceremony, offered) = (opened.ceremony, opened.ceremony.combinations)
    if let plan = FactorPlan(withoutCard: offered, choice) { return (plan, nil) }
    // Whoever has a printed code has no card to wait for.
    if choice.wish?.namesCode == true { throw .noUsableCombination(offered: offered) }
    let seen = try await waitForCard(
      seconds: wish.waitSeconds, ceremony.cardScripts, takesNumbers: ceremony.takesCardNumbers,
      takesMyNumberCards: ceremony.takesMyNumberCards)
    switch seen {
    case .piv(let view):
      let plan = try FactorPlan(offered: offered, choice, slots: Set(view.certificates.keys), slot: wish.slot)
      return (plan, plan.slot == nil ? nil : .piv(view))
    case .number(let view) where !ceremony.takesCardNumbers:
      throw await refused(view, keys: keys, in: ceremony.ceremony, over: opened.connection)
    case .personal:
      guard wish.slot == nil, let (plan, hasCard) = FactorPlan.withMyNumberCard(offered: offered, choice) else {
        throw .noUsableCombination(offered: offered)
      }
      return (plan, hasCard ? seen : nil)
    case .shared, .number:
      guard wish.slot == nil, let (plan, hasCard) = FactorPlan.withSharedKeyCard(offered: offered, choice) else {
        throw .noUsableCombination(offered: offered)
      }
      return (plan, hasCard ? seen : nil)
    }
  }

  private func cardProof(
    _ plan: FactorPlan, _ view: CardView, _ pin: Secret<PIN>?, _ leastTries: Int, keys: SessionKeys,
    _ opened: (ceremony: CheckedCeremony, connection: ServerConnection)
  ) async throws(AgentFault) -> Shown {
    guard let slot = plan.slot, let certificate = view.certificates[slot] else { throw .card(.missingObject) }
    guard let key = try? CertificateKey(certificate: certificate) else { throw .card(.unsupportedCard) }
    let name = view.profile.name(of: slot)
    let preimage = opened.ceremony.preimage(slot: name, keys: keys)
    let errand = CardErrand(
      reader: view.reader, slot: slot, certificate: certificate,
      digest: key.algorithm.digest(of: preimage.canonicalBytes), pin: pin, leastTries: leastTries)
    let (signature, algorithm) = try await sign(errand, reportingTo: opened.connection)
    let proof = CardProofMessage(
      profile: view.profile.rawValue, slot: name, certificate: Data(certificate),
      algorithm: algorithm.scheme.rawValue, signature: Data(signature))
    let evidence = SessionEvidence(
      preimage: preimage.canonicalBytes, algorithm: proof.algorithm, signature: signature,
      publicKey: key.subjectPublicKeyInfo, suite: keys.suite, sealing: Array(keys.sealing), signing: Array(keys.signing))
    return Shown(proof: proof, evidence: evidence)
  }
}
