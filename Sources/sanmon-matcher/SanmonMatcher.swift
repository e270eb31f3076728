import ArgumentParser
import Foundation

@main
struct SanmonMatcher: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-matcher",
    abstract: "Compares palms for one Sanmon instance, in processes that hold nothing else. 静脈の照合",
    discussion: """
      Answers at a unix socket, in one of three ways: "extract" makes probes of pictures and never sees a key; "compare" puts probes under \
      keys, compares them there, and never sees a picture; "vendor" loads one vendor's library (deploy/plugin/sanmon_matcher.h). Once \
      it listens, this process makes no connections, starts no programs and opens no files; a call that takes longer than its deadline \
      ends it, and whatever started it starts it again.

      Examples:
        sanmon-matcher extract --socket /run/sanmon-matcher-extract/palm.sock --peer-user sanmond
        sanmon-matcher compare --socket /run/sanmon-matcher-compare/palm.sock --peer-user sanmond
        sanmon-matcher vendor --library /usr/lib/vendor/libpalm.so --socket /run/sanmon-matcher/palm.sock --peer-user sanmond
        sanmon-matcher check --library /usr/lib/vendor/libpalm.so

      Exit codes: 0 done · 64 wrong arguments · 65 the library cannot be used · 69 the socket is in use or cannot be made · \
      75 a call was not over in time · 77 root
      """,
    subcommands: [Extract.self, Compare.self, Vendor.self, Check.self])
}

extension SanmonMatcher {
  static func say(_ ja: String, _ en: String) {
    let words = ja == en ? en : "\(ja)\n\(en)"
    FileHandle.standardError.write(Data("sanmon-matcher: \(words)\n".utf8))
  }

  static func fail(_ code: Int32, _ ja: String, _ en: String) -> ExitCode {
    say(ja, en)
    return ExitCode(code)
  }
}
