public import AuthAPI
public import AuthTerms
public import Isolation
import Synchronization

/// Answers a vault's requests.
public protocol VaultAnswering: Sendable {
  /// Never throws: what cannot be answered is refused.
  func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer
}

extension VaultService: VaultAnswering {}

/// Shares that were refused for one reason, from one user.
public struct WrongShares: Hashable, Sendable {
  public let code: VaultRefusal.Code
  public let uid: UInt32
}

/// A vault whose master key is nowhere on its machine: it answers how many shares it waits for until people have typed enough, and
/// is a vault from then on.
///
/// The shares of one set come together within ten minutes, or are forgotten. What does not open the vault says only that: which of the
/// shares is wrong cannot be known, so all of them are asked for again.
public final class SealedVault: VaultAnswering {
  /// Wrong ones within a minute, before a pause of a minute.
  public static let wrongAllowed = 5
  private static let minute: Int64 = 60_000
  private static let together: Int64 = 10 * 60_000

  private struct State {
    var service: VaultService?
    var shares: [KeyShare] = []
    /// When the newest of them came.
    var lastShare: Moment?
    var wrong: [Moment] = []
    /// Since the start: no row can be written before the state is open.
    var refused: [WrongShares: Int64] = [:]
  }

  /// How many shares open it.
  public let needed: Int
  private let now: @Sendable () -> Moment
  private let open: @Sendable (MasterKey) throws(VaultStartFault) -> VaultService
  private let opened: @Sendable (VaultService) -> Void
  private let noticed: @Sendable (WrongShares) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - needed: 2 to 9.
  ///   - open: opens the state with the master key that shares gave.
  ///   - noticed: called for the first wrong share of each kind and user: a restart forgets what no row could be written of.
  ///   - opened: called once, with what it is from then on.
  public init(
    needed: Int, now: @escaping @Sendable () -> Moment,
    open: @escaping @Sendable (MasterKey) throws(VaultStartFault) -> VaultService,
    noticed: @escaping @Sendable (WrongShares) -> Void = { _ in }, opened: @escaping @Sendable (VaultService) -> Void = { _ in }
  ) throws(VaultStartFault) {
    guard (2...9).contains(needed) else { throw VaultStartFault(.settings, "--await-shares takes 2 to 9") }
    self.needed = needed
    self.now = now
    self.open = open
    self.noticed = noticed
    self.opened = opened
  }

  public func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    if let service = state.withLock({ $0.service }) {
      let answer = service.handle(request, from: peer, peers: peers)
      guard case .status(var status) = answer else { return answer }
      status.sharesNeeded = UInt64(needed)
      return .status(status)
    }
    guard peers.allows(peer.uid, request.kind) else {
      if request.kind == .unseal { state.withLock { count(.peerNotAllowed, peer, &$0) } }
      return .refused(VaultRefusal(.peerNotAllowed, "this user may not ask for this"))
    }
    switch request {
    case .status: return .sealed(sealing)
    case .unseal(let typed):
      let answer = take(typed, from: peer)
      if answer == .noted, let service = state.withLock({ $0.service }) { opened(service) }
      return answer
    default: return .refused(VaultRefusal(.sealed, sealing.sentence))
    }
  }

  private var sealing: VaultSealing {
    let given = state.withLock { state in
      Self.forget(&state, at: now())
      return state.shares.count
    }
    return VaultSealing(given: given, needed: needed)
  }

  private static func forget(_ state: inout State, at now: Moment) {
    guard let last = state.lastShare, !(0..<together).contains(now.milliseconds(since: last)) else { return }
    state.shares = []
    state.lastShare = nil
  }

  private func count(_ code: VaultRefusal.Code, _ peer: PeerCredentials, _ state: inout State) {
    let wrong = WrongShares(code: code, uid: peer.uid)
    if state.refused[wrong] == nil { noticed(wrong) }
    state.refused[wrong, default: 0] += 1
  }

  private func take(_ typed: TypedShare, from peer: PeerCredentials) -> VaultAnswer {
    let now = now()
    return state.withLock { state in
      func refused(_ code: VaultRefusal.Code, _ note: String) -> VaultAnswer { .refused(VaultRefusal(code, note)) }
      func counted(_ code: VaultRefusal.Code, _ note: String) -> VaultAnswer {
        count(code, peer, &state)
        return refused(code, note)
      }
      func wrong(_ code: VaultRefusal.Code, _ note: String) -> VaultAnswer {
        state.wrong.append(now)
        return counted(code, note)
      }
      guard state.service == nil else { return refused(.notSealed, "the vault is open") }
      state.wrong.removeAll { !(0..<Self.minute).contains(now.milliseconds(since: $0)) }
      guard state.wrong.count < Self.wrongAllowed else {
        return counted(.sharesPause, "too many wrong shares: wait a minute")
      }
      Self.forget(&state, at: now)
      guard let share = try? KeyShare(typed: typed.text) else {
        return wrong(.shareMalformed, "not a share, or a slip in it")
      }
      guard share.threshold == needed, state.shares.first.map({ $0.set == share.set }) ?? true else {
        return wrong(.shareOfOtherSet, "a share that was not made together with the others, or for another number")
      }
      guard !state.shares.contains(where: { $0.number == share.number }) else {
        return refused(.shareRepeated, "this share is there already: another one is needed")
      }
      state.shares.append(share)
      state.lastShare = now
      guard state.shares.count == needed else { return .sealed(VaultSealing(given: state.shares.count, needed: needed)) }
      let shares = state.shares
      state.shares = []
      state.lastShare = nil
      do throws(VaultStartFault) {
        let service = try open(MasterKey(shares: shares))
        try service.noteUnsealed(shares: shares.map(\.number).sorted(), by: peer.uid, after: state.refused)
        state.service = service
        state.wrong = []
        state.refused = [:]
        return .noted
      } catch {
        guard error.kind == .masterKey else {
          return refused(.storeUnavailable, "the shares fit, and the state cannot be opened")
        }
        return wrong(.sharesWrong, "these shares do not open this vault: all of them are needed again")
      }
    }
  }
}
