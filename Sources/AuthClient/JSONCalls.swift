import AuthAPI
import FoundationEssentials

/// Reads a refusal out of an answer that is not a success.
enum ErrorAnswer {
  static func fault(_ answer: ServerAnswer) -> ClientFault {
    if let body = try? JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)) { return .refused(body) }
    return .malformedAnswer(expected: "an error body with status \(answer.status)")
  }
}

/// A call that has nothing to say, or whose answer has no body worth reading.
public struct NoBody: Codable, Sendable {
  public init() {}
}

extension ServerConnection {
  /// Sends `message` as JSON and reads the JSON answer; any status outside 200–299 is thrown as `ClientFault.refused`.
  public func call<Message: Encodable & Sendable, Answer: Decodable & Sendable>(
    _ method: String, _ path: String, _ message: Message, returning: Answer.Type = Answer.self, repeatable: Bool = false
  ) async throws(ClientFault) -> Answer {
    try await callWithCertificate(method, path, message, returning: returning, repeatable: repeatable).answer
  }

  /// `call`, with the SHA-256 of the certificate that the server showed on the connection that carried the answer.
  public func callWithCertificate<Message: Encodable & Sendable, Answer: Decodable & Sendable>(
    _ method: String, _ path: String, _ message: Message, returning: Answer.Type = Answer.self, repeatable: Bool = false
  ) async throws(ClientFault) -> (answer: Answer, serverCertificate: [UInt8]?) {
    let body: [UInt8]
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .withoutEscapingSlashes
      body = Array(try encoder.encode(message))
    } catch {
      throw .invalidRequest(expected: "a message that JSON can carry")
    }
    return try Self.read(try await request(method, path, body: body, repeatable: repeatable))
  }

  /// A call without a body.
  public func callWithCertificate<Answer: Decodable & Sendable>(
    _ method: String, _ path: String, returning: Answer.Type = Answer.self, repeatable: Bool = false
  ) async throws(ClientFault) -> (answer: Answer, serverCertificate: [UInt8]?) {
    try Self.read(try await request(method, path, repeatable: repeatable))
  }

  public func call<Answer: Decodable & Sendable>(
    _ method: String, _ path: String, returning: Answer.Type = Answer.self, repeatable: Bool = false
  ) async throws(ClientFault) -> Answer {
    try Self.read(try await request(method, path, repeatable: repeatable)).0
  }

  /// `GET path`, read as JSON.
  public func fetch<Answer: Decodable & Sendable>(_ path: String, returning: Answer.Type = Answer.self)
    async throws(ClientFault) -> Answer
  {
    try Self.read(try await request("GET", path)).0
  }

  private static func read<Answer: Decodable>(_ answer: ServerAnswer) throws(ClientFault) -> (Answer, [UInt8]?) {
    guard (200..<300).contains(answer.status) else { throw ErrorAnswer.fault(answer) }
    // A 204, or an empty 200, answers a call that expects nothing.
    let bytes = answer.body.isEmpty ? Array("{}".utf8) : answer.body
    do {
      return (try JSONDecoder().decode(Answer.self, from: Data(bytes)), answer.serverCertificate)
    } catch {
      throw .malformedAnswer(expected: "\(Answer.self) as JSON")
    }
  }
}
