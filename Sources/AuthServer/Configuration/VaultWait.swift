public import AuthPolicy
import AuthTerms
import VaultLink

/// What a starting server says while its vault does not answer. After a power cut, machines and processes come back in any
/// order: who starts first waits.
public struct VaultWait: Sendable {
  public let socket: String
  /// Seconds waited so far.
  public let seconds: Int64
  public let reason: String

  public var ja: String {
    "鍵庫（\(socket)）の応答を待っています（\(seconds) 秒経過）。sanmon-vault が動けば、自動的に始まります。"
  }
  public var en: String {
    "waiting for the vault at \(socket) (\(seconds) s so far: \(reason)); starts by itself when it answers"
  }
}

extension Server {
  private static let pause = Duration.milliseconds(500)
  private static let secondsBetweenWords: Int64 = 60

  /// Opens everything as `init` does, and waits as long as the vault cannot be reached.
  /// - Parameter waiting: called at once when the server has to wait, then once a minute.
  /// - Throws: what `init` throws, except that nobody answers at the vault's socket.
  public static func whenVaultAnswers(
    _ instance: InstanceFile, surroundings: Surroundings, credentials: String?, waiting: @Sendable (VaultWait) -> Void
  ) async throws -> Server {
    let start = surroundings.now()
    var said: Int64?
    while true {
      do {
        return try await Server(instance, surroundings: surroundings, credentials: credentials)
      } catch VaultFault.unreachable(let reason) {
        let seconds = surroundings.now().milliseconds(since: start) / 1000
        if said.map({ seconds - $0 >= secondsBetweenWords }) ?? true {
          waiting(VaultWait(socket: instance.vaultSocket, seconds: seconds, reason: reason))
          said = seconds
        }
      }
      try await Task.sleep(for: pause)
    }
  }
}
