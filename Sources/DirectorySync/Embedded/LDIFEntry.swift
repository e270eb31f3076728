/// One record whose attributes are all known.
struct LDIFEntry: Sendable {
  enum Kind: Sendable { case container, department, group, person }

  let dn: DistinguishedName
  let line: Int
  let kind: Kind
  private let file: String
  private let values: [String: [FieldValue]]

  private static let used: [Kind: [String]] = [
    .container: [],
    .department: ["ou", "description", "l"],
    .group: ["cn", "description", "member"],
    .person: [
      "employeeNumber", "uid", "sAMAccountName", "displayName", "sanmonKana", "msDS-PhoneticDisplayName", "sanmonOtherName",
      "departmentNumber", "userAccountControl", "sanmonFirstDay", "sanmonLastDay", "sanmonManagedPassword",
    ],
  ]
  /// Known, and of no consequence here.
  private static let passedOver: Set<String> = [
    "objectclass", "cn", "sn", "givenname", "o", "ou", "l", "dc", "name", "description", "mail", "telephonenumber", "title",
  ]
  private static let secrets: Set<String> = [
    "userpassword", "unicodepwd", "sambantpassword", "sambalmpassword", "krbprincipalkey",
  ]
  private static let spelling: [String: String] = Dictionary(
    used.values.joined().map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })

  init(_ record: LDIFRecord, file: String) throws(DirectoryFault) {
    guard let dn = DistinguishedName(parsing: record.dn) else {
      throw DirectoryFault(.distinguishedName, file: file, line: record.line)
    }
    self.dn = dn
    self.file = file
    line = record.line
    kind = try Self.kind(of: record, file: file)
    let known = Set((Self.used[kind] ?? []).map { $0.lowercased() })
    var values: [String: [FieldValue]] = [:]
    for value in record.values {
      guard !Self.secrets.contains(value.attribute) else { throw DirectoryFault(.ldifSecret, file: file, line: value.line) }
      guard known.contains(value.attribute) || Self.passedOver.contains(value.attribute) else {
        throw DirectoryFault(.attributeUnknown, file: file, line: value.line, column: 1)
      }
      let label = Self.spelling[value.attribute] ?? value.attribute
      values[value.attribute, default: []].append(
        FieldValue(text: value.text, label: label, file: file, line: value.line, column: 0))
    }
    self.values = values
  }

  private static func kind(of record: LDIFRecord, file: String) throws(DirectoryFault) -> Kind {
    var kind: Kind?
    for value in record.values where value.attribute == "objectclass" {
      let found: Kind
      switch value.text.lowercased() {
      case "top", "person", "organizationalperson", "sanmonperson": continue
      case "inetorgperson", "user": found = .person
      case "groupofnames", "group": found = .group
      case "sanmondepartment": found = .department
      case "organization", "organizationalunit", "domain", "dcobject", "container": found = .container
      default: throw DirectoryFault(.objectClass, file: file, line: value.line)
      }
      switch (kind, found) {
      case (nil, _), (.container, .container), (.container, .department): kind = found
      case (.department, .container): break
      case (let old?, let new) where old == new: break
      default: throw DirectoryFault(.objectClass, file: file, line: value.line)
      }
    }
    guard let kind else { throw DirectoryFault(.objectClass, file: file, line: record.line) }
    return kind
  }

  /// - Parameter attribute: lower case.
  func all(_ attribute: String) -> [FieldValue] { values[attribute] ?? [] }

  func optional(_ attribute: String) throws(DirectoryFault) -> FieldValue? {
    let found = all(attribute)
    guard found.count <= 1 else { throw found[1].fault(.attributeTwice) }
    return found.first
  }

  /// The one value of `attribute`, or of `other` where the first is not there; both at once are refused.
  func one(_ attribute: String, or other: String? = nil) throws(DirectoryFault) -> FieldValue {
    let first = try optional(attribute)
    let second = if let other { try optional(other) } else { FieldValue?.none }
    switch (first, second) {
    case (let value?, nil), (nil, let value?): return value
    case (_?, let value?): throw value.fault(.attributeTwice)
    case (nil, nil):
      throw DirectoryFault(.attributeMissing, file: file, line: line, detail: Self.spelling[attribute] ?? attribute)
    }
  }
}
