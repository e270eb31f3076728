public import AuthAPI
public import AuthClient
public import AuthTerms
import Crypto
import Foundation
public import SmartCard

/// What the person is asked for while a logon runs.
public protocol Asking: Sendable {
  func pin(triesLeft: Int) async throws(AgentFault) -> Secret<PIN>
  func password() async throws(AgentFault) -> Secret<TypedPassword>
  /// One that nobody has yet, typed twice.
  func newPassword() async throws(AgentFault) -> Secret<TypedPassword>
  /// Whether the card's last try may be used.
  func confirmLastTry() async -> Bool
  func tell(_ message: AgentMessage) async
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

  public init(
    purpose: Purpose, factors: FactorWish? = nil, slot: PIVSlot? = nil, waitSeconds: Int64 = 20, serverWaitSeconds: Int64 = 0
  ) {
    self.purpose = purpose
    self.factors = factors
    self.slot = slot
    self.waitSeconds = waitSeconds
    self.serverWaitSeconds = serverWaitSeconds
  }
}

/// One ceremony from its opening to the decision, at this workstation.
public struct LogonClient: Sendable {
  /// A challenge lives 30 s; one that waited longer than this for a person is replaced before the card signs.
  static let freshMilliseconds: Int64 = 10_000

  let workstation: EnrolledWorkstation
  let servers: ServerList
  private let cards: any CardPort
  private let asking: any Asking
  private let holder: any SessionHolder
  let surroundings: Surroundings

  public init(
    workstation: EnrolledWorkstation, servers: ServerList, cards: any CardPort, asking: any Asking,
    holder: any SessionHolder, surroundings: Surroundings
  ) {
    self.workstation = workstation
    self.servers = servers
    self.cards = cards
    self.asking = asking
    self.holder = holder
    self.surroundings = surroundings
  }

  /// What the person typed; asked for once, though two ceremonies may need it.
  struct Typed {
    var pin: Secret<PIN>?
    var password: Secret<TypedPassword>?
    var newPassword: Secret<TypedPassword>?
  }

  /// Returns the session, or throws why there is none. A password that has to be changed is changed on the way.
  public func run(_ wish: LogonWish) async throws(AgentFault) -> SessionOpened {
    var typed = Typed()
    do throws(AgentFault) { return try await attempt(wish, &typed) } catch {
      guard case .server(.refused(let body)) = error, body.code == DenialCode.passwordMustChange.rawValue,
        typed.password != nil
      else { throw error }
    }
    await asking.tell(.passwordMustChange)
    typed.newPassword = try await asking.newPassword()
    return try await attempt(wish, &typed)
  }

  private func attempt(_ wish: LogonWish, _ typed: inout Typed) async throws(AgentFault) -> SessionOpened {
    var opened = try await openOnceServerAnswers(within: wish.serverWaitSeconds)
    var openedAt = surroundings.now()
    var keys = try await check(opened.ceremony, wish)
    let view = try await waitForCard(seconds: wish.waitSeconds)
    let plan = try FactorPlan(
      offered: opened.ceremony.combinations, wish: wish.factors, slots: Set(view.certificates.keys), slot: wish.slot)
    guard let certificate = view.certificates[plan.slot] else { throw .card(.missingObject) }
    let (pin, leastTries) = try await askPIN(plan, view, &typed)
    if plan.needsPassword, typed.password == nil { typed.password = try await asking.password() }

    if surroundings.now().milliseconds(since: openedAt) > Self.freshMilliseconds {
      let first = opened.ceremony
      opened = try await open()
      openedAt = surroundings.now()
      guard opened.ceremony.scenario == first.scenario, opened.ceremony.session == first.session else {
        throw .disagreement(.scenario)
      }
      keys = try await check(opened.ceremony, wish)
    }

    let (ceremony, connection) = opened
    let preimage = ceremony.preimage(slot: plan.slot.name, keys: keys)
    let errand = CardErrand(
      reader: view.reader, slot: plan.slot, certificate: certificate,
      digest: Array(SHA256.hash(data: preimage.canonicalBytes)), pin: pin, leastTries: leastTries)
    let (signature, algorithm) = try await sign(errand, reportingTo: connection)

    var sessionSignature: Data?
    if let preimage = ceremony.sessionPreimage {
      guard let bytes = try await holder.sign(preimage) else { throw .sessionKeyGone }
      sessionSignature = Data(bytes)
    }
    let proofs = ProofsMessage(
      sessionKeys: keys,
      card: CardProofMessage(
        profile: "piv", slot: plan.slot.name, certificate: Data(certificate),
        algorithm: algorithm == .p256 ? "ecdsa-p256-sha256" : "rsa-pkcs1-sha256", signature: Data(signature)),
      password: nil, sessionSignature: sessionSignature)
    let session = try await conclude(ceremony, proofs, keys: keys, &typed, over: connection)
    try await holder.adopt(session, keys: keys, reader: view.reader)
    return session
  }

