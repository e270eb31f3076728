import AuthAPI
import Foundation
import Isolation
import SSOVault
import Synchronization

/// Leads to one vault or another behind the same socket: for its server, the vault's process was started anew.
final class VaultDoor: VaultAnswering {
  private let behind: Mutex<any VaultAnswering>

  init(_ vault: any VaultAnswering) { behind = Mutex(vault) }

  func lead(to vault: any VaultAnswering) { behind.withLock { $0 = vault } }

  /// Puts something between the door and what it leads to.
  func lead(through make: (any VaultAnswering) -> any VaultAnswering) { behind.withLock { $0 = make($0) } }

  func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    behind.withLock { $0 }.handle(request, from: peer, peers: peers)
  }
}

/// Counts what the vault is asked, and answers nothing while it is away.
final class CountedVault: VaultAnswering {
  private let behind: any VaultAnswering
  private let asked = Mutex<(counts: [VaultRequest.Kind: Int], isAway: Bool)>(([:], false))

  init(_ vault: any VaultAnswering) { behind = vault }

  func count(_ kind: VaultRequest.Kind) -> Int { asked.withLock { $0.counts[kind] ?? 0 } }
  func goAway(_ isAway: Bool) { asked.withLock { $0.isAway = isAway } }

  func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    let isAway = asked.withLock { asked in
      asked.counts[request.kind, default: 0] += 1
      return asked.isAway
    }
    return isAway ? .refused(VaultRefusal(.storeUnavailable, "away")) : behind.handle(request, from: peer, peers: peers)
  }
}

/// Keeps its answers to one kind of request until it is told to let go, or for half a minute.
final class HeldVault: VaultAnswering {
  private let behind: any VaultAnswering
  private let kind: VaultRequest.Kind
  private let held = Mutex<(hasAnswer: Bool, isLetGo: Bool)>((false, false))

  init(_ vault: any VaultAnswering, holding kind: VaultRequest.Kind) {
    behind = vault
    self.kind = kind
  }

  /// The vault has answered, and nobody was told yet.
  var hasAnswer: Bool { held.withLock { $0.hasAnswer } }
  func letGo() { held.withLock { $0.isLetGo = true } }

  func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    let answer = behind.handle(request, from: peer, peers: peers)
    guard request.kind == kind else { return answer }
    held.withLock { $0.hasAnswer = true }
    for _ in 0..<6000 where !held.withLock({ $0.isLetGo }) { usleep(5000) }
    return answer
  }
}
