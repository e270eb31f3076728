import AuthAPI
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
