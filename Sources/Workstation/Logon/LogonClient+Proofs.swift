import AuthAPI
import AuthClient
import AuthTerms
import Foundation

extension LogonClient {
  func conclude(
    _ ceremony: CheckedCeremony, _ proofs: ProofsMessage, keys: SessionKeys, _ typed: inout Typed,
    over connection: ServerConnection
  ) async throws(AgentFault) -> SessionOpened {
    let path = "/v1/ceremonies/\(ceremony.ceremony.text)/proofs"
    var answer = try await post(path, proofs, over: connection)
    if answer.outcome == "stillNeeded" {
      let missing = answer.combinations ?? []
      // What the card alone did not complete, a password may; nothing else can be asked for here.
      guard missing.contains([Factor.password.rawValue]) else { throw .moreNeeded(missing) }
      let password: Secret<TypedPassword> = if let known = typed.password { known } else { try await asking.password() }
      typed.password = password
      // JSON keeps copies of the password until this process ends or reuses the memory; see docs/threat-model.md.
      answer = try await post(
        path,
        ProofsMessage(
          sessionKeys: keys, card: nil, password: password.withBytes { Data($0) },
          newPassword: typed.newPassword.map { $0.withBytes { Data($0) } }, sessionSignature: nil), over: connection)
    }
    switch answer.outcome {
    case "granted":
      guard let session = answer.session, (try? SessionID(parsing: session.session)) != nil,
        session.segment == workstation.segment.name, session.scenario == ceremony.scenario.rawValue,
        (1...86_400).contains(session.leaseSeconds)
      else { throw .disagreement(.session) }
      return session
    case "stillNeeded": throw .moreNeeded(answer.combinations ?? [])
    default: throw .server(.malformedAnswer(expected: "an outcome"))
    }
  }

  private func post(
    _ path: String, _ message: ProofsMessage, over connection: ServerConnection
  ) async throws(AgentFault) -> CeremonyAnswer {
    do { return try await connection.call("POST", path, message) } catch { throw .server(error) }
  }
}