  // MARK: Steps

  private func open() async throws(AgentFault) -> (ceremony: CheckedCeremony, connection: ServerConnection) {
    do {
      let (answer, certificate, connection) = try await servers.withServer { connection throws(ClientFault) in
        let (answer, certificate) = try await connection.callWithCertificate(
          "POST", "/v1/ceremonies", returning: CeremonyOpened.self, repeatable: true)
        return (answer, certificate, connection)
      }
      return (try CheckedCeremony(answer, of: workstation, serverCertificate: certificate), connection)
    } catch let fault as ClientFault {
      throw .server(fault)
    } catch let fault as AgentFault {
      throw fault
    } catch {
      throw .server(.interrupted)
    }
  }

  /// Nothing was shown to the server yet, so opening may be tried as often as it takes.
  private func openOnceServerAnswers(
    within seconds: Int64
  ) async throws(AgentFault) -> (ceremony: CheckedCeremony, connection: ServerConnection) {
    let start = surroundings.now()
    var backoff = Backoff(first: 250, limit: 5000, random: surroundings.random)
    var told = false
    while true {
      do throws(AgentFault) { return try await open() } catch {
        guard Self.isAway(error), surroundings.now().milliseconds(since: start) < seconds * 1000 else { throw error }
      }
      if !told { await asking.tell(.waitingForServer) }
      told = true
      do { try await Task.sleep(for: .milliseconds(backoff.pause())) } catch { throw .cancelled }
    }
  }

  private static func isAway(_ fault: AgentFault) -> Bool {
    switch fault {
    case .server(.unreachable), .server(.interrupted), .server(.timedOut): true
    case .server(.refused(let body)): body.code == HTTPProblem.unavailable.rawValue
    default: false
    }
  }

  /// The server decides whether this is a logon or an unlock; the person is told if that is not what was asked for.
  private func check(_ ceremony: CheckedCeremony, _ wish: LogonWish) async throws(AgentFault) -> SessionKeys {
    guard let session = ceremony.session else {
      guard wish.purpose == .logon else { throw .nothingToUnlock }
      return try await holder.prepare()
    }
    guard let keys = try await holder.held(session) else { throw .sessionKeyGone }
    if wish.purpose == .logon { await asking.tell(.logonIsUnlock) }
    return keys
  }

  func waitForCard(seconds: Int64) async throws(AgentFault) -> CardView {
    let start = surroundings.now()
    var told = false
    while true {
      do throws(CardFailure) {
        return try await cards.view()
      } catch {
        switch error {
        case .noCard, .noReader, .cardRemoved, .readerBusy, .cardReset, .serviceLost: break
        default: throw .card(error)
        }
        guard surroundings.now().milliseconds(since: start) < seconds * 1000 else { throw .card(error) }
        if !told { await asking.tell(.placeCard) }
        told = true
      }
      do { try await Task.sleep(for: .milliseconds(250)) } catch { throw .cancelled }
    }
  }

