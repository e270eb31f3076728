package import AuthAPI
import AuthTerms
import Crypto

extension ReleaseStatement {
  /// Whether a password is to be changed that an application wants changed after so many days.
  ///
  /// Up to an eighth of the days earlier, by a share that this version has for good: passwords that were set for a whole city on one day
  /// are not all changed on one morning.
  /// - Parameter now: milliseconds since 1970-01-01 UTC.
  package func isChangeDue(afterDays days: Int, at now: Int64) -> Bool {
    let whole = Int64(days) * 86_400_000
    var writer = LengthPrefixedWriter()
    for text in ["sanmon/change-due/1", person.text, application.text, account] { writer.field(text) }
    writer.field(version)
    let share = SHA256.hash(data: writer.bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let (age, isOutOfRange) = now.subtractingReportingOverflow(setAt)
    return !isOutOfRange && age >= whole - Int64(share % UInt64(whole / 8))
  }
}
