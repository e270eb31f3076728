import Foundation

/// The two files through which a browser finds this agent: a manifest that names the one extension that may ask, and a script that
/// starts the agent, because a manifest cannot name arguments.
///
/// trusted: who can change them can put another program between browser and agent, and is handed what the extension is.
package struct NativeHostManifest: Sendable {
  package static let name = "jp.sanmon.agent"

  /// Where the browser looks for hosts that are there for every user; only its administrator writes there.
  package enum Browser: String, Sendable, CaseIterable {
    case chromium, chrome

    package var folder: String {
      switch self {
      case .chromium: "/etc/chromium/native-messaging-hosts"
      case .chrome: "/etc/opt/chrome/native-messaging-hosts"
      }
    }
  }

  private let program: String
  private let state: String
  private let extensionID: String

  /// - Parameters:
  ///   - program: the agent, an absolute path.
  ///   - state: its state folder, an absolute path.
  ///   - extensionID: 32 letters from a to p.
  package init(program: String, state: String, extensionID: String) throws(AgentFault) {
    guard Self.isExtensionID(extensionID) else { throw .badInput(expected: "--extension-id: 32 letters from a to p") }
    for path in [program, state] {
      guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .badInput(expected: "absolute paths without control characters")
      }
    }
    (self.program, self.state, self.extensionID) = (program, state, extensionID)
  }

  package static func isExtensionID(_ text: String) -> Bool {
    text.utf8.count == 32 && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "p")).contains($0) }
  }

  /// Chromium names the extension that asks: `chrome-extension://ID/`.
  package static func origin(of extensionID: String) -> String { "chrome-extension://\(extensionID)/" }

  /// Writes both files, each as a whole, and makes the folder if only that one is missing.
  /// - Returns: the manifest's path.
  package func install(in folder: String) throws(AgentFault) -> String {
    guard folder.hasPrefix("/") else { throw .badInput(expected: "--folder: an absolute path") }
    // Whatever the umask of this process: the browser runs as somebody else.
    if mkdir(folder, 0o755) == 0 ? chmod(folder, 0o755) != 0 : errno != EEXIST { throw .stateIO(file: folder, errno: errno) }
    let script = "\(folder)/\(Self.name)"
    try Self.write(scriptText, to: script, mode: 0o755)
    let manifest = "\(script).json"
    try Self.write(try manifestText(script: script), to: manifest, mode: 0o644)
    return manifest
  }

  private var scriptText: String {
    """
    #!/bin/sh
    # The browser starts this for its extension; written by "sanmon-agent sso install".
    exec \(Self.quoted(program)) sso --state \(Self.quoted(state)) --extension-id \(extensionID) "$@"

    """
  }

  private func manifestText(script: String) throws(AgentFault) -> String {
    struct Manifest: Encodable {
      let name: String
      let description: String
      let path: String
      let type: String
      let allowedOrigins: [String]

      enum CodingKeys: String, CodingKey {
        case name, description, path, type
        case allowedOrigins = "allowed_origins"
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let manifest = Manifest(
      name: Self.name, description: "Sanmon agent", path: script, type: "stdio",
      allowedOrigins: [Self.origin(of: extensionID)])
    guard let bytes = try? encoder.encode(manifest) else { throw .badInput(expected: "paths that are text") }
    return String(decoding: bytes, as: UTF8.self) + "\n"
  }

  /// One word for a shell, whatever is in it.
  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }

  private static func write(_ text: String, to path: String, mode: mode_t) throws(AgentFault) {
    let temporary = "\(path).new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .stateIO(file: path, errno: errno) }
    var fault: Int32 = fchmod(descriptor, mode) == 0 ? 0 : errno
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty, fault == 0 {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { fault = errno }
    }
    close(descriptor)
    if fault == 0, rename(temporary, path) != 0 { fault = errno }
    guard fault == 0 else {
      unlink(temporary)
      throw .stateIO(file: path, errno: fault)
    }
  }
}
