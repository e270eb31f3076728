import CPKCS11
import Foundation
import SmartCard

/// Why a library gave nothing that can be used.
struct CryptokiRefusal: Error {
  let why: ModuleRefusal

  static let malformed = CryptokiRefusal(why: .malformed)

  /// What a return value means here (base specification §5.1).
  init(_ value: CK_RV) {
    why =
      switch value {
      case CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID, CKR_SLOT_ID_INVALID:
        .cardRemoved
      case CKR_TOKEN_NOT_RECOGNIZED, CKR_USER_PIN_NOT_INITIALIZED, CKR_PIN_EXPIRED: .unsupportedCard
      case CKR_USER_ALREADY_LOGGED_IN, CKR_USER_NOT_LOGGED_IN: .cardReset
      case CKR_MECHANISM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED: .mechanismMissing
      default: .failed
      }
  }

  init(why: ModuleRefusal) { self.why = why }
}

/// A PKCS#11 library in this process, from C_Initialize to C_Finalize. One thread uses it.
///
/// trusted: not at all. Lengths and counts that it tells are held to limits; what else it does to this process is why this process
/// does nothing besides.
final class Cryptoki {
  private let functions: CK_FUNCTION_LIST

  /// - Parameter path: absolute.
  init(path: String) throws(CryptokiRefusal) {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "C_GetFunctionList") else {
      throw CryptokiRefusal(why: .unusable)
    }
    typealias Ask = @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>?) -> CK_RV
    var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
    guard unsafeBitCast(symbol, to: Ask.self)(&list) == CKR_OK, let table = list?.pointee, table.version.major == 2,
      table.C_Initialize != nil, table.C_Finalize != nil, table.C_GetSlotList != nil, table.C_GetSlotInfo != nil,
      table.C_GetTokenInfo != nil, table.C_GetMechanismInfo != nil, table.C_OpenSession != nil, table.C_CloseSession != nil,
      table.C_Login != nil, table.C_Logout != nil, table.C_GetAttributeValue != nil, table.C_FindObjectsInit != nil,
      table.C_FindObjects != nil, table.C_FindObjectsFinal != nil, table.C_SignInit != nil, table.C_Sign != nil
    else { throw CryptokiRefusal(why: .unusable) }
    functions = table
    // Without arguments: nobody calls from a second thread (§5.4).
    guard table.C_Initialize(nil) == CKR_OK else { throw CryptokiRefusal(why: .unusable) }
  }

  func finalize() { _ = functions.C_Finalize(nil) }

  private func check(_ value: CK_RV) throws(CryptokiRefusal) {
    guard value == CKR_OK else { throw CryptokiRefusal(value) }
  }

  // MARK: Slots and tokens

  /// Those that hold a token; at most 64.
  func slots() throws(CryptokiRefusal) -> [CK_SLOT_ID] {
    var count: CK_ULONG = 0
    try check(functions.C_GetSlotList(1, nil, &count))
    guard count <= 64 else { throw .malformed }
    guard count > 0 else { return [] }
    var slots = [CK_SLOT_ID](repeating: 0, count: Int(count))
    try check(functions.C_GetSlotList(1, &slots, &count))
    guard count <= slots.count else { throw .malformed }
    return Array(slots.prefix(Int(count)))
  }

  func slotInfo(_ slot: CK_SLOT_ID) throws(CryptokiRefusal) -> CK_SLOT_INFO {
    var info = CK_SLOT_INFO()
    try check(functions.C_GetSlotInfo(slot, &info))
    return info
  }

  func tokenInfo(_ slot: CK_SLOT_ID) throws(CryptokiRefusal) -> CK_TOKEN_INFO {
    var info = CK_TOKEN_INFO()
    try check(functions.C_GetTokenInfo(slot, &info))
    return info
  }

  func canSign(_ slot: CK_SLOT_ID, with mechanism: CK_ULONG) -> Bool {
    var info = CK_MECHANISM_INFO()
    return functions.C_GetMechanismInfo(slot, mechanism, &info) == CKR_OK && info.flags & CKF_SIGN != 0
  }

  // MARK: Sessions and objects

  /// One that only reads.
  func open(_ slot: CK_SLOT_ID) throws(CryptokiRefusal) -> CK_SESSION_HANDLE {
    var session: CK_SESSION_HANDLE = 0
    try check(functions.C_OpenSession(slot, CKF_SERIAL_SESSION, nil, nil, &session))
    return session
  }

  func close(_ session: CK_SESSION_HANDLE) { _ = functions.C_CloseSession(session) }

  /// - Parameters:
  ///   - id: CKA_ID; `nil`: any.
  ///   - most: how many are asked for, whatever more the library has.
  func objects(
    _ session: CK_SESSION_HANDLE, ofClass kind: CK_ULONG, id: [UInt8]? = nil, most: Int
  ) throws(CryptokiRefusal) -> [CK_OBJECT_HANDLE] {
    var kind = kind
    var id = id ?? []
    let begun: CK_RV = withUnsafeMutableBytes(of: &kind) { kind in
      id.withUnsafeMutableBytes { id in
        var template = [CK_ATTRIBUTE(type: CKA_CLASS, pValue: kind.baseAddress, ulValueLen: CK_ULONG(kind.count))]
        if !id.isEmpty {
          template.append(CK_ATTRIBUTE(type: CKA_ID, pValue: id.baseAddress, ulValueLen: CK_ULONG(id.count)))
        }
        return functions.C_FindObjectsInit(session, &template, CK_ULONG(template.count))
      }
    }
    try check(begun)
    defer { _ = functions.C_FindObjectsFinal(session) }
    var found: [CK_OBJECT_HANDLE] = []
    var room = [CK_OBJECT_HANDLE](repeating: 0, count: 16)
    while found.count < most {
      var count: CK_ULONG = 0
      try check(functions.C_FindObjects(session, &room, CK_ULONG(room.count), &count))
      guard count <= room.count else { throw .malformed }
      guard count > 0 else { break }
      found += room.prefix(Int(count))
    }
    return Array(found.prefix(most))
  }

  /// - Returns: `nil` for one that the object does not have, does not show, or of more than `limit` bytes.
  func attribute(
    _ session: CK_SESSION_HANDLE, _ object: CK_OBJECT_HANDLE, _ type: CK_ULONG, limit: Int
  ) -> [UInt8]? {
    var attribute = CK_ATTRIBUTE(type: type, pValue: nil, ulValueLen: 0)
    guard functions.C_GetAttributeValue(session, object, &attribute, 1) == CKR_OK, attribute.ulValueLen <= limit else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: Int(attribute.ulValueLen))
    let status: CK_RV = bytes.withUnsafeMutableBytes { bytes in
      attribute.pValue = bytes.baseAddress
      return functions.C_GetAttributeValue(session, object, &attribute, 1)
    }
    guard status == CKR_OK, attribute.ulValueLen <= bytes.count else { return nil }
    return Array(bytes.prefix(Int(attribute.ulValueLen)))
  }

  // MARK: The PIN and the key

  /// What the library says to the PIN, as it says it.
  func login(_ session: CK_SESSION_HANDLE, user: CK_ULONG, pin: UnsafeRawBufferPointer) -> CK_RV {
    functions.C_Login(session, user, pin.baseAddress?.assumingMemoryBound(to: CK_BYTE.self), CK_ULONG(pin.count))
  }

  func logout(_ session: CK_SESSION_HANDLE) { _ = functions.C_Logout(session) }

  func beginSigning(
    _ session: CK_SESSION_HANDLE, with mechanism: CK_ULONG, key: CK_OBJECT_HANDLE
  ) throws(CryptokiRefusal) {
    var mechanism = CK_MECHANISM(mechanism: mechanism, pParameter: nil, ulParameterLen: 0)
    try check(functions.C_SignInit(session, &mechanism, key))
  }

  /// - Returns: 1 to 1,024 bytes.
  func sign(_ session: CK_SESSION_HANDLE, _ input: [UInt8]) throws(CryptokiRefusal) -> [UInt8] {
    var room = [UInt8](repeating: 0, count: 1024)
    var count = CK_ULONG(room.count)
    try check(functions.C_Sign(session, input, CK_ULONG(input.count), &room, &count))
    guard (1...1024).contains(count) else { throw .malformed }
    return Array(room.prefix(Int(count)))
  }
}
