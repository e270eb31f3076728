import DirectorySync
import Testing

@Suite("what a domain controller says to a changed password")
struct PasswordChangeTests {
  @Test(
    "the Win32 code at the beginning tells; anything else is no answer to it",
    arguments: [
      ("0000052D: Constraint violation - check_password_restrictions: …", .unacceptable), ("0000052d:", .unacceptable),
      ("00000056: AtrErr: DSID-03191083", .wrongPassword), ("", nil), ("0000052", nil), ("52D", nil), ("00000005: x", nil),
      ("x 0000052D", nil),
    ] as [(String, PasswordChange?)])
  func diagnostic(text: String, change: PasswordChange?) { #expect(PasswordChange(diagnostic: text) == change) }
}
