public import AuthTerms

/// An object of the directory as it was read last; what it says is the reader's to understand.
public struct DirectoryObjectRecord: Sendable, Hashable {
  public var guid: ObjectGUID
  public var body: [UInt8]

  public init(guid: ObjectGUID, body: [UInt8]) {
    self.guid = guid
    self.body = body
  }
}
