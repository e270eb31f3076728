import Foundation
import Testing
import Workstation

@Suite("whether somebody goes on without the palm")
struct PersonAskingTests {
  private func leaves(
    _ reason: PalmLeaving, typed: String? = nil, pinDescriptor: Int32? = nil, passwordDescriptor: Int32? = nil,
    isAttended: Bool? = nil
  ) async throws -> Bool {
    var (person, program): (Int32, Int32) = (-1, -1)
    var terminal: Terminal?
    if let typed {
      try #require(openpty(&person, &program, nil, nil, nil) == 0)
      terminal = Terminal(adopting: program)
      _ = Array(typed.utf8).withUnsafeBytes { write(person, $0.baseAddress, $0.count) }
    }
    defer { if typed != nil { close(person) } }
    let asking = PersonAsking(
      terminal: terminal, language: .ja, pinDescriptor: pinDescriptor, passwordDescriptor: passwordDescriptor,
      useLastTry: false, isAttended: isAttended, tell: { _ in })
    return await asking.leavePalm(reason)
  }

  @Test(
    "at a terminal it is a question while another palm may be shown", arguments: [("y\n", true), ("n\n", false), ("\n", false)])
  func question(typed: String, expected: Bool) async throws {
    #expect(try await leaves(.twoDidNotCount, typed: typed) == expected)
  }

  @Test("with nothing else left nobody is asked")
  func nothingElse() async throws { #expect(try await leaves(.nothingElse, typed: "")) }

  @Test(
    "a script goes on if it handed a password over, and not otherwise", arguments: [PalmLeaving.twoDidNotCount, .nothingElse])
  func script(reason: PalmLeaving) async throws {
    #expect(try await leaves(reason, pinDescriptor: 3, passwordDescriptor: 4))
    #expect(try await !leaves(reason))
    #expect(try await !leaves(reason, typed: "y\n", pinDescriptor: 3))
    #expect(try await !leaves(reason, typed: "y\n", isAttended: false))
  }
}
