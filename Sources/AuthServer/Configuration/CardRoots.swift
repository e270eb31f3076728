import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

/// Whose certificates are believed: clerks' cards of each served segment, and operators' cards at their own door.
struct Trust: Sendable {
  let cards: [Segment: CardTrust]
  let operators: OperatorTrust?
}

/// The roots of the operators' cards, for the handshake and for each request.
struct OperatorTrust: Sendable {
  let trust: CardTrust
  /// DER, for the TLS listener.
  let anchors: [[UInt8]]
}

/// Reads the PEM files that the start-up file names.
enum CardRoots {
  static func load(_ instance: InstanceFile) throws -> Trust {
    var cards: [Segment: CardTrust] = [:]
    for segment in instance.segments {
      let anchors = try certificates(instance.cardRoots[segment, default: []])
      cards[segment] = try trust(
        anchors, lists: instance.cardCRLs[segment, default: []], policies: instance.cardPolicies[segment, default: []], instance
      )
    }
    let operators = try instance.operatorListen.map { door in
      let anchors = try certificates(door.roots)
      return OperatorTrust(trust: try trust(anchors, lists: door.crls, policies: [], instance), anchors: anchors)
    }
    return Trust(cards: cards, operators: operators)
  }

  private static func trust(
    _ anchors: [[UInt8]], lists paths: [String], policies: [CertificatePolicy], _ instance: InstanceFile
  ) throws -> CardTrust {
    // A folder that is still empty asks for lists all the same: until the first one comes, no card is believed.
    var lists: [[UInt8]] = []
    for path in paths {
      do { lists += try RevocationFiles.read(path) } catch { throw StartFault.cardRootsUnreadable(error.subject) }
    }
    let coverage: PathRules.Coverage = paths.isEmpty ? .none : instance.listsForWholePath ? .path : .card
    return try CardTrust(
      anchors: anchors, revocationLists: lists,
      rules: PathRules(
        coverage: coverage, staleGraceSeconds: instance.staleGraceHours * 3600,
        maximumListAgeSeconds: instance.maximumListAgeHours.map { $0 * 3600 }, policies: policies,
        minimumRSABits: instance.minimumRSABits))
  }

  private static func certificates(_ paths: [String]) throws -> [[UInt8]] {
    try paths.flatMap { try read($0, PEMFile.certificates) }
  }

  private static func read(_ path: String, _ parse: (String) throws -> [[UInt8]]) throws -> [[UInt8]] {
    guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self),
      let parsed = try? parse(text), !parsed.isEmpty
    else { throw StartFault.cardRootsUnreadable(path) }
    return parsed
  }
}
