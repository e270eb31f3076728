import Foundation

/// The files of an enrolled workstation, as the agent writes them.
enum TestEnrolment {
  static func pem(_ der: [UInt8]) -> String {
    let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
  }

  static func writeIdentity(_ client: TestAuthority.Issued, to path: String) throws {
    let text = String(decoding: client.keyPEM, as: UTF8.self) + "\n" + pem(client.certificate)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/identity.pem"))
    chmod("\(path)/identity.pem", 0o600)
  }

  static func write(_ client: TestAuthority.Issued, _ authority: TestAuthority, port: Int, to path: String) throws {
    mkdir(path, 0o700)
    try writeIdentity(client, to: path)
    for (name, text) in [
      ("roots.pem", pem(authority.certificate)),
      ("agent.json", "{\"servers\":[\"https://127.0.0.1:\(port)\"],\"allowTLS12\":false}"),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      chmod("\(path)/\(name)", 0o600)
    }
  }
}
