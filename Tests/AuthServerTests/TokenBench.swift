import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import Programs
import SwiftASN1
import X509

/// Tokens in software (SoftHSM, in a folder of its own), keys made by pkcs11-tool, and the built programs. No reader service.
final class TokenBench: Sendable {
  static let pin = "246810"
  static let library = "/usr/lib/softhsm/libsofthsm2.so"
  static let openSC =
    ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/opensc-pkcs11.so" }
    .first { FileManager.default.fileExists(atPath: $0) } ?? "/usr/lib/opensc-pkcs11.so"

  /// The library that does harm, where the build put it.
  static let hostile: String = {
    let beside = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    let folders = [ToolBench.programs, ProcessCity.binaries ?? beside, beside]
    return folders.map { "\($0)/libHostileModule.so" }.first { FileManager.default.fileExists(atPath: $0) } ?? ""
  }()

  /// In CI the suite has to run, whether it can or not.
  static let mayRun: Bool = {
    if ProcessInfo.processInfo.environment["CI"] != nil { return true }
    let files = [
      library, openSC, hostile, "/usr/bin/softhsm2-util", "/usr/bin/pkcs11-tool", ToolBench.programs + "/sanmon",
      ToolBench.programs + "/sanmon-agent",
    ]
    return files.allSatisfy { FileManager.default.fileExists(atPath: $0) }
  }()

  let folder = "/tmp/sanmon-token-tests-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
  var configuration: String { folder + "/softhsm2.conf" }
  var state: String { folder + "/agent" }

  init() throws {
    try FileManager.default.createDirectory(
      atPath: folder + "/tokens", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try "directories.tokendir = \(folder)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n".write(
      toFile: configuration, atomically: true, encoding: .utf8)
  }

  func end() { try? FileManager.default.removeItem(atPath: folder) }

  struct Failed: Error, CustomStringConvertible { let description: String }

  @discardableResult
  private func must(_ words: [String]) throws -> String {
    let ended = try Program.run(words, adding: ["SOFTHSM2_CONF": configuration], output: .together)
    guard ended.status == 0 else { throw Failed(description: "\(words): exit \(ended.status)\n\(ended.output)") }
    return ended.output
  }

  // MARK: Tokens

  func token(_ label: String) throws {
    try must(
      ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", Self.pin, "--so-pin", "13579135"])
  }

  @discardableResult
  private func tool(_ label: String, _ arguments: [String]) throws -> String {
    try must(
      ["pkcs11-tool", "--module", Self.library, "--token-label", label, "--login", "--pin", Self.pin] + arguments)
  }

  /// A key, and unless `authority` is nil its certificate.
  /// - Parameter type: as pkcs11-tool names it.
  func key(_ label: String, id: String = "01", type: String = "EC:secp256r1", of authority: CardAuthority?) throws {
    let told = try tool(label, ["--keypairgen", "--key-type", type, "--id", id, "--label", "key-\(id)"])
    guard let authority else { return }
    let file = "\(folder)/\(label)-\(id)"
    let key: Certificate.PublicKey
    if let point = told.firstMatch(of: /EC_POINT: +04[0-9a-f]{2}([0-9a-f]+)/)?.1 {
      // As it told the point: it writes no file for P-384.
      let bytes = try Hex.decode(point)
      if bytes.count == 97 {
        key = Certificate.PublicKey(try P384.Signing.PublicKey(x963Representation: bytes))
      } else {
        key = Certificate.PublicKey(try P256.Signing.PublicKey(x963Representation: bytes))
      }
    } else {
      try tool(label, ["--read-object", "--type", "pubkey", "--id", id, "--output-file", file + ".key"])
      key = try Certificate.PublicKey(derEncoded: Array(Data(contentsOf: URL(filePath: file + ".key"))))
    }
    try Data(try authority.issue(to: key, validDays: 300)).write(to: URL(filePath: file + ".der"))
    try tool(label, ["--write-object", file + ".der", "--type", "cert", "--id", id, "--label", "certificate-\(id)"])
  }

  /// Takes a private key away and leaves its certificate.
  func deleteKey(_ label: String, id: String = "01") throws {
    try tool(label, ["--delete-object", "--type", "privkey", "--id", id])
  }

  // MARK: Programs

  /// Options that name the library.
  func options(_ more: [String] = []) -> [String] {
    ["--pkcs11", Self.library, "--pkcs11-config", configuration] + more
  }

  /// - Parameter secrets: lines on descriptor 5: 3 is where such a program speaks with its library.
  private func run(_ program: String, _ arguments: [String], _ secrets: [String]) async throws -> (
    status: Int32, output: String
  ) {
    let text = secrets.joined(separator: "\n")
    let ended = try await Program.running(
      ["bash", "-c", "exec \"$@\" 5<<<'\(text)'", "bash", "\(ToolBench.programs)/\(program)"] + arguments,
      environment: [
        "PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": folder, "PCSCLITE_CSOCK_NAME": folder + "/none", "SANMON_SECRET": "x",
      ], output: .together)
    return (ended.status, ended.output)
  }

  func agent(_ arguments: [String], _ secrets: [String] = []) async throws -> (status: Int32, output: String) {
    try await run("sanmon-agent", arguments + ["--state", state], secrets)
  }

  func logon(
    _ more: [String], pin: String = pin, password: String = password
  ) async throws -> (status: Int32, output: String) {
    try await agent(
      ["logon", "--factors", "card+password", "--pin-fd", "5", "--password-fd", "5"] + more, [pin, password])
  }

  static let password = "kawa-no-nagare-7"

  /// Registers the key at the desk.
  func enrol(_ person: String, in city: City, _ more: [String], pin: String = pin) async throws -> (
    status: Int32, output: String
  ) {
    try await run(
      "sanmon",
      ["card", "enrol", "--person", person, "--segment", "lgwan", "--pin-fd", "5", "--socket", city.folder + "/operator.sock"]
        + more, [pin])
  }

  /// Makes this folder's agent a workstation of the city.
  func enrolWorkstation(_ name: String, in city: City) async throws {
    let status: InstanceStatus = try await city.link.fetch("/v1/admin/status")
    let code: EnrolmentCode = try await city.link.call(
      "POST", "/v1/admin/workstations/codes", city.enrolmentAct(name))
    let ended = try await agent(
      [
        "enrol", "--server", "https://127.0.0.1:\(status.mainPort)", "--enrolment",
        "https://127.0.0.1:\(status.enrolmentPort)", "--ca-sha256", status.authority, "--code-fd", "5",
      ], [code.code])
    guard ended.status == 0 else { throw Failed(description: ended.output) }
  }
}
