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
