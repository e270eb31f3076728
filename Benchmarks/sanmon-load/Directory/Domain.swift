import AuthTerms
import DirectorySync
import Foundation
import LoadClient
import RealDirectory

/// The domain of a run: a Samba domain controller with the sample city, and an account that may write.
struct Domain: Sendable {
  private static let writerAccount = "bench-writer"

  let controller: DomainController
  let host: String
  let port: UInt16
  let authorities: String
  private let writerPassword: String

  init(_ controller: DomainController) throws {
    self.controller = controller
    let server = try controller.server()
    (host, port, authorities) = (server.host, server.port, server.authorities)
    writerPassword = "Aa1-" + Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255) })
    let quoted = Data("\"\(writerPassword)\"".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }).base64EncodedString()
    try controller.change(
      """
      dn: CN=\(Self.writerAccount),CN=Users,\(base)
      changetype: add
      objectClass: user
      sAMAccountName: \(Self.writerAccount)
      userPrincipalName: \(Self.writerAccount)@ad.sanmon.example
      userAccountControl: 512
      unicodePwd:: \(quoted)

      dn: CN=Domain Admins,CN=Users,\(base)
      changetype: modify
      add: member
      member: CN=\(Self.writerAccount),CN=Users,\(base)

      """)
  }

  var url: String { "ldaps://\(host):\(port)" }
  var base: String { DomainController.base }
  var account: String { DomainController.account }
  var passwordFile: String { controller.passwordFile }

  func raw() throws -> RawLDAP { try RawLDAP(self, account: account, password: controller.passwordText()) }

  /// As an administrator of the domain, who is told of a change when it is committed.
  func writer() throws -> RawLDAP {
    try RawLDAP(self, account: Self.writerAccount + "@ad.sanmon.example", password: writerPassword)
  }

  /// - Parameter tickSeconds: 3,600 for a server that looks when it is told to and not by itself.
  func followed(every tickSeconds: Int = 3600) -> LoadDirectory {
    LoadDirectory(
      host: host, port: port, authorities: authorities, account: account, passwordFile: passwordFile,
      tickSeconds: tickSeconds)
  }
}

extension RawLDAP {
  /// What the server reads, with the same controls.
  func dirSync(_ place: Domain, from start: [UInt8] = []) throws -> (entries: Int, cookie: [UInt8]) {
    try dirSync(place.base, DirSyncReader.filter, DirSyncReader.attributes, flags: DirSyncReader.flags, from: start)
  }
}

/// Seconds that `work` took, and what it gave.
func timed<Result>(_ work: () async throws -> Result) async throws -> (seconds: Double, Result) {
  let start = ContinuousClock.now
  let result = try await work()
  return (start.duration(to: .now).inSeconds, result)
}

func timed<Result>(_ work: () throws -> Result) throws -> (seconds: Double, Result) {
  let start = ContinuousClock.now
  let result = try work()
  return (start.duration(to: .now).inSeconds, result)
}
