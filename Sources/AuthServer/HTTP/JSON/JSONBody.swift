import FoundationEssentials
import HTTPTypes
public import Hummingbird
import NIOCore

/// Bodies in and out: the only way a handler reads what a client sent.
public struct JSONBody: RequestDecoder, ResponseEncoder, Sendable {
  static let mediaType = "application/json"

  public init() {}

  /// The body as a message.
  ///
  /// Refuses another media type (415), more bytes than the listener allows (413), and as malformed (400): what is not one JSON
  /// value in UTF-8, nesting beyond 16, more than 10,000 values, a field twice, a field the message does not know, a missing
  /// field, a wrong type.
  public static func decode<T: Decodable>(
    _ type: T.Type, from request: Request, context: SanmonRequestContext
  ) async throws -> T {
    try await decode(type, from: request, limit: context.bodyLimit)
  }

  private static func decode<T: Decodable>(_ type: T.Type, from request: Request, limit: Int) async throws -> T {
    guard isJSON(request.headers[.contentType]) else { throw HTTPFault.wrongMediaType }
    let bytes = try await collect(request, limit: limit)
    guard !bytes.isEmpty else { throw HTTPFault.malformed(.bodyExpected) }
    return try decode(type, from: bytes)
  }

  /// The same for bytes at hand.
  package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
    try StrictDecoder.decode(type, from: JSONReader.read(bytes))
  }

  /// For routes that take no body: a client that sends one means something we would not do.
  public static func requireNone(in request: Request) async throws {
    guard try await collect(request, limit: 0, orElse: .malformed(.bodyNotExpected)).isEmpty else {
      throw HTTPFault.malformed(.bodyNotExpected)
    }
  }

  private static func collect(_ request: Request, limit: Int, orElse fault: HTTPFault = .tooLarge) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await buffer in request.body {
      guard bytes.count + buffer.readableBytes <= limit else { throw fault }
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    return bytes
  }

  /// `application/json`, with no parameter but `charset=utf-8`.
  package static func isJSON(_ contentType: String?) -> Bool {
    guard let contentType, contentType.utf8.count <= 64 else { return false }
    let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
    switch parts.count {
    case 1: return parts[0] == mediaType
    case 2: return parts[0] == mediaType && (parts[1] == "charset=utf-8" || parts[1] == "charset=\"utf-8\"")
    default: return false
    }
  }

  /// Sorted keys, so that equal answers are equal bytes.
  package static func encode(_ message: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(message))
  }

  // MARK: Hummingbird's own ways in and out, held to the same rules

  public func decode<T: Decodable>(_ type: T.Type, from request: Request, context: some RequestContext) async throws -> T {
    try await Self.decode(type, from: request, limit: context.maxUploadSize)
  }

  public func encode(_ value: some Encodable, from request: Request, context: some RequestContext) throws -> Response {
    try JSONAnswer(value).response(from: request, context: context)
  }
}
