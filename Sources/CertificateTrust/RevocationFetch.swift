public import AuthTerms
import Crypto
import Foundation

/// Why no list was taken. The folder is then as it was.
public enum ListFetchFault: Error, Sendable, Equatable {
  /// No such name, or nobody answers there.
  case unreachable
  /// The name stands for an address outside the city's network.
  case notInternal
  case slow
  /// More than 4 MiB.
  case tooLarge
  /// Not 200: a redirect is not followed.
  case status(Int)
  /// No plain HTTP, a body that was cut off, in pieces or packed.
  case malformedAnswer
  /// A page, several lists, or nothing that can be read as one.
  case notAList
  /// A list, and of a kind that is refused; what was expected.
  case unusable(String)
  /// Of no authority in the segment's card roots.
  case issuerUnknown
  case signatureWrong
  /// Made before the one that is there, or at the same second and different.
  case older
  /// Made in the future by this machine's clock.
  case fromTheFuture
  /// It cannot be read or written, has a file that is no list, or no room.
  case folder
}

/// Fetches revocation lists into the folder from which a server takes them up. A list is put there only when the server will
/// believe it: one bad file would keep all the others from coming into force.
///
/// untrusted: whoever offers the list; at worst the lists stay as old as they are, and the server's alarms say so.
public enum RevocationFetch {
  public enum Outcome: Sendable, Equatable {
    /// Put in the folder; when it was made and when the next one is due (milliseconds since 1970-01-01 UTC).
    case taken(ValidityPeriod)
    /// The very list that is there.
    case unchanged
  }

  private static let most = 255

  /// - Parameters:
  ///   - folder: of the segment's lists.
  ///   - authorities: DER of the segment's card roots; one of them has signed.
  ///   - now: milliseconds since 1970-01-01 UTC.
  ///   - seconds: for the whole talk.
  public static func fetch(
    _ address: ListAddress, into folder: String, authorities: [[UInt8]], at now: Int64, seconds: Int = 30
  ) throws(ListFetchFault) -> Outcome {
    let body = try ListDownload.get(address, seconds: seconds)
    let present: [[UInt8]]
    do { present = try RevocationFiles.read(folder) } catch { throw .folder }
    guard let der = try judge(body, authorities: authorities, present: present, at: now) else { return .unchanged }
    guard let file = name(of: der) else { throw .notAList }
    // What takes the place of its predecessor needs no room.
    guard present.count < most || FileManager.default.fileExists(atPath: folder + "/" + file) else { throw .folder }
    try put(der, as: file, in: folder)
    do { return .taken(try ValidityPeriod(revocationList: der)) } catch { throw .notAList }
  }

  /// Until when one of a name's addresses is waited for: its share, so that one that says nothing leaves time for the others.
  /// - Parameter remaining: addresses, this one with them.
  public static func endOfAttempt(
    at now: ContinuousClock.Instant, remaining: Int, before end: ContinuousClock.Instant
  ) -> ContinuousClock.Instant {
    now + (end - now) / max(1, remaining)
  }

  /// Whether these bytes are a list that belongs in the folder.
  /// - Returns: the list as DER; `nil`: it is there.
  public static func judge(
    _ body: [UInt8], authorities: [[UInt8]], present: [[UInt8]], at now: Int64
  ) throws(ListFetchFault) -> [UInt8]? {
    let der = try one(body)
    guard let list = OpenSSLRevocationList(exactly: der) else { throw .notAList }
    if let expected = list.refusal { throw .unusable(expected) }
    let issuers = authorities.compactMap { OpenSSLCertificate(exactly: $0) }.filter { list.isInName(of: $0) }
    guard !issuers.isEmpty else { throw .issuerUnknown }
    guard issuers.contains(where: { list.isSigned(by: $0) }) else { throw .signatureWrong }
    // Not a second ahead: the server, by the same clock, refuses every card by such a list (AP147), and the former one is gone.
    guard Int64(list.thisUpdate) * 1000 <= now else { throw .fromTheFuture }
    if present.contains(der) { return nil }
    let place = list.place
    for other in present {
      guard let known = OpenSSLRevocationList(exactly: other), known.place == place else { continue }
      guard known.thisUpdate < list.thisUpdate else { throw .older }
    }
    return der
  }

  private static func one(_ body: [UInt8]) throws(ListFetchFault) -> [UInt8] {
    guard body.first != 0x30 else { return body }
    guard let text = String(validating: body, as: UTF8.self), let lists = try? PEMFile.revocationLists(text),
      let only = lists.first, lists.count == 1
    else { throw .notAList }
    return only
  }

  // MARK: The folder

  /// One file for each authority, scope and kind: a list takes the place of one that it makes out of date, and of no other,
  /// whatever an address gives.
  /// - Parameter list: DER.
  /// - Returns: `nil` for what is no list.
  public static func name(of list: [UInt8]) -> String? {
    guard let list = OpenSSLRevocationList(exactly: list) else { return nil }
    return "fetched-" + Hex.encode(Array(SHA256.hash(data: Data(list.place)).prefix(16))) + ".crl"
  }

  /// Whole or not at all, also when the power goes: under a name that nobody reads, on the disk, and then renamed.
  private static func put(_ der: [UInt8], as name: String, in folder: String) throws(ListFetchFault) {
    let (part, path) = (folder + "/." + name + ".part", folder + "/" + name)
    unlink(part)
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .folder }
    // Others read it: the server runs as another user.
    var isWhole = fchmod(descriptor, 0o644) == 0
    var written = 0
    while isWhole, written < der.count {
      let count = der.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, der.count - written) }
      if count < 0, errno == EINTR { continue }
      isWhole = count > 0
      written += max(0, count)
    }
    isWhole = isWhole && fsync(descriptor) == 0
    close(descriptor)
    guard isWhole, rename(part, path) == 0 else {
      unlink(part)
      throw .folder
    }
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw .folder }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw .folder }
  }
}
