public import AuthTerms

/// Which objects the rules' names mean. A name is looked up once; from then on it is the object, so that renaming a group or an OU
/// takes nothing from anybody, and another object does not step into its place while it is there.
struct Anchors {
  /// Of each name that means an object.
  private(set) var known: [DirectoryRules.Anchor: ObjectGUID] = [:]
  private(set) var findings: Set<DirectoryFinding> = []
  /// What groups are called in rules, where the directory calls them otherwise; an empty name counts for nothing.
  private(set) var names: [ObjectGUID: String] = [:]
  /// Groups of everybody below an OU.
  private var units: [ObjectGUID: Set<String>] = [:]

  init(_ rules: DirectoryRules, _ replica: DirectoryReplica, _ places: Places) {
    var named: [String: DirectoryItem] = [:]
    for item in replica.objects.values where item.kind == .group && !item.isDistribution {
      guard let account = item.text("samaccountname"), let name = try? GroupName(parsing: account).text else { continue }
      named[name] = item
    }
    let given = Set(rules.units.map(\.group))
    for name in rules.named.subtracting(given).sorted() { resolve(name, named, rules, replica) }
    for unit in rules.units { resolve(unit, rules, replica, places) }
  }

  private mutating func resolve(
    _ name: String, _ named: [String: DirectoryItem], _ rules: DirectoryRules, _ replica: DirectoryReplica
  ) {
    let former = rules.anchors[.group(name)].flatMap { replica.objects[$0] }.flatMap {
      $0.kind == .group && !$0.isDistribution ? $0 : nil
    }
    guard let group = former ?? named[name] else { return note(.groupMissing, name) }
    known[.group(name)] = group.guid
    guard named[name]?.guid != group.guid else { return }
    names[group.guid] = name
    note(.groupRenamed, "\(name) → \(group.text("samaccountname") ?? group.guid.description)")
    if let other = named[name] {
      names[other.guid] = ""
      note(.groupReplaced, name)
    }
  }

  private mutating func resolve(
    _ unit: DirectoryRules.UnitGroup, _ rules: DirectoryRules, _ replica: DirectoryReplica, _ places: Places
  ) {
    let text = unit.path.joined(separator: "/")
    let anchor = DirectoryRules.Anchor.unit(text)
    let former = rules.anchors[anchor].flatMap { replica.objects[$0] }.flatMap { $0.kind == .unit ? $0 : nil }
    let found = places.unit(at: unit.path)
    guard let guid = former?.guid ?? found else { return note(.unitMissing, text) }
    known[anchor] = guid
    units[guid, default: []].insert(unit.group)
    if guid != found { note(.unitRenamed, "\(text) → \(places.path(ofUnit: guid).joined(separator: "/"))") }
  }

  private mutating func note(_ kind: DirectoryFinding.Kind, _ subject: String) {
    findings.insert(DirectoryFinding(kind, subject))
  }

  /// Groups that somebody has by where she stands.
  func groups(of person: DirectoryItem, in replica: DirectoryReplica) -> Set<String> {
    guard !units.isEmpty else { return [] }
    var (found, steps): (Set<String>, Int) = ([], 0)
    var next = person.parent
    while let unit = next, steps < Places.deepest {
      found.formUnion(units[unit, default: []])
      next = replica.objects[unit]?.parent
      steps += 1
    }
    return found
  }
}

extension DirectoryRules {
  /// At most so many names in one set of rules.
  private static let mostAnchors = 4096

  /// Sorted, so that the same anchors are the same bytes.
  public static func encoded(_ anchors: [Anchor: ObjectGUID]) -> [UInt8] {
    var writer = LengthPrefixedWriter()
    for (anchor, guid) in anchors.sorted(by: { $0.key < $1.key }) {
      switch anchor {
      case .group(let name):
        writer.field("group")
        writer.field(name)
      case .unit(let path):
        writer.field("unit")
        writer.field(path)
      }
      writer.field(guid.bytes)
    }
    return writer.bytes
  }

  /// - Throws: for anything that `encoded` does not write.
  public static func readAnchors(_ bytes: [UInt8]) throws(MalformedInput) -> [Anchor: ObjectGUID] {
    var reader = LengthPrefixedReader(bytes, subject: "anchors")
    var anchors: [Anchor: ObjectGUID] = [:]
    while !reader.isAtEnd {
      let (kind, name) = (try reader.text(), try reader.text())
      let anchor: Anchor
      switch kind {
      case "group": anchor = .group(name)
      case "unit": anchor = .unit(name)
      default: throw MalformedInput("anchor", expected: "group or unit")
      }
      guard let guid = ObjectGUID(bytes: try reader.field()), anchors.updateValue(guid, forKey: anchor) == nil,
        anchors.count <= mostAnchors
      else { throw MalformedInput("anchor", expected: "a GUID, once") }
    }
    guard encoded(anchors) == bytes else { throw MalformedInput("anchors", expected: "in order") }
    return anchors
  }
}
