import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

/// Card trust of each served segment, from the PEM files the start-up file names.
enum CardRoots {
  static func load(_ instance: InstanceFile) throws -> [Segment: CardTrust] {
    var trust: [Segment: CardTrust] = [:]
    for segment in instance.segments {
      let anchors = try instance.cardRoots[segment, default: []].flatMap { try read($0, PEMFile.certificates) }
      let lists = try instance.cardCRLs[segment, default: []].flatMap { try read($0, PEMFile.revocationLists) }
      trust[segment] = try CardTrust(
        anchors: anchors, intermediates: [], revocationLists: lists, requiresRevocation: !lists.isEmpty,
        staleGraceSeconds: instance.staleGraceHours * 3600)
    }
    return trust
  }

  private static func read(_ path: String, _ parse: (String) throws -> [[UInt8]]) throws -> [[UInt8]] {
    guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self),
      let parsed = try? parse(text), !parsed.isEmpty
    else { throw StartFault.cardRootsUnreadable(path) }
    return parsed
  }
}
