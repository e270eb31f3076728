public import AuthAPI
public import AuthTerms
public import DirectorySync
public import VaultLink

/// What a rotator needs of the vault, and may ask of it.
public protocol RotatorVault: Sendable {
  func publicKeys() async throws(VaultFault) -> VaultPublicKeys
  func listApplications() async throws(VaultFault) -> [VaultApplication]
  func listCredentials(after place: String) async throws(VaultFault) -> [CredentialEntry]
  func keepPending(_ act: SignedAct, sealed: [UInt8]) async throws(VaultFault) -> UInt64
  func confirmPending(_ act: SignedAct) async throws(VaultFault)
}

extension VaultLink: RotatorVault {}

/// What it needs of the directory.
public protocol RotatorDirectory: Sendable {
  func accounts() async throws(LDAPFault) -> [ManagedAccount]
  func reset(_ guid: ObjectGUID, to new: Secret<TypedPassword>) async throws(LDAPFault) -> PasswordReset
  func check(_ guid: ObjectGUID, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult
}

/// One domain controller: what was changed is looked at where it was changed.
public struct LDAPDirectory: RotatorDirectory {
  private static let patience = Duration.seconds(20)

  private let settings: RotatorSettings
  private let connection: LDAPConnection
  private let binds: BindPool

  /// - Throws: `RotatorFault`: the password file, or an address that is none.
  public init(_ settings: RotatorSettings) throws(RotatorFault) {
    let password = try PrivateFile.read(settings.passwordFile, most: 1024, as: TypedPassword.self)
    let server: LDAPServer
    do throws(LDAPFault) {
      server = try LDAPServer(host: settings.server, port: settings.port, authorities: settings.authorities)
    } catch { throw .directory(error) }
    self.settings = settings
    connection = LDAPConnection(server, account: settings.account, password: password, patience: Self.patience)
    binds = BindPool(server, connections: 1, patience: Self.patience, reader: (settings.account, password))
  }

  public func accounts() async throws(LDAPFault) -> [ManagedAccount] {
    try await connection.managedAccounts(
      in: settings.group, numberAttribute: settings.numberAttribute, asking: settings.account)
  }

  public func reset(_ guid: ObjectGUID, to new: Secret<TypedPassword>) async throws(LDAPFault) -> PasswordReset {
    try await connection.resetPassword(of: guid, to: new, until: .now + Self.patience)
  }

  public func check(_ guid: ObjectGUID, _ password: Secret<TypedPassword>) async throws(LDAPFault) -> BindResult {
    try await binds.check(guid, password)
  }
}
