import AuthAPI
import AuthTerms
import Crypto
import Foundation

/// What stands on the pipe to the program that speaks with LSA: lines, each ended by a line feed.
///
/// 1 `password` or `certificate` · 2 the person's number · 3 the account's name, empty where this workstation does not know it ·
/// 4 the password, or the SHA-1 thumbprint by which Windows names a certificate, and then 5 the slot and 6 the reader.
enum WindowsGift {
  case stored(StoredCredential)
  case typed(Secret<TypedPassword>)
  case certificate(GrantedLogon.Card)

  /// - Returns: false if the pipe did not take it whole.
  func write(for person: String, to pipe: Int32) -> Bool {
    switch self {
    case .stored(let credential):
      Self.lines(["password", person, credential.user], to: pipe) && credential.password.withBytes { Self.line($0, to: pipe) }
    case .typed(let password):
      Self.lines(["password", person, ""], to: pipe) && password.withBytes { Self.line($0, to: pipe) }
    case .certificate(let card):
      Self.lines(["certificate", person, "", Self.thumbprint(card.certificate), card.slot, card.reader], to: pipe)
    }
  }

  /// A name, not a proof: Windows' stores find certificates by it.
  private static func thumbprint(_ certificate: [UInt8]) -> String {
    Hex.encode(Array(Insecure.SHA1.hash(data: certificate))).uppercased()
  }

  private static func lines(_ lines: [String], to pipe: Int32) -> Bool {
    // A reader's name is the driver's word: it cannot begin a line of its own.
    let clean = lines.map { line in String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.value >= 0x20 })) }
    let bytes = Array((clean.joined(separator: "\n") + "\n").utf8)
    return bytes.count < 2048 && Foundation.write(pipe, bytes, bytes.count) == bytes.count
  }

  private static func line(_ secret: UnsafeRawBufferPointer, to pipe: Int32) -> Bool {
    secret.count <= 1024 && Foundation.write(pipe, secret.baseAddress, secret.count) == secret.count
      && Foundation.write(pipe, "\n", 1) == 1
  }
}
