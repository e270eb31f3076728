import AuthAPI
import AuthClient
package import AuthTerms
import Crypto
import Foundation

extension LoadWorkstation {
  /// Asks for one credential of the person who is logged on, as her agent does, and checks all of the answer.
  ///
  /// - Parameters:
  ///   - isFirst: with what the card signed, which the vault then verifies.
  ///   - vault: its key that signs.
  /// - Returns: seconds from the request on its way to the answer; signing and opening are the agent's.
  /// - Throws: `WrongAnswer` for anything but this person's credential, for this session, sealed and signed.
  package func release(_ application: LoadApplication, isFirst: Bool = false, vault: LoadVaultKey) async throws -> Double {
    guard let logon = lastLogon else { throw WrongAnswer("not logged on") }
    let keys = logon.keys
    let act = try SessionAct(
      kind: .release, keys: keys.hash, workstation: WorkstationID(parsing: name), application: application.id, account: "",
      nonce: (0..<32).map { _ in UInt8.random(in: 0...255) }, issuedAt: Int64(Date().timeIntervalSince1970 * 1000))
    let message = try keys.message(act, evidence: isFirst ? logon.evidence : nil)
    let start = ContinuousClock.now
    let answer: SessionActAnswer = try await post("release", "/v1/sessions/\(logon.session)/acts", message)
    let seconds = start.duration(to: .now).inSeconds
    guard let sealed = answer.sealed, let release = try? SealedRelease(decoding: Array(sealed)), vault.signed(release),
      let statement = try? ReleaseStatement(canonicalBytes: release.statement), statement.person.text == logon.person,
      statement.owner == statement.person,
      statement.application == application.id, statement.keys == keys.hash, statement.definition == application.definition,
      let credential = try? keys.open(release, statement), credential.user == LoadApplication.user(of: logon.person),
      credential.password.withBytes({ $0.elementsEqual(application.password(of: logon.person).utf8) })
    else { throw WrongAnswer("a release of something else") }
    return seconds
  }
}

/// What releases are signed with.
package struct LoadVaultKey: Sendable {
  private let key: Curve25519.Signing.PublicKey

  init(_ raw: [UInt8]) throws { key = try Curve25519.Signing.PublicKey(rawRepresentation: raw) }

  func signed(_ release: SealedRelease) -> Bool { key.isValidSignature(release.signature, for: release.message) }
}

/// A published application, and the passwords that a run gives its people there.
package struct LoadApplication: Sendable {
  package let id: ApplicationID
  let definition: [UInt8]

  static func user(of person: String) -> String { "u-\(person)" }
  func password(of person: String) -> String { "load \(id.text) \(person) Kawa-no-Nagare" }
}
