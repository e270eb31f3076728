import AuthAPI
import AuthTerms
import VaultLink

/// Puts the two halves of a palm's key together for one call: the one that is kept with the palm, and the vault's.
struct PalmKeys: Sendable {
  let vault: any Vault

  func key(of person: PersonID, half: Secret<KeyMaterial>, ring: UInt32) async throws -> TemplateKey {
    try TemplateKey(id: ring, personHalf: half, ringHalf: try await vault.templateKey(of: person, ring: ring).half)
  }

  /// The key that all palms are searched under: its person's half is fixed, its ring's half is the vault's.
  func searchKey(ring: UInt32) async throws -> TemplateKey {
    try await key(
      of: PersonID(parsing: "builtin.palm-search"),
      half: Secret(copying: Array(repeating: 0x53, count: TemplateKey.halfBytes)), ring: ring)
  }
}
