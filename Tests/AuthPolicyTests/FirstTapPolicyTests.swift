import AuthPolicy
import AuthTerms
import Testing

@Suite("whether cards are registered at workstations")
struct FirstTapPolicyTests {
  @Test("not unless the segment's file says so in that word")
  func word() throws {
    #expect(try !Samples.set(Samples.lgwan).takesFirstTaps(.lgwan))
    let allowed = Samples.lgwan.breaking("on-removal: nothing", "on-removal: nothing, first-tap: allowed")
    #expect(try Samples.set(allowed).takesFirstTaps(.lgwan))
    #expect(try !Samples.set(allowed).takesFirstTaps(.mynumber))
    let desk = Samples.lgwan.breaking("on-removal: nothing", "on-removal: nothing, first-tap: desk-only")
    #expect(try !Samples.set(desk).takesFirstTaps(.lgwan))
    for (wrong, code) in [("Allowed", "PF208"), ("maybe", "PF208"), ("true", "PF207")] {
      let text = Samples.lgwan.breaking("on-removal: nothing", "on-removal: nothing, first-tap: \(wrong)")
      #expect(Samples.faults(text).map(\.code) == [code], "\(wrong)")
    }
  }
}
