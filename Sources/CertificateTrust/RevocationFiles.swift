public import AuthTerms
import Foundation

/// Revocation lists as they are brought: a file, or a folder into which somebody drops them.
///
/// trusted: who can change these files can withdraw cards, and can hide what is no longer in them; nobody can forge a list.
public enum RevocationFiles {
  /// DER of every list at `path`. Of a folder, the files that end in `.crl` or `.pem`, in order of their names; every other
  /// file is left alone, so that a transfer can write under another name and rename. PEM (RFC 7468) or one DER list a file.
  /// - Throws: `MalformedInput` naming the file that cannot be read; more than 256 lists, or files beyond 4 MiB.
  public static func read(_ path: String) throws(MalformedInput) -> [[UInt8]] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw MalformedInput("\(path)", expected: "a file of revocation lists, or a folder")
    }
    guard isFolder.boolValue else { return try lists(path) }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw MalformedInput("\(path)", expected: "a folder that can be read")
    }
    var found: [[UInt8]] = []
    for name in names.sorted() where !name.hasPrefix(".") && (name.hasSuffix(".crl") || name.hasSuffix(".pem")) {
      found += try lists("\(path)/\(name)")
      guard found.count <= 256 else { throw MalformedInput("\(path)", expected: "at most 256 revocation lists") }
    }
    return found
  }

  private static func lists(_ path: String) throws(MalformedInput) -> [[UInt8]] {
    let fault = MalformedInput("\(path)", expected: "revocation lists in PEM, or one in DER, at most 4 MiB")
    guard let data = FileManager.default.contents(atPath: path), data.count <= 4 << 20 else { throw fault }
    // A DER CertificateList is a SEQUENCE; no PEM text begins with that byte.
    guard data.first != 0x30 else {
      let der = Array(data)
      guard (try? ValidityPeriod(revocationList: der)) != nil else { throw fault }
      return [der]
    }
    guard let text = String(validating: data, as: UTF8.self), let found = try? PEMFile.revocationLists(text) else {
      throw fault
    }
    return found
  }
}
