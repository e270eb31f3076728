import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Synchronization
import Testing

@Suite(
  "a real domain controller", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct ConnectionTests {
  @Test("the real part is here")
  func partIsPresent() { #expect(DomainController.missing == nil) }

  @Test("LDAPS and StartTLS let in; the counter of changes moves with a change")
  func root() async throws {
    try await DomainController.run { dc in
      for (protection, account) in [(LDAPServer.Protection.ldaps, "kato.ichiro"), (.startTLS, "tanabe.natsumi")] {
        let connection = try dc.connection(protection)
        let before = try await connection.root()
        #expect(before.namingContext == DomainController.base && before.serviceName.contains("DC1"))
        try dc.tool("user disable \(account)")
        #expect(try await connection.root().highestCommittedUSN > before.highestCommittedUSN)
        await connection.close()
        #expect(try await connection.root().serviceName == before.serviceName)
      }
    }
  }

  @Test("another authority, another password, an empty one, nobody there: each a fault of its own, none a hang")
  func refused() async throws {
    try await DomainController.run { dc in
      func code(_ connection: LDAPConnection) async -> LDAPFault? {
        do throws(LDAPFault) {
          _ = try await connection.root()
          return nil
        } catch { return error }
      }
      for protection in LDAPServer.Protection.allCases {
        let stranger = try dc.connection(protection, authorities: "/etc/ssl/certs/ca-certificates.crt")
        #expect(await code(stranger)?.code == .unreachable)
      }
      #expect(await code(try dc.connection(authorities: "/nowhere.pem"))?.code == .settings)
      // The right authority, and a name that its certificate does not have.
      let named = try LDAPServer(host: "localhost", port: dc.server().port, authorities: dc.authorities)
      let elsewhere = LDAPConnection(named, account: DomainController.account, password: dc.password)
      #expect(await code(elsewhere)?.code == .unreachable)
      #expect(await code(try dc.connection(password: "wrong")) == LDAPFault(.serviceRefused, "52e"))
      #expect(await code(try dc.connection(password: "")) == LDAPFault(.serviceRefused, "52e"))
      let connection = try dc.connection()
      #expect(await code(connection) == nil)
      // Hung up meanwhile: nobody notices.
      try dc.stop()
      try dc.start()
      #expect(await code(connection) == nil)
      try dc.stop()
      #expect(await code(connection)?.code == .unreachable)
      try dc.start()
      #expect(await code(connection) == nil)
    }
  }

  @Test("who lets go of a connection whose server is gone lives on")
  func farewell() async throws {
    try await DomainController.run { dc in
      let left = Mutex<LDAPConnection?>(try dc.connection())
      _ = try await left.withLock { $0 }?.root()
      try dc.stop()
      // A thread like the first of a tool: no signal is blocked there.
      let isPending = await withCheckedContinuation { done in
        Thread.detachNewThread {
          var (none, pending) = (sigset_t(), sigset_t())
          sigemptyset(&none)
          pthread_sigmask(SIG_SETMASK, &none, nil)
          left.withLock { $0 = nil }
          sigpending(&pending)
          done.resume(returning: sigismember(&pending, SIGPIPE) != 0)
        }
      }
      #expect(!isPending)
    }
  }
}
