public import AuthTerms

/// A 256-bit key for columns, and the id that stands in everything it sealed.
public struct ColumnKey: Sendable {
  public let id: UInt32
  let key: Secret<KeyMaterial>

  /// - Parameter key: 32 bytes.
  public init(id: UInt32, key: Secret<KeyMaterial>) throws(SealingFault) {
    guard key.count == 32 else { throw .parameters("column key: 32 bytes") }
    self.id = id
    self.key = key
  }
}

/// The key that seals now, and older ones that still open: rotation while serving.
public struct ColumnKeys: Sendable {
  public let current: ColumnKey
  private let byID: [UInt32: ColumnKey]

  /// - Throws: when two keys have one id.
  public init(current: ColumnKey, older: [ColumnKey] = []) throws(SealingFault) {
    self.current = current
    var byID = [current.id: current]
    for key in older where byID.updateValue(key, forKey: key.id) != nil {
      throw .parameters("column keys: one id for one key")
    }
    self.byID = byID
  }

  func key(_ id: UInt32) throws(SealingFault) -> ColumnKey {
    guard let key = byID[id] else { throw .unknownKey(id) }
    return key
  }
}
