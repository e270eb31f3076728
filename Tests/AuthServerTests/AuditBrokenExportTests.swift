import AuthClient
import Foundation
import Synchronization
import Testing

/// Answers every request with the same bytes, and hangs up.
private final class ScriptedSocket: Sendable {
  let path = "/tmp/sanmon-scripted-\(UInt32.random(in: 0 ... .max))"
  private let listener: Int32

  init(_ answer: String) throws {
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(listener, 8) == 0 else { throw POSIXError(.EADDRINUSE) }
    let (door, bytes) = (listener, Array(answer.utf8))
    Thread.detachNewThread {
      while true {
        let peer = accept(door, nil, nil)
        guard peer >= 0 else { return }
        var request = [UInt8](repeating: 0, count: 4096)
        _ = recv(peer, &request, request.count, 0)
        _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(peer, Int32(SHUT_WR))
        close(peer)
      }
    }
  }

  /// Wakes the thread that accepts.
  func end() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    unlink(path)
  }
}

/// A server that is cut off, or says something else than it sent: no part of a log passes for all of it.
@Suite("an export that broke off", .serialized, .timeLimit(.minutes(5)))
struct AuditBrokenExportTests {
  private static let head =
    "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\ntrailer: Sanmon-Rows\r\n\r\n"
  private static let rows = "8\r\nrow,tim\n\r\n4\r\n0,1\n\r\n"

  static let whole = head + rows + "0\r\nSanmon-Rows: 1\r\n\r\n"
  /// Why, and the bytes of the answer.
  static let broken: [(String, String)] = [
    ("within a piece", head + "8\r\nrow,t"), ("behind a piece", head + rows), ("within its end", head + rows + "0\r\n"),
    ("uncounted", head + rows + "0\r\n\r\n"), ("one more was counted", head + rows + "0\r\nSanmon-Rows: 2\r\n\r\n"),
    ("no number", head + rows + "0\r\nSanmon-Rows: x\r\n\r\n"),
    ("a short body", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nrow,tim\n0,1\n"), ("nothing", ""),
    ("no status", "HTTP/1.1\r\n\r\n"),
  ]

  /// What is asked is what arrives, not when.
  private static var patient: ClientSettings {
    var settings = ClientSettings()
    settings.deadlineMilliseconds = 120_000
    settings.silenceLimitMilliseconds = 120_000
    return settings
  }

  @Test("a whole body is handed on in order and what stands behind it is told; another status hands nothing on")
  func receive() async throws {
    let server = try ScriptedSocket(Self.whole)
    let pieces = Mutex<[UInt8]>([])
    let connection = ServerConnection(unixSocket: server.path, settings: Self.patient)
    let (answer, trailers) = try await connection.receive("/") { piece in pieces.withLock { $0 += piece } }
    #expect(answer.status == 200 && trailers == ["sanmon-rows": "1"])
    #expect(pieces.withLock { $0 } == Array("row,tim\n0,1\n".utf8))
    server.end()

    let refusing = try ScriptedSocket("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
    let (refused, nothing) = try await ServerConnection(unixSocket: refusing.path, settings: Self.patient).receive("/") {
      piece in
      pieces.withLock { $0 += piece }
    }
    #expect(refused.status == 403 && refused.body == Array("no".utf8) && nothing.isEmpty)
    #expect(pieces.withLock { $0.count } == 12)
    refusing.end()
  }

  @Test("one that was cut is a fault, wherever it was cut", arguments: [0, 1, 2, 6, 7, 8])
  func cut(index: Int) async throws {
    let server = try ScriptedSocket(Self.broken[index].1)
    await #expect(throws: ClientFault.self, "\(Self.broken[index].0)") {
      _ = try await ServerConnection(unixSocket: server.path, settings: Self.patient).receive("/") { _ in }
    }
    server.end()
  }

  @Test(
    "the tool gives no file its name, and leaves none", .enabled(if: ProcessCity.isBuilt, "sanmon is not built"),
    arguments: broken.indices)
  func tool(index: Int) async throws {
    let folder = "/tmp/sanmon-broken-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func export(_ answer: String) async throws -> ToolProcess.Ran {
      let server = try ScriptedSocket(answer)
      defer { server.end() }
      return try await ToolProcess.started([
        "audit", "export", "--purpose", "test", "--out", folder + "/rows.csv", "--socket", server.path,
      ])
    }
    let ran = try await export(Self.broken[index].1)
    #expect(ran.status == 69 && ran.output.isEmpty, "\(Self.broken[index].0): \(ran.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty, "\(Self.broken[index].0)")
    let again = try await export(Self.whole)
    #expect(again.status == 0 && again.output == "1 rows written\n", "\(again.errors)")
    #expect(try String(contentsOfFile: folder + "/rows.csv", encoding: .utf8) == "row,tim\n0,1\n")
  }
}
