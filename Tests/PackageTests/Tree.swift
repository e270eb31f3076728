import Foundation
import Programs

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
    let ended = try Program.run(command, adding: environment, in: folder.path, within: 300)
    return Ran(code: ended.status, output: ended.output, errors: ended.errors)
  }

  /// Whether a missing part of the machine is a failure (in a pipeline) or a reason to skip (elsewhere).
  static let mustHaveEverything = !(ProcessInfo.processInfo.environment["CI"] ?? "").isEmpty
}
