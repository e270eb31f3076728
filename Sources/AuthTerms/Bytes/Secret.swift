#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Owns secret bytes and wipes them when the last owner lets go.
///
/// A class, because a non-copyable value could not cross an enum, an array or a continuation; no `Equatable`, `Codable` or
/// description, and an empty mirror. `Secret<PIN>` and `Secret<TypedPassword>` do not mix.
@safe public final class Secret<Purpose>: @unchecked Sendable, CustomReflectable {
  // Written once in init and only read afterwards: safe to share between threads.
  private let storage: UnsafeMutableRawBufferPointer

  /// - Parameter count: bytes. `fill` receives exactly that many, zeroed.
  public init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    unsafe storage = .allocate(byteCount: max(count, 1), alignment: 16)
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    length = count
    try unsafe fill(UnsafeMutableRawBufferPointer(rebasing: storage[0..<count]))
  }

  /// Copies `bytes`; the caller's copy stays the caller's to wipe.
  public convenience init(copying bytes: some Collection<UInt8>) {
    unsafe self.init(count: bytes.count) { target in unsafe target.copyBytes(from: bytes) }
  }

  private let length: Int

  public var count: Int { length }

  public func withBytes<R, Failure: Error>(_ use: (UnsafeRawBufferPointer) throws(Failure) -> R) throws(Failure) -> R {
    try unsafe use(UnsafeRawBufferPointer(rebasing: storage[0..<length]))
  }

  public var customMirror: Mirror { Mirror(self, children: []) }

  deinit {
    if let base = unsafe storage.baseAddress { unsafe explicit_bzero(base, storage.count) }
    unsafe storage.deallocate()
  }
}

/// What a card checks (暗証番号).
public enum PIN {}
/// What a person typed as a password (パスワード).
public enum TypedPassword {}
/// A private or symmetric key.
public enum KeyMaterial {}
