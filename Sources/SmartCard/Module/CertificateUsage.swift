public import AuthTerms

/// What a certificate says its key is for (RFC 5280 §4.2.1), to choose among the keys of a card. Whether that is true is the
/// server's business.
public struct CertificateUsage: Sendable, Equatable {
  /// Key usage has digitalSignature, or is absent.
  public let maySign: Bool
  /// Whether an extended key usage names clientAuth or smartcardLogon; `nil`: there is none.
  public let namesLogon: Bool?
  public let isAuthority: Bool

  private static let logonUsages: [[UInt8]] = [
    [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02],  // id-kp-clientAuth
    [0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x02],  // szOID_KP_SMARTCARD_LOGON, 1.3.6.1.4.1.311.20.2.2
  ]

  /// - Throws: for what is no certificate, and for an extension of these three that is not as RFC 5280 has it.
  public init(certificate: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("card certificate", expected: "an X.509 certificate in DER")
    let outer = try BERTLV.parseOne(certificate)
    guard outer.tag == 0x30, let body = try outer.children().first, body.tag == 0x30 else { throw fault }
    var (maySign, namesLogon, isAuthority): (Bool, Bool?, Bool) = (true, nil, false)
    for entry in try Self.extensions(in: body) {
      let parts = try entry.children()
      guard (2...3).contains(parts.count), parts[0].tag == 0x06, let content = parts.last, content.tag == 0x04 else {
        throw fault
      }
      switch Array(parts[0].value) {
      case [0x55, 0x1D, 0x0F]:
        let bits = try BERTLV.parseOne(Array(content.value))
        guard bits.tag == 0x03, bits.value.count >= 1 else { throw fault }
        maySign = bits.value.dropFirst().first.map { $0 & 0x80 != 0 } ?? false
      case [0x55, 0x1D, 0x25]:
        let list = try BERTLV.parseOne(Array(content.value))
        guard list.tag == 0x30 else { throw fault }
        namesLogon = try list.children().contains { $0.tag == 0x06 && Self.logonUsages.contains(Array($0.value)) }
      case [0x55, 0x1D, 0x13]:
        let list = try BERTLV.parseOne(Array(content.value))
        guard list.tag == 0x30 else { throw fault }
        isAuthority = try list.children().first.map { $0.tag == 0x01 && $0.value.elementsEqual([0xFF]) } ?? false
      default: continue
      }
    }
    (self.maySign, self.namesLogon, self.isAuthority) = (maySign, namesLogon, isAuthority)
  }

  private static func extensions(in body: BERTLV) throws(MalformedInput) -> [BERTLV] {
    guard let holder = try body.children().first(where: { $0.tag == 0xA3 }) else { return [] }
    let lists = try holder.children()
    guard lists.count == 1, lists[0].tag == 0x30 else {
      throw MalformedInput("card certificate", expected: "one list of extensions")
    }
    return try lists[0].children()
  }

  /// Whether a key with this certificate may be asked to sign a logon.
  public var isForLogon: Bool { maySign && !isAuthority && namesLogon != false }
}

/// Which key of which token signs.
public struct ModuleChoice: Sendable, Equatable {
  /// Of the token; `nil`: any that fits.
  public var label: String?
  /// CKA_ID; `nil`: by what the certificates say.
  public var key: [UInt8]?

  public init(label: String? = nil, key: [UInt8]? = nil) {
    self.label = label
    self.key = key
  }

  /// A certificate that names the logon goes before one that names no use at all.
  ///
  /// - Throws: `noCard` without a token (of that label), `ambiguousCard` when keys of several tokens fit, `module`: `noKey`,
  ///   `severalKeys`.
  public func choose(among tokens: [SeenToken]) throws(CardFailure) -> (token: SeenToken, key: SeenKey) {
    let meant = tokens.filter { label == nil || $0.label == label }
    guard !meant.isEmpty else { throw .noCard }
    var found: [(token: SeenToken, key: SeenKey, isNamed: Bool)] = []
    for token in meant {
      for key in token.keys where self.key == nil || key.id == self.key {
        guard (try? CertificateKey(certificate: key.certificate)) != nil,
          let usage = try? CertificateUsage(certificate: key.certificate), usage.isForLogon,
          !found.contains(where: { $0.token == token && $0.key == key })
        else { continue }
        found.append((token, key, usage.namesLogon == true))
      }
    }
    let named = found.filter { $0.isNamed }
    let fitting = named.isEmpty ? found : named
    guard let first = fitting.first else { throw .module(.noKey) }
    guard fitting.allSatisfy({ $0.token == first.token }) else { throw .ambiguousCard }
    guard fitting.count == 1 else { throw .module(.severalKeys) }
    return (first.token, first.key)
  }
}
