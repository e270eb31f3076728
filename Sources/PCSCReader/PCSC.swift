import CPCSC

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// The only file that imports pcsclite. Each call blocks its thread; the callers see to it that this is never a thread of the
// cooperative pool. Codes come back as positive Int (LONG) on Linux.

private func check(_ code: LONG) throws(PCSCFault) {
  guard code == 0 else { throw PCSCFault(code: UInt32(truncatingIfNeeded: code)) }
}

/// One connection to the reader service; released when the last reference goes.
final class PCSCContext: Sendable {
  private let handle: SCARDCONTEXT

  init() throws(PCSCFault) {
    var opened: SCARDCONTEXT = 0
    try check(SCardEstablishContext(DWORD(SCARD_SCOPE_SYSTEM), nil, nil, &opened))
    handle = opened
  }

  deinit { SCardReleaseContext(handle) }

  /// Ends a waiting `changes` from another thread; nothing else can be ended.
  func cancel() { SCardCancel(handle) }

  /// Names of all readers, in the service's order, which means nothing.
  func readers() throws(PCSCFault) -> [String] {
    var length: DWORD = 0
    do throws(PCSCFault) { try check(SCardListReaders(handle, nil, nil, &length)) } catch .noReaders { return [] }
    guard length <= 1 << 16 else { throw PCSCFault(code: 0x8010_0014) }
    var names = [CChar](repeating: 0, count: Int(length))
    do throws(PCSCFault) { try check(SCardListReaders(handle, nil, &names, &length)) } catch .noReaders { return [] }
    return names.prefix(Int(length)).split(separator: 0).map {
      String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// What is known of one reader.
  struct Observation: Equatable {
    var reader: String
    /// As the service counts it; zero for "nothing known", which makes `changes` answer at once.
    var state: UInt = 0
    var atr: [UInt8] = []

    var hasCard: Bool { state & UInt(SCARD_STATE_PRESENT) != 0 }
    var isExclusive: Bool { state & UInt(SCARD_STATE_EXCLUSIVE) != 0 }
    /// Counts insertions and removals; 16 bits.
    var events: UInt { state >> 16 & 0xFFFF }
  }

  /// The pseudo-reader whose state changes when readers come and go.
  static let readerList = #"\\?PnP?\Notification"#

  /// Waits until a reader differs from what is known, at most `milliseconds`; returns the new observations of all.
  func changes(from known: [Observation], milliseconds: UInt32) throws(PCSCFault) -> [Observation] {
    // szReader is borrowed for the whole call: the copies live until the end of this function.
    let names = known.map { strdup($0.reader) }
    defer { for name in names { free(name) } }
    var states = zip(known, names).map { observation, name in
      var state = SCARD_READERSTATE()
      state.szReader = UnsafePointer(name)
      state.dwCurrentState = observation.state
      return state
    }
    let code = SCardGetStatusChange(handle, DWORD(milliseconds), &states, DWORD(states.count))
    do throws(PCSCFault) { try check(code) } catch .timeout { return known }
    var now: [Observation] = []
    for (observation, state) in zip(known, states) {
      let length = min(Int(state.cbAtr), 33)
      let atr = withUnsafeBytes(of: state.rgbAtr) { bytes in [UInt8](bytes.prefix(length)) }
      let event = UInt(state.dwEventState) & ~UInt(SCARD_STATE_CHANGED)
      now.append(Observation(reader: observation.reader, state: event, atr: atr))
    }
    return now
  }

  /// Connects to the card in a reader, beside other programs or alone.
  func connect(_ reader: String, exclusively: Bool) throws(PCSCFault) -> PCSCCard {
    var card: SCARDHANDLE = 0
    var active: DWORD = 0
    let protocols = DWORD(SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
    let share = DWORD(exclusively ? SCARD_SHARE_EXCLUSIVE : SCARD_SHARE_SHARED)
    try check(SCardConnect(handle, reader, share, protocols, &card, &active))
    return PCSCCard(handle: card, active: active)
  }
}

/// A connected card. Not thread-safe by design of its owner: one thread uses it.
struct PCSCCard {
  private let handle: SCARDHANDLE
  private let active: DWORD

  fileprivate init(handle: SCARDHANDLE, active: DWORD) {
    self.handle = handle
    self.active = active
  }

  /// Longest answer taken: 256 bytes and a status word. A longer one is an error of the service and is never stored.
  private static let answerLimit = 258

  func transmit(_ command: [UInt8]) throws(PCSCFault) -> [UInt8] {
    // T=0 has no room for data and Le in one command; the answer comes through 61xx (ISO/IEC 7816-3 §12.2.1). A PIN command
    // has no Le, so that no copy of one is made here.
    let dropsLe = active == DWORD(SCARD_PROTOCOL_T0) && command.count > 5 && command.count == 6 + Int(command[4])
    let wire = dropsLe ? Array(command.dropLast()) : command
    var control = SCARD_IO_REQUEST(dwProtocol: active, cbPciLength: DWORD(MemoryLayout<SCARD_IO_REQUEST>.size))
    var answer = [UInt8](repeating: 0, count: Self.answerLimit)
    var length = DWORD(answer.count)
    try check(SCardTransmit(handle, &control, wire, DWORD(wire.count), nil, &answer, &length))
    return Array(answer.prefix(Int(length)))
  }

  /// Waits for other programs' transactions to end, without a limit: the caller's deadline is the limit.
  func beginTransaction() throws(PCSCFault) { try check(SCardBeginTransaction(handle)) }

  /// Ends the transaction and resets the card in one step, so that nobody finds the PIN still verified.
  func endTransactionResetting() throws(PCSCFault) { try check(SCardEndTransaction(handle, DWORD(SCARD_RESET_CARD))) }

  /// Takes note of somebody's reset; the card's state is not changed.
  func reconnect() throws(PCSCFault) {
    var now: DWORD = 0
    let protocols = DWORD(SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
    try check(SCardReconnect(handle, DWORD(SCARD_SHARE_SHARED), protocols, DWORD(SCARD_LEAVE_CARD), &now))
  }

  func disconnect(resetting: Bool) { SCardDisconnect(handle, DWORD(resetting ? SCARD_RESET_CARD : SCARD_LEAVE_CARD)) }
}
