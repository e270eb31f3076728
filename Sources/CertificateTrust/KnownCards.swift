import Synchronization

/// Certificates whose path was found good, each with the span of time in which that answer cannot change.
///
/// A verdict depends on the certificate's bytes, on what its key is used for, on anchors, intermediates and lists, which are
/// fixed for the life of a `CardTrust`, and on the time, which is only ever compared with the times written in those documents.
/// Strictly between two neighbours among them every comparison has the same outcome. Refusals are not kept: they are rare, and
/// a stranger could fill the memory with them.
final class KnownCards: Sendable {
  /// Seconds since 1970-01-01 UTC, both ends outside.
  struct Span: Sendable {
    var after = Int.min
    var before = Int.max

    func contains(_ seconds: Int) -> Bool { after < seconds && seconds < before }

    /// - Returns: `nil` when the moment is itself one of the times.
    init?(around seconds: Int, among times: [Int]) {
      for time in times {
        if time == seconds { return nil }
        if time < seconds { after = max(after, time) } else { before = min(before, time) }
      }
    }
  }

  /// Ten prefecture-sized cities; about 2 KB each.
  private static let limit = 16_384

  /// A certificate that is good for one use need not be for the other.
  private struct Question: Hashable {
    let der: [UInt8]
    let use: CardTrust.Use
  }

  private let entries = Mutex<[Question: (certificate: ValidatedCardCertificate, span: Span)]>([:])

  func certificate(_ der: [UInt8], _ use: CardTrust.Use, atSeconds seconds: Int) -> ValidatedCardCertificate? {
    entries.withLock { entries in
      guard let entry = entries[Question(der: der, use: use)], entry.span.contains(seconds) else { return nil }
      return entry.certificate
    }
  }

  func remember(_ certificate: ValidatedCardCertificate, _ use: CardTrust.Use, _ span: Span) {
    entries.withLock { entries in
      // Only what an anchor of the city vouches for comes here, so a full table is a change of all cards, not an attack.
      if entries.count >= Self.limit { entries.removeAll(keepingCapacity: true) }
      entries[Question(der: certificate.der, use: use)] = (certificate, span)
    }
  }
}
