public import AuthTerms

/// What one domain says, as we read it last: objects by GUID, and who is a member of which group. Grows out of a full read and
/// is kept by deltas; both ways come to the same (`==`).
public struct DirectoryReplica: Sendable, Equatable {
  public private(set) var objects: [ObjectGUID: DirectoryItem] = [:]
  /// Direct members, from the groups' side; a member that is no object here (a computer, a contact) is kept all the same.
  public private(set) var members: [ObjectGUID: Set<ObjectGUID>] = [:]

  public init() {}

  /// Takes one object of a DirSync answer: what it names replaces what was known, what it does not name stays.
  package mutating func apply(_ change: DirectoryChange) {
    if change.isDeleted == true {
      objects[change.guid] = nil
      members[change.guid] = nil
      return
    }
    if objects[change.guid] == nil, change.attributes.values.allSatisfy({ !$0.isEmpty }) {
      // As in every full read: taken as it is.
      var item = DirectoryItem(guid: change.guid, attributes: change.attributes)
      item.parent = change.parent
      objects[change.guid] = item
    } else {
      var item = objects[change.guid] ?? DirectoryItem(guid: change.guid)
      if let parent = change.parent { item.parent = parent }
      for (name, values) in change.attributes { item.attributes[name] = values.isEmpty ? nil : values }
      objects[change.guid] = item
    }
    if let all = change.allMembers { members[change.guid] = all }
    if !change.addedMembers.isEmpty { members[change.guid, default: []].formUnion(change.addedMembers) }
    if !change.removedMembers.isEmpty { members[change.guid]?.subtract(change.removedMembers) }
    if members[change.guid]?.isEmpty == true { members[change.guid] = nil }
  }

  /// Codes of departments as the personnel office numbers them (`departmentNumber`), the main post first; empty where it does not. A
  /// directory keeps no order: the main post is the one whose code the OU has as its description.
  func departmentCodes(of user: DirectoryItem) -> [String] {
    let codes = user.texts("departmentnumber").sorted()
    let main = user.parent.flatMap { objects[$0]?.text("description") }
    return codes.filter { $0 == main } + codes.filter { $0 != main }
  }

  /// Takes an object as it was kept.
  mutating func put(_ item: DirectoryItem, members list: Set<ObjectGUID>) {
    objects[item.guid] = item
    members[item.guid] = list.isEmpty ? nil : list
  }

  /// As if the directory had said it of an object that is here.
  public mutating func setEnabled(_ guid: ObjectGUID, _ isEnabled: Bool) { objects[guid]?.setEnabled(isEnabled) }

  /// Objects that are there and differ from `older`, and those that are only there.
  public func differences(from older: DirectoryReplica) -> (changed: [ObjectGUID], gone: [ObjectGUID]) {
    let changed = objects.values.filter { item in
      older.objects[item.guid] != item || older.members[item.guid] != members[item.guid]
    }
    return (changed.map(\.guid).sorted(), older.objects.keys.filter { objects[$0] == nil }.sorted())
  }

  /// Drops what a full list of objects does not name.
  mutating func keep(only present: Set<ObjectGUID>) {
    let gone = Set(objects.keys).subtracting(present)
    for guid in gone {
      objects[guid] = nil
      members[guid] = nil
    }
    dropLinks(to: gone)
  }

  /// Links to what was deleted end with it, though no group says so.
  mutating func dropLinks(to gone: Set<ObjectGUID>) {
    guard !gone.isEmpty else { return }
    for (group, list) in members where !list.isDisjoint(with: gone) {
      let rest = list.subtracting(gone)
      members[group] = rest.isEmpty ? nil : rest
    }
  }
}

/// An object with the attributes that are read (`DirSyncReader.attributes`), names in small letters.
public struct DirectoryItem: Sendable, Equatable {
  public let guid: ObjectGUID
  public var parent: ObjectGUID?
  public var attributes: [String: [[UInt8]]] = [:]

  init(guid: ObjectGUID, attributes: [String: [[UInt8]]] = [:]) {
    self.guid = guid
    self.attributes = attributes
  }

  public enum Kind: Sendable { case person, group, unit }

  public var kind: Kind? {
    var (isUser, isComputer) = (false, false)
    for value in attributes["objectclass", default: []] {
      // Asked of every object several times at each look: the length rules out most.
      switch value.count {
      case 5 where Self.says("group", value): return .group
      case 18 where Self.says("organizationalunit", value): return .unit
      case 4 where Self.says("user", value): isUser = true
      case 8 where Self.says("computer", value): isComputer = true
      default: break
      }
    }
    return isUser && !isComputer ? .person : nil
  }

