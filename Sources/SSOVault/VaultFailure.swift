import AuthAPI

/// Why a request ended without a yes: a refusal is told to the peer; a fault of the store becomes `storeUnavailable`.
enum VaultFailure: Error {
  case refused(VaultRefusal)

  static func no(_ code: VaultRefusal.Code, _ note: String) -> VaultFailure { .refused(VaultRefusal(code, note)) }
}

/// Why the vault cannot start. Names files and what was expected of them, never what is in them.
public struct VaultStartFault: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// A file or folder that others could read or change.
    case unsafeFile
    /// A key that is missing, malformed or not the one that sealed this state.
    case masterKey
    /// The state cannot be read or written, or is not what was written.
    case state
    /// Settings that contradict each other.
    case settings
  }

  public let kind: Kind
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
