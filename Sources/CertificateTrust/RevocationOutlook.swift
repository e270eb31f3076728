public import AuthTerms
import COpenSSL

/// Until when the revocation lists at hand count, read without judging whether they are to be believed: what a status page, an
/// alarm and a metric say, in the words of the rules by which `CardTrust` judges cards.
///
/// Of each issuer and scope (RFC 5280 §5.2.5) the newest list counts, so that older ones left in a folder worry nobody. A delta
/// list makes its part as new as itself, and has to be renewed too.
public struct RevocationOutlook: Sendable, Hashable {
  public enum Standing: String, Sendable {
    case current
    /// Due within 24 hours.
    case soon
    /// Past the day it was due; cards are let in until the grace ends, each row marked.
    case late
    /// Cards of at least one issuer are refused (AP147), or there is not one list.
    case ended
  }

  /// Below this, a list that is still good is spoken of.
  public static let warningSeconds: Int64 = 86_400

  public let lists: Int
  private let oldest: Int64?
  private let due: Int64?
  private let graceSeconds: Int64

  /// - Parameters:
  ///   - lists: DER, of one segment or one door.
  ///   - graceSeconds: as `PathRules.staleGraceSeconds`.
  ///   - maximumAgeSeconds: as `PathRules.maximumListAgeSeconds`; `nil`: as the list says.
  /// - Throws: `MalformedInput` naming the position of a list that cannot be read.
  public init(lists: [[UInt8]], graceSeconds: Int64, maximumAgeSeconds: Int64?) throws(MalformedInput) {
    var parts: [[UInt8]: Part] = [:]
    for (position, der) in lists.enumerated() {
      guard let list = OpenSSLRevocationList(exactly: der) else {
        throw MalformedInput("revocation list \(position + 1)", expected: "one DER CertificateList with readable dates")
      }
      parts[list.issuer + list.scope, default: Part()].add(list)
    }
    self.lists = lists.count
    self.graceSeconds = graceSeconds
    oldest = parts.values.compactMap(\.made).min()
    due = parts.values.compactMap { $0.due(maximumAgeSeconds) }.min()
  }

  /// Seconds since the list that is furthest behind was made; `nil` without a list. Below 0: it is from the future.
  public func ageSeconds(at wallMilliseconds: Int64) -> Int64? {
    oldest.map { wallMilliseconds.flooredDivision(by: 1000) - $0 }
  }

  /// Seconds until the first list is due, below 0 afterwards; `nil` when no list says and the city sets no age.
  public func dueSeconds(at wallMilliseconds: Int64) -> Int64? {
    due.map { $0 - wallMilliseconds.flooredDivision(by: 1000) }
  }

  /// Seconds until cards are refused: the grace added.
  public func endSeconds(at wallMilliseconds: Int64) -> Int64? {
    dueSeconds(at: wallMilliseconds).map { $0 + graceSeconds }
  }

  public func standing(at wallMilliseconds: Int64) -> Standing {
    guard lists > 0 else { return .ended }
    guard let due = dueSeconds(at: wallMilliseconds) else { return .current }
    // As a path is judged: in its last second a list still counts.
    if due + graceSeconds < 0 { return .ended }
    if due < 0 { return .late }
    return due < Self.warningSeconds ? .soon : .current
  }

  /// The lists of one issuer for one scope.
  private struct Part {
    private var base: (made: Int64, next: Int64?)?
    private var delta: (made: Int64, next: Int64?)?

    mutating func add(_ list: OpenSSLRevocationList) {
      let found = (made: Int64(list.thisUpdate), next: list.nextUpdate.map(Int64.init))
      if list.isDelta {
        if found.made >= delta?.made ?? .min { delta = found }
      } else if found.made >= base?.made ?? .min {
        base = found
      }
    }

    var made: Int64? { [base?.made, delta?.made].compactMap { $0 }.max() }

    func due(_ maximumAgeSeconds: Int64?) -> Int64? {
      // A delta list from before its base completes nothing any more.
      let counts = delta.flatMap { found in found.made >= base?.made ?? .min ? found : nil }
      return [base?.next, counts?.next, maximumAgeSeconds.flatMap { age in made.map { $0 + age } }].compactMap { $0 }.min()
    }
  }
}

extension OpenSSLRevocationList {
  /// Its issuer's name as DER; empty when it cannot be written.
  var issuer: [UInt8] {
    let name = X509_CRL_get_issuer(pointer)
    let length = i2d_X509_NAME(name, nil)
    guard length > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
      var cursor = buffer.baseAddress
      count = max(0, Int(i2d_X509_NAME(name, &cursor)))
    }
  }

  /// What it speaks of: a newer list with the same bytes here makes it out of date, one with others does not.
  var place: [UInt8] { [isDelta ? 1 : 0] + issuer + scope }
}
