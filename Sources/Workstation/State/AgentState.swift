public import AuthClient
import AuthTerms
import Foundation

/// What `enrol` left behind: key and certificate, pinned roots, servers.
///
/// Three files of mode 0600 in a folder of mode 0700: `identity.pem` (key and certificate in one file, so that a renewal
/// replaces both at once), `roots.pem`, `agent.json`.
public struct AgentState: Sendable {
  public let path: String
  public let workstation: EnrolledWorkstation
  public let servers: [ServerAddress]
  public let allowTLS12: Bool
  /// Through which certificate cards are asked at this workstation; nil: not at all, unless a command says so.
  public let module: TokenModule?
  let roots: [[UInt8]]
  let key: Secret<KeyMaterial>

  struct Settings: Codable {
    var servers: [String]
    var allowTLS12: Bool
    var module: String?
    var token: String?
    var key: String?
    var configuration: String?

    private enum CodingKeys: String, CodingKey {
      case servers, allowTLS12
      case module = "pkcs11-module"
      case token = "pkcs11-token"
      case key = "pkcs11-key-id"
      case configuration = "pkcs11-config"
    }
  }

  /// Reads and checks everything; `notEnrolled` if there is nothing.
  public init(reading path: String) throws(AgentFault) {
    let folder = try StateFolder(checking: path)
    let identity = try folder.read("identity.pem")
    let roots = try folder.read("roots.pem")
    let settings = try folder.read("agent.json")
    self.path = path
    guard let text = String(validating: identity, as: UTF8.self),
      let certificates = try? PEM.decode(text, label: "CERTIFICATE"), certificates.count == 1,
      let keys = try? PEM.decode(text, label: "PRIVATE KEY"), keys.count == 1,
      let workstation = try? EnrolledWorkstation(certificate: certificates[0])
    else { throw .damagedState(file: "identity.pem") }
    self.workstation = workstation
    key = Secret(copying: PEM.encode(keys[0], label: "PRIVATE KEY").utf8)
    guard let rootText = String(validating: roots, as: UTF8.self),
      let decoded = try? PEM.decode(rootText, label: "CERTIFICATE"), !decoded.isEmpty
    else { throw .damagedState(file: "roots.pem") }
    self.roots = decoded
    guard let read = try? JSONDecoder().decode(Settings.self, from: Data(settings)), (1...8).contains(read.servers.count) else {
      throw .damagedState(file: "agent.json")
    }
    var servers: [ServerAddress] = []
    for server in read.servers {
      guard let address = try? ServerAddress(parsing: server) else { throw .damagedState(file: "agent.json") }
      servers.append(address)
    }
    self.servers = servers
    allowTLS12 = read.allowTLS12
    do throws(MalformedInput) {
      module = try read.module.map { (library) throws(MalformedInput) in
        try TokenModule(library: library, label: read.token, key: read.key, configuration: read.configuration)
      }
    } catch { throw .damagedState(file: "agent.json") }
  }

  /// Sets or takes away the library through which certificate cards are asked; all else stays as it is. Counts from the next
  /// command on.
  public static func setModule(_ module: TokenModule?, in path: String) throws(AgentFault) {
    let state = try AgentState(reading: path)
    var settings = Settings(servers: state.servers.map(\.description), allowTLS12: state.allowTLS12)
    (settings.module, settings.token) = (module?.library, module?.label)
    (settings.key, settings.configuration) = (module?.keyText, module?.configuration)
    try write(settings, in: try StateFolder(checking: path))
  }

  private static func write(_ settings: Settings, in folder: StateFolder) throws(AgentFault) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(settings) else { throw .damagedState(file: "agent.json") }
    try folder.write("agent.json", Array(bytes))
  }

  /// Writes a new workstation's state. The settings go first and the identity last: without it nothing counts as enrolled.
  static func write(
    to path: String, keyPEM: Secret<KeyMaterial>, certificate: [UInt8], roots: [[UInt8]], servers: [ServerAddress],
    allowTLS12: Bool
  ) throws(AgentFault) {
    let folder = try StateFolder.create(path)
    try write(Settings(servers: servers.map(\.description), allowTLS12: allowTLS12), in: folder)
    try folder.write("roots.pem", Array(roots.map { PEM.encode($0, label: "CERTIFICATE") }.joined().utf8))
    try writeIdentity(folder, keyPEM: keyPEM, certificate: certificate)
  }

  static func writeIdentity(
    _ folder: StateFolder, keyPEM: Secret<KeyMaterial>, certificate: [UInt8]
  ) throws(AgentFault) {
    let key = keyPEM.withBytes { Array($0) }
    try folder.write("identity.pem", key + Array(PEM.encode(certificate, label: "CERTIFICATE").utf8))
  }

  /// Connections to the servers, made when first used.
  public func connections(settings: ClientSettings = ClientSettings()) async throws(AgentFault) -> ServerList {
    var settings = settings
    settings.allowTLS12 = allowTLS12
    let identity = ClientIdentity(certificate: workstation.certificate, key: key)
    do {
      var list: [ServerConnection] = []
      for server in servers {
        list.append(try await ServerConnection(to: server, trust: .roots(roots), identity: identity, settings: settings))
      }
      return try ServerList(list)
    } catch {
      throw .server(error)
    }
  }
}
