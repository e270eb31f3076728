import AuthTerms

/// Objects as lines: `object GUID kind parent`, the attributes by name, the members by GUID; objects in the order of their GUIDs. A
/// replica has one body, and a body one replica.
enum SnapshotBody {
  private static let attributeLimit = 128
  private static let valueLimit = 4096
  private static let memberLimit = 200_000
  private static let root = "-"

  static func encode(_ replica: DirectoryReplica) throws(SnapshotFault) -> [UInt8] {
    guard replica.objects.count <= SnapshotHeader.objectLimit else { throw SnapshotFault(.unwritable, "objects") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(replica.objects.count * 1024)
    for item in replica.objects.values.sorted(by: { $0.guid < $1.guid }) {
      bytes.append(contentsOf: "object \(item.guid) \(kind(item)) \(item.parent?.description ?? root)\n".utf8)
      guard item.attributes.count <= attributeLimit else { throw SnapshotFault(.unwritable, "attributes") }
      for (name, values) in item.attributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        guard isName(name.utf8), (1...valueLimit).contains(values.count),
          values.allSatisfy({ $0.count <= SnapshotValue.limit })
        else { throw SnapshotFault(.unwritable, "values") }
        for value in values { SnapshotValue.write(name, value, to: &bytes) }
      }
      let members = replica.members[item.guid, default: []]
      guard members.count <= memberLimit else { throw SnapshotFault(.unwritable, "members") }
      for member in members.sorted() { bytes.append(contentsOf: "member \(member)\n".utf8) }
    }
    return bytes
  }

  /// - Parameters:
  ///   - lines: from the first object to the end of the last one.
  ///   - count: of objects.
  static func decode(_ lines: inout SnapshotLines, count: Int) throws(SnapshotFault) -> DirectoryReplica {
    var replica = DirectoryReplica()
    var object: Object?
    var last: ObjectGUID?
    while let line = lines.next() {
      if line.starts(with: "object ".utf8) {
        try object?.put(into: &replica)
        guard replica.objects.count < count else { throw lines.fault("objects") }
        let begun = try Object(line, lines)
        guard last.map({ $0 < begun.item.guid }) ?? true else { throw lines.fault("order of objects") }
        last = begun.item.guid
        object = begun
      } else {
        guard object != nil else { throw lines.fault("object") }
        try object?.take(line, lines)
      }
    }
    try object?.put(into: &replica)
    guard replica.objects.count == count else { throw lines.fault("objects") }
    return replica
  }

  private static func kind(_ item: DirectoryItem) -> String {
    switch item.kind {
    case .person: "person"
    case .group: "group"
    case .unit: "unit"
    case nil: "other"
    }
  }

  private static func isName(_ units: some Collection<UInt8>) -> Bool {
    (1...64).contains(units.count)
      && units.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }

  /// A GUID in the one spelling that is written.
  private static func guid(_ units: ArraySlice<UInt8>) -> ObjectGUID? {
    units.contains { (0x41...0x5A).contains($0) } ? nil : ObjectGUID(ascii: units[...])
  }

  /// One object while its lines are read.
  private struct Object {
    var item: DirectoryItem
    private let kind: ArraySlice<UInt8>
    private let line: Int
    private var members: Set<ObjectGUID> = []
    private var lastMember: ObjectGUID?
    private var lastName: [UInt8] = []
    private var values: [[UInt8]] = []

    init(_ line: ArraySlice<UInt8>, _ lines: SnapshotLines) throws(SnapshotFault) {
      let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 4, let guid = SnapshotBody.guid(parts[1]) else { throw lines.fault("object") }
      item = DirectoryItem(guid: guid)
      kind = parts[2]
      self.line = lines.number
      guard !parts[3].elementsEqual(SnapshotBody.root.utf8) else { return }
      guard let parent = SnapshotBody.guid(parts[3]) else { throw lines.fault("parent") }
      item.parent = parent
    }

    mutating func take(_ line: ArraySlice<UInt8>, _ lines: SnapshotLines) throws(SnapshotFault) {
      if line.starts(with: "member ".utf8) {
        finishAttribute()
        guard let member = SnapshotBody.guid(line.dropFirst(7)), lastMember.map({ $0 < member }) ?? true,
          members.count < SnapshotBody.memberLimit
        else { throw lines.fault("member") }
        members.insert(member)
        lastMember = member
        return
      }
      guard lastMember == nil, let (name, value) = SnapshotValue.read(line), SnapshotBody.isName(name) else {
        throw lines.fault("attribute")
      }
      if !name.elementsEqual(lastName) {
        guard lastName.lexicographicallyPrecedes(name), item.attributes.count < SnapshotBody.attributeLimit - 1 else {
          throw lines.fault("order of attributes")
        }
        finishAttribute()
        lastName = Array(name)
      }
      guard values.count < SnapshotBody.valueLimit else { throw lines.fault("values") }
      values.append(value)
    }

    private mutating func finishAttribute() {
      guard !values.isEmpty else { return }
      item.attributes[String(decoding: lastName, as: UTF8.self)] = values
      values = []
    }

    mutating func put(into replica: inout DirectoryReplica) throws(SnapshotFault) {
      finishAttribute()
      guard kind.elementsEqual(SnapshotBody.kind(item).utf8) else { throw SnapshotFault(.malformed, line: line, "kind") }
      replica.put(item, members: members)
    }
  }
}
