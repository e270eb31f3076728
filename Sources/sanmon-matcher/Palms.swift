import ArgumentParser
import Foundation
import MatcherHost

struct Extract: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes probes of pictures until SIGTERM or SIGINT; never sees a key.",
    discussion: """
      Example:
        sanmon-matcher extract --socket /run/sanmon-matcher-extract/palm.sock --peer-user sanmond --resolution 25
      """)

  @OptionGroup var service: ServiceOptions
  @Option(help: "Pixels per centimetre of sensors that do not tell it, 12 to 80.") var resolution = 25

  func validate() throws {
    guard (12...80).contains(resolution) else { throw ValidationError("--resolution 12…80") }
  }

  func run() throws { try service.serve { [resolution] in try PalmExtraction(resolution: resolution) } }
}

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Protects and compares palms under keys until SIGTERM or SIGINT; never sees a picture.",
    discussion: """
      Example:
        sanmon-matcher compare --socket /run/sanmon-matcher-compare/palm.sock --peer-user sanmond
      """)

  /// The largest search's gallery, an aligned probe and the comparator: 2, 1.5 and 0.5 MiB, and room.
  private static let lockedBytes = 8 << 20

  @OptionGroup var service: ServiceOptions

  func run() throws {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Self.lockedBytes) {
      SanmonMatcher.say(
        "メモリをスワップから守れないことがあります（LimitMEMLOCK を \(Self.lockedBytes >> 20) MiB 以上に）。",
        "not all memory can be kept from swap: raise LimitMEMLOCK to \(Self.lockedBytes >> 20) MiB")
    }
    try service.serve { try PalmComparison() }
  }
}
