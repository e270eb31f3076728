import AuthTerms
import CPKCS11
import Foundation
import SmartCard

/// One task at one library.
struct TokenTask {
  let library: Cryptoki

  func run(_ task: ModuleRequest.Task) -> ModuleAnswer {
    do throws(CryptokiRefusal) {
      switch task {
      case .look: return .seen(try look())
      case .sign(let errand): return try sign(errand)
      }
    } catch { return .failed(error.why) }
  }

  // MARK: Looking

  /// - Throws: the first fault, where no token could be read.
  private func look() throws(CryptokiRefusal) -> [SeenToken] {
    var (tokens, keysLeft): ([SeenToken], Int) = ([], SeenToken.mostKeys)
    var fault: CryptokiRefusal?
    for slot in try library.slots() where tokens.count < SeenToken.most {
      // A slot whose card is none of this library's, is gone, or cannot be read does not stand in the way of another.
      guard let info = try? library.tokenInfo(slot), info.flags & CKF_TOKEN_INITIALIZED != 0,
        let slotInfo = try? library.slotInfo(slot), let session = try? library.open(slot)
      else { continue }
      defer { library.close(session) }
      do throws(CryptokiRefusal) {
        let seen = try token(session, slot, info, slotInfo, mostKeys: keysLeft)
        keysLeft -= seen.keys.count
        tokens.append(seen)
      } catch { fault = fault ?? error }
    }
    if tokens.isEmpty, let fault { throw fault }
    return tokens
  }

  private func token(
    _ session: CK_SESSION_HANDLE, _ slot: CK_SLOT_ID, _ info: CK_TOKEN_INFO, _ slotInfo: CK_SLOT_INFO, mostKeys: Int
  ) throws(CryptokiRefusal) -> SeenToken {
    let keys = try keys(session, most: mostKeys)
    do throws(MalformedInput) {
      return try SeenToken(
        slot: UInt64(slot), reader: Self.text(slotInfo.slotDescription), label: Self.text(info.label),
        serial: Self.bytes(info.serialNumber), standing: Self.standing(info), keys: keys)
    } catch { throw .malformed }
  }

  private func keys(_ session: CK_SESSION_HANDLE, most: Int) throws(CryptokiRefusal) -> [SeenKey] {
    guard most > 0 else { return [] }
    var keys: [SeenKey] = []
    // Authorities' certificates stand there too, without a key and often without an id.
    for object in try library.objects(session, ofClass: CKO_CERTIFICATE, most: 64) where keys.count < most {
      guard let id = library.attribute(session, object, CKA_ID, limit: ModuleErrand.mostKeyBytes), !id.isEmpty,
        let certificate = library.attribute(session, object, CKA_VALUE, limit: 8192), !certificate.isEmpty
      else { continue }
      keys.append(SeenKey(id: id, certificate: certificate))
    }
    return keys
  }

  private static func standing(_ info: CK_TOKEN_INFO) -> PINStanding {
    if info.flags & CKF_USER_PIN_LOCKED != 0 { return .blocked }
    return info.flags & CKF_USER_PIN_FINAL_TRY != 0 ? .lastTry : .untold
  }

