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
  let cards: any CardPort
  let asking: any Asking
  let holder: any SessionHolder
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
}
