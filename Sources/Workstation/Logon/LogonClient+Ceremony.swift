import AuthAPI
import AuthClient
import AuthTerms

extension LogonClient {
  func open() async throws(AgentFault) -> (ceremony: CheckedCeremony, connection: ServerConnection) {
    do {
      let (answer, certificate, connection) = try await servers.withServer { connection throws(ClientFault) in
        let (answer, certificate) = try await connection.callWithCertificate(
          "POST", "/v1/ceremonies", returning: CeremonyOpened.self, repeatable: true)
        return (answer, certificate, connection)
      }
      return (try CheckedCeremony(answer, of: workstation, serverCertificate: certificate), connection)
    } catch let fault as ClientFault {
      throw .server(fault)
    } catch let fault as AgentFault {
      throw fault
    } catch {
      throw .server(.interrupted)
    }
  }

  /// Nothing was shown to the server yet, so opening may be tried as often as it takes.
  func openOnceServerAnswers(
    within seconds: Int64
  ) async throws(AgentFault) -> (ceremony: CheckedCeremony, connection: ServerConnection) {
    let start = surroundings.now()
    var backoff = Backoff(first: 250, limit: 5000, random: surroundings.random)
    var told = false
    while true {
      do throws(AgentFault) { return try await open() } catch {
        guard Self.isAway(error), surroundings.now().milliseconds(since: start) < seconds * 1000 else { throw error }
      }
      if !told { await asking.tell(.waitingForServer) }
      told = true
      do { try await Task.sleep(for: .milliseconds(backoff.pause())) } catch { throw .cancelled }
    }
  }

  private static func isAway(_ fault: AgentFault) -> Bool {
    switch fault {
    case .server(.unreachable), .server(.interrupted), .server(.timedOut): true
    case .server(.refused(let body)): body.code == HTTPProblem.unavailable.rawValue
    default: false
    }
  }

  /// The server decides whether this is a logon or an unlock; the person is told if that is not what was asked for.
  func check(_ ceremony: CheckedCeremony, _ wish: LogonWish) async throws(AgentFault) -> SessionKeys {
    guard let session = ceremony.session else {
      guard wish.purpose == .logon else { throw .nothingToUnlock }
      return try await holder.prepare()
    }
    guard let keys = try await holder.held(session) else { throw .sessionKeyGone }
    if wish.purpose == .logon { await asking.tell(.logonIsUnlock) }
    return keys
  }
}
