import AuditLog
import AuthPolicy
import AuthTerms
import Storage

/// Writes a refusal that needed no decision by the rules: a proof that was not one, an unknown ceremony, a source that was
/// throttled. Counts it against the workstation only: nobody is locked out by somebody else's attempts.
struct RecordRefusal: Change {
  var record: AuditRecord
  let day: Int
  let referenceStart: UInt32
  let countsAgainst: WorkstationID?
  let policy: PolicySet
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Reference?, AuditRecord) {
    var record = record
    record.reference = try ReferenceSource.free(startingAt: referenceStart, day: day, in: state)
    if let countsAgainst {
      try Throttling.countFailure(of: .workstation(countsAgainst), policy: policy, now: now, in: &state)
    }
    return (record.reference, record)
  }
}

/// A row alone, with no change of state.
struct RecordOnly: Change {
  let record: AuditRecord
  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) { ((), record) }
}
