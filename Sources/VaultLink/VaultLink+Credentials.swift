public import AuthAPI

extension VaultLink {
  public func registerCards(_ cards: [VaultCard], by act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.registerCards(act, cards: cards)) else { throw Self.surprise }
  }

  /// - Parameter key: the last one of the page before; none for the first page.
  public func cards(after key: [UInt8]) async throws(VaultFault) -> [VaultCard] {
    guard case .cards(let cards) = try await ask(.listCards(after: key)) else { throw Self.surprise }
    return cards
  }

  public func publishApplication(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.publishApplication(act)) else { throw Self.surprise }
  }

  public func applications() async throws(VaultFault) -> [VaultApplication] {
    guard case .applications(let applications) = try await ask(.listApplications) else { throw Self.surprise }
    return applications
  }

  public func setCredential(_ sealed: [UInt8], by act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.setCredential(act, sealed: sealed)) else { throw Self.surprise }
  }

  /// - Parameter place: `CredentialEntry.place` of the last one of the page before; empty for the first page.
  public func credentials(after place: String) async throws(VaultFault) -> [CredentialEntry] {
    guard case .credentials(let entries) = try await ask(.listCredentials(after: place)) else { throw Self.surprise }
    return entries
  }

  /// - Returns: what was sealed to the session's key, for a release; `nil` for anything else.
  public func carryOut(_ request: SessionActRequest) async throws(VaultFault) -> SealedRelease? {
    switch try await ask(.sessionAct(request)) {
    case .released(let release) where request.act.kind == .release: return release
    case .noted where request.act.kind != .release: return nil
    default: throw Self.surprise
    }
  }

  public func resumeReleases(_ act: SignedAct) async throws(VaultFault) {
    guard case .noted = try await ask(.resumeReleases(act)) else { throw Self.surprise }
  }
}
