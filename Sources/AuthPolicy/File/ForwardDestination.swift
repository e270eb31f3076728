public import AuthTerms

/// How a row of the log is written for whoever collects logs.
public enum ForwardFormat: String, Sendable, CaseIterable {
  /// Syslog with every field in the structured data (RFC 5424 §6).
  case rfc5424
  /// The Common Event Format in a syslog message.
  case cef
  /// One JSON object in a syslog message.
  case json
}

/// Whether a receiver says that it saw the end of what was sent.
public enum ForwardEnding: String, Sendable, CaseIterable {
  /// It answers with a `close_notify`, as RFC 5425 §4.4 asks for.
  case answered
  /// It ends the connection without one: then the kernel's word that it read everything has to do.
  case unanswered
}

/// Name and port of a collector: `siem.city.example:6514`, `192.0.2.20:6514`, `[2001:db8::20]:6514`.
public struct ForwardAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name, an IPv4 address, or an IPv6 address without brackets.
  public let host: String
  /// 1 … 65535
  public let port: Int

  /// Accepts one spelling: the port is always said.
  /// - Throws: `MalformedInput` for anything else.
  public init(parsing text: String) throws(MalformedInput) {
    let fault = MalformedInput("address of a collector", expected: "HOST:PORT")
    guard text.utf8.count <= 300, let colon = text.lastIndex(of: ":") else { throw fault }
    let (name, digits) = (String(text[..<colon]), text[text.index(after: colon)...])
    guard (1...5).contains(digits.utf8.count), digits.first != "0",
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(digits),
      number <= 65_535
    else { throw fault }
    port = number
    if name.hasPrefix("["), name.hasSuffix("]") {
      host = String(name.dropFirst().dropLast())
      guard InstanceReader.isIPv6(host) else { throw fault }
    } else {
      host = name
      guard InstanceReader.isIPv4(host) || InstanceReader.isHostName(host) else { throw fault }
    }
  }

  public var isAddress: Bool { InstanceReader.isIPv4(host) || InstanceReader.isIPv6(host) }
  public var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}

/// One place that the log is sent to, from its first row on.
///
/// *Trusted: who is named here reads every row; who holds the authority's key can stand in for it.*
public struct ForwardDestination: Sendable, Hashable {
  /// What the instance shows to a collector that asks for a certificate.
  public struct Identity: Sendable, Hashable {
    /// PEM, leaf first.
    public var certificate: String
    /// PEM; nobody else may read it.
    public var key: String

    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// Under which it stands in `sanmon status` and in the metrics, and by which its position is kept: another name begins anew.
  public var name: String
  public var address: ForwardAddress
  /// Absolute path of the PEM file with the authorities that may have issued the collector's certificate; no other is believed.
  public var trust: String
  public var identity: Identity?
  public var format: ForwardFormat
  public var ending: ForwardEnding

  public init(
    name: String, address: ForwardAddress, trust: String, identity: Identity? = nil, format: ForwardFormat = .rfc5424,
    ending: ForwardEnding = .answered
  ) {
    self.name = name
    self.address = address
    self.trust = trust
    self.identity = identity
    self.format = format
    self.ending = ending
  }
}
