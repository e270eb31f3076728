import AuthAPI
import Isolation
import SSOVault
import Synchronization

/// Leads to one vault or another behind the same socket: for its server, the vault's process was started anew.
final class VaultDoor: VaultAnswering {
  private let behind: Mutex<any VaultAnswering>

  init(_ vault: any VaultAnswering) { behind = Mutex(vault) }

  func lead(to vault: any VaultAnswering) { behind.withLock { $0 = vault } }

  func handle(_ request: VaultRequest, from peer: PeerCredentials, peers: VaultPeers) -> VaultAnswer {
    behind.withLock { $0 }.handle(request, from: peer, peers: peers)
  }
}
