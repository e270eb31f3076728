import AuthAPI
import AuthPolicy
import AuthTerms
import CertificateTrust
import Foundation

/// Whose certificates are believed: clerks' cards of each served segment, and operators' cards at their own door.
struct Trust: Sendable {
  let cards: [Segment: CardTrust]
  let operators: OperatorTrust?
  /// Until when the lists count, by segment, and under `operators`; nothing for whom no list is asked for.
  var outlooks: [String: RevocationOutlook] = [:]
  /// Of My Number Cards; a segment without one knows them by their keys alone.
  var personal: [Segment: CardTrust] = [:]
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
    var outlooks: [String: RevocationOutlook] = [:]
    for segment in instance.segments {
      let anchors = try certificates(instance.cardRoots[segment, default: []])
      let paths = instance.cardCRLs[segment, default: []]
      let lists = try lists(paths)
      cards[segment] = try trust(
        anchors, lists, areAskedFor: !paths.isEmpty, policies: instance.cardPolicies[segment, default: []],
        pinPolicies: instance.cardPINPolicies[segment, default: []], instance)
      if !paths.isEmpty { outlooks[segment.name] = try outlook(lists, instance) }
    }
    let operators = try instance.operatorListen.map { door in
      let anchors = try certificates(door.roots)
      let lists = try lists(door.crls)
      if !door.crls.isEmpty { outlooks["operators"] = try outlook(lists, instance) }
      return OperatorTrust(
        trust: try trust(anchors, lists, areAskedFor: !door.crls.isEmpty, policies: [], instance), anchors: anchors)
    }
    var personal: [Segment: CardTrust] = [:]
    for segment in instance.segments {
      guard let roots = instance.jpkiRoots[segment] else { continue }
      let paths = instance.jpkiCRLs[segment, default: []]
      let lists = try lists(paths)
      personal[segment] = try trust(try certificates(roots), lists, areAskedFor: !paths.isEmpty, policies: [], instance)
      if !paths.isEmpty { outlooks["\(segment.name)-\(JPKIProfile.name)"] = try outlook(lists, instance) }
    }
    return Trust(cards: cards, operators: operators, outlooks: outlooks, personal: personal)
  }

  private static func lists(_ paths: [String]) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    for path in paths {
      do { found += try RevocationFiles.read(path) } catch { throw StartFault.cardRootsUnreadable(error.subject) }
    }
    return found
  }

  private static func outlook(_ lists: [[UInt8]], _ instance: InstanceFile) throws -> RevocationOutlook {
    try RevocationOutlook(
      lists: lists, graceSeconds: Int64(instance.staleGraceHours) * 3600,
      maximumAgeSeconds: instance.maximumListAgeHours.map { Int64($0) * 3600 })
  }

  /// - Parameter areAskedFor: a folder that is still empty asks for lists all the same: until the first one comes, no card is
  ///   believed.
  private static func trust(
    _ anchors: [[UInt8]], _ lists: [[UInt8]], areAskedFor: Bool, policies: [CertificatePolicy],
    pinPolicies: [CertificatePolicy] = [], _ instance: InstanceFile
  ) throws -> CardTrust {
    let coverage: PathRules.Coverage = !areAskedFor ? .none : instance.listsForWholePath ? .path : .card
    return try CardTrust(
      anchors: anchors, revocationLists: lists,
      rules: PathRules(
        coverage: coverage, staleGraceSeconds: instance.staleGraceHours * 3600,
        maximumListAgeSeconds: instance.maximumListAgeHours.map { $0 * 3600 }, policies: policies, pinPolicies: pinPolicies,
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
