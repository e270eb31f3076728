import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Synchronization

/// Where a secret stands that is kept under the ring: what is moved to another place does not open.
protocol KeptPlace: Sendable {
  /// Of the context: one for each table.
  static var label: String { get }
  static var table: String { get }
  func write(to writer: inout LengthPrefixedWriter)
}

/// Which version of which credential.
struct CredentialPlace: KeptPlace, Hashable {
  static let label = "sanmon/kept-credential/1"
  static let table = "credentials"

  var person: PersonID
  var application: ApplicationID
  var account: String
  var version: UInt64

  func write(to writer: inout LengthPrefixedWriter) {
    writer.field(person.text)
    writer.field(application.text)
    writer.field(account)
    writer.field(version)
  }
}

/// A credential or a city's key as it is kept.
struct KeptCredential: Sendable {
  /// Number of the root, 1 and above.
  var ring: UInt32
  /// 32 random bytes.
  var salt: [UInt8]
  /// Nonce (12 bytes), ciphertext, tag (16).
  var sealed: [UInt8]
}

/// Seals each version of each credential under a key of its own, derived from one of the roots (HKDF-SHA256, AES-256-GCM).
///
/// A key encrypts once: its salt is drawn for this one version, and a version that is sealed again gets another. So no count
/// of encryptions under one key needs to be kept, however many people and years there are.
final class CredentialRing: Sendable {
  private let instance: String
  private let roots: Mutex<[UInt32: Secret<KeyMaterial>]>

  /// - Parameter roots: 32 bytes each, by number; at least one.
  init(instance: InstanceID, roots: [UInt32: Secret<KeyMaterial>]) {
    self.instance = instance.text
    self.roots = Mutex(roots)
  }

  /// The number under which is sealed now.
  var current: UInt32 { roots.withLock { $0.keys.max() ?? 1 } }

  func replace(roots new: [UInt32: Secret<KeyMaterial>]) { roots.withLock { $0 = new } }

  /// - Parameter salt: 32 random bytes.
  func seal<Purpose>(_ plaintext: Secret<Purpose>, at place: some KeptPlace, salt: [UInt8]) throws -> KeptCredential {
    let ring = current
    let context = context(place, ring)
    var copy = plaintext.withBytes { Data($0) }
    defer { copy.resetBytes(in: 0..<copy.count) }
    let box = try AES.GCM.seal(copy, using: key(ring, salt, context, place), authenticating: context)
    return KeptCredential(ring: ring, salt: salt, sealed: Array(box.nonce) + Array(box.ciphertext) + Array(box.tag))
  }

  /// - Throws: `DamagedRow` for what this place's key did not seal.
  func open<Purpose>(
    _ kept: KeptCredential, at place: some KeptPlace, as purpose: Purpose.Type = ApplicationPassword.self
  ) throws -> Secret<Purpose> {
    let context = context(place, kept.ring)
    guard let key = try? key(kept.ring, kept.salt, context, place), let box = try? AES.GCM.SealedBox(combined: kept.sealed),
      var opened = try? AES.GCM.open(box, using: key, authenticating: context)
    else { throw Self.damaged(place) }
    defer { opened.resetBytes(in: 0..<opened.count) }
    return Secret(copying: opened)
  }

  /// Derives the key and is authenticated besides: what is moved to another place opens neither way.
  private func context<Place: KeptPlace>(_ place: Place, _ ring: UInt32) -> [UInt8] {
    var writer = LengthPrefixedWriter(reserving: 192)
    writer.field(Place.label)
    writer.field(instance)
    place.write(to: &writer)
    writer.field(UInt64(ring))
    return writer.bytes
  }

  private static func damaged<Place: KeptPlace>(_ place: Place) -> DamagedRow { DamagedRow(table: Place.table) }

  private func key(_ ring: UInt32, _ salt: [UInt8], _ context: [UInt8], _ place: some KeptPlace) throws -> SymmetricKey {
    guard let root = roots.withLock({ $0[ring] }), salt.count == 32 else { throw Self.damaged(place) }
    let material = root.withBytes { SymmetricKey(data: $0) }
    return HKDF<SHA256>.deriveKey(inputKeyMaterial: material, salt: salt, info: context, outputByteCount: 32)
  }
}
