import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Testing

@Suite(
  "passwords at a real domain controller", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct BindTests {
  private static let right = "Umi-no-Oto-47"
  private static func secret(_ text: String) -> Secret<TypedPassword> { Secret(copying: Array(text.utf8)) }
  private static func name(_ account: String) -> String { "\(account)@ad.sanmon.example" }

  @Test("right, wrong, and each state of an account is told apart")
  func codes() async throws {
    try await DomainController.run { dc in
      let pool = BindPool(try dc.server(), connections: 1)
      func check(_ account: String, _ password: String = Self.right) async throws -> BindResult {
        try await pool.check(Self.name(account), Self.secret(password))
      }
      func change(_ account: String, _ lines: String) throws {
        try dc.tool("user setpassword \(account) --newpassword='\(Self.right)'")
        if !lines.isEmpty {
          let dn = try dc.tool("user show \(account) --attributes=dn").split(separator: "\n").first { $0.hasPrefix("dn:") }
          try dc.change("\(try #require(dn))\nchangetype: modify\n\(lines)\n")
        }
      }
      try change("sato.hanako", "")
      #expect(try await check("sato.hanako") == .right)
      #expect(try await check("sato.hanako", "wrong") == .refused(.wrongPassword))
      #expect(try await check("sato.hanako", "") == .refused(.wrongPassword))
      #expect(try await check("nobody.there") == .refused(.wrongPassword), "Samba does not say that there is nobody")
      try change("kato.ichiro", "replace: userAccountControl\nuserAccountControl: 514")
      #expect(try await check("kato.ichiro") == .refused(.disabled))
      try change(
        "tanabe.natsumi",
        "replace: userAccountControl\nuserAccountControl: 512\n-\nreplace: accountExpires\naccountExpires: 130000000000000000")
      #expect(try await check("tanabe.natsumi") == .refused(.accountExpired))
      try change("maeda.akane", "replace: pwdLastSet\npwdLastSet: 0")
      #expect(try await check("maeda.akane") == .refused(.mustChangePassword))
      try change("yamada.taro", "replace: logonHours\nlogonHours:: \(Data(count: 21).base64EncodedString())")
      #expect(try await check("yamada.taro") == .refused(.notAtThisTime))
      // The lock of three wrong ones is opened by nobody here; the right one is refused as well.
      try dc.tool("domain passwordsettings set --account-lockout-threshold=3")
      for _ in 0..<4 { _ = try await check("sato.hanako", "wrong") }
      #expect(try await check("sato.hanako") == .refused(.lockedOut))
    }
  }

  private static func guid(_ account: String, _ dc: DomainController) throws -> ObjectGUID {
    let lines = try dc.tool("user show \(account) --attributes=objectGUID").split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("objectGUID: ") })
    return try #require(ObjectGUID(text: line.dropFirst("objectGUID: ".count)))
  }

  /// One connection, and the account that reads.
  private static func pool(_ dc: DomainController) throws -> BindPool {
    BindPool(
      try dc.server(), connections: 1, reader: (DomainController.account, secret(try dc.passwordText())))
  }

  @Test("by its GUID an account is found whatever it is called; whoever takes its name over is somebody else")
  func byObject() async throws {
    try await DomainController.run { dc in
      try dc.tool("user setpassword sato.hanako --newpassword='\(Self.right)'")
      let guid = try Self.guid("sato.hanako", dc)
      let pool = try Self.pool(dc)
      #expect(try await pool.check(guid, Self.secret(Self.right)) == .right)
      #expect(try await pool.check(guid, Self.secret("wrong")) == .refused(.wrongPassword))
      try dc.set(account: "sato.hanako", "userPrincipalName", Self.name("suzuki.hanako"))
      try dc.set(account: "sato.hanako", "sAMAccountName", "suzuki.hanako")
      try dc.tool("user create sato.hanako 'Another-Word-88' --given-name=neu --surname=anders")
      #expect(try await pool.check(guid, Self.secret(Self.right)) == .right)
      #expect(try await pool.check(guid, Self.secret("Another-Word-88")) == .refused(.wrongPassword))
      try dc.tool("user disable suzuki.hanako")
      let reader = LDAPConnection(
        try dc.server(), account: DomainController.account, password: Self.secret(try dc.passwordText()))
      #expect(try await reader.isDisabled(guid, patience: .seconds(5)) == true)
      #expect(try await reader.isDisabled(try Self.guid("sato.hanako", dc), patience: .seconds(5)) == false)
      try dc.tool("user delete suzuki.hanako")
      #expect(try await reader.isDisabled(guid, patience: .seconds(5)) == nil)
      await #expect(throws: LDAPFault(.noSuchObject, "32")) { try await pool.check(guid, Self.secret(Self.right)) }
    }
  }

  @Test("a password that has to be changed is changed by whoever knows it, on the connection of the account that reads")
  func change() async throws {
    try await DomainController.run { dc in
      try dc.tool("domain passwordsettings set --min-pwd-age=0 --history-length=3")
      try dc.tool("user setpassword sato.hanako --newpassword='\(Self.right)' --must-change-at-next-login")
      let guid = try Self.guid("sato.hanako", dc)
      let pool = try Self.pool(dc)
      let reader = LDAPConnection(
        try dc.server(), account: DomainController.account, password: Self.secret(try dc.passwordText()))
      func change(_ old: String, _ new: String) async throws -> PasswordChange {
        try await reader.changePassword(of: guid, from: Self.secret(old), to: Self.secret(new), until: .now + .seconds(10))
      }
      #expect(try await pool.check(guid, Self.secret(Self.right)) == .refused(.mustChangePassword))
      #expect(try await change("wrong", "Kaze-no-Oto-48") == .wrongPassword)
      #expect(try await change("", "Kaze-no-Oto-48") == .wrongPassword)
      #expect(try await change(Self.right, "") == .unacceptable)
      #expect(try await change(Self.right, "kurz") == .unacceptable)
      #expect(try await change(Self.right, Self.right) == .unacceptable, "the history is kept")
      #expect(
        try await pool.check(guid, Self.secret(Self.right)) == .refused(.mustChangePassword), "nothing of it changed anything")
      #expect(try await change(Self.right, "風の音-Kaze-48🍃") == .done)
      #expect(try await pool.check(guid, Self.secret("風の音-Kaze-48🍃")) == .right)
      #expect(try await change("風の音-Kaze-48🍃", Self.right) == .unacceptable, "it was used before")
    }
  }

  @Test("a server that answers nobody holds up those who ask it, up to their deadline; one that comes back is asked again")
  func slow() async throws {
    try await DomainController.run { dc in
      try dc.tool("user setpassword sato.hanako --newpassword='\(Self.right)'")
      let pool = BindPool(try dc.server(), connections: 2, waiting: 3, patience: .seconds(1))
      let account = Self.name("sato.hanako")
      #expect(try await pool.check(account, Self.secret(Self.right)) == .right)
      try dc.freeze(true)
      let begin = ContinuousClock.now
      let faults = await withTaskGroup(of: LDAPFault?.self) { group in
        for _ in 0..<20 {
          group.addTask {
            do throws(LDAPFault) {
              _ = try await pool.check(account, Self.secret(Self.right))
              return nil
            } catch { return error }
          }
        }
        return await group.reduce(into: [LDAPFault?]()) { $0.append($1) }
      }
      #expect(faults.allSatisfy { $0?.code == .timedOut || $0?.code == .unreachable } && faults.count == 20)
      // Two are asked for, three wait, and whoever comes to them is told at once.
      let refused = faults.count { $0?.detail == "3 wait already" }
      #expect((1...15).contains(refused), "\(refused)")
      #expect(ContinuousClock.now - begin < .seconds(30))
      try dc.freeze(false)
      var isRight = false
      for _ in 0..<50 where !isRight {
        isRight = (try? await pool.check(account, Self.secret(Self.right))) == .right
      }
      #expect(isRight)
    }
  }
}
