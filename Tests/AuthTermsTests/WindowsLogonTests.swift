import AuthTerms
import Testing

@Suite("the logon to Windows")
struct WindowsLogonTests {
  private func windows(
    _ logon: WindowsLogon? = nil, accounts: [String] = [], password: PasswordRule = WindowsLogon.password, rotation: Int? = nil
  ) throws -> ApplicationDefinition {
    try ApplicationDefinition(
      id: ApplicationID(parsing: "windows"), nameJa: "ログオン", nameEn: "Logon", segments: [.lgwan],
      access: .windows(logon ?? WindowsLogon(managedGroup: "sanmon-managed")), accounts: accounts, password: password,
      freshnessSeconds: 300, rotationDays: rotation)
  }

  @Test("one account, the one rule for passwords, and no rotation of its own")
  func limits() throws {
    #expect(try windows().isWindows)
    #expect(try !Applications.definition().isWindows && !Applications.program().isWindows)
    #expect(throws: MalformedInput.self) { try windows(accounts: ["second"]) }
    #expect(throws: MalformedInput.self) { try windows(password: Applications.password()) }
    #expect(throws: MalformedInput.self) { try windows(rotation: 30) }
  }

  @Test(
    "names of groups",
    arguments: [
      ("a", true), ("sanmon-managed", true), ("a.b_c", true), ("", false), ("A", false), ("a b", false), ("a)", false),
      ("*", false),
      (String(repeating: "a", count: 64), true), (String(repeating: "a", count: 65), false),
    ])
  func groups(name: String, isTaken: Bool) {
    #expect(Applications.isTaken { _ = try WindowsLogon(managedGroup: name) } == isTaken)
  }

  @Test("120 characters of all four classes, each time others")
  func password() throws {
    var generator = SystemRandomNumberGenerator()
    let made = try (0..<50).map { _ in
      try WindowsLogon.password.generate { count in (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) } }
    }
    for secret in made { #expect(secret.count == 120 && WindowsLogon.password.accepts(secret)) }
    #expect(Set(made.map { secret in secret.withBytes { String(decoding: $0, as: UTF8.self) } }).count == 50)
  }

  @Test("who is given what was typed, or a certificate's name, has no group: golden, and read back")
  func others() throws {
    for (logon, word) in [(WindowsLogon.typed, "windows-typed"), (.certificate, "windows-certificate")] {
      let definition = try windows(logon)
      #expect(definition.isWindows && definition.managedGroup == nil)
      #expect(try ApplicationDefinition(canonicalBytes: definition.canonicalBytes) == definition)
      let found = try words(definition.canonicalBytes)
      #expect(Array(found[6...7]) == [word, "\0\0\0\0\0\0\0\0"], "no group follows")
      #expect(found.count == (try words(windows().canonicalBytes)).count - 1)
    }
    #expect(try windows().managedGroup == "sanmon-managed" && Applications.program().managedGroup == nil)
  }

  private func words(_ bytes: [UInt8]) throws -> [String] {
    var reader = LengthPrefixedReader(bytes, subject: "test")
    var words: [String] = []
    while !reader.isAtEnd { words.append(String(decoding: try reader.field(), as: UTF8.self)) }
    return words
  }

  /// The format is on disks and under signatures: these bytes never change.
  @Test("golden: byte for byte, and read back")
  func golden() throws {
    let definition = try windows()
    let bytes = definition.canonicalBytes
    #expect(try ApplicationDefinition(canonicalBytes: bytes) == definition)
    let words = try words(bytes)
    let number = { (value: Int) in
      String(decoding: (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }, as: UTF8.self)
    }
    #expect(
      words == [
        "sanmon/application/1", "windows", "ログオン", "Logon", number(1), "lgwan", "windows", "sanmon-managed", number(0),
        number(120), number(120), number(4), "!#$%&()*+,-./:;<=>?@[]^_{|}~", "\0\0\0\0\0\0\u{1},", number(0),
      ])
    for end in bytes.indices {
      #expect(throws: MalformedInput.self) { try ApplicationDefinition(canonicalBytes: Array(bytes[..<end])) }
    }
  }
}
