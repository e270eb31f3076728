import AuthTerms
import CertificateTrust
import Crypto
import Foundation
import SwiftASN1
import VaultLink
import X509

/// The server's own folder: database, TLS key and certificate, column key.
///
/// trusted: who can read it can impersonate the server and open the password column; who can write it can replace the log
/// (found by a checkpoint kept elsewhere).
struct StateFolder: Sendable {
  let path: String

  enum Fault: Error, Sendable, CustomStringConvertible {
    case notPrivate(String)
    case unusable(String)

    var description: String {
      switch self {
      case .notPrivate(let path): "\(path) can be read by other users; chmod it to 0700 (folders) or 0600 (files)"
      case .unusable(let path): "\(path) cannot be read or written"
      }
    }
  }

  /// Creates the folder, or insists that nobody else can enter it.
  init(_ path: String) throws {
    self.path = path
    let files = FileManager.default
    if !files.fileExists(atPath: path) {
      try files.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }
    try Self.requirePrivate(path)
  }

  var database: String { path + "/sanmon.sqlite" }
  private var keyFile: String { path + "/tls.key" }
  private var certificateFile: String { path + "/tls.pem" }
  var columnKeyFile: String { path + "/column.key" }
  /// Sealed backups until they are taken.
  var backupFolder: String { path + "/backup" }
  /// How far each destination of the log is.
  var forwardFolder: String { path + "/forward" }
  /// The copy that a rehearsal is played on, while it lasts.
  var rehearsalFolder: String { path + "/rehearsal" }

  /// 32 random bytes, made at the first start; with systemd's credentials, the credential `sanmond-column-key` instead.
  func columnKey(random: (Int) -> [UInt8], credentials: String?) throws -> Secret<KeyMaterial> {
    if let credentials, let data = FileManager.default.contents(atPath: credentials + "/sanmond-column-key") {
      return Secret(copying: data)
    }
    if let data = try contents(of: columnKeyFile) {
      guard data.count == 32 else { throw Fault.unusable(columnKeyFile) }
      return Secret(copying: data)
    }
    let key = random(32)
    try write(Data(key), to: columnKeyFile)
    return Secret(copying: key)
  }

  /// The server's TLS key and chain. A new key and certificate are made when there are none, the certificate ends within
  /// `renewBeforeDays`, or the authority is another one.
  func tlsIdentity(
    vault: any Vault, now: Moment, renewBeforeDays: Int = 30
  ) async throws -> (chain: [UInt8], key: Secret<KeyMaterial>) {
    let roots = try await vault.trustRoots()
    if let key = try contents(of: keyFile), let chain = try contents(of: certificateFile),
      Self.isGood(
        chain: chain, roots: roots, from: now.wallMilliseconds,
        until: now.wallMilliseconds + Int64(renewBeforeDays) * 86_400_000)
    {
      return (Array(chain), Secret(copying: key))
    }
    let key = P256.Signing.PrivateKey()
    let request = try CertificateRequest.make(key: key)
    let leaf = try await vault.signServer(certificateRequest: request)
    let chain = Data(([leaf] + roots).map { PEMFile.encode(certificate: $0) }.joined().utf8)
    let keyText = Data(key.pemRepresentation.utf8)
    try write(keyText, to: keyFile)
    try write(chain, to: certificateFile)
    return (Array(chain), Secret(copying: keyText))
  }

  /// Whether the leaf is good for that time and was issued by the authority we have.
  ///
  /// One that begins on a day to come was made while the clock was wrong, and no workstation takes it. When it is earlier than this
  /// release itself, it is the clock that is wrong now: what is there stays.
  private static func isGood(chain: Data, roots: [[UInt8]], from: Int64, until: Int64) -> Bool {
    guard let text = String(validating: chain, as: UTF8.self), let first = try? PEMFile.certificates(text).first,
      let leaf = try? Certificate(derEncoded: first)
    else { return false }
    let begins = Int64(leaf.notValidBefore.timeIntervalSince1970 * 1000)
    return leaf.notValidAfter.timeIntervalSince1970 * 1000 > Double(until)
      && (begins <= from || from < Release.noEarlierThan)
      && roots.contains { root in
        (try? Certificate(derEncoded: root)).map { $0.publicKey.isValidSignature(leaf.signature, for: leaf) } ?? false
      }
  }

  private func contents(of file: String) throws -> Data? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    try Self.requirePrivate(file)
    guard let data = FileManager.default.contents(atPath: file) else { throw Fault.unusable(file) }
    return data
  }

  /// Whole or not at all: a new file beside the old one, 0600 from the start, renamed over it.
  private func write(_ data: Data, to file: String) throws {
    let fresh = file + ".new"
    try? FileManager.default.removeItem(atPath: fresh)
    guard FileManager.default.createFile(atPath: fresh, contents: data, attributes: [.posixPermissions: 0o600]),
      rename(fresh, file) == 0
    else { throw Fault.unusable(file) }
  }

  /// - Throws: `.notPrivate` if group or others may do anything with it.
  static func requirePrivate(_ path: String) throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    guard let mode = attributes[.posixPermissions] as? NSNumber, mode.intValue & 0o077 == 0 else {
      throw Fault.notPrivate(path)
    }
  }
}
