/// Which person an object of Active Directory stands for. The object is known by its `objectGUID` for life; whether the person
/// behind it is still the same is judged by staff number and names, because accounts are handed to successors.
public struct DirectoryIdentity: Hashable, Sendable {
  /// Why nobody may act by this object until somebody has confirmed who it is.
  public enum Hold: String, CaseIterable, Sendable {
    /// The staff number changed, or family and given name at once: somebody else may sit there now.
    case successor
    /// It was deleted and came back.
    case returned
  }

  public let guid: ObjectGUID
  public var person: PersonID
  /// 職員番号, as it was when the person was last certain.
  public var number: String
  /// `sn` and `givenName`, as they were when the person was last certain; empty where the directory says none.
  public var family: String
  public var given: String
  /// Names the person had before (旧姓), for searching only; the newest first, at most `mostFormerNames`.
  public var formerNames: [String]
  public var hold: Hold?
  /// The object is gone from the directory since then, in milliseconds since 1970-01-01 UTC.
  public var goneSince: Int64?

  public static let mostFormerNames = 8

  public init(guid: ObjectGUID, person: PersonID, number: String, family: String, given: String) {
    self.guid = guid
    self.person = person
    self.number = number
    self.family = family
    self.given = given
    formerNames = []
  }
}
