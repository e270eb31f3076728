import ArgumentParser
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Workstation

/// By what the vault's public keys are known to be the vault's, before anything is sealed to them.
struct VaultAuthorityOptions: ParsableArguments {
  @Option(help: "SHA-256 of the instance's authority, in hexadecimal. Default: --authority, or SANMON_AUTHORITY.")
  var vaultAuthority: String?

  /// The keys, if the pinned authority signed them.
  func keys(of link: OperatorLink, _ acting: ActingOptions) async throws -> (keys: VaultPublicKeys, instance: InstanceID) {
    let pinned =
      vaultAuthority ?? acting.link.server.authority ?? ProcessInfo.processInfo.environment["SANMON_AUTHORITY"]
    guard let pinned, let expected = try? Hex.decode(pinned), expected.count == 32 else {
      throw fail(
        64, "認証局の SHA-256 を --vault-authority で指定してください（設置時に表示されたもの）。",
        "name the instance's authority by its SHA-256 with --vault-authority (printed when the instance was made)")
    }
    let message = try await link.get("/v1/admin/vault/keys", as: VaultKeysMessage.self)
    let instance = try InstanceID(parsing: message.instance)
    guard Array(SHA256.hash(data: message.authority)) == expected,
      message.keys.areSigned(for: instance, byOneOf: [Array(message.authority)])
    else {
      throw fail(
        76, "鍵庫の鍵が、この認証局の署名したものではありません。何も送っていません。すぐに調べてください。",
        "the vault's key is not signed by that authority; nothing was sent. Find out why at once")
    }
    return (message.keys, instance)
  }
}
