public import AuthTerms
import Crypto
import Foundation
import Sealing

/// The key under which the vault's keys are sealed; 32 bytes in a file of its own, as one line of text with a prefix that
/// scanners find.
///
/// trusted: who can read this file *and* the vault's state has every key of the instance.
public struct MasterKey: Sendable {
  let columns: ColumnKeys

  /// - Parameter secret: 32 bytes.
  init(secret: Secret<KeyMaterial>) throws(VaultStartFault) {
    let master = secret.withBytes { SymmetricKey(data: $0) }
    // Never used directly: other uses of the same master key will have other labels.
    let derived = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: master, info: Data("sanmon/vault/columns/1".utf8), outputByteCount: 32)
    let name = HKDF<SHA256>.deriveKey(inputKeyMaterial: master, info: Data("sanmon/vault/key-id/1".utf8), outputByteCount: 4)
    // The id tells a wrong master key from a damaged file, and says nothing about the key.
    let id = name.withUnsafeBytes { $0.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
    do {
      let key = try ColumnKey(id: id, key: derived.withUnsafeBytes { Secret(copying: $0) })
      columns = try ColumnKeys(current: key)
    } catch {
      throw VaultStartFault(.masterKey, "the master key must be 32 bytes")
    }
  }

  /// - Parameter secret: as it was read, made or put together.
  public init(_ secret: MasterSecret) throws(VaultStartFault) { try self.init(secret: secret.bytes) }

  /// Reads a file that only this user can read.
  public static func read(path: String) throws(VaultStartFault) -> MasterKey { try MasterKey(MasterSecret.read(path: path)) }

  /// Reads `sanmon-vault-master` from the folder that systemd made for this service alone.
  public static func read(credentialsDirectory: String) throws(VaultStartFault) -> MasterKey {
    try MasterKey(MasterSecret.read(credentialsDirectory: credentialsDirectory))
  }

  /// Writes a new master key, mode 0400; refuses to replace anything.
  /// - Parameter random: 32 random bytes.
  public static func make(path: String, random: Secret<KeyMaterial>) throws(VaultStartFault) {
    try MasterSecret(random).write(path: path)
  }
}

/// A master key as it lies in its file or in people's hands. For the commands that move it from one to the other; the vault itself keeps
/// only what is derived from it.
public struct MasterSecret: Sendable, CustomReflectable {
  private static let prefix = "sanmon_master_1_"
  private static let fileLength = prefix.utf8.count + 64 + 1

  let bytes: Secret<KeyMaterial>

  /// - Parameter bytes: 32.
  public init(_ bytes: Secret<KeyMaterial>) throws(VaultStartFault) {
    guard bytes.count == 32 else { throw VaultStartFault(.masterKey, "a master key needs 32 random bytes") }
    self.bytes = bytes
  }

  public var customMirror: Mirror { Mirror(self, children: []) }

  /// In a time that tells nothing of the bytes.
  public func isSame(as other: MasterSecret) -> Bool {
    bytes.withBytes { one in other.bytes.withBytes { two in zip(one, two).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0 } }
  }

  /// Reads a file that only this user can read.
  public static func read(path: String) throws(VaultStartFault) -> MasterSecret {
    try read(path: path, accepts: { $0.st_uid == geteuid() && $0.st_mode & 0o077 == 0 }, expected: "be mine, mode 0400")
  }

  /// Reads `sanmon-vault-master` from the folder that systemd made for this service alone (systemd.exec(5), credentials).
  public static func read(credentialsDirectory: String) throws(VaultStartFault) -> MasterSecret {
    try read(
      path: credentialsDirectory + "/sanmon-vault-master",
      accepts: { ($0.st_uid == geteuid() || $0.st_uid == 0) && $0.st_mode & 0o007 == 0 },
      expected: "be root's or mine, mode 0440 or less")
  }

  private static func read(
    path: String, accepts: (stat) -> Bool, expected: String
  ) throws(VaultStartFault) -> MasterSecret {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw VaultStartFault(.masterKey, "could not open the master key \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    // Asked of the open file, not of its name: the name may point elsewhere a moment later.
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, accepts(status) else {
      throw VaultStartFault(.unsafeFile, "the master key \(path) must be a file and \(expected)")
    }
    let malformed = VaultStartFault(.masterKey, "\(path) is not a master key as `sanmon-vault make-master-key` writes it")
    let text = Secret<KeyMaterial>(count: fileLength + 1) { buffer in _ = readAll(descriptor, buffer) }
    let secret = text.withBytes { bytes -> Secret<KeyMaterial>? in
      guard bytes.prefix(prefix.utf8.count).elementsEqual(prefix.utf8), bytes[fileLength - 1] == UInt8(ascii: "\n"),
        bytes[fileLength] == 0
      else { return nil }
      let digits = bytes[prefix.utf8.count..<fileLength - 1]
      guard digits.allSatisfy({ digit($0) != nil }) else { return nil }
      return Secret(count: 32) { target in
        for index in 0..<32 {
          let position = digits.startIndex + 2 * index
          target[index] = (digit(digits[position]) ?? 0) << 4 | (digit(digits[position + 1]) ?? 0)
        }
      }
    }
    guard let secret else { throw malformed }
    return try MasterSecret(secret)
  }

  private static func readAll(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    var count = 0
    while count < buffer.count {
      let read = Foundation.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      guard read > 0 else { break }
      count += read
    }
    return count
  }

  private static func digit(_ unit: UInt8) -> UInt8? {
    switch unit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): unit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): unit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// Writes the file of a master key, mode 0400; refuses to replace anything.
  public func write(path: String) throws(VaultStartFault) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o400)
    guard descriptor >= 0 else {
      throw VaultStartFault(.masterKey, "could not create \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    let digits = Array("0123456789abcdef".utf8)
    let text = Secret<KeyMaterial>(count: Self.fileLength) { target in
      target.copyBytes(from: Array(Self.prefix.utf8))
      self.bytes.withBytes { bytes in
        for (index, byte) in bytes.enumerated() {
          target[Self.prefix.utf8.count + 2 * index] = digits[Int(byte >> 4)]
          target[Self.prefix.utf8.count + 2 * index + 1] = digits[Int(byte & 15)]
        }
      }
      target[Self.fileLength - 1] = UInt8(ascii: "\n")
    }
    let isWritten =
      text.withBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) == $0.count } && fsync(descriptor) == 0
    guard isWritten else {
      unlink(path)
      throw VaultStartFault(.masterKey, "could not write \(path)")
    }
  }
}
