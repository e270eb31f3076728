import Crypto
import Foundation
import SwiftASN1
import X509

/// A chain of certificates and its lists, drawn from a seed: sound, or with one to three things wrong with it.
struct RandomChain {
  /// 2030-01-15 00:00 UTC, seconds.
  static let now = CardCity.now
  /// Keys say nothing about a path; a few serve all chains.
  private static let keys = (0..<6).map { _ in P256.Signing.PrivateKey() }

  let root: [UInt8]
  let between: [[UInt8]]
  let leaf: [UInt8]
  let lists: [[UInt8]]
  /// What was asked for; `nil`: nothing.
  let policy: String?
  /// What was done to it.
  let faults: [Fault]

  enum Fault: CaseIterable {
    case expired, future, wrongKey, wrongIssuer, noAuthority, mayNotSign, pathLength, nameExcluded, nameNotPermitted, missing,
      otherUsage, unknownCritical, policyMissing, policyOther, revoked, listMissing, listLate, listFromFuture, listForged
  }

  init(seed: UInt64) throws {
    var chance = SplitMix(state: seed)
    let count = Int.random(in: 0...3, using: &chance)
    let hasLists = Bool.random(using: &chance)
    let wrong = Int.random(in: 0...3, using: &chance)
    // A third of the chains is sound.
    let faults = Set((0..<wrong).compactMap { _ in Fault.allCases.randomElement(using: &chance) })
    self.faults = Fault.allCases.filter(faults.contains)
    let asksPolicy = faults.contains(.policyMissing) || faults.contains(.policyOther) || Bool.random(using: &chance)
    policy = asksPolicy ? "1.3.6.1.4.1.55555.7" : nil
    let victim = Int.random(in: 0...count, using: &chance)

    var made: [[UInt8]] = []
    var lists: [[UInt8]] = []
    var issuer = try Self.name("Root \(seed)")
    root = try Self.certificate(
      issuer, of: 0, by: (issuer, 0), serial: 1, days: -700...700,
      Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      })
    // Place 1…count are authorities, count + 1 is the card; place `victim + 1` is the one that something is wrong with.
    for place in 1...count + 1 {
      let isCard = place == count + 1
      let isVictim = place == victim + 1
      func has(_ fault: Fault) -> Bool { isVictim && faults.contains(fault) }
      let subject = try Self.name("\(isCard ? "Card" : "Authority \(place)") \(seed)")
      let days = has(.expired) ? -700 ... -1 : has(.future) ? 1...700 : -600...600
      let signer = has(.wrongKey) ? 5 : place - 1
      let named = has(.wrongIssuer) ? try Self.name("Stranger") : issuer
      let serial = UInt8(place + 1)
      var extensions = Certificate.Extensions()
      if isCard {
        try extensions.append(Certificate.Extension(KeyUsage(digitalSignature: true), critical: true))
        if faults.contains(.otherUsage) {
          try extensions.append(Certificate.Extension(ExtendedKeyUsage([.serverAuth]), critical: false))
        }
        try extensions.append(
          Certificate.Extension(SubjectAlternativeNames([.dnsName("card.city.example")]), critical: false))
      } else {
        let limit = has(.pathLength) ? max(0, count - place - 1) : nil
        let basic: BasicConstraints =
          has(.noAuthority) ? .notCertificateAuthority : .isCertificateAuthority(maxPathLength: limit)
        try extensions.append(Certificate.Extension(basic, critical: true))
        try extensions.append(
          Certificate.Extension(KeyUsage(keyCertSign: !has(.mayNotSign), cRLSign: true), critical: true))
        if has(.nameExcluded) || has(.nameNotPermitted) {
          let constraints = NameConstraints(
            permittedDNSDomains: has(.nameNotPermitted) ? ["town.example"] : ["example"],
            excludedDNSDomains: has(.nameExcluded) ? ["city.example"] : [])
          try extensions.append(Certificate.Extension(constraints, critical: true))
        }
      }
      if asksPolicy, !has(.policyMissing) {
        try extensions.append(Self.policies(has(.policyOther) ? [1, 3, 6, 1, 4, 1, 55555, 8] : [1, 3, 6, 1, 4, 1, 55555, 7]))
      }
      if has(.unknownCritical) {
        try extensions.append(Certificate.Extension(oid: [1, 3, 6, 1, 4, 1, 55555, 1], critical: true, value: [0x05, 0x00]))
      }
      made.append(
        try Self.certificate(
          subject, of: place, by: (named, signer), serial: serial, days: days, extensions))
      if hasLists, !has(.listMissing) {
        let span = has(.listLate) ? -30 ... -1 : has(.listFromFuture) ? 1...30 : -1...30
        lists.append(
          try Self.list(
            of: issuer, key: has(.listForged) ? 5 : place - 1, days: span, revoked: has(.revoked) ? [serial] : [99]))
      }
      issuer = subject
    }
    leaf = made.removeLast()
    if faults.contains(.missing), !made.isEmpty { made.remove(at: victim % made.count) }
    // In whatever order they come.
    between = made.shuffled(using: &chance)
    self.lists = lists.shuffled(using: &chance)
  }

  static func name(_ text: String) throws -> DistinguishedName {
    try DistinguishedName {
      OrganizationName("City")
      CommonName(text)
    }
  }

  private static func certificate(
    _ subject: DistinguishedName, of key: Int, by issuer: (name: DistinguishedName, key: Int), serial: UInt8,
    days: ClosedRange<Int>, _ extensions: Certificate.Extensions
  ) throws -> [UInt8] {
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(bytes: [serial]),
      publicKey: Certificate.PublicKey(keys[key].publicKey), notValidBefore: date(days.lowerBound),
      notValidAfter: date(days.upperBound), issuer: issuer.name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: extensions, issuerPrivateKey: Certificate.PrivateKey(keys[issuer.key]))
    return try bytes(certificate)
  }

  private static func date(_ days: Int) -> Date { Date(timeIntervalSince1970: TimeInterval(Int(now) + days * 86_400)) }

  private static func bytes(_ value: some DERSerializable) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try value.serialize(into: &serializer)
    return serializer.serializedBytes
  }

  // MARK: What swift-certificates does not write

  private static func der(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
    let content = parts.flatMap { $0 }
    let length: [UInt8] =
      content.count < 128
      ? [UInt8(content.count)]
      : content.count < 256 ? [0x81, UInt8(content.count)] : [0x82, UInt8(content.count >> 8), UInt8(content.count & 255)]
    return [tag] + length + content
  }

  private static func policies(_ identifier: ASN1ObjectIdentifier) -> Certificate.Extension {
    let written = (try? bytes(identifier)) ?? []
    return Certificate.Extension(oid: [2, 5, 29, 32], critical: false, value: der(0x30, der(0x30, written))[...])
  }

  /// RFC 5280 §5.1, version 2, without extensions but the number.
  static func list(
    of issuer: DistinguishedName, key: Int, days: ClosedRange<Int>, revoked: [UInt8], isNumbered: Bool = true,
    completes base: UInt8? = nil
  ) throws -> [UInt8] {
    func time(_ days: Int) -> [UInt8] {
      let format = DateFormatter()
      format.locale = Locale(identifier: "en_US_POSIX")
      format.timeZone = TimeZone(identifier: "UTC")
      format.dateFormat = "yyMMddHHmmss'Z'"
      return der(0x17, Array(format.string(from: date(days)).utf8))
    }
    let algorithm = der(0x30, try bytes([1, 2, 840, 10045, 4, 3, 2] as ASN1ObjectIdentifier))
    let entries = revoked.map { der(0x30, der(0x02, [$0]), time(-20)) }.flatMap { $0 }
    let numbers: [(ASN1ObjectIdentifier, UInt8?, isCritical: Bool)] = [
      ([2, 5, 29, 20], isNumbered ? 7 : nil, false), ([2, 5, 29, 27], base, true),
    ]
    let extensions = try numbers.flatMap { identifier, number, isCritical -> [UInt8] in
      guard let number else { return [] }
      let critical: [UInt8] = isCritical ? [0x01, 0x01, 0xff] : []
      return der(0x30, try bytes(identifier), critical, der(0x04, der(0x02, [number])))
    }
    let body = der(
      0x30, der(0x02, [1]), algorithm, try bytes(issuer), time(days.lowerBound), time(days.upperBound), der(0x30, entries),
      der(0xa0, der(0x30, extensions)))
    let signature = Array(try keys[key].signature(for: body).derRepresentation)
    return der(0x30, body, algorithm, der(0x03, [0] + signature))
  }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
