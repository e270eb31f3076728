public import AuthTerms
import Crypto

/// What a decision reads of a person from the directory, as far as the rules in force name it.
public struct PersonAccess: Sendable, Hashable {
  public var isEnabled: Bool
  /// The first is the main post.
  public var departments: [String]
  /// Groups that a rule names.
  public var groups: Set<String>

  public init(_ person: ResolvedPerson, groups: AccessGroups) {
    isEnabled = person.isEnabled
    departments = person.departments
    self.groups = person.groups.intersection(groups.named)
  }

  init(isEnabled: Bool, departments: [String], groups: Set<String>) {
    (self.isEnabled, self.departments, self.groups) = (isEnabled, departments, groups)
  }
}

/// A transfer that two people approved before the directory said it: what shall have become of whom. What happens to these people
/// on their way there counts against no limit; anything else that happens to them counts as ever.
public struct ForeseenChanges: Sendable, Hashable {
  public private(set) var outcomes: [PersonID: ForeseenChange] = [:]

  public init(_ outcomes: [PersonID: ForeseenChange] = [:]) { self.outcomes = outcomes }

  /// SHA-256, in hexadecimal: what is approved.
  public var fingerprint: String { Hex.encode(SHA256.hash(data: Array("sanmon/transfer/1".utf8) + encoded)) }

  func opens(_ segment: Segment, to person: PersonID, _ groups: AccessGroups) -> Bool {
    outcomes[person].map { groups.segments(of: $0.access).contains(segment) } ?? false
  }

  /// Whether nothing shall be left to the person.
  func closes(to person: PersonID, _ groups: AccessGroups) -> Bool {
    outcomes[person].map { groups.segments(of: $0.access).isEmpty } ?? false
  }

  /// Whether each part is either as it was or as it shall be: people are moved with several commands.
  func isOnItsWay(_ person: PersonID, from before: PersonAccess, to after: PersonAccess) -> Bool {
    guard let end = outcomes[person]?.access else { return false }
    return (after.departments == before.departments || after.departments == end.departments)
      && after.groups.isSubset(of: before.groups.union(end.groups))
      && after.groups.isSuperset(of: before.groups.intersection(end.groups))
  }

}

/// What shall have become of one person.
public struct ForeseenChange: Sendable, Hashable {
  public var access: PersonAccess
  /// As the list or the directory says, for people to read.
  public var name: String
  /// Groups of the directory to be put into, and to be taken out of: for people to read; no limit asks for them.
  public var joins: [String]
  public var leaves: [String]

  public init(access: PersonAccess, name: String = "", joins: [String] = [], leaves: [String] = []) {
    (self.access, self.name, self.joins, self.leaves) = (access, name, joins, leaves)
  }
}

extension ForeseenChanges {
  /// - Throws: `MalformedInput` for anything that `encoded` does not give.
  public init(parsing bytes: [UInt8]) throws(MalformedInput) {
    var reader = LengthPrefixedReader(bytes, subject: "foreseen changes", limit: 4 << 20)
    while !reader.isAtEnd {
      let person = try PersonID(parsing: try reader.text())
      let name = try reader.text()
      let flag = try reader.unsigned()
      guard flag <= 1, outcomes[person] == nil else { throw MalformedInput("foreseen changes", expected: "each person once") }
      var lists: [[String]] = []
      for _ in 0..<4 {
        let count = try reader.unsigned()
        guard count <= 100_000 else { throw MalformedInput("foreseen changes", expected: "at most 100,000 names") }
        var list: [String] = []
        for _ in 0..<count { list.append(try reader.text()) }
        lists.append(list)
      }
      let access = PersonAccess(isEnabled: flag == 1, departments: lists[0], groups: Set(lists[1]))
      outcomes[person] = ForeseenChange(access: access, name: name, joins: lists[2], leaves: lists[3])
    }
  }

  public var encoded: [UInt8] {
    var writer = LengthPrefixedWriter()
    for (person, change) in outcomes.sorted(by: { $0.key < $1.key }) {
      writer.field(person.text)
      writer.field(change.name)
      writer.field(UInt64(change.access.isEnabled ? 1 : 0))
      for list in [change.access.departments, change.access.groups.sorted(), change.joins, change.leaves] {
        writer.field(UInt64(list.count))
        for name in list { writer.field(name) }
      }
    }
    return writer.bytes
  }
}
