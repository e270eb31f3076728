import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// A named user of the operator socket, and the operator record behind the name once there is one.
struct ActingOperator: Sendable {
  let unixUser: String
  let record: OperatorRecord?

  /// Who stands in the row: the operator, or the unix user before the first operator exists.
  var id: OperatorID? { record?.id }
}

struct OperatorDirectory: Sendable {
  let services: Services

  /// The socket's peer credentials name the user; the start-up file says who may come in at all.
  func acting(unixUser: String?) async throws -> ActingOperator {
    guard let unixUser, services.instance.operatorUsers.contains(unixUser) else {
      throw Refusal(.operatorNotAllowed, reference: nil)
    }
    let record = try await services.store.read { (state) throws(StorageFault) -> OperatorRecord? in
      try state.operators().first { $0.unixUser == unixUser && $0.isActive }
    }
    return ActingOperator(unixUser: unixUser, record: record)
  }

  /// - Throws: forbidden unless this user is a registered operator with one of `roles`.
  func require(_ roles: Set<OperatorRole>, _ acting: ActingOperator) throws -> OperatorRecord {
    guard let record = acting.record, roles.contains(record.role) else { throw Refusal(.operatorNotAllowed, reference: nil) }
    return record
  }
}
