import ArgumentParser
import Foundation
import SwiftASN1
import X509

struct MakeCA: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-ca", abstract: "Make a CA for sample staff cards: certificate and key in PEM, never overwriting.")

  @Option(help: "Certificate to write (PEM).") var cert: String
  @Option(help: "Private key to write (PEM, mode 0600).") var key: String
  @Option(help: "Common name of the CA.") var name: String
  @Option(help: "Days it is valid from now on.") var validDays = 3650

  func validate() throws {
    guard (1...36_500).contains(validDays) else { throw ValidationError("--valid-days is 1 to 36500") }
    guard (1...64).contains(name.unicodeScalars.count) else { throw ValidationError("--name has 1 to 64 characters") }
  }

  func run() throws {
    try reporting {
      let made = try CardAuthority.make(name: name, from: Date().addingTimeInterval(-300), days: validDays)
      try SafeFile.create(key, Data((made.keyPEM + "\n").utf8), mode: 0o600)
      try SafeFile.create(cert, Data((try made.certificate.serializeAsPEM().pemString + "\n").utf8), mode: 0o644)
    }
  }
}
