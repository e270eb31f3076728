import AuthTerms
import Sealing
import Testing

@Suite("passwords are hashed as received, within limits")
struct PasswordHashTests {
  private static let salt = Array(UInt8(0)..<16)
  private static func fast() throws -> PasswordHash.Parameters { try .init(memory: 64, passes: 1, lanes: 1) }
  private static func secret(_ text: String) -> Secret<TypedPassword> { Secret(copying: Array(text.utf8)) }

  /// Computed with another implementation of RFC 9106.
  @Test(
    "known answers",
    arguments: [
      ("correct horse", 19_456, 2, 1, "0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc"),
      ("暗号の言葉", 64, 1, 1, "lqOyA5Bx057RMBEHQ7GKaBxBFhu6b3bRV0+S4d4Zj+c"),
      ("\0 \r\n", 256, 3, 2, "ksjyxS5eCbXgrEd58BERFQx7st2xo+GrUvYYk8szyRs"),
      (String(repeating: "x", count: 256), 64, 1, 4, "HtQXNLTBe4ONu38Juv+s61dYW7h3OO/EL4nE6XwppLE"),
    ] as [(String, UInt32, UInt32, UInt32, String)])
  func knownAnswers(password: String, memory: UInt32, passes: UInt32, lanes: UInt32, hash: String) throws {
    // "\r\n" is one Character but two bytes; here as everywhere only bytes count.
    let parameters = try PasswordHash.Parameters(memory: memory, passes: passes, lanes: lanes)
    let phc = "$argon2id$v=19$m=\(memory),t=\(passes),p=\(lanes)$AAECAwQFBgcICQoLDA0ODw$\(hash)"
    #expect(try PasswordHash.make(password: Self.secret(password), salt: Self.salt, parameters: parameters) == phc)
    #expect(try PasswordHash.verify(Self.secret(password), against: phc))
    #expect(try !PasswordHash.verify(Self.secret(password.dropLast() + "?"), against: phc))
  }

  @Test("nothing is folded, trimmed or cut off")
  func exactly() throws {
    let phc = try PasswordHash.make(password: Self.secret("Ｐässword 1"), salt: Self.salt, parameters: Self.fast())
    for other in ["Pässword 1", "Ｐässword 1 ", "ｐässword 1", "Ｐa\u{308}ssword 1", "Ｐässword 1\0", "Ｐässword"] {
      #expect(try !PasswordHash.verify(Self.secret(other), against: phc))
    }
    let long = String(repeating: "a", count: 255)
    let longHash = try PasswordHash.make(password: Self.secret(long + "b"), salt: Self.salt, parameters: Self.fast())
    #expect(try !PasswordHash.verify(Self.secret(long + "c"), against: longHash))
    #expect(try !PasswordHash.verify(Self.secret(long), against: longHash))
  }

  @Test("another salt, another hash")
  func salts() throws {
    let a = try PasswordHash.make(password: Self.secret("p"), salt: Self.salt, parameters: Self.fast())
    let b = try PasswordHash.make(password: Self.secret("p"), salt: Self.salt.reversed(), parameters: Self.fast())
    #expect(a != b)
    #expect(try PasswordHash.verify(Self.secret("p"), against: b))
  }

  @Test("lengths outside the limits are faults, not answers")
  func lengths() throws {
    let fast = try Self.fast()
    let phc = try PasswordHash.make(password: Self.secret("p"), salt: Self.salt, parameters: fast)
    for count in [0, 257, 100_000] {
      let password = Secret<TypedPassword>(copying: [UInt8](repeating: 0x61, count: count))
      #expect(throws: SealingFault.passwordLength) {
        try PasswordHash.make(password: password, salt: Self.salt, parameters: fast)
      }
      #expect(throws: SealingFault.passwordLength) { try PasswordHash.verify(password, against: phc) }
    }
    for count in [0, 8, 15, 65] {
      #expect(throws: SealingFault.self) {
        try PasswordHash.make(password: Self.secret("p"), salt: [UInt8](repeating: 1, count: count), parameters: fast)
      }
    }
  }

  @Test(
    "parameters outside the limits",
    arguments: [(7, 1, 1), (131_073, 1, 1), (64, 0, 1), (64, 11, 1), (64, 1, 0), (64, 1, 5), (31, 1, 4), (.max, .max, .max)]
      as [(UInt32, UInt32, UInt32)])
  func parameters(memory: UInt32, passes: UInt32, lanes: UInt32) {
    #expect(throws: SealingFault.self) { try PasswordHash.Parameters(memory: memory, passes: passes, lanes: lanes) }
    // The same in a string that somebody planted: refused before any memory is asked for.
    let phc =
      "$argon2id$v=19$m=\(memory),t=\(passes),p=\(lanes)$AAECAwQFBgcICQoLDA0ODw$lqOyA5Bx057RMBEHQ7GKaBxBFhu6b3bRV0+S4d4Zj+c"
    #expect(throws: SealingFault.self) { try PasswordHash.verify(Self.secret("p"), against: phc) }
  }

  @Test(
    "strings that we do not write are refused",
    arguments: [
      "", "$", "$$$$$", "$argon2i$v=19$m=64,t=1,p=1$S$H", "$argon2d$v=19$m=64,t=1,p=1$S$H", "$argon2id$v=16$m=64,t=1,p=1$S$H",
      "$argon2id$m=64,t=1,p=1$S$H", "argon2id$v=19$m=64,t=1,p=1$S$H", "$argon2id$v=19$t=1,m=64,p=1$S$H",
      "$argon2id$v=19$m=64,t=1$S$H",
      "$argon2id$v=19$m=64,t=1,p=1,x=1$S$H", "$argon2id$v=19$m=+64,t=1,p=1$S$H", "$argon2id$v=19$m=064,t=1,p=1$S$H",
      "$argon2id$v=19$m=64,t=1,p=1$S$H$", "$argon2id$v=19$m=64,t=1,p=1$S$H=", "$argon2id$v=19$m=64,t=1,p=1$S==$H",
      "$argon2id$v=19$m=64,t=1,p=1$$H", "$argon2id$v=19$m=64,t=1,p=1$S$", "$argon2id$v=19$m=64,t=1,p=1$S$AAAA",
      " $argon2id$v=19$m=64,t=1,p=1$S$H",
      "$argon2id$v=19$m=99999999999,t=1,p=1$S$H", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=64,t=1,p=1$S$H\n",
    ])
  func malformed(template: String) {
    let phc = template.replacing("S", with: "AAECAwQFBgcICQoLDA0ODw").replacing(
      "H", with: "lqOyA5Bx057RMBEHQ7GKaBxBFhu6b3bRV0+S4d4Zj+c")
    #expect(throws: SealingFault.self) { try PasswordHash.verify(Self.secret("p"), against: phc) }
  }

  @Test("a hash with older parameters asks to be made anew")
  func renewal() throws {
    let old = try PasswordHash.make(password: Self.secret("p"), salt: Self.salt, parameters: Self.fast())
    #expect(try PasswordHash.needsRenewal(old))
    #expect(try !PasswordHash.needsRenewal(old, parameters: Self.fast()))
  }
}