  func askPIN(
    _ plan: FactorPlan, _ view: CardView, _ typed: inout Typed
  ) async throws(AgentFault) -> (Secret<PIN>?, leastTries: Int) {
    guard plan.needsPIN else { return (nil, 0) }
    guard view.triesLeft > 0 else { throw .pinBlocked }
    // The card took it a moment ago.
    if let pin = typed.pin { return (pin, min(2, view.triesLeft)) }
    var leastTries = 2
    if view.triesLeft == 1 {
      guard await asking.confirmLastTry() else { throw .lastTryNotConfirmed }
      leastTries = 1
    }
    let pin = try await asking.pin(triesLeft: view.triesLeft)
    // A PIN the card would not even look at must not cost a try.
    guard PINRule.accepts(pin) else { throw .card(.unusablePIN) }
    typed.pin = pin
    return (pin, leastTries)
  }

  func sign(
    _ errand: CardErrand, reportingTo connection: ServerConnection
  ) async throws(AgentFault) -> ([UInt8], PIVAlgorithm) {
    let outcome: CardErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    switch outcome {
    case .signed(let signature, let algorithm): return (signature, algorithm)
    case .wrongPIN(let left):
      await report(WorkstationEvent(kind: "wrongPIN", triesLeft: left), over: connection)
      throw .pinWrong(triesLeft: left)
    case .pinBlocked:
      await report(WorkstationEvent(kind: "pinBlocked", triesLeft: 0), over: connection)
      throw .pinBlocked
    case .tooFewTries: throw .lastTryNotConfirmed
    case .otherCard: throw .otherCard
    }
  }

  /// The card's own "no" reaches the log as an event. If it can't be told now, the person still learns what the card said.
  private func report(_ event: WorkstationEvent, over connection: ServerConnection) async {
    _ = try? await connection.call("POST", "/v1/events", event, returning: NoBody.self)
  }

  private func conclude(
    _ ceremony: CheckedCeremony, _ proofs: ProofsMessage, keys: SessionKeys, _ typed: inout Typed,
    over connection: ServerConnection
  ) async throws(AgentFault) -> SessionOpened {
    let path = "/v1/ceremonies/\(ceremony.ceremony.text)/proofs"
    var answer = try await post(path, proofs, over: connection)
    if answer.outcome == "stillNeeded" {
      let missing = answer.combinations ?? []
      // What the card alone did not complete, a password may; nothing else can be asked for here.
      guard missing.contains([Factor.password.rawValue]) else { throw .moreNeeded(missing) }
      let password: Secret<TypedPassword> = if let known = typed.password { known } else { try await asking.password() }
      typed.password = password
      // JSON keeps copies of the password until this process ends or reuses the memory; see docs/threat-model.md.
      answer = try await post(
        path,
        ProofsMessage(
          sessionKeys: keys, card: nil, password: password.withBytes { Data($0) },
          newPassword: typed.newPassword.map { $0.withBytes { Data($0) } }, sessionSignature: nil), over: connection)
    }
    switch answer.outcome {
    case "granted":
      guard let session = answer.session, (try? SessionID(parsing: session.session)) != nil,
        session.segment == workstation.segment.name, session.scenario == ceremony.scenario.rawValue,
        (1...86_400).contains(session.leaseSeconds)
      else { throw .disagreement(.session) }
      return session
    case "stillNeeded": throw .moreNeeded(answer.combinations ?? [])
    default: throw .server(.malformedAnswer(expected: "an outcome"))
    }
  }

  private func post(
    _ path: String, _ message: ProofsMessage, over connection: ServerConnection
  ) async throws(AgentFault) -> CeremonyAnswer {
    do { return try await connection.call("POST", path, message) } catch { throw .server(error) }
  }
}
