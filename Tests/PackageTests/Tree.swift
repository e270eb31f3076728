import Foundation

/// The checkout these tests were compiled from, read as text.
enum Tree {
  /// Two folders above this file's own.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  /// Every file that belongs to the project, relative to the root, sorted. Git knows it; in an unpacked archive without
  /// git the folders are walked instead, leaving out what a build writes.
  static func files() throws -> [String] {
    if exists(".git"), let listed = try? run(["git", "-C", root.path, "ls-files", "-z", "-co", "--exclude-standard"]),
      listed.code == 0
    {
      return listed.output.split(separator: "\0").map(String.init).filter(exists).sorted()
    }
    var found: [String] = []
    let walker = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
    while let url = walker?.nextObject() as? URL {
      let path = String(url.path.dropFirst(root.path.count + 1))
      if path.hasPrefix(".build") || path.hasPrefix(".git/") || path == "Package.resolved" { continue }
      if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true { found.append(path) }
    }
    return found.sorted()
  }

  /// Files below `folder` whose names end in `.swift`.
  static func swiftFiles(below folder: String) throws -> [String] {
    try files().filter { $0.hasPrefix(folder + "/") && $0.hasSuffix(".swift") }
  }

  struct Ran {
    let code: Int32
    let output: String
    let errors: String
  }

  /// Runs a program found in PATH, with nothing on its standard input, and waits for it.
  static func run(_ command: [String], in folder: URL = root, environment: [String: String] = [:]) throws -> Ran {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    // Files instead of pipes: a program that writes much to one of two pipes waits for a reader that waits for the other.
    let scratch = FileManager.default.temporaryDirectory.appending(path: "sanmon-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let output = scratch.appending(path: "out")
    let errors = scratch.appending(path: "err")
    try Data().write(to: output)
    try Data().write(to: errors)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try withSignalsDelivered { try process.run() }
    process.waitUntilExit()
    return Ran(
      code: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
  }

  /// A test runs on a thread whose signals are all blocked, and a program inherits that: it, and whatever it starts, would
  /// be deaf to TERM.
  private static func withSignalsDelivered(_ start: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try start()
  }

  /// Whether a missing part of the machine is a failure (in a pipeline) or a reason to skip (elsewhere).
  static let mustHaveEverything = !(ProcessInfo.processInfo.environment["CI"] ?? "").isEmpty
}
