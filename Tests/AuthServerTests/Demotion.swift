import AuditLog
import AuthTerms
import Storage

/// Every operator has that role from now on.
private struct Demotion: Change {
  let role: OperatorRole

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for var known in try state.operators() {
      known.role = role
      try state.put(known)
    }
    return ((), AuditRecord(time: 0, eventClass: .administration, action: "test", outcome: .done))
  }
}

extension City {
  /// Over a restart; who brings an act is looked at anew.
  func demoteOperators(to role: OperatorRole) async throws {
    try await restart { database in
      let store = try SQLiteStore(path: database)
      _ = try await store.commit(Demotion(role: role))
      store.close()
    }
  }
}
