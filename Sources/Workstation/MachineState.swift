import Foundation

/// What tells, beside the clock, that the machine is not as it was at a logon.
public struct MachineState: Sendable, Equatable {
  /// How long the machine has slept since its boot.
  public var asleepMilliseconds: Int64
  /// Its places in networks, as `read()` names them.
  public var networks: Set<String>

  public init(asleepMilliseconds: Int64 = 0, networks: Set<String> = []) {
    self.asleepMilliseconds = asleepMilliseconds
    self.networks = networks
  }

  /// What the system says now; for executables only.
  public static func read() -> MachineState {
    MachineState(asleepMilliseconds: milliseconds(CLOCK_BOOTTIME) - milliseconds(CLOCK_MONOTONIC), networks: readNetworks())
  }

  /// CLOCK_MONOTONIC stands still while the machine sleeps, CLOCK_BOOTTIME does not.
  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// Interface and IPv4 address, or interface and IPv6 network: the lower half of an IPv6 address changes by itself every day.
  /// Loopback, interfaces that are down and addresses of the link alone are no place in a network.
  private static func readNetworks() -> Set<String> {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: Set<String> = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ifa_next
      let flags = Int32(truncatingIfNeeded: entry.ifa_flags)
      guard flags & Int32(IFF_UP) != 0, flags & Int32(IFF_LOOPBACK) == 0, let address = entry.ifa_addr,
        let name = entry.ifa_name, let place = place(address)
      else { continue }
      found.insert("\(String(cString: name)) \(place)")
    }
    return found
  }

  private static func place(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      let bytes = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
      return hexadecimal(withUnsafeBytes(of: bytes) { Array($0) })
    case AF_INET6:
      let bytes = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
      let network = withUnsafeBytes(of: bytes) { Array($0.prefix(8)) }
      let isOfLink = network[0] == 0xFE && network[1] & 0xC0 == 0x80
      return isOfLink ? nil : hexadecimal(network)
    default: return nil
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { (0x10...0xFF).contains($0) ? String($0, radix: 16) : "0" + String($0, radix: 16) }.joined()
  }
}
