package import AuthTerms
package import DirectorySync
import Foundation
import Programs

/// A real Active Directory: Samba with the sample city, in a namespace of its own, filled once a run and copied for each suite.
package final class DomainController: Sendable {
  /// Of the sources; a program that was built elsewhere is told by the scripts of deploy/ where they are.
  package static let root =
    ProcessInfo.processInfo.environment["SANMON_ROOT"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  private static let folder = "/tmp/sanmon-ad-tests-\(getpid())"
  package static let isCI = ProcessInfo.processInfo.environment["CI"] != nil

  /// The folder that is copied; made once.
  private static let template = Result {
    atexit { try? FileManager.default.removeItem(atPath: DomainController.folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // What a run left behind that was ended by force.
    try script(
      "for d in /tmp/sanmon-ad-tests-*; do [ -d /proc/${d##*-} ] || { for s in $d/*/; do samba_stop $s; done; rm -rf $d; }; done"
    )
    try script("samba_provision '\(folder)/template'", seconds: 120)
    return folder + "/template"
  }

  /// Why no domain controller can run here; `nil` if one can.
  package static let missing: String? = {
    do { _ = try template.get() } catch { return "\(error)" }
    return nil
  }()

  /// True where the tests have to run, whether they can or not.
  package static let mayRun = isCI || missing == nil

  package struct Failed: Error, CustomStringConvertible { package let description: String }

  @discardableResult
  private static func script(_ text: String, seconds: Double = 60, input: String = "") throws -> String {
    let ended = try Program.run(
      ["bash", "-c", "source '\(root)/deploy/lib/samba.sh'; \(text)"], input: .text(input), output: .together,
      within: seconds)
    guard ended.status == 0 else { throw Failed(description: "\(text): exit \(ended.status)\n\(ended.output)") }
    return ended.output
  }

  private let path: String
  /// Whether this process is in the network of the domain controller.
  private let isInside: Bool
  package let authorities: String
  package let password: Secret<TypedPassword>

  private init(_ path: String, isInside: Bool = false) throws {
    self.path = path
    self.isInside = isInside
    authorities = path + "/ca.pem"
    password = Secret(copying: Array(try Data(contentsOf: URL(filePath: path + "/svc-sanmon.password"))))
  }

  /// Starts a fresh copy, runs the test, ends what was started.
  package static func run(_ test: (DomainController) async throws -> Void) async throws {
    let path = folder + "/dc-\(UUID().uuidString)"
    try script("cp -a '\(try template.get())' '\(path)' && samba_start '\(path)'")
    defer {
      _ = try? script("samba_stop '\(path)'")
      try? FileManager.default.removeItem(atPath: path)
    }
    try await test(DomainController(path))
  }

  private static let insideName = "SANMON_AD_INSIDE"

  /// One for the whole of this process, for measuring; the caller ends it. Root begins anew inside its network, with the same
  /// arguments, so that nothing of ours carries what is measured; anybody else stays outside, behind the relay.
  package static func forThisProcess() throws -> DomainController {
    if let path = ProcessInfo.processInfo.environment[insideName] { return try DomainController(path, isInside: true) }
    let path = try template.get()
    try script("samba_start '\(path)'")
    guard geteuid() == 0 else { return try DomainController(path) }
    let entry = try script("daemon_entry '\(path)' -n; printf '%s\\n' \"${DAEMON_ENTRY[@]}\"").split(separator: "\n")
    let me = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    setenv(insideName, path, 1)
    var words = (entry.map(String.init) + [me] + CommandLine.arguments.dropFirst()).map { strdup($0) } + [nil]
    execvp(String(entry.first ?? ""), &words)
    throw Failed(description: "cannot run \(entry.first ?? "")")
  }

  /// Ends what `forThisProcess` started.
  package func end() {
    _ = try? Self.script("samba_stop '\(path)'")
    try? FileManager.default.removeItem(atPath: Self.folder)
  }

  // MARK: Standard tools, as the IT section uses them

  @discardableResult
  package func tool(_ arguments: String) throws -> String { try Self.script("samba_tool '\(path)' \(arguments)") }

  /// An LDIF of changes (RFC 2849).
  /// - Parameters:
  ///   - showsDeleted: also of what was deleted.
  ///   - deletesTrees: what is deleted goes with all below it.
  package func change(_ ldif: String, showsDeleted: Bool = false, deletesTrees: Bool = false) throws {
    let controls = (showsDeleted ? ["show_deleted:1"] : []) + (deletesTrees ? ["tree_delete:0"] : [])
    try Self.script("ldb_tool '\(path)' ldbmodify \(controls.map { "--controls=" + $0 }.joined(separator: " "))", input: ldif)
  }

  /// Another person's data in somebody's account.
  package func rename(account: String, number: String, family: String, given: String) throws {
    try replace(
      account,
      [("employeeNumber", number), ("sn", family), ("givenName", given), ("displayName", "\(family) \(given)")].map {
        ($0, Data($1.utf8))
      })
  }

  package func set(account: String, _ attribute: String, _ value: String) throws {
    try replace(account, [(attribute, Data(value.utf8))])
  }

  package func set(account: String, _ attribute: String, bytes: [UInt8]) throws {
    try replace(account, [(attribute, Data(bytes))])
  }

  /// One after the other, in this order, within a moment.
  package func disable(_ accounts: [String]) throws {
    let found = try Self.script("ldb_tool '\(path)' ldbsearch '(&(objectClass=user)(sAMAccountName=*))' sAMAccountName")
    var names: [String: Substring] = [:]
    var line: Substring = ""
    for part in found.split(separator: "\n") {
      if part.hasPrefix("dn:") { line = part }
      if part.hasPrefix("sAMAccountName: ") { names[String(part.dropFirst("sAMAccountName: ".count))] = line }
    }
    try change(
      accounts.compactMap { names[$0] }.map {
        "\($0)\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n\n"
      }.joined())
  }

  private func replace(_ account: String, _ values: [(String, Data)]) throws {
    let found = try Self.script("ldb_tool '\(path)' ldbsearch '(sAMAccountName=\(account))' dn")
    guard let line = found.split(separator: "\n").first(where: { $0.hasPrefix("dn:") }) else {
      throw Failed(description: "no \(account) here")
    }
    let changes = values.map { "replace: \($0)\n\($0):: \($1.base64EncodedString())\n-\n" }.joined()
    try change("\(line)\nchangetype: modify\n\(changes)\n")
  }

  /// The state as it is now, beside the one that goes on.
  package func keepCopy() throws {
    try Self.script("samba_daemon_stop '\(path)'; cp -a '\(path)/dc' '\(path)/dc.old'; samba_daemon_start '\(path)'")
  }

  /// The state of `keepCopy` again, as after a restore that was not done as a directory wants it.
  package func restoreCopy() throws {
    // Into the same folder: what is mounted stays mounted.
    try Self.script(
      "samba_daemon_stop '\(path)'; rm -rf '\(path)'/dc/*; cp -a '\(path)'/dc.old/. '\(path)/dc/'; samba_daemon_start '\(path)'"
    )
  }

  /// The server answers nobody any more, and its connections stay open.
  package func freeze(_ isFrozen: Bool) throws {
    try Self.script("kill -\(isFrozen ? "STOP" : "CONT") $(daemon_alive '\(path)/samba.pid')")
  }

  package func stop() throws { try Self.script("samba_daemon_stop '\(path)'") }
  package func start() throws { try Self.script("samba_daemon_start '\(path)'") }

  /// Of the account that reads.
  package var passwordFile: String { path + "/svc-sanmon.password" }
  /// For a program that is given it.
  package func passwordText() throws -> String { try String(contentsOfFile: passwordFile, encoding: .utf8) }

  // MARK: Our side

  package static let base = "DC=ad,DC=sanmon,DC=example"
  package static let account = "svc-sanmon@ad.sanmon.example"

  package func server(_ protection: LDAPServer.Protection = .ldaps, authorities: String? = nil) throws -> LDAPServer {
    if isInside {
      return try LDAPServer(host: "127.0.0.1", protection: protection, authorities: authorities ?? self.authorities)
    }
    let name = protection == .ldaps ? "ldaps" : "ldap"
    let lines = try String(contentsOfFile: path + "/ports", encoding: .utf8).split(separator: "\n")
    guard let port = lines.first(where: { $0.hasPrefix(name + " ") }).flatMap({ UInt16($0.dropFirst(name.count + 1)) }) else {
      throw Failed(description: "no port of \(name)")
    }
    return try LDAPServer(
      host: "127.0.0.1", port: port, protection: protection, authorities: authorities ?? self.authorities)
  }

  package func connection(
    _ protection: LDAPServer.Protection = .ldaps, authorities: String? = nil, account: String = DomainController.account,
    password: String? = nil, through proxy: CutProxy? = nil
  ) throws -> LDAPConnection {
    var server = try server(protection, authorities: authorities)
    if let proxy {
      server = try LDAPServer(
        host: server.host, port: proxy.port, protection: protection, authorities: server.authorities)
    }
    return LDAPConnection(
      server, account: account,
      password: password.map { Secret(copying: Array($0.utf8)) } ?? self.password, patience: .seconds(20))
  }
}
