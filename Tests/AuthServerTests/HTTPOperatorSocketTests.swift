import AuthServer
import Foundation
import Hummingbird
import Testing

@Suite("operators' socket", .timeLimit(.minutes(10)))
struct HTTPOperatorSocketTests {
  private struct Peer: Codable {
    var uid: UInt32
    var name: String?
  }

  private static func router() -> Router<SanmonRequestContext> {
    let router = Router(context: SanmonRequestContext.self)
    router.get("peer") { _, context in
      guard case .unixPeer(let uid, let name) = context.identity else { throw HTTPFault.serverFault }
      return try JSONAnswer(Peer(uid: uid, name: name))
    }
    return router
  }

  private static func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/s-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    return path
  }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test(
    "a peer is known by uid and name; the file has its permissions and goes at the end",
    arguments: [(SocketPermissions.owner, 0o600), (.group(getgid()), 0o660), (.everyone, 0o666)])
  func peer(permissions: SocketPermissions, expected: Int) async throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/operators.sock"
    // A file left by a server that was killed.
    try Self.leaveStaleSocket(path)
    let configuration = ListenerConfiguration(.operators(path: path, permissions: permissions))
    try await TestServer.with([(configuration, Self.router())]) { _ in
      #expect(try mode(path) == expected)
      #expect(!FileManager.default.fileExists(atPath: path + ".new"))
      let client = try await TestClient.connect(socket: path)
      let reply = try await client.request("GET", "/peer")
      #expect(reply.json["uid"] as? Int == Int(getuid()))
      #expect(reply.json["name"] as? String == NSUserName())
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("a socket that answers, a file, a folder, a long path: the listener does not start and takes nothing away")
  func inUse() async throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/operators.sock"
    @Sendable func start(_ path: String) async -> (any Error)? {
      do {
        try await TestServer.with([(ListenerConfiguration(.operators(path: path, permissions: .owner)), Self.router())]) { _ in
        }
        return nil
      } catch { return error }
    }
    try await TestServer.with([(ListenerConfiguration(.operators(path: path, permissions: .owner)), Self.router())]) { _ in
      #expect(await start(path) as? ListenerFault == .socketInUse)
      let client = try await TestClient.connect(socket: path)
      #expect(try await client.request("GET", "/peer").status == 200)
    }
    try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
    #expect(await start(path) as? ListenerFault == .socketPathUnusable)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    #expect(await start(folder) as? ListenerFault == .socketPathUnusable)
    #expect(await start(folder + "/" + String(repeating: "a", count: 100)) as? ListenerFault == .socketPathUnusable)
    #expect(await start("relative.sock") as? ListenerFault == .socketPathUnusable)
  }

  private static func leaveStaleSocket(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
  }
}
