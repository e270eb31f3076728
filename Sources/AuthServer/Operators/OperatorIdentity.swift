import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Who is at one of the two operator doors, and the operator record behind it once there is one.
struct ActingOperator: Sendable {
  enum Proof: Sendable {
    /// A named user of the unix socket; the kernel vouches for it.
    case unixUser(String)
    /// The key of a certificate that holds at this moment, DER; the handshake proved that the card was there.
    case card(publicKey: [UInt8])
  }

  let proof: Proof
  let record: OperatorRecord?

  /// Who stands in the row: the operator, or nobody before the first operator exists.
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
    return ActingOperator(proof: .unixUser(unixUser), record: record)
  }

  /// - Throws: forbidden unless this is a registered operator with one of `roles`.
  func require(_ roles: Set<OperatorRole>, _ acting: ActingOperator) throws -> OperatorRecord {
    guard let record = acting.record, roles.contains(record.role) else { throw Refusal(.operatorNotAllowed, reference: nil) }
    return record
  }
}
