package import AuthTerms

/// Which values of `member` an answer holds: `member;range=0-1499`, or `member;range=1500-*` with the last of them.
package struct MemberRange: Sendable, Equatable {
  package let first: Int
  /// `nil`: there are no more.
  package let last: Int?

  private static let prefix = "member;range="

  /// - Parameter description: of an attribute, in small letters; `nil` for anything but a range that is one.
  package init?(_ description: String) {
    guard description.hasPrefix(Self.prefix) else { return nil }
    let ends = description.dropFirst(Self.prefix.count).split(separator: "-", omittingEmptySubsequences: false)
    func number(_ text: Substring) -> Int? {
      text.utf8.count <= 9 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
    guard ends.count == 2, let first = number(ends[0]) else { return nil }
    let last = number(ends[1])
    guard ends[1] == "*" || last.map({ $0 >= first }) ?? false else { return nil }
    self.first = first
    self.last = last
  }
}

extension LDAPConnection {
  /// Parts of one group; a group of a whole prefecture has fewer.
  private static var mostParts: Int { 10_000 }

  /// Members of a group from the value with this number on.
  /// - Parameter most: values of a part; `nil`: as many as the server likes.
  /// - Throws: `.malformed` for a part that is not the one asked for; never a part for the whole.
  package func members(of group: ObjectGUID, from start: Int, most: Int? = nil) throws(LDAPFault) -> Set<ObjectGUID> {
    var found: Set<ObjectGUID> = []
    var next = start
    for _ in 0..<Self.mostParts {
      let end = most.map { String(next + $0 - 1) } ?? "*"
      let query = LDAPQuery(base: "<GUID=\(group)>", scope: .base, attributes: ["member;range=\(next)-\(end)"])
      let entry = try entries(query, [.extendedNames]).first
      var part: (range: MemberRange, values: [[UInt8]])?
      for (name, values) in entry?.attributes ?? [:] {
        if let range = MemberRange(name) { part = (range, values) }
      }
      guard let part, part.range.first == next else { throw LDAPFault(.malformed, "member range") }
      found.formUnion(try DirectoryChange.links(part.values))
      guard let last = part.range.last else { return found }
      next = last + 1
    }
    throw LDAPFault(.tooLarge, "member")
  }
}
