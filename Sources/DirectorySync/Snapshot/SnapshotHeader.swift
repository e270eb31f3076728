public import AuthTerms

/// What a snapshot says of itself before its objects.
public struct SnapshotHeader: Sendable, Equatable {
  static let title = "sanmon directory snapshot "
  static let version = 1
  /// Bytes of a line of the header, but for the service's name.
  static let lineLimit = 256
  /// Objects of one file.
  public static let objectLimit = 200_000

  /// The name of the instance that wrote it.
  public let instance: String
  public let domain: DomainSID
  /// Which domain controller it was read from, for the reader's information: dsServiceName and invocationId.
  public let serviceName: String
  public let invocationID: ObjectGUID
  /// Rises with each snapshot of an instance; 1 to 2^63 - 1.
  public let sequence: UInt64
  /// When that domain controller last answered, and when the snapshot was written: milliseconds since 1970-01-01 UTC.
  public let readAt: Int64
  public let writtenAt: Int64
  public let objects: Int
  /// SHA-256 of the lines of the objects.
  public let bodyHash: [UInt8]

  var bytes: [UInt8] {
    var bytes = Array("\(Self.title)\(Self.version)\n".utf8)
    func line(_ name: String, _ value: String) { bytes.append(contentsOf: "\(name) \(value)\n".utf8) }
    line("instance", instance)
    line("domain", domain.description)
    SnapshotValue.write("service", Array(serviceName.utf8), to: &bytes)
    line("invocation", invocationID.description)
    line("sequence", "\(sequence)")
    line("read", "\(readAt)")
    line("written", "\(writtenAt)")
    line("objects", "\(objects)")
    line("body", Hex.encode(bodyHash))
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  init(
    instance: String, domain: DomainSID, serviceName: String, invocationID: ObjectGUID, sequence: UInt64, readAt: Int64,
    writtenAt: Int64, objects: Int, bodyHash: [UInt8]
  ) {
    self.instance = instance
    self.domain = domain
    self.serviceName = serviceName
    self.invocationID = invocationID
    self.sequence = sequence
    self.readAt = readAt
    self.writtenAt = writtenAt
    self.objects = objects
    self.bodyHash = bodyHash
  }

  /// Reads the header and the empty line behind it.
  init(from lines: inout SnapshotLines) throws(SnapshotFault) {
    guard let first = lines.next(), first.elementsEqual("\(Self.title)\(Self.version)".utf8) else {
      throw SnapshotFault(.version)
    }
    func text(_ name: String) throws(SnapshotFault) -> String {
      guard let line = lines.next(), line.starts(with: "\(name) ".utf8), line.count <= Self.lineLimit,
        let text = String(validating: line.dropFirst(name.utf8.count + 1), as: UTF8.self), !text.isEmpty
      else { throw lines.fault(name) }
      return text
    }
    /// Digits as they are written, without zeros before them.
    func number(_ name: String, _ range: ClosedRange<UInt64>) throws(SnapshotFault) -> UInt64 {
      let text = try text(name)
      guard let number = UInt64(text), "\(number)" == text, range.contains(number) else { throw lines.fault(name) }
      return number
    }
    guard let instance = try? Identifier<Never>(parsing: try text("instance")).text else { throw lines.fault("instance") }
    guard let domain = try? DomainSID(parsing: try text("domain")) else { throw lines.fault("domain") }
    guard let (name, service) = lines.next().flatMap({ SnapshotValue.read($0) }), name.elementsEqual("service".utf8),
      let serviceName = String(validating: service, as: UTF8.self)
    else { throw lines.fault("service") }
    let invocation = try text("invocation")
    guard let invocationID = ObjectGUID(text: invocation), invocationID.description == invocation else {
      throw lines.fault("invocation")
    }
    let times = 0...UInt64(Int64.max)
    let sequence = try number("sequence", 1...UInt64(Int64.max))
    let (readAt, writtenAt) = (try number("read", times), try number("written", times))
    let objects = try number("objects", 0...UInt64(Self.objectLimit))
    guard let hash = try? Hex.decode(try text("body")), hash.count == 32 else { throw lines.fault("body") }
    guard lines.next()?.isEmpty == true else { throw lines.fault("an empty line") }
    self.init(
      instance: instance, domain: domain, serviceName: serviceName, invocationID: invocationID, sequence: sequence,
      readAt: Int64(readAt), writtenAt: Int64(writtenAt), objects: Int(objects), bodyHash: hash)
  }
}

/// Lines of a file, each ended by a line feed and nothing else, counted from 1.
struct SnapshotLines {
  private let bytes: [UInt8]
  private let end: Int
  private(set) var place = 0
  /// Of the line that was read last.
  private(set) var number = 0

  /// - Parameter end: behind the line feed of the last line.
  init(_ bytes: [UInt8], end: Int) {
    self.bytes = bytes
    self.end = end
  }

  mutating func next() -> ArraySlice<UInt8>? {
    guard place < end, let feed = bytes[place..<end].firstIndex(of: UInt8(ascii: "\n")) else {
      number += 1
      return nil
    }
    defer { place = feed + 1 }
    number += 1
    return bytes[place..<feed]
  }

  func fault(_ expected: String) -> SnapshotFault { SnapshotFault(.malformed, line: number, expected) }
}
