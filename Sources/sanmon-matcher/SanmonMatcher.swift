import ArgumentParser
import AuthAPI
import Foundation
import Isolation
import MatcherHost

@main
struct SanmonMatcher: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-matcher",
    abstract: "Compares palms for one Sanmon instance, in a process that holds nothing else. 静脈の照合",
    discussion: """
      Loads one vendor's library (deploy/plugin/sanmon_matcher.h) and answers at a unix socket. Once it listens, this process makes no
      connections, starts no programs and opens no files; a call that takes longer than its deadline ends it, and whatever started it
      starts it again.

      Examples:
        sanmon-matcher vendor --library /usr/lib/vendor/libpalm.so --socket /run/sanmon-matcher/palm.sock --peer-user sanmond
        sanmon-matcher check --library /usr/lib/vendor/libpalm.so

      Exit codes: 0 done · 64 wrong arguments · 65 the library cannot be used · 69 the socket is in use or cannot be made · \
      75 a call was not over in time · 77 root
      """,
    subcommands: [Vendor.self, Check.self])
}

struct LibraryOptions: ParsableArguments {
  @Option(help: "Path of the vendor's library.", completion: .file(extensions: ["so"])) var library: String
  @Option(help: "File whose text the library gets when it is opened.", completion: .file()) var libraryConfiguration: String?

  func open() throws -> VendorLibrary {
    var text = ""
    if let path = libraryConfiguration {
      guard let found = try? String(contentsOfFile: path, encoding: .utf8), found.utf8.count <= 65_536, !found.contains("\0")
      else { throw SanmonMatcher.fail(65, "\(path) を読めません。", "cannot read \(path) as text of at most 64 KiB") }
      text = found
    }
    do throws(VendorLibraryFault) {
      return try VendorLibrary(path: library, configuration: text) { (_) throws(MatcherFailure) in throw .unsupported }
    } catch { throw SanmonMatcher.fail(65, "ライブラリを使えません: \(error)", "the library cannot be used: \(error)") }
  }
}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Loads a library, and prints what it says of itself.")

  @OptionGroup var library: LibraryOptions

  func run() throws {
    let facts = try library.open().facts
    let takes = [facts.takesPictures ? "pictures" : nil, facts.takesBlobs ? "blobs" : nil].compactMap(\.self)
    print("\(facts.name) \(facts.version) (\(facts.vendor)): \(facts.modality), takes \(takes.joined(separator: " and ")),")
    print("templates \(facts.format)")
  }
}

struct Vendor: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serves one vendor's library until SIGTERM or SIGINT.")

  @OptionGroup var library: LibraryOptions
  @Option(help: "Path of the unix socket, at most 107 bytes.") var socket: String
  @Option(help: "Mode of the socket, octal. Who is served is decided by the user, not by the mode.") var socketMode = "666"
  @Option(help: "User (name or number) under which the server runs; may be repeated.") var peerUser: [String]
  @Option(help: "Milliseconds of one call, 50 to 10000.") var deadline = 500
  @Option(help: "MiB of address space, 256 to 65536.") var memory = 2048
  @Flag(help: "Lets the library read files after it was opened; it never writes any.") var mayReadFiles = false

  func validate() throws {
    guard (50...10_000).contains(deadline), (256...65_536).contains(memory) else {
      throw ValidationError("--deadline 50…10000, --memory 256…65536")
    }
  }

  func run() throws {
    do throws(Hardening.Fault) { try Hardening.apply(allowsRoot: false) } catch {
      throw SanmonMatcher.fail(77, "\(error)", "\(error)")
    }
    guard let mode = UInt32(socketMode, radix: 8), mode <= 0o777 else {
      throw SanmonMatcher.fail(64, "--socket-mode は 8 進 3 桁までです。", "--socket-mode takes up to three octal digits")
    }
    let peers = try Set(
      peerUser.map { name in
        guard let uid = UnixUser.uid(of: name) else {
          throw SanmonMatcher.fail(64, "ユーザー \(name) はいません。", "there is no user \(name)")
        }
        return uid
      })
    let signals = StopSignals()
    let notify = ServiceNotify.fromEnvironment()
    let server: MatcherServer
    do {
      server = try MatcherServer(
        socket: socket, mode: mode, peers: peers, deadlineMilliseconds: deadline,
        makeMatcher: { [library] in try library.open() })
    } catch let fault as SocketFault { throw SanmonMatcher.fail(69, "\(socket): \(fault)", "\(socket): \(fault)") }
    signals.waiting {
      notify.stopping()
      server.stop()
    }
    notify.ready("serving")
    FileHandle.standardError.write(Data("sanmon-matcher: serving on \(socket)\n".utf8))
    do throws(Hardening.Fault) {
      try Hardening.confine(memoryBytes: memory << 20, mayReadFiles: mayReadFiles)
    } catch { throw SanmonMatcher.fail(69, "\(error)", "\(error)") }
    try server.run()
    // A call that is under way still has its deadline: whoever waits gets the answer.
    let end = Deadline(milliseconds: deadline + 1000)
    while server.connectionCount > 0 && end.remainingMilliseconds > 0 { usleep(10_000) }
  }
}

extension SanmonMatcher {
  static func fail(_ code: Int32, _ ja: String, _ en: String) -> ExitCode {
    let words = ja == en ? en : "\(ja)\n\(en)"
    FileHandle.standardError.write(Data("sanmon-matcher: \(words)\n".utf8))
    return ExitCode(code)
  }
}
