import AuthTerms
import Crypto

/// What the head of an HTTP request asks of a witness.
///
/// untrusted: whoever reaches the listener; at worst it is told that it asks for nothing there is.
public enum WitnessCall: Sendable, Hashable {
  /// `POST /add-checkpoint`; bytes of the body, at most `AddCheckpoint.limit`.
  case addCheckpoint(length: Int)
  /// `GET /checkpoint/HASH`: the note that was cosigned last for the origin with this SHA-256. Not of the protocol: what a server
  /// compares itself with at its start, signed by its own key, so that nobody between the two can make it up.
  case newest(originHash: String)
  /// Answered with this status.
  case refused(Int)

  /// Bytes of a head, with its empty line.
  public static let limit = 8192

  /// - Parameter head: request line and fields up to and with the empty line.
  public init(head: [UInt8]) { self = Self.read(head) }

  /// The path for a log.
  public static func newestPath(origin: String) -> String {
    "/checkpoint/" + Hex.encode(Array(SHA256.hash(data: Array(origin.utf8))))
  }

  private static func read(_ head: [UInt8]) -> WitnessCall {
    guard head.count <= limit, head.allSatisfy({ $0 < 0x7F }), Array(head.suffix(4)) == [0x0D, 0x0A, 0x0D, 0x0A] else {
      return .refused(400)
    }
    let lines = head.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast(2).map { Array($0) }
    guard !lines.isEmpty, lines.allSatisfy({ $0.last == 0x0D }) else { return .refused(400) }
    let words = lines[0].dropLast().split(separator: 0x20, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard words.count == 3, words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else { return .refused(400) }
    var length: Int?
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: 0x3A), colon > 0, line[0] > 0x20 else { return .refused(400) }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: line[(colon + 1)..<(line.count - 1)].drop { $0 == 0x20 }, as: UTF8.self)
      // A body of unsaid length, or of two: whoever reads it otherwise than we do would see another request.
      if name == "transfer-encoding" { return .refused(411) }
      if name == "content-length" {
        guard length == nil, (1...9).contains(value.utf8.count), value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
          return .refused(400)
        }
        length = Int(value)
      }
    }
    if words[1] == "/add-checkpoint" {
      guard words[0] == "POST" else { return .refused(405) }
      guard let length else { return .refused(411) }
      return length <= AddCheckpoint.limit ? .addCheckpoint(length: length) : .refused(413)
    }
    guard let hash = originHash(in: words[1]) else { return .refused(404) }
    return words[0] == "GET" ? .newest(originHash: hash) : .refused(405)
  }

  private static func originHash(in path: String) -> String? {
    let prefix = "/checkpoint/"
    guard path.hasPrefix(prefix), path.utf8.count == prefix.utf8.count + 64 else { return nil }
    let hash = String(path.dropFirst(prefix.utf8.count))
    return hash.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } ? hash : nil
  }
}
