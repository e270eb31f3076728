import AuthTerms
import Testing

@Suite("printed one-time codes")
struct LookUpCodeTests {
  private func parse(_ text: String) -> String? { try? LookUpCode(parsing: Array(text.utf8)).printed }

  @Test("twelve digits and Damm's check digit, in groups of four")
  func printed() throws {
    #expect(try LookUpCode(number: 0).printed == "0000-0000-0000-0")
    // 572 has the check digit 4 (the worked example of the procedure).
    #expect(try LookUpCode(number: 572).printed == "0000-0000-0572-4")
    #expect(try LookUpCode(number: LookUpCode.count - 1).digits.count == 13)
    #expect(throws: MalformedInput.self) { try LookUpCode(number: LookUpCode.count) }
  }

  @Test("what people type is read: digits with spaces and hyphens")
  func typed() throws {
    for text in ["0000-0000-0572-4", "0000000005724", "0000 0000 0572 4", " 0-000000 0057--24"] {
      #expect(parse(text) == "0000-0000-0572-4", "\(text)")
    }
    for text in [
      "", "4", "000000000572", "00000000057244", "0000-0000-0572-5", "０000000005724", "0000000005724\n", "O000000005724",
      String(repeating: " ", count: 52) + "0000000005724", "0000_0000_0572_4",
    ] { #expect(parse(text) == nil, "\(text)") }
  }

  @Test("every single wrong digit and every two neighbours exchanged are found")
  func slips() throws {
    for number: UInt64 in [0, 1, 987_654_321_012, 123_456_789_012, 555_555_555_555, 909_090_909_090] {
      let digits = try LookUpCode(number: number).digits
      #expect(parse(String(decoding: digits, as: UTF8.self)) != nil)
      for place in digits.indices {
        for other in UInt8(ascii: "0")...UInt8(ascii: "9") where other != digits[place] {
          var slip = digits
          slip[place] = other
          #expect(throws: MalformedInput.self) { try LookUpCode(parsing: slip) }
        }
        if place > 0, digits[place] != digits[place - 1] {
          var slip = digits
          slip.swapAt(place, place - 1)
          #expect(throws: MalformedInput.self) { try LookUpCode(parsing: slip) }
        }
      }
    }
  }

  @Test("it prints nothing of itself")
  func mirror() throws {
    let code = try LookUpCode(number: 572)
    #expect(Mirror(reflecting: code).children.isEmpty && !"\(code)".contains("572"))
  }
}
