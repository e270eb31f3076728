import CertificateTrust

/// The Active Directory that a load instance follows.
package struct LoadDirectory: Sendable {
  package let host: String
  package let port: UInt16
  /// PEM file.
  package let authorities: String
  package let account: String
  package let passwordFile: String
  /// Between two looks of the server's own.
  let tickSeconds: Int

  package init(
    host: String, port: UInt16, authorities: String, account: String, passwordFile: String, tickSeconds: Int
  ) {
    self.host = host
    self.port = port
    self.authorities = authorities
    self.account = account
    self.passwordFile = passwordFile
    self.tickSeconds = tickSeconds
  }

  func lines(in folder: String) -> String {
    """
    directory:
      servers: [{host: \(host), port: \(port)}]
      authorities: \(folder)/directory-ca.pem
      account: \(account)
      password-file: \(folder)/directory.password
      base: 職員
      tick-seconds: \(tickSeconds)

    """
  }
}

/// An instance and its administrator, and nobody in it yet.
package final class DirectoryCity: Sendable {
  package let instance: LoadInstance
  package let desk: Desk
  private let authority: CardAuthority

  /// - Parameter directory: `nil`: people come from files.
  package init(binaries: String, policies: String, directory: LoadDirectory?) async throws {
    authority = try CardAuthority()
    instance = try await LoadInstance(
      binaries: binaries, policies: policies, cardRoots: PEMFile.encode(certificate: authority.certificate),
      directory: directory)
    do { desk = try await Desk(instance) } catch {
      instance.end()
      throw error
    }
  }

  /// Registers a card, with which somebody is let in where the rules let her in at all.
  @discardableResult
  package func giveCard(to person: String) async throws -> SoftCard {
    let guid = (0..<16).map { _ in UInt8.random(in: 1...255) }
    let card = try authority.issue(to: person, slot: "9a", guid: guid)
    try await desk.register(card)
    return card
  }

  package func end() { instance.end() }
}
