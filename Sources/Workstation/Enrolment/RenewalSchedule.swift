package import AuthTerms
import Crypto

/// When a running watch asks for its next certificate by itself, so that nobody in the IT section has to think of 1,550 dates.
///
/// From 60 to 31 days before the end, each workstation on a day of its own, so that machines enrolled on one morning do not
/// renew on one morning; then every hour until it has succeeded. An ended certificate cannot renew itself: that needs a new
/// enrolment code.
package struct RenewalSchedule: Sendable {
  private static let day: Int64 = 86_400_000
  private var lastTry: Moment?
  private var lastWarning: Moment?

  package init() {}

  /// - Parameter notAfter: end of the certificate, milliseconds since 1970-01-01 UTC.
  package static func begins(_ workstation: WorkstationID, notAfter: Int64) -> Int64 {
    let spread = SHA256.hash(data: Array(workstation.text.utf8)).prefix(2).reduce(0) { $0 << 8 | Int64($1) } % 30
    return notAfter - (60 - spread) * day
  }

  /// Whether to try now; a yes is counted as a try.
  package mutating func isDue(_ workstation: WorkstationID, notAfter: Int64, now: Moment) -> Bool {
    guard now.wallMilliseconds < notAfter, now.wallMilliseconds >= Self.begins(workstation, notAfter: notAfter) else {
      return false
    }
    if let lastTry, now.milliseconds(since: lastTry) < 3_600_000 { return false }
    lastTry = now
    return true
  }

  /// Days left, once a day from the 14th before the end on: what the person at the screen should tell the IT section.
  package mutating func warning(notAfter: Int64, now: Moment) -> Int? {
    let left = notAfter - now.wallMilliseconds
    guard left < 14 * Self.day else { return nil }
    if let lastWarning, now.milliseconds(since: lastWarning) < Self.day { return nil }
    lastWarning = now
    return Int(max(0, left) / Self.day)
  }
}
