import AuthPolicy
import AuthTerms
import Sealing
import Storage

/// How the digits of an enrolment code become what is kept of them, and back to a yes or no. One definition for issue and use.
struct FirstTapDigits: Sendable {
  private static let purpose = "sanmon/enrolment-code/1"

  /// Codes of one instance are none at another, whatever became of its database.
  let instance: String
  let columns: ColumnKeys

  init(_ services: Services) {
    instance = services.instance.instance
    columns = services.columns
  }

  /// A new code, from 64 random bits that are drawn again where they would prefer some digits.
  static func draw(_ surroundings: Surroundings) -> LookUpCode {
    let bound = UInt64.max - UInt64.max % LookUpCode.count
    while true {
      let number = surroundings.random(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      if number < bound, let code = try? LookUpCode(number: number % LookUpCode.count) { return code }
    }
  }

  func digest(_ code: LookUpCode, _ person: PersonID, _ segment: Segment) throws(SealingFault) -> ([UInt8], UInt32) {
    let made = try KeyedDigest.make(text(code, person, segment), for: Self.purpose, under: columns)
    return (made.digest, made.keyID)
  }

  func isOf(_ code: LookUpCode, _ kept: FirstTapCode) -> Bool {
    KeyedDigest.matches(
      text(code, kept.person, kept.segment), for: Self.purpose, digest: kept.digest, keyID: kept.keyID, under: columns)
  }

  private func text(_ code: LookUpCode, _ person: PersonID, _ segment: Segment) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    for field in [instance, person.text, segment.name] { writer.field(field) }
    writer.field(code.digits)
    return writer.bytes
  }
}
