import AuthAPI
import AuthPolicy
import AuthTerms
import Storage
import Synchronization

/// One attempt between its challenge and its decision. Lives in memory only: a restart voids it.
struct OpenCeremony: Sendable {
  let id: CeremonyID
  let nonce: [UInt8]
  let workstation: WorkstationID
  let workstationCertificate: CertificateFingerprint
  let segment: Segment
  let scenario: Scenario
  /// The session that waits, for an unlock.
  let session: SessionID?
  /// On the server's clock; milliseconds since 1970-01-01 UTC in the preimage.
  let expiresAt: Moment
  /// What was verified by earlier proofs of this ceremony.
  var shown: VerifiedCard?
  var sessionKeys: SessionKeys?
  var sessionKeyProven = false
  /// Palms that were shown so far.
  var palms = 0
  /// The exchange with a shared-key card that waits for the card's answers; one at a time.
  var exchange: OpenCardExchange?
  /// How many were begun; each counts, whatever became of it.
  var exchangesBegun = 0
  /// A printed code that the vault took, in the place of a card.
  var code: ProvenCode?
  /// The waiver under which a number was taken for the card, as rows name it.
  var numberWaiver: String?

  var palmsLeft: Int { max(0, PalmTry.most - palms) }

  /// Whether the signature that was checked is by the very keys this session was opened with. Keys made later, by whoever
  /// took the workstation over, sign just as well.
  func provesKey(of session: SessionRecord) -> Bool {
    guard sessionKeyProven, session.id == self.session, let keys = sessionKeys else { return false }
    return session.signingKey == Array(keys.signing) && session.sealingKey == Array(keys.sealing)
      && session.sealingSuite == keys.suite
  }
}

/// An exchange between the vault and a shared-key card, between two rounds. What makes its answers this ceremony's is that the
/// vault's handle stands here and is told to nobody.
struct OpenCardExchange: Sendable {
  /// In one ceremony.
  static let most = 3

  let handle: [UInt8]
  let script: CardScript
  let card: SharedCardPreimage
}

/// A card whose certificate and signature were verified against this ceremony, or whose exchange ended in a proof; not yet
/// looked up.
struct VerifiedCard: Sendable {
  let key: KeyFingerprint
  let slot: String
  /// What the exchange itself showed.
  let exchangeClass: ProofClass
  /// For the row: what is not known of the card; empty for most.
  var remark = ""
  /// It signed, and its certificate has ended: nothing else is looked at.
  var isExpired = false
}

/// Open ceremonies: bounded, one per workstation and scenario, redeemed by removal.
final class CeremonyTable: Sendable {
  private struct State {
    var open: [CeremonyID: OpenCeremony] = [:]
    var current: [WorkstationID: CeremonyID] = [:]
    /// Redeemed nonces of the last minutes, so that a replay is named as one in the log.
    var redeemed: [CeremonyID: Moment] = [:]
  }

  /// What was found under an id.
  enum Redemption: Sendable {
    case ceremony(OpenCeremony)
    case replayed
    case expired
    case unknown
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: the most ceremonies open at once; the oldest ones of expired time go first.
  init(limit: Int = 10_000) { self.limit = limit }

  var count: Int { state.withLock { $0.open.count } }

  /// A new ceremony of a workstation replaces its former one.
  /// - Returns: false when the table is full of live ceremonies.
  func open(_ ceremony: OpenCeremony, now: Moment) -> Bool {
    state.withLock { state in
      if let former = state.current[ceremony.workstation] { state.open[former] = nil }
      if state.open.count >= limit {
        state.open = state.open.filter { !now.hasReached($0.value.expiresAt) }
        guard state.open.count < limit else { return false }
      }
      state.open[ceremony.id] = ceremony
      state.current[ceremony.workstation] = ceremony.id
      return true
    }
  }

  /// Takes the ceremony out: whoever gets it is the only one who can conclude it.
  func redeem(_ id: CeremonyID, by workstation: WorkstationID, now: Moment) -> Redemption {
    state.withLock { state in
      if state.redeemed[id] != nil { return .replayed }
      // Another workstation's ceremony stays where it is: nobody can void it from outside.
      guard let ceremony = state.open[id], ceremony.workstation == workstation else { return .unknown }
      state.open[id] = nil
      state.current[workstation] = nil
      if state.redeemed.count >= limit {
        state.redeemed = state.redeemed.filter { now.milliseconds(since: $0.value) < 300_000 }
        if state.redeemed.count >= limit { state.redeemed.removeAll() }
      }
      state.redeemed[id] = now
      return now.hasReached(ceremony.expiresAt) ? .expired : .ceremony(ceremony)
    }
  }

  /// Puts a ceremony back that needs more proofs. What it already holds can't be shown again.
  func resume(_ ceremony: OpenCeremony) {
    state.withLock { state in
      // A newer ceremony of this workstation wins.
      guard state.current[ceremony.workstation] == nil else { return }
      state.redeemed[ceremony.id] = nil
      state.open[ceremony.id] = ceremony
      state.current[ceremony.workstation] = ceremony.id
    }
  }
}
