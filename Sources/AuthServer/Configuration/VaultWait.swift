import AuthAPI
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
  /// It answers, and waits itself for people with shares of its key.
  public let isSealed: Bool

  public var ja: String {
    isSealed
      ? "鍵庫（\(socket)）は封がされています（\(seconds) 秒経過）。分割した鍵を sanmon-vault unseal で入力すると、自動的に始まります。"
      : "鍵庫（\(socket)）の応答を待っています（\(seconds) 秒経過）。sanmon-vault が動けば、自動的に始まります。"
  }
  public var en: String {
    "waiting for the vault at \(socket) (\(seconds) s so far: \(reason)); starts by itself when it answers"
  }
}

extension Server {
  private static let pause = Duration.milliseconds(500)
  private static let secondsBetweenWords: Int64 = 60

  /// Opens everything as `init` does, and waits as long as the vault cannot be reached or waits itself for people.
  /// - Parameter waiting: called at once when the server has to wait, then once a minute.
  /// - Throws: what `init` throws, except that nobody answers at the vault's socket, or that it is sealed.
  public static func whenVaultAnswers(
    _ instance: InstanceFile, surroundings: Surroundings, credentials: String?, waiting: @Sendable (VaultWait) -> Void
  ) async throws -> Server {
    let start = surroundings.now()
    var said: Int64?
    while true {
      do {
        return try await Server(instance, surroundings: surroundings, credentials: credentials)
      } catch let fault as VaultFault {
        guard let reason = passing(fault) else { throw fault }
        let seconds = surroundings.now().milliseconds(since: start) / 1000
        if said.map({ seconds - $0 >= secondsBetweenWords }) ?? true {
          waiting(
            VaultWait(socket: instance.vaultSocket, seconds: seconds, reason: reason.text, isSealed: reason.isSealed))
          said = seconds
        }
      }
      try await Task.sleep(for: pause)
    }
  }

  /// What goes away without anybody changing a setting.
  private static func passing(_ fault: VaultFault) -> (text: String, isSealed: Bool)? {
    switch fault {
    case .unreachable(let reason): (reason, false)
    case .refused(let refusal) where refusal.code == .sealed: (refusal.note + "; sanmon-vault unseal", true)
    default: nil
    }
  }
}
