import ArgumentParser
import AuthAPI
import AuthClient
import Foundation

/// Where the server is, and how the answer is shown.
struct LinkOptions: ParsableArguments {
  @Option(help: "The server's operator socket. Default: SANMON_SOCKET, else /run/sanmon/lgwan/operator.sock.")
  var socket: String?

  @Flag(help: "Print the server's answer as JSON.")
  var json = false

  var path: String {
    socket ?? ProcessInfo.processInfo.environment["SANMON_SOCKET"] ?? "/run/sanmon/lgwan/operator.sock"
  }
}

/// One request to the operator socket; faults become the tool's messages and exit codes in one place.
struct OperatorLink {
  let options: LinkOptions

  /// - Parameter notFound: what is missing if the server has nothing under this path, in both languages.
  func get<Answer: Decodable>(
    _ path: String, as type: Answer.Type, notFound: (ja: String, en: String)? = nil
  ) async throws -> Answer {
    try decode(await raw("GET", path, nil, notFound: notFound))
  }

  func post<Body: Encodable, Answer: Decodable>(
    _ path: String, _ body: Body, as type: Answer.Type, notFound: (ja: String, en: String)? = nil
  ) async throws -> Answer {
    try decode(await raw("POST", path, Array(JSONEncoder().encode(body)), notFound: notFound))
  }

  func postEmpty<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
    try decode(await raw("POST", path, nil))
  }

  /// For answers without a body.
  func post<Body: Encodable>(_ path: String, _ body: Body) async throws {
    _ = try await raw("POST", path, Array(JSONEncoder().encode(body)))
  }

  private func decode<Answer: Decodable>(_ bytes: [UInt8]) throws -> Answer {
    do { return try JSONDecoder().decode(Answer.self, from: Data(bytes)) } catch {
      throw fail(69, "サーバーの応答を読めません。版が合っているか確認してください。", "the server's answer cannot be read; check that versions match")
    }
  }

  private func raw(
    _ method: String, _ path: String, _ body: [UInt8]?, notFound: (ja: String, en: String)? = nil
  ) async throws -> [UInt8] {
    let connection = ServerConnection(unixSocket: options.path)
    defer { connection.close() }
    let answer: ServerAnswer
    do { answer = try await connection.request(method, path, body: body) } catch {
      throw fail(
        69, "サーバーに接続できません（\(options.path)）。サーバーが動いているか、このソケットを使う権限があるか確認してください。",
        "cannot reach the server at \(options.path); check that it runs and that you may use this socket")
    }
    if answer.status == 404, let notFound { throw fail(1, notFound.ja, notFound.en) }
    guard (200..<300).contains(answer.status) else {
      guard let body = try? JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)) else {
        throw fail(1, "サーバーが拒否しました（HTTP \(answer.status)）。", "the server refused (HTTP \(answer.status))")
      }
      throw fail(
        body.code == "AP125" ? 77 : 1, "\(body.code): \(body.ja)\n  → \(body.nextStepJa)",
        "\(body.code): \(body.en)\n  -> \(body.nextStepEn)")
    }
    return answer.body
  }

  func show<Answer: Encodable>(_ answer: Answer, _ text: (Answer) -> String) throws {
    if options.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    } else {
      print(text(answer))
    }
  }
}

/// Prints the sentence to standard error and ends with the code.
func fail(_ code: Int32, _ ja: String, _ en: String) -> ExitCode {
  printError("sanmon: " + say(ja, en))
  return ExitCode(code)
}
