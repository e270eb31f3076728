import ArgumentParser
import AuthAPI
import AuthClient
import Foundation

/// Requests to one of the server's operator doors; faults become the tool's messages and exit codes in one place.
struct OperatorLink {
  private let options: ServerOptions
  private let pinDescriptor: Int32?

  init(options: LinkOptions) { self.init(options.server, pinDescriptor: options.cardOptions.pinFd) }

  init(_ options: ServerOptions, pinDescriptor: Int32?) {
    self.options = options
    self.pinDescriptor = pinDescriptor
  }

  /// - Parameter notFound: what is missing if the server has nothing under this path, in both languages.
  func get<Answer: Decodable>(
    _ path: String, as type: Answer.Type, notFound: (ja: String, en: String)? = nil
  ) async throws -> Answer {
    try decode(await raw("GET", path, nil, notFound: notFound))
  }

  /// - Parameter conflict: what stands against it where the server has no sentence of its own for that, in both languages.
  func post<Body: Encodable, Answer: Decodable>(
    _ path: String, _ body: Body, as type: Answer.Type, notFound: (ja: String, en: String)? = nil,
    conflict: (ja: String, en: String)? = nil
  ) async throws -> Answer {
    try decode(await raw("POST", path, Array(JSONEncoder().encode(body)), notFound: notFound, conflict: conflict))
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
    _ method: String, _ path: String, _ body: [UInt8]?, notFound: (ja: String, en: String)? = nil,
    conflict: (ja: String, en: String)? = nil
  ) async throws -> [UInt8] {
    let answer = try await request(method, path, body)
    if answer.status == 404, let notFound { throw fail(1, notFound.ja, notFound.en) }
    if answer.status == 409, let conflict, let body = try? JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)),
      body.code == HTTPProblem.conflict.rawValue
    {
      throw fail(1, conflict.ja, conflict.en)
    }
    guard (200..<300).contains(answer.status) else { throw try await refusal(answer, of: path) }
    return answer.body
  }

  private func request(_ method: String, _ path: String, _ body: [UInt8]?) async throws -> ServerAnswer {
    let place = try options.place()
    switch place {
    case .socket(let socket):
      let connection = ServerConnection(unixSocket: socket)
      defer { connection.close() }
      do { return try await connection.request(method, path, body: body) } catch {
        throw fail(
          69, "サーバーに接続できません（\(socket)）。サーバーが動いているか、このソケットを使う権限があるか確認してください。",
          "cannot reach the server at \(socket); check that it runs and that you may use this socket")
      }
    case .server(let address, let trust, let reader):
      do {
        let connection = try await OperatorSession.shared.connection(
          to: address, trust, reader: reader, pinDescriptor: pinDescriptor)
        return try await connection.request(method, path, body: body)
      } catch let fault as ClientFault {
        if let told = await OperatorSession.shared.cardFault { throw told }
        throw Self.told(fault, address)
      }
    }
  }

  /// `GET path`, its body handed on as it comes.
  /// - Returns: the fields behind the body.
  func receive(_ path: String, take: @escaping @Sendable ([UInt8]) throws -> Void) async throws -> [String: String] {
    let received: (answer: ServerAnswer, trailers: [String: String])
    switch try options.place() {
    case .socket(let socket):
      let connection = ServerConnection(unixSocket: socket)
      defer { connection.close() }
      do { received = try await connection.receive(path, take: take) } catch .interrupted {
        throw fail(69, "サーバーとの通信が途中で切れました。", "the connection to the server broke")
      } catch {
        throw fail(
          69, "サーバーに接続できません（\(socket)）。サーバーが動いているか、このソケットを使う権限があるか確認してください。",
          "cannot reach the server at \(socket); check that it runs and that you may use this socket")
      }
    case .server(let address, let trust, let reader):
      do {
        let connection = try await OperatorSession.shared.connection(
          to: address, trust, reader: reader, pinDescriptor: pinDescriptor)
        received = try await connection.receive(path, take: take)
      } catch let fault as ClientFault {
        if let told = await OperatorSession.shared.cardFault { throw told }
        throw Self.told(fault, address)
      }
    }
    guard received.answer.status == 200 else { throw try await refusal(received.answer, of: path) }
    return received.trailers
  }

  // MARK: What went wrong

  private func refusal(_ answer: ServerAnswer, of path: String) async throws -> ExitCode {
    guard let body = try? JSONDecoder().decode(ErrorBody.self, from: Data(answer.body)) else {
      return fail(1, "サーバーが拒否しました（HTTP \(answer.status)）。", "the server refused (HTTP \(answer.status))")
    }
    if body.code == "AP125", try await isUnknown(path) {
      let key = try await card().fingerprint.prefix(16)
      let reference = body.reference.map { say("照会番号 \($0)。", " reference \($0);") } ?? ""
      return fail(
        77,
        "サーバーは、このカードの鍵（\(key)…）を操作者として受け付けません。\(reference)\n  → 操作者として登録されているか、カードの証明書が期限切れや失効でないかを、ほかの管理者が sanmon why で確かめられます。",
        "the server does not accept the key of this card (\(key)…) as an operator's;\(reference)\n  -> another administrator sees with 'sanmon why' whether it is unknown, expired or revoked"
      )
    }
    let reference = body.reference.map { say("（照会番号 \($0)）", " (reference \($0))") } ?? ""
    return fail(
      body.code == "AP125" ? 77 : 1, "\(body.code): \(body.ja)\(reference)\n  → \(body.nextStepJa)",
      "\(body.code): \(body.en)\(reference)\n  -> \(body.nextStepEn)")
  }

  /// Whether the server knows this card at all: status is open to every operator, so only a card that is none's is refused.
  private func isUnknown(_ path: String) async throws -> Bool {
    guard try options.place().isRemote, path != "/v1/admin/operators/first" else { return false }
    return path == "/v1/admin/status" ? true : try await request("GET", "/v1/admin/status", nil).status == 403
  }

  private func card() async throws -> OperatorCard {
    try await OperatorSession.shared.card(reader: options.operatorReader, pinDescriptor: pinDescriptor)
  }

  private static func told(_ fault: ClientFault, _ address: ServerAddress) -> ExitCode {
    switch fault {
    case .tlsRefused(.clientCertificate):
      fail(
        77, "サーバーが、このカードの証明書を受け付けませんでした。操作者のカードを置いていますか。",
        "the server refused the certificate of this card; is it the operator's?")
    case .tlsRefused(.serverUntrusted), .tlsRefused(.nameMismatch):
      fail(
        76, "\(address) が本物のサーバーであることを確かめられません。操作をやめ、アドレスと認証局の指紋を確かめてください。",
        "\(address) could not prove to be the server; stop here and check the address and the authority's fingerprint")
    case .tlsRefused(.ownMaterial):
      fail(74, "操作者のカードを使って接続できませんでした。", "the operator's card could not be used for the connection")
    case .tlsRefused:
      fail(76, "\(address) と TLS 1.3 で接続できません。", "\(address) does not speak TLS 1.3 with us")
    case .interrupted:
      fail(
        69, "\(address) との通信が途中で切れました。サーバーがこのカードの証明書を受け付けていないかもしれません。",
        "the connection to \(address) broke; the server may not accept the certificate of this card")
    case .timedOut:
      fail(69, "\(address) が時間内に応答しませんでした。", "\(address) did not answer in time")
    default:
      fail(
        69, "サーバーに接続できません（\(address)）。アドレスと、サーバーが動いているかを確認してください。",
        "cannot reach the server at \(address); check the address and that it runs")
    }
  }

  func show<Answer: Encodable>(_ answer: Answer, _ text: (Answer) -> String) throws {
    if options.json {
      print(try Rows.json(answer))
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
