public import AuthTerms
import SwiftASN1

/// PEM text (RFC 7468) as files of certificates and revocation lists come; at most 4 MiB and 256 documents.
///
/// trusted: who can change these files decides whose cards are believed.
public enum PEMFile {
  /// DER of every certificate; anything else in the file is an error, so that a private key is never left lying in one.
  public static func certificates(_ text: String) throws(MalformedInput) -> [[UInt8]] {
    try documents(text, label: "CERTIFICATE", subject: "certificate file")
  }

  public static func revocationLists(_ text: String) throws(MalformedInput) -> [[UInt8]] {
    try documents(text, label: "X509 CRL", subject: "revocation list file")
  }

  public static func certificateRequests(_ text: String) throws(MalformedInput) -> [[UInt8]] {
    try documents(text, label: "CERTIFICATE REQUEST", subject: "certificate request file")
  }

  public static func encode(certificate der: [UInt8]) -> String {
    PEMDocument(type: "CERTIFICATE", derBytes: der).pemString + "\n"
  }

  private static func documents(_ text: String, label: String, subject: String) throws(MalformedInput) -> [[UInt8]] {
    let fault = MalformedInput(subject, expected: "PEM documents of type \(label), at most 256 and 4 MiB")
    guard text.utf8.count <= 4 << 20, let documents = try? PEMDocument.parseMultiple(pemString: text),
      (1...256).contains(documents.count), documents.allSatisfy({ $0.discriminator == label })
    else { throw fault }
    return documents.map(\.derBytes)
  }
}
