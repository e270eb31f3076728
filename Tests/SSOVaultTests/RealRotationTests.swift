import AuthAPI
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Programs
import RealDirectory
import Rotator
import SSOVault
import Synchronization
import Testing
import VaultLink

/// The sample city's directory with an account that may reset passwords below 職員 and nothing else.
private struct ResettingDirectory {
  static let account = "svc-rotator@ad.sanmon.example"
  static let password = "Rotator-no-Kagi-48"
  static let group = "sanmon-managed"

  let dc: DomainController

  init(_ dc: DomainController, members: [String]) throws {
    self.dc = dc
    try dc.tool("user create svc-rotator '\(Self.password)'")
    try dc.tool("group add \(Self.group)")
    if !members.isEmpty { try dc.tool("group addmembers \(Self.group) \(members.joined(separator: ","))") }
    let lines = try dc.tool("user show svc-rotator --attributes=objectSid").split(separator: "\n")
    let sid = try #require(lines.first { $0.hasPrefix("objectSid: ") }).dropFirst("objectSid: ".count)
    // User-Force-Change-Password on users below, and no other right.
    let right = "(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;\(sid))"
    try dc.tool("dsacl set --objectdn='OU=職員,\(DomainController.base)' --sddl='\(right)'")
  }

  func settings(in folder: URL, socket: String = "/run/none.sock") throws -> RotatorSettings {
    try RotatorSettings(parsing: text(in: folder, socket: socket))
  }

  /// The settings file, its password file beside it.
  func text(in folder: URL, socket: String) throws -> String {
    let password = folder.appending(path: "rotator.password")
    try Data((Self.password + "\n").utf8).write(to: password)
    chmod(password.path, 0o600)
    let server = try dc.server()
    return """
      instance: lgwan-1
      vault: \(socket)
      operator: rotator
      key-file: \(folder.path)/rotator.key
      server: \(server.host)
      port: \(server.port)
      authorities: \(dc.authorities)
      account: \(Self.account)
      password-file: \(password.path)
      group: \(Self.group)

      """
  }

  /// As somebody at a PC: whether the password opens the account.
  func opens(_ account: String, _ password: String) async throws -> Bool {
    let pool = BindPool(try dc.server(), connections: 1)
    return try await pool.check("\(account)@ad.sanmon.example", Secret(copying: Array(password.utf8))) == .right
  }
}

