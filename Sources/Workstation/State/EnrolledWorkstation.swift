public import AuthTerms
import Crypto
import SmartCard

/// What this machine's own certificate says it is. The preimage is built from this, never from what a server says.
public struct EnrolledWorkstation: Sendable, Equatable {
  /// DER, at most 8 KiB.
  public let certificate: [UInt8]
  public let instance: String
  public let segment: Segment
  public let workstation: WorkstationID
  /// Milliseconds since 1970-01-01 UTC.
  public let notAfter: Int64

  /// SHA-256 over the DER certificate.
  public var fingerprint: [UInt8] { Array(SHA256.hash(data: certificate)) }

  /// Reads `sanmon://INSTANCE/SEGMENT/workstation/ID`, the one name in the certificate's subjectAltName (RFC 5280 §4.2.1.6).
  public init(certificate: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("workstation certificate", expected: "a leaf of a Sanmon authority, in DER")
    guard certificate.count <= 8192 else { throw fault }
    let outer = try BERTLV.parseOne(certificate)
    let parts = try outer.children()
    guard outer.tag == 0x30, parts.count == 3, parts[0].tag == 0x30 else { throw fault }
    let fields = try parts[0].children()
    // version, serial, signature, issuer, validity, subject, key, [3] extensions
    guard fields.count >= 8, fields[0].tag == 0xA0, fields[4].tag == 0x30 else { throw fault }
    let validity = try fields[4].children()
    guard validity.count == 2 else { throw fault }
    notAfter = try Self.time(validity[1])
    guard let extensions = fields.first(where: { $0.tag == 0xA3 }) else { throw fault }
    let uri = try Self.uri(in: extensions)
    let names = uri.split(separator: "/", omittingEmptySubsequences: false)
    guard uri.utf8.count <= 256, names.count == 6, names[0] == "sanmon:", names[1].isEmpty, names[4] == "workstation" else {
      throw fault
    }
    instance = try Identifier<EnrolledWorkstation>(parsing: names[2]).text
    segment = try Segment(parsing: names[3])
    workstation = try WorkstationID(parsing: names[5])
    self.certificate = certificate
  }

  private static func uri(in extensions: BERTLV) throws(MalformedInput) -> String {
    let fault = MalformedInput("workstation certificate", expected: "one name, a URI")
    let lists = try extensions.children()
    guard lists.count == 1 else { throw fault }
    var found: String?
    for entry in try lists[0].children() {
      let parts = try entry.children()
      guard let identifier = parts.first, identifier.tag == 0x06, let content = parts.last, content.tag == 0x04 else {
        throw fault
      }
      guard identifier.value.elementsEqual([0x55, 0x1D, 0x11]) else { continue }
      let names = try BERTLV.parseOne(Array(content.value)).children()
      guard found == nil, names.count == 1, names[0].tag == 0x86,
        names[0].value.allSatisfy({ (0x21...0x7E).contains($0) })
      else { throw fault }
      found = String(decoding: names[0].value, as: UTF8.self)
    }
    guard let found else { throw fault }
    return found
  }

  /// UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 allows them: seconds given, `Z` at the end.
  private static func time(_ value: BERTLV) throws(MalformedInput) -> Int64 {
    let fault = MalformedInput("certificate date", expected: "YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")
    var digits = value.value
    guard digits.popLast() == UInt8(ascii: "Z"), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { throw fault }
    var numbers = digits.map { Int64($0) - 0x30 }
    if value.tag == 0x17, numbers.count == 12 {
      numbers = (numbers[0] < 5 ? [2, 0] : [1, 9]) + numbers
    }
    guard value.tag == 0x17 || value.tag == 0x18, numbers.count == 14 else { throw fault }
    func number(_ start: Int, _ count: Int) -> Int64 { numbers[start..<start + count].reduce(0) { $0 * 10 + $1 } }
    let (year, month, day) = (number(0, 4), number(4, 2), number(6, 2))
    guard (1...12).contains(month), (1...31).contains(day), number(8, 2) < 24, number(10, 2) < 60, number(12, 2) < 60 else {
      throw fault
    }
    // Days since 1970-01-01 in the Gregorian calendar, the year beginning in March.
    let shifted = month > 2 ? year : year - 1
    let era = shifted.flooredDivision(by: 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return ((days * 24 + number(8, 2)) * 60 + number(10, 2)) * 60_000 + number(12, 2) * 1000
  }
}
