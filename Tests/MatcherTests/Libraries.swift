import AuthAPI
import AuthTerms
import Foundation
import MatcherHost
import MatcherLink
import Programs
import Testing

/// What was built beside these tests.
enum Built {
  /// A user without an account, spare on every Debian.
  static let uid: UInt32 = geteuid() == 0 ? 64_007 : geteuid()

  static let folder: String? = {
    let said = ProcessInfo.processInfo.environment["SANMON_BINARIES"]
    let me = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let folder = said ?? me.map({ URL(filePath: $0).deletingLastPathComponent().path }) else { return nil }
    let isThere = ["sanmon-matcher", "libHostileMatcher.so"].allSatisfy {
      FileManager.default.fileExists(atPath: "\(folder)/\($0)")
    }
    return isThere ? folder : nil
  }()
  static let isThere = folder != nil || ProcessInfo.processInfo.environment["CI"] != nil

  /// A sanitizer takes more address space than a matcher may have, and keeps what is freed.
  static let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

  static func path(_ name: String) throws -> String {
    guard let folder else { throw CocoaError(.fileNoSuchFile) }
    return "\(folder)/\(name)"
  }

  static func library(_ name: String) throws -> String { try path("lib\(name).so") }

  static func open(_ name: String, _ configuration: String = "") throws -> VendorLibrary {
    try VendorLibrary(path: library(name), configuration: configuration) { (file) throws(MatcherFailure) in
      // Pictures of these tests: two bytes for the sides, then the pixels.
      guard file.count > 2,
        let picture = GreyPicture(width: Int(file[0]), height: Int(file[1]), bits: 8, pixels: Array(file[2...]))
      else { throw .malformedSample }
      return picture
    }
  }

  static func blob(_ bytes: some Sequence<UInt8>, of name: String, _ version: UInt32, _ hand: Hand = .left)
    throws -> BiometricSample
  {
    try BiometricSample(hand: hand, content: .blob(format: MatcherFormat(name, version: version), bytes: Array(bytes)))
  }

  /// - Parameter byte: which the halves are made of.
  static func key(_ id: UInt32, _ byte: UInt8 = 1) throws -> TemplateKey {
    try TemplateKey(
      id: id, personHalf: Secret(copying: [UInt8](repeating: byte, count: 32)),
      ringHalf: Secret(copying: [UInt8](repeating: byte ^ 255, count: 32)))
  }

  static func hostile(_ manner: String) throws -> BiometricSample { try blob(manner.utf8, of: "HST", 1) }

  static func hostileTemplate(_ manner: String) throws -> BiometricTemplate {
    try BiometricTemplate(format: MatcherFormat("HST", version: 1), bytes: Array(manner.utf8))
  }
}

/// A `sanmon-matcher` of its own, begun anew as a service manager would.
final class MatcherProcess {
  let folder: String
  let socket: String
  private let words: [String]
  private(set) var program: Program

  convenience init(_ library: String, _ more: [String] = []) throws {
    try self.init(copying: "lib\(library).so") { ["vendor", "--library", "\($0)/lib\(library).so"] + more }
  }

  /// One of our own two.
  convenience init(own command: String, _ more: [String] = []) throws {
    try self.init(copying: nil) { _ in [command] + more }
  }

  /// Of the shipped units: what is freed is overwritten.
  private static let environment = ["env", "GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"]

  private init(copying library: String?, _ command: (_ folder: String) -> [String]) throws {
    folder = "/tmp/sanmon-matcher-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    // Copied: the user of the process does not see into the folder of the build.
    for name in ["sanmon-matcher", library].compactMap(\.self) {
      try FileManager.default.copyItem(atPath: Built.path(name), toPath: "\(folder)/\(name)")
    }
    if geteuid() == 0 { try FileManager.default.setAttributes([.ownerAccountID: Built.uid], ofItemAtPath: folder) }
    socket = folder + "/socket"
    let user = geteuid() == 0 ? ["setpriv", "--reuid=\(Built.uid)", "--regid=\(Built.uid)", "--clear-groups"] : []
    words =
      user + Self.environment + ["\(folder)/sanmon-matcher"] + command(folder) + [
        "--socket", socket, "--peer-user", "\(geteuid())",
      ]
    program = try Program(words)
  }

  func start() throws { program = try Program(words) }

  /// Waits until it listens.
  func link(deadlineMilliseconds: Int = 3000) async throws -> MatcherLink {
    try await listening()
    return MatcherLink(socket: socket, user: Built.uid, deadlineMilliseconds: deadlineMilliseconds)
  }

  func listening() async throws {
    for _ in 0..<600 {
      if program.errors.contains("serving on") { return }
      guard program.isRunning else { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it does not listen: \(program.errors)")
    throw CancellationError()
  }

  func end() {
    program.kill()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

extension MatcherLink {
  /// What a call throws; `nil`: it answered.
  func fault(extracting sample: BiometricSample) async -> MatcherFault? {
    do throws(MatcherFault) { _ = try await extract(sample) } catch { return error }
    return nil
  }

  /// What a call throws; `nil`: it answered.
  func fault(_ call: (MatcherLink) async throws(MatcherFault) -> some Any) async -> MatcherFault? {
    do throws(MatcherFault) { _ = try await call(self) } catch { return error }
    return nil
  }

  func fault(comparing probe: BiometricTemplate, with references: [BiometricTemplate]) async -> MatcherFault? {
    do throws(MatcherFault) { _ = try await compare(probe, with: references) } catch { return error }
    return nil
  }
}

extension MatcherFault {
  /// Which of them, without its words.
  var word: String {
    switch self {
    case .unreachable: "unreachable"
    case .ended: "ended"
    case .failed(let failure): failure.rawValue
    case .malformed: "malformed"
    case .quarantined: "quarantined"
    }
  }
}

/// What another process holds in its memory; root alone may look.
struct ProcessMemory {
  private let parts: [Data]

  init(of pid: Int32) throws {
    let memory = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(pid)/mem"))
    defer { try? memory.close() }
    parts = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8).split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard fields[1].hasPrefix("rw"), ends.count == 2, (try? memory.seek(toOffset: ends[0])) != nil else { return nil }
      return try? memory.read(upToCount: Int(ends[1] - ends[0]))
    }
  }

  func contains(_ bytes: some Collection<UInt8>) -> Bool {
    let wanted = Data(bytes)
    return parts.contains { $0.range(of: wanted) != nil }
  }
}
