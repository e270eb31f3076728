import AuditLog
import AuthTerms
import Storage

/// Every operator has that role from now on.
struct Demotion: Change {
  let role: OperatorRole

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for var known in try state.operators() {
      known.role = role
      try state.put(known)
    }
    return ((), AuditRecord(time: 0, eventClass: .administration, action: "test", outcome: .done))
  }
}
