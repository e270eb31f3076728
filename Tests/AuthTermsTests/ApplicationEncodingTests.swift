import AuthTerms
import Testing

@Suite("definitions of applications as bytes")
struct ApplicationEncodingTests {
  static func all() throws -> [ApplicationDefinition] {
    [
      try Applications.definition(), try Applications.program(), try Applications.program(title: nil),
      try Applications.definition(accounts: [], rotation: nil),
      try Applications.definition(access: .browser(Applications.form(mustChange: nil, logoffPath: nil))),
      try Applications.definition(access: .browser(Applications.form(change: Applications.change(again: nil)))),
    ]
  }

  @Test("one definition reads back as it was, and another has other bytes")
  func roundTrip() throws {
    let all = try Self.all()
    for definition in all { #expect(try ApplicationDefinition(canonicalBytes: definition.canonicalBytes) == definition) }
    #expect(Set(all.map(\.canonicalBytes)).count == all.count)
  }

  /// The format is on disks and under signatures: these bytes never change.
  @Test("golden: a small one, byte for byte")
  func golden() throws {
    let definition = try ApplicationDefinition(
      id: ApplicationID(parsing: "a"), nameJa: "伝", nameEn: "L", segments: [.lgwan],
      access: .program(ProgramUse(program: "/b", windowTitle: nil)), accounts: ["2"],
      password: PasswordRule(minimum: 8, maximum: 9, classes: 3, symbols: "!"), freshnessSeconds: 60, rotationDays: 1)
    let number = { (value: Int) in
      "00000008" + String(repeating: "0", count: 14) + (value < 16 ? "0" : "") + String(value, radix: 16)
    }
    let expected = [
      "00000014" + "73616e6d6f6e2f6170706c69636174696f6e2f31", "00000001" + "61", "00000003" + "e4bc9d", "00000001" + "4c",
      number(1), "00000005" + "6c6777616e", "00000007" + "70726f6772616d", "00000002" + "2f62", number(0), number(1),
      "00000001" + "32", number(8), number(9), number(3), "00000001" + "21", number(60), number(1),
    ].joined()
    #expect(Hex.encode(definition.canonicalBytes) == expected)
  }

  @Test("every shortened, lengthened or changed form is refused or is another definition")
  func strict() throws {
    for definition in try Self.all() {
      let bytes = definition.canonicalBytes
      for end in bytes.indices {
        #expect(throws: MalformedInput.self) { try ApplicationDefinition(canonicalBytes: Array(bytes[..<end])) }
      }
      #expect(throws: MalformedInput.self) { try ApplicationDefinition(canonicalBytes: bytes + [0]) }
      for place in bytes.indices {
        var changed = bytes
        changed[place] ^= 1
        guard let read = try? ApplicationDefinition(canonicalBytes: changed) else { continue }
        #expect(read != definition && read.canonicalBytes == changed)
      }
    }
  }

  /// The fields of a definition with one of them replaced.
  private func replacing(_ old: [UInt8], _ new: [UInt8], of definition: ApplicationDefinition) throws -> [UInt8] {
    var reader = LengthPrefixedReader(definition.canonicalBytes, subject: "test")
    var writer = LengthPrefixedWriter()
    var count = 0
    while !reader.isAtEnd {
      let field = try reader.field()
      if field == old { count += 1 }
      writer.field(field == old ? new : field)
    }
    #expect(count == 1, "stands once")
    return writer.bytes
  }

  @Test(
    "a field outside its limits is refused",
    arguments: [
      ("sanmon/application/1", "sanmon/application/2"), ("ledger", ""), ("ledger", "a b"), ("伝票起票", ""), ("Ledger", "\n"),
      ("lgwan", "LGWAN"), ("lgwan", "internet"), ("lgwan", "aaa"), ("browser", "Browser"), ("browser", "program"),
      ("https://ledger.sanmon.example", "https://ledger.sanmon.example/"), ("/login", "login"), ("#login", "login"),
      ("[name=user]", "[name=password]"), ("approver", "2"), ("approver", ""), ("-_.", "-_-"), ("-_.", "a"),
    ])
  func fields(old: String, new: String) throws {
    let bytes = try replacing(Array(old.utf8), Array(new.utf8), of: Applications.definition())
    #expect(throws: MalformedInput.self) { try ApplicationDefinition(canonicalBytes: bytes) }
  }

  @Test("numbers that are none of a definition, text that is not UTF-8")
  func numbers() throws {
    func bytes(_ number: UInt64) -> [UInt8] {
      var writer = LengthPrefixedWriter()
      writer.field(number)
      return Array(writer.bytes.dropFirst(4))
    }
    let definition = try Applications.definition()
    for (old, new) in [(3600, 59), (3600, 1 << 40), (3600, .max), (90, 366), (64, 11), (12, 7), (3, 5)] as [(UInt64, UInt64)] {
      let changed = try replacing(bytes(old), bytes(new), of: definition)
      #expect(throws: MalformedInput.self) { try ApplicationDefinition(canonicalBytes: changed) }
    }
    #expect(throws: MalformedInput.self) {
      try ApplicationDefinition(canonicalBytes: replacing(Array("Ledger".utf8), [0xFF], of: definition))
    }
    #expect(throws: MalformedInput.self) {
      try ApplicationDefinition(canonicalBytes: replacing(bytes(90), [90], of: definition))
    }
  }

  @Test("the largest definition there can be fits, and 16 KiB and a byte are not looked at")
  func largest() throws {
    func path(_ letter: String) -> String { "/" + String(repeating: letter, count: 511) }
    func selector(_ letter: String) throws -> Selector { try Selector(parsing: "#" + String(repeating: letter, count: 64)) }
    let change = try ChangeForm(
      path: path("a"), form: selector("a"), current: selector("b"), new: selector("c"), again: selector("d"),
      submit: selector("e"), success: .path(path("b")), failure: .path(path("c")))
    let label = String(repeating: "a", count: 30)
    let form = try BrowserForm(
      origin: "https://" + [String](repeating: String(repeating: "a", count: 59), count: 4).joined(separator: ".") + ":65535",
      loginPath: path("d"), form: selector("a"), user: selector("b"), password: selector("c"), submit: selector("d"),
      success: .path(path("e")), failure: .path(path("f")), mustChange: .path(path("g")), change: change,
      logoffPath: path("h"))
    let name = "e" + String(repeating: "\u{301}", count: 63)
    let definition = try ApplicationDefinition(
      id: ApplicationID(parsing: String(repeating: "a", count: 64)), nameJa: name, nameEn: name,
      segments: (1...8).map { try Segment(parsing: String(repeating: "s", count: 31) + "\($0)") }, access: .browser(form),
      accounts: (1...8).map { label + "-\($0)" },
      password: PasswordRule(minimum: 256, maximum: 256, classes: 4, symbols: ##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##),
      freshnessSeconds: 86_400, rotationDays: 365)
    #expect(definition.canonicalBytes.count < ApplicationDefinition.largestEncoding)
    #expect(try ApplicationDefinition(canonicalBytes: definition.canonicalBytes) == definition)
    let padded = definition.canonicalBytes + [UInt8](repeating: 0, count: 16 * 1024 + 1 - definition.canonicalBytes.count)
    #expect(throws: MalformedInput("application", expected: "at most 16384 bytes")) {
      try ApplicationDefinition(canonicalBytes: padded)
    }
  }
}
