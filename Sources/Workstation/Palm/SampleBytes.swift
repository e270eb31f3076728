import AuthAPI
import Foundation

/// Room for one picture or blob, wiped when the last owner lets go. JSON text and TLS buffers of a message keep copies; docs/agent.md says so.
final class SampleBytes {
  private let most: Int
  private var storage: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  /// - Parameter most: bytes that a sample may have.
  init(most: Int) {
    self.most = most
    storage = .allocate(byteCount: most + 1, alignment: 16)
  }

  deinit { Self.wipe(storage) }

  private static func wipe(_ storage: UnsafeMutableRawBufferPointer) {
    if let base = storage.baseAddress { explicit_bzero(base, storage.count) }
    storage.deallocate()
  }

  /// Binary PGM ("P5"), or the eight bytes that every PNG begins with.
  var isPicture: Bool {
    let start = UnsafeRawBufferPointer(storage)[0..<count]
    return start.starts(with: [0x50, 0x35]) || start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  /// One `read`; at most one byte more than a sample may have is taken, so that too much is noticed.
  ///
  /// - Returns: bytes read, 0 at the end or when there is no room; -1 with `errno` set.
  func read(from descriptor: Int32) -> Int {
    let taken = Foundation.read(descriptor, storage.baseAddress?.advanced(by: count), storage.count - count)
    if taken > 0 { count += taken }
    return taken
  }

  var isTooMuch: Bool { count > most }

  /// The bytes without a copy: the memory goes over to the result and is wiped with its last copy. This object is empty then.
  func handedOver() -> Data {
    let (full, length) = (storage, count)
    storage = .allocate(byteCount: 0, alignment: 16)
    count = 0
    guard let base = full.baseAddress else { return Data() }
    return Data(bytesNoCopy: base, count: length, deallocator: .custom { _, _ in Self.wipe(full) })
  }
}