@Suite(
  "a rotator at a real domain controller", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct RealRotationTests {
  private static let sato = "p-000042"

  /// What the vault hands to this session opens the account, after as many refusals as there are versions; each is reported.
  private func firstThatOpens(
    _ rotator: RotatorOffice, _ session: TestSession, _ directory: ResettingDirectory
  ) async throws -> Int? {
    for refused in 0..<9 {
      let password = try rotator.city.password(session, RotatorOffice.windows)
      guard password != "V161", password != "V160" else { return nil }
      if try await directory.opens("sato.hanako", password) { return refused }
      guard case .noted = rotator.office.ask(try rotator.city.report(.refused, session, RotatorOffice.windows)) else {
        throw Office.Unexpected()
      }
    }
    return nil
  }

  @Test("stopped after each step a released password opens; after the next round the first one does")
  func steps() async throws {
    try await DomainController.run { dc in
      let directory = try ResettingDirectory(dc, members: ["sato.hanako"])
      let rotator = try RotatorOffice()
      let session = try rotator.city.session(rotator.city.card(Self.sato), at: rotator.city.workstation())
      struct Killed: Error {}
      func rotation(stopAfter step: Rotation.Step? = nil) throws -> Rotation {
        // A process that begins anew has nothing of the one before.
        var rotation = Rotation(
          try directory.settings(in: rotator.office.folder), key: rotator.key, vault: OfficeVault(office: rotator.office),
          directory: try LDAPDirectory(directory.settings(in: rotator.office.folder)), now: { rotator.office.clock.now },
          random: Office.random)
        rotation.reached = { if $0 == step { throw Killed() } }
        return rotation
      }
      let first = try await rotation().round()
      #expect(first.rotated.map(\.text) == [Self.sato] && first.isWell, "\(first)")
      #expect(try await firstThatOpens(rotator, session, directory) == 0)
      #expect(try await rotation().round().fresh == 1)
      for step in Rotation.Step.allCases {
        // What makes it due: somebody typed one, and knows it.
        let typed = "Kaze-no-Oto-\(step.rawValue)-48"
        try dc.tool("user setpassword sato.hanako --newpassword='\(typed)'")
        try rotator.city.set(typed, for: Self.sato, RotatorOffice.windows)
        await #expect(throws: RotatorFault.self) { try await rotation(stopAfter: step).round() }
        let refused = try await firstThatOpens(rotator, session, directory)
        #expect(refused != nil, "after \(step)")
        _ = try await rotation().round()
        #expect(try await firstThatOpens(rotator, session, directory) == 0, "after \(step) and a round")
        #expect(try rotator.states().hasSuffix(" current") && !rotator.states().contains(","))
      }
    }
  }

  @Test(
    "administrators, disabled accounts, those without a number, cards alone, and itself are left alone; groups in the group count"
  )
  func obstacles() async throws {
    try await DomainController.run { dc in
      let members = ["sato.hanako", "yamada.taro", "kato.ichiro", "tanabe.natsumi", "svc-rotator", "ka-0401"]
      _ = try ResettingDirectory(dc, members: members)
      try dc.set(account: "yamada.taro", "adminCount", "1")
      try dc.tool("user disable kato.ichiro")
      let connection = try dc.connection(account: ResettingDirectory.account, password: ResettingDirectory.password)
      let found = try await connection.managedAccounts(
        in: ResettingDirectory.group, numberAttribute: "employeenumber", asking: ResettingDirectory.account)
      let obstacles = Dictionary(
        uniqueKeysWithValues: found.map { (String($0.logonName.prefix { $0 != "@" }), $0.obstacle) })
      #expect(obstacles["sato.hanako"] == .some(nil) && obstacles["yamada.taro"] == .protected)
      #expect(obstacles["kato.ichiro"] == .disabled && obstacles["tanabe.natsumi"] == .smartCardRequired)
      #expect(obstacles["svc-rotator"] == .itself && obstacles["maeda.akane"] == .some(nil), "a member of ka-0401")
      #expect(found.first { $0.logonName.hasPrefix("sato.hanako@") }?.person?.text == Self.sato)
      // Two with one number: nobody knows whose it is.
      try dc.set(account: "maeda.akane", "employeeNumber", Self.sato)
      let shared = try await connection.managedAccounts(
        in: ResettingDirectory.group, numberAttribute: "employeenumber", asking: ResettingDirectory.account)
      #expect(shared.count { $0.obstacle == .numberShared } == 2)
      await #expect(throws: LDAPFault(.noSuchObject, "group")) {
        try await connection.managedAccounts(in: "nowhere", numberAttribute: "employeenumber", asking: "x@y")
      }
      await #expect(throws: LDAPFault(.settings, "group")) {
        try await connection.managedAccounts(in: "a)(b", numberAttribute: "employeenumber", asking: "x@y")
      }
      try dc.tool("group add empty")
      #expect(
        try await connection.managedAccounts(in: "empty", numberAttribute: "employeenumber", asking: "x@y").isEmpty)
    }
  }

  @Test("the right reaches the staff alone; what the domain does not take is no change")
  func reset() async throws {
    try await DomainController.run { dc in
      _ = try ResettingDirectory(dc, members: [])
      let connection = try dc.connection(account: ResettingDirectory.account, password: ResettingDirectory.password)
      let reader = try dc.connection()
      func guid(_ account: String) throws -> ObjectGUID {
        let lines = try dc.tool("user show \(account) --attributes=objectGUID").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("objectGUID: ") })
        return try #require(ObjectGUID(text: line.dropFirst("objectGUID: ".count)))
      }
      func reset(_ by: LDAPConnection, _ account: String, _ password: String) async throws -> PasswordReset {
        try await by.resetPassword(
          of: guid(account), to: Secret(copying: Array(password.utf8)), until: .now + .seconds(10))
      }
      #expect(try await reset(connection, "sato.hanako", "Kaze-no-Oto-48") == .done)
      #expect(try await reset(connection, "sato.hanako", "") == .unacceptable)
      try dc.tool("domain passwordsettings set --min-pwd-length=14")
      #expect(try await reset(connection, "sato.hanako", "Kurz-48") == .unacceptable)
      let pool = BindPool(try dc.server(), connections: 1)
      #expect(
        try await pool.check("sato.hanako@ad.sanmon.example", Secret(copying: Array("Kaze-no-Oto-48".utf8))) == .right)
      for (by, account) in [(connection, "svc-sanmon"), (connection, "Administrator"), (reader, "sato.hanako")] {
        do {
          _ = try await reset(by, account, "Kaze-no-Oto-4848")
          Issue.record("\(account) was reset")
        } catch let fault as LDAPFault { #expect(fault.code == .rights && fault.isRefusal, "\(account): \(fault)") }
      }
      #expect(!LDAPFault(.timedOut).isRefusal && !LDAPFault(.unreachable).isRefusal && !LDAPFault(.malformed).isRefusal)
    }
  }

  private static let program: String? = {
    guard let me = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    let path = URL(filePath: me).deletingLastPathComponent().appending(path: "sanmon-rotator").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  @Test("the program itself, killed at twelve moments: no moment leaves somebody without a password that opens")
  func killed() async throws {
    guard let program = Self.program else {
      if ProcessInfo.processInfo.environment["CI"] != nil { Issue.record("sanmon-rotator was not built") }
      return
    }
    try await DomainController.run { dc in
      let directory = try ResettingDirectory(dc, members: ["sato.hanako"])
      let folder = FileManager.default.temporaryDirectory.appending(path: "snmr-\(UUID().uuidString.prefix(8))")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let rotator = try RotatorOffice(startingAt: Int64(Date().timeIntervalSince1970 * 1000))
      let socket = folder.appending(path: "v.sock").path
      let server = try VaultServer(
        service: rotator.office.service, peers: VaultPeers(servers: [], operators: [], rotators: [geteuid()]), socket: socket,
        mode: 0o600)
      Thread.detachNewThread { try? server.run() }
      defer { server.stop() }
      try rotator.writeKey(to: folder.appending(path: "rotator.key").path)
      let file = folder.appending(path: "rotator.conf").path
      try directory.text(in: folder, socket: socket).write(toFile: file, atomically: true, encoding: .utf8)
      func begin(_ command: String) throws -> Program {
        try Program([program, command, file] + (geteuid() == 0 ? ["--allow-root"] : []))
      }
      let session = try rotator.city.session(rotator.city.card(Self.sato), at: rotator.city.workstation())
      let looked = try begin("check").end()
      #expect(looked.status == 0 && looked.errors.contains("due 1"), "\(looked.errors)")
      let first = try begin("once").end()
      #expect(first.status == 0 && first.errors.contains("made anew 1"), "\(first.errors)")
      let again = try begin("once").end()
      #expect(again.status == 0 && again.errors.contains("not due 1"), "\(again.errors)")
      for moment in 0..<12 {
        let typed = "Kaze-no-Oto-\(moment)-48"
        try dc.tool("user setpassword sato.hanako --newpassword='\(typed)'")
        try rotator.city.set(typed, for: Self.sato, RotatorOffice.windows)
        let process = try begin("once")
        usleep(UInt32(20_000 * (moment + 1)))
        process.kill()
        _ = try? process.end()
        #expect(try await firstThatOpens(rotator, session, directory) != nil, "\(moment)")
        let next = try begin("once").end()
        #expect(next.status == 0, "\(next.errors)")
        #expect(try await firstThatOpens(rotator, session, directory) == 0, "\(moment) and a round")
      }
      chmod(folder.appending(path: "rotator.key").path, 0o644)
      #expect(try begin("once").end().status == 77)
    }
  }
}