  /// A field of fixed length, filled with spaces (base specification §3.1); what is no UTF-8 or no letter is replaced.
  private static func text(_ field: some Any) -> String {
    let text = String(decoding: bytes(field).prefix { $0 != 0 }, as: UTF8.self)
    let shown = text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }
    var cleaned = String(String.UnicodeScalarView(shown))
    while cleaned.hasSuffix(" ") { cleaned.removeLast() }
    return cleaned
  }

  /// The bytes of one of C's arrays, which is a tuple here.
  private static func bytes(_ field: some Any) -> [UInt8] { withUnsafeBytes(of: field) { Array($0) } }

  // MARK: Signing

  private func sign(_ errand: ModuleErrand) throws(CryptokiRefusal) -> ModuleAnswer {
    guard let slot = CK_SLOT_ID(exactly: errand.slot) else { throw .malformed }
    let info = try library.tokenInfo(slot)
    guard Self.bytes(info.serialNumber) == errand.serial else { return .otherCard }
    let session = try library.open(slot)
    defer { library.close(session) }
    guard try holds(errand, session) else { return .otherCard }
    let mechanism = errand.algorithm.modulusCount == nil ? CKM_ECDSA : CKM_RSA_PKCS
    guard library.canSign(slot, with: mechanism) else { throw CryptokiRefusal(why: .mechanismMissing) }
    switch Self.standing(info) {
    case .blocked: return .pinBlocked
    case .lastTry where errand.leastTries > 1: return .tooFewTries
    case .lastTry, .untold: break
    }
    // A PIN that the token would not even look at must not cost a try. What it does not tell is 0, or all ones (§3.1).
    guard info.ulMinPinLen == .max || errand.pin.count >= info.ulMinPinLen,
      info.ulMaxPinLen == 0 || errand.pin.count <= info.ulMaxPinLen
    else { throw CryptokiRefusal(why: .pinForm) }
    if let refusal = try login(errand, session, slot) { return refusal }
    defer { library.logout(session) }
    return .signed(try signature(errand, session, mechanism))
  }

  /// Whether the certificate that was seen is still that key's.
  private func holds(_ errand: ModuleErrand, _ session: CK_SESSION_HANDLE) throws(CryptokiRefusal) -> Bool {
    try library.objects(session, ofClass: CKO_CERTIFICATE, id: errand.key, most: 16).contains {
      library.attribute(session, $0, CKA_VALUE, limit: 8192) == errand.certificate
    }
  }

  /// - Returns: `nil` if the token took the PIN.
  private func login(
    _ errand: ModuleErrand, _ session: CK_SESSION_HANDLE, _ slot: CK_SLOT_ID
  ) throws(CryptokiRefusal) -> ModuleAnswer? {
    let value = errand.pin.withBytes { library.login(session, user: CKU_USER, pin: $0) }
    switch value {
    case CKR_OK: return nil
    case CKR_PIN_LOCKED: return .pinBlocked
    case CKR_PIN_INVALID, CKR_PIN_LEN_RANGE: throw CryptokiRefusal(why: .pinForm)
    case CKR_PIN_INCORRECT:
      // Its flags as they are after this try; a card that is gone by now has still said that the PIN is wrong.
      let standing = (try? library.tokenInfo(slot)).map { Self.standing($0) } ?? .untold
      return standing == .blocked ? .pinBlocked : .wrongPIN(standing)
    default: throw CryptokiRefusal(value)
    }
  }

  private func signature(
    _ errand: ModuleErrand, _ session: CK_SESSION_HANDLE, _ mechanism: CK_ULONG
  ) throws(CryptokiRefusal) -> [UInt8] {
    let type = errand.algorithm.modulusCount == nil ? CKK_EC : CKK_RSA
    let found = try library.objects(session, ofClass: CKO_PRIVATE_KEY, id: errand.key, most: 16)
    let key = found.first { object in
      library.attribute(session, object, CKA_KEY_TYPE, limit: MemoryLayout<CK_ULONG>.size).flatMap(Self.number) == type
    }
    guard let key else { throw CryptokiRefusal(why: .keyMissing) }
    try library.beginSigning(session, with: mechanism, key: key)
    if library.attribute(session, key, CKA_ALWAYS_AUTHENTICATE, limit: 1)?.first == 1 {
      // The PIN was right a moment ago; a key that asks for it at each use is told it again (§4.9).
      let value = errand.pin.withBytes { library.login(session, user: CKU_CONTEXT_SPECIFIC, pin: $0) }
      guard value == CKR_OK else { throw CryptokiRefusal(value) }
    }
    return try library.sign(session, ModuleSignature.input(errand.algorithm, digest: errand.digest))
  }

  /// A CK_ULONG as it stands in memory.
  private static func number(_ bytes: [UInt8]) -> CK_ULONG? {
    guard bytes.count == MemoryLayout<CK_ULONG>.size else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: CK_ULONG.self) }
  }
}
