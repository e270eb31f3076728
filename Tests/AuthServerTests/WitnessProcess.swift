import AuditLog
import AuthTerms
import Crypto
import Foundation
import Programs

/// `sanmon witness` with a folder of its own.
final class WitnessProcess {
  let folder = "/tmp/sanmon-witness-\(UInt32.random(in: 0...UInt32.max))"
  let key: WitnessVerifier
  let port: Int
  private var program: Program?

  init(_ name: String = "witness.example/auditor-1") async throws {
    let made = try await ToolProcess.started(["witness", "init", "--state", folder, "--name", name])
    key = try WitnessVerifier(vkey: made.output.trimmingCharacters(in: .whitespacesAndNewlines))
    port = try ProcessCity.freePort()
  }

  deinit {
    program?.kill()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// For a city's start-up file.
  var lines: String { "witnesses: [{url: \"http://127.0.0.1:\(port)/\", key: \"\(key.vkey)\"}]\n" }

  func start(log: String...) async throws {
    guard let programs = ProcessCity.binaries else { throw CocoaError(.fileNoSuchFile) }
    let keys = log.flatMap { ["--log-key", $0] }
    let program = try Program(
      [programs + "/sanmon", "witness", "run", "--state", folder, "--listen", "127.0.0.1:\(port)"] + keys,
      adding: ["LC_ALL": "C.UTF-8"])
    self.program = program
    let end = ContinuousClock.now + .seconds(30)
    while !program.output.contains("\n"), program.isRunning, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(10))
    }
    guard program.output == "\(key.name) 127.0.0.1 \(port)\n" else {
      throw Program.Failed(description: "the witness did not start: \(program.output)\(program.errors)")
    }
  }

  /// At once, with nothing finished.
  func kill() {
    program?.kill()
    program = nil
  }

  // MARK: Asking it

  struct Answer: Decodable {
    let status: Int
    let type: String
    let body: String
  }

  private static let client = """
    import http.client, json, sys
    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
    body = sys.stdin.buffer.read()
    c.request(sys.argv[2], sys.argv[3], body if sys.argv[2] == "POST" else None, {"Content-Type": "text/plain"})
    r = c.getresponse()
    print(json.dumps({"status": r.status, "type": r.getheader("content-type"), "body": r.read().decode()}))
    """

  /// By a client that is not ours.
  func ask(_ method: String, _ path: String, _ body: String = "") async throws -> Answer {
    let ran = try await Program.running(
      ["python3", "-c", Self.client, "\(port)", method, path], adding: ["PYTHONIOENCODING": "utf-8"], input: .text(body))
    return try JSONDecoder().decode(Answer.self, from: Data(ran.output.utf8))
  }

  func add(_ request: AddCheckpoint) async throws -> Answer {
    try await ask("POST", "/add-checkpoint", String(decoding: request.encoded, as: UTF8.self))
  }
}

/// A log in memory whose key the test has.
struct KeyedLog {
  let key = Curve25519.Signing.PrivateKey()
  let verifier: NoteVerifier
  var leaves: [TreeHash] = []

  init(_ origin: String) throws {
    verifier = try NoteVerifier(name: origin, publicKey: Array(key.publicKey.rawRepresentation))
  }

  mutating func grow(to count: Int, from seed: UInt8 = 0) {
    while leaves.count < count { leaves.append(.leaf([seed, UInt8(truncatingIfNeeded: leaves.count)])) }
  }

  /// RFC 9162 §2.1.1 as it is written.
  private static func root(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
    guard leaves.count > 1 else { return leaves.first ?? .empty }
    let middle = leaves.startIndex + split(leaves.count)
    return .node(root(leaves[..<middle]), root(leaves[middle...]))
  }

  private static func split(_ count: Int) -> Int {
    var half = 1
    while half * 2 < count { half *= 2 }
    return half
  }

  /// RFC 9162 §2.1.4.1 as it is written.
  private static func proof(_ old: Int, _ leaves: ArraySlice<TreeHash>, _ isWhole: Bool) -> [TreeHash] {
    if old == leaves.count { return isWhole ? [] : [root(leaves)] }
    let half = split(leaves.count)
    let middle = leaves.startIndex + half
    return old <= half
      ? proof(old, leaves[..<middle], isWhole) + [root(leaves[middle...])]
      : proof(old - half, leaves[middle...], false) + [root(leaves[..<middle])]
  }

  func note() async throws -> SignedNote {
    let key = key
    let signer = NoteSigner(verifier: verifier) { Array(try key.signature(for: $0)) }
    return try await signer.sign(
      Checkpoint(origin: verifier.name, size: UInt64(leaves.count), root: Self.root(leaves[...])))
  }

  func request(from old: Int) async throws -> AddCheckpoint {
    let proof = old > 0 && old < leaves.count ? Self.proof(old, leaves[...], true) : []
    return try AddCheckpoint(oldSize: UInt64(old), proof: proof, note: try await note())
  }
}