  /// - Parameter name: in small letters.
  private static func says(_ name: StaticString, _ value: [UInt8]) -> Bool {
    name.withUTF8Buffer { name in
      name.count == value.count && zip(name, value).allSatisfy { $0 == $1 || (0x41...0x5A).contains($1) && $0 == $1 | 0x20 }
    }
  }

  public func text(_ name: String) -> String? { attributes[name]?.first.flatMap { String(validating: $0, as: UTF8.self) } }
  /// All values that are UTF-8.
  public func texts(_ name: String) -> [String] {
    attributes[name, default: []].compactMap { String(validating: $0, as: UTF8.self) }
  }

  public func number(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

  /// `userAccountControl`; disabled where the account that reads may not see it.
  var control: Int64 { number("useraccountcontrol") ?? Self.disableFlag }
  /// A group for mail: without GROUP_TYPE_SECURITY_ENABLED (MS-ADTS 2.2.12). One that says no type is none.
  var isDistribution: Bool { number("grouptype").map { $0 & 0x8000_0000 == 0 } ?? false }
  /// UF_ACCOUNTDISABLE
  private static let disableFlag: Int64 = 2
  public var isEnabled: Bool { control & Self.disableFlag == 0 }

  mutating func setEnabled(_ isEnabled: Bool) {
    let rest = control & ~Self.disableFlag
    attributes["useraccountcontrol"] = [Array("\(isEnabled ? rest : rest | Self.disableFlag)".utf8)]
  }
}

/// One object of an answer.
package struct DirectoryChange: Sendable {
  let guid: ObjectGUID
  var parent: ObjectGUID?
  /// `nil`: not said.
  var isDeleted: Bool?
  /// Without links; an empty list: the attribute is gone.
  var attributes: [String: [[UInt8]]] = [:]
  var allMembers: Set<ObjectGUID>?
  /// `allMembers` is only the beginning: so many have to be asked for from here on.
  package var restFrom: Int?
  var addedMembers: Set<ObjectGUID> = []
  var removedMembers: Set<ObjectGUID> = []

  /// - Throws: `.malformed` for what no directory says.
  package init(_ entry: consuming LDAPEntry) throws(LDAPFault) {
    guard let guid = entry.bytes("objectguid").flatMap({ ObjectGUID(bytes: $0) }) else {
      throw LDAPFault(.malformed, "objectGUID")
    }
    self.guid = guid
    // Most of an entry stays as it is, in the place that it has.
    attributes = entry.attributes
    for name in ["objectguid", "instancetype"] { attributes[name] = nil }
    parent = attributes.removeValue(forKey: "parentguid")?.first.flatMap { ObjectGUID(bytes: $0) }
    isDeleted = attributes.removeValue(forKey: "isdeleted").map { $0.first == Array("TRUE".utf8) }
    allMembers = try attributes.removeValue(forKey: "member").map(Self.links)
    for name in attributes.keys.filter({ $0.utf8.contains(UInt8(ascii: ";")) }) {
      try take(attributes.removeValue(forKey: name) ?? [], of: name)
    }
  }

  /// What stands under an attribute with options.
  private mutating func take(_ values: [[UInt8]], of name: String) throws(LDAPFault) {
    switch name {
    // LDAP_DIRSYNC_INCREMENTAL_VALUES: 1-1 were added, 0-0 were removed.
    case "member;range=1-1": addedMembers = try Self.links(values)
    case "member;range=0-0": removedMembers = try Self.links(values)
    default:
      guard let range = MemberRange(name) else { throw LDAPFault(.malformed, "attribute option") }
      // Above 1,500 values a server gives a part (MS-ADTS 3.1.1.3.1.3.3), beside an empty `member`.
      guard range.first == 0 else { throw LDAPFault(.malformed, "member range") }
      allMembers = try Self.links(values)
      restFrom = range.last.map { $0 + 1 }
    }
  }

  /// `<GUID=…>;<SID=…>;CN=…` (MS-ADTS 3.1.1.3.4.1.5).
  static func links(_ values: [[UInt8]]) throws(LDAPFault) -> Set<ObjectGUID> {
    var links = Set<ObjectGUID>(minimumCapacity: values.count)
    for value in values {
      guard value.count > 42, value.starts(with: "<GUID=".utf8), value[42] == UInt8(ascii: ">"),
        let guid = ObjectGUID(ascii: value[6..<42])
      else { throw LDAPFault(.malformed, "member") }
      links.insert(guid)
    }
    return links
  }
}
