public import AuthTerms

extension DirectoryReplica {
  /// One object with its members as a store keeps it: parent, attributes in the order of their names, members in order. Equal
  /// objects have equal bytes.
  public func encoded(_ guid: ObjectGUID) -> [UInt8]? {
    guard let item = objects[guid] else { return nil }
    var writer = LengthPrefixedWriter(reserving: 1024)
    writer.field(item.parent?.bytes ?? [])
    writer.field(UInt64(item.attributes.count))
    for (name, values) in item.attributes.sorted(by: { $0.key < $1.key }) {
      writer.field(name)
      writer.field(UInt64(values.count))
      for value in values { writer.field(value) }
    }
    writer.field(members[guid, default: []].sorted().flatMap(\.bytes))
    return writer.bytes
  }

  /// Puts back what `encoded` gave.
  /// - Throws: for bytes that it never gives; nothing is put back then.
  public mutating func restore(_ guid: ObjectGUID, from bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("directory object", expected: "what was kept of it")
    var reader = LengthPrefixedReader(bytes, subject: "directory object", limit: 64 << 20)
    var item = DirectoryItem(guid: guid)
    let parent = try reader.field()
    if !parent.isEmpty {
      guard let parent = ObjectGUID(bytes: parent) else { throw fault }
      item.parent = parent
    }
    var last = ""
    for _ in 0..<(try reader.unsigned()) {
      let name = try reader.text()
      guard name > last else { throw fault }
      last = name
      var values: [[UInt8]] = []
      for _ in 0..<(try reader.unsigned()) { values.append(try reader.field()) }
      guard !values.isEmpty else { throw fault }
      item.attributes[name] = values
    }
    let links = try reader.field()
    try reader.requireEnd()
    guard links.count.isMultiple(of: 16) else { throw fault }
    var members: [ObjectGUID] = []
    for start in stride(from: 0, to: links.count, by: 16) {
      guard let member = ObjectGUID(bytes: Array(links[start..<(start + 16)])), members.last.map({ $0 < member }) ?? true
      else { throw fault }
      members.append(member)
    }
    put(item, members: Set(members))
  }
}

extension DirSyncPosition {
  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(serviceName)
    writer.field(invocationID.bytes)
    writer.field(highestCommittedUSN)
    writer.field(witness?.guid.bytes ?? [])
    writer.field(witness?.usn ?? 0)
    writer.field(cookie)
    return writer.bytes
  }

  /// - Throws: for bytes that `encoded` never gives.
  public init(parsing bytes: [UInt8]) throws(MalformedInput) {
    let fault = MalformedInput("directory position", expected: "what was kept of it")
    var reader = LengthPrefixedReader(bytes, subject: "directory position")
    let service = try reader.text()
    guard let invocation = ObjectGUID(bytes: try reader.field()) else { throw fault }
    let usn = try reader.signed()
    let witness = try reader.field()
    let seen = try reader.signed()
    let cookie = try reader.field()
    try reader.requireEnd()
    let guid = ObjectGUID(bytes: witness)
    guard guid != nil || witness.isEmpty && seen == 0 else { throw fault }
    self.init(
      serviceName: service, invocationID: invocation, highestCommittedUSN: usn,
      witness: guid.map { Witness(guid: $0, usn: seen) }, cookie: cookie)
  }
}
