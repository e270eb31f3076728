import DirectorySync
import RealDirectory
import Testing

/// Asks until it is so, for 90 seconds at most.
func becomes(_ what: Comment, _ isSo: () async throws -> Bool) async throws {
  let end = ContinuousClock.now + .seconds(90)
  while try await !isSo() {
    guard ContinuousClock.now < end else {
      Issue.record("did not come to pass: \(what)")
      throw CancellationError()
    }
    try await Task.sleep(for: .milliseconds(50))
  }
}

extension DomainController {
  /// Lines of the start-up file of a server that follows it every second.
  /// - Parameters:
  ///   - ports: of proxies in front of it, in the order in which they are asked.
  ///   - authorities, passwordFile: of copies, for a server that may not read ours.
  ///   - passwords: who knows typed ones.
  func lines(
    ports: [UInt16]? = nil, base: String = "職員", authorities: String? = nil, passwordFile: String? = nil,
    tickSeconds: Int = 1, passwords: String = "sanmon", effectiveAttribute: String? = nil
  ) throws -> String {
    let places = try (ports ?? [server().port]).map { "{host: 127.0.0.1, port: \($0)}" }
    return """
      directory:
        servers: [\(places.joined(separator: ", "))]
        authorities: \(authorities ?? self.authorities)
        account: \(Self.account)
        password-file: \(passwordFile ?? self.passwordFile)
        base: \(base)
        tick-seconds: \(tickSeconds)
        passwords: \(passwords)
        \(effectiveAttribute.map { "effective-attribute: \($0)" } ?? "")
      """
  }
}
