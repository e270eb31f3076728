public import AuthTerms
import CArgon2

/// A local password as Argon2id hash (RFC 9106), written as PHC string.
///
/// Blocking and memory-hard by design (19 MiB, about 30 ms): call it on a bounded pool, never on an event loop. The password is
/// hashed exactly as received: no truncation, no normalisation, no change of case (ASVS 6.2.8).
public enum PasswordHash {
  public struct Parameters: Sendable, Hashable {
    /// KiB
    public let memory: UInt32
    public let passes: UInt32
    public let lanes: UInt32

    /// 19 MiB, two passes, one lane.
    public static let standard = Parameters(unchecked: 19_456, 2, 1)

    /// Accepts 8 KiB per lane to 128 MiB, 1 to 10 passes, 1 to 4 lanes: a hash that somebody planted in the database cannot ask
    /// for gigabytes or minutes.
    public init(memory: UInt32, passes: UInt32, lanes: UInt32) throws(SealingFault) {
      guard (1...4).contains(lanes), (8 * lanes...131_072).contains(memory), (1...10).contains(passes) else {
        throw .parameters("Argon2id: 8 KiB a lane to 128 MiB, 1 to 10 passes, 1 to 4 lanes")
      }
      self.init(unchecked: memory, passes, lanes)
    }

    private init(unchecked memory: UInt32, _ passes: UInt32, _ lanes: UInt32) {
      self.memory = memory
      self.passes = passes
      self.lanes = lanes
    }
  }

  /// Bytes of UTF-8: 64 characters of any script fit (ASVS 6.2.9).
  public static let passwordLength = 1...256
  public static let saltLength = 16...64
  private static let hashLength = 32
  /// Longer than any string we write.
  private static let textLimit = 256

  /// - Parameter salt: 16 to 64 fresh random bytes.
  public static func make(
    password: Secret<TypedPassword>, salt: [UInt8], parameters: Parameters = .standard
  ) throws(SealingFault) -> String {
    let hash = try argon2id(password, salt, parameters, length: hashLength)
    return text(Stored(parameters: parameters, salt: salt, hash: hash))
  }

  /// - Returns: whether this is the password, in a time that does not depend on where the hashes differ.
  public static func verify(_ password: Secret<TypedPassword>, against phc: String) throws(SealingFault) -> Bool {
    let stored = try parse(phc)
    let hash = try argon2id(password, stored.salt, stored.parameters, length: stored.hash.count)
    return ConstantTime.areEqual(hash, stored.hash)
  }

  /// Whether the hash was made with other parameters than these and should be made anew at the next right password.
  public static func needsRenewal(_ phc: String, parameters: Parameters = .standard) throws(SealingFault) -> Bool {
    try parse(phc).parameters != parameters
  }

  private struct Stored {
    let parameters: Parameters
    let salt: [UInt8]
    let hash: [UInt8]
  }

  private static func text(_ stored: Stored) -> String {
    let p = stored.parameters
    return "$argon2id$v=19$m=\(p.memory),t=\(p.passes),p=\(p.lanes)"
      + "$\(Base64.encode(stored.salt, isPadded: false))$\(Base64.encode(stored.hash, isPadded: false))"
  }

  /// Reads exactly what `text` writes: Argon2id, version 1.3, parameters in this order, nothing else.
  private static func parse(_ phc: String) throws(SealingFault) -> Stored {
    let fault = SealingFault.malformed("password hash")
    guard phc.utf8.count <= textLimit else { throw fault }
    let parts = phc.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19" else { throw fault }
    let numbers = parts[3].split(separator: ",", omittingEmptySubsequences: false)
    guard numbers.count == 3, let memory = number(numbers[0], "m="), let passes = number(numbers[1], "t="),
      let lanes = number(numbers[2], "p="),
      let salt = try? Base64.decode(parts[4], isPadded: false), saltLength.contains(salt.count),
      let hash = try? Base64.decode(parts[5], isPadded: false), hash.count == hashLength
    else { throw fault }
    let stored = Stored(
      parameters: try Parameters(memory: memory, passes: passes, lanes: lanes), salt: salt, hash: hash)
    guard Array(text(stored).utf8) == Array(phc.utf8) else { throw fault }
    return stored
  }

  private static func number(_ text: Substring, _ prefix: String) -> UInt32? {
    text.hasPrefix(prefix) ? UInt32(text.dropFirst(prefix.count)) : nil
  }

  private static func argon2id(
    _ password: Secret<TypedPassword>, _ salt: [UInt8], _ parameters: Parameters, length: Int
  ) throws(SealingFault) -> [UInt8] {
    guard passwordLength.contains(password.count) else { throw .passwordLength }
    guard saltLength.contains(salt.count) else { throw .parameters("salt: 16 to 64 bytes") }
    var hash = [UInt8](repeating: 0, count: length)
    // The library wipes its working memory itself before it frees it (FLAG_clear_internal_memory, on by default).
    let code = unsafe password.withBytes { typed in
      unsafe salt.withUnsafeBytes { saltBytes in
        unsafe hash.withUnsafeMutableBytes { target in
          unsafe argon2id_hash_raw(
            parameters.passes, parameters.memory, parameters.lanes, typed.baseAddress, typed.count, saltBytes.baseAddress,
            saltBytes.count, target.baseAddress, target.count)
        }
      }
    }
    guard code == 0 else { throw .unavailable }
    return hash
  }
}
