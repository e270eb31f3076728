import Foundation
import Testing
import Workstation

@Suite("what the machine says of itself")
struct MachineStateTests {
  @Test("places in networks are interfaces that are there, with an IPv4 address or an IPv6 network; loopback is none")
  func networks() throws {
    let interfaces = Set(try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net"))
    let state = MachineState.read()
    for place in state.networks {
      let parts = place.split(separator: " ")
      try #require(parts.count == 2)
      // An alias is named NAME:LABEL.
      #expect(interfaces.contains(String(parts[0].prefix { $0 != ":" })) && parts[0] != "lo")
      #expect([8, 16].contains(parts[1].count) && parts[1].allSatisfy(\.isHexDigit))
      #expect(!parts[1].hasPrefix("fe8"))
    }
    #expect(state.asleepMilliseconds >= 0)
  }

  @Test("a machine that stays as it is says the same again")
  func same() {
    let (one, other) = (MachineState.read(), MachineState.read())
    #expect(one.networks == other.networks)
    #expect(abs(one.asleepMilliseconds - other.asleepMilliseconds) < 1000)
  }
}
