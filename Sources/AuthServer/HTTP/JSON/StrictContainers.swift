import FoundationEssentials

struct StrictKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [String: JSONNode]
  let asked: AskedKeys
  let codingPath: [any CodingKey] = []

  var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool {
    asked.names.insert(key.stringValue)
    return members[key.stringValue] != nil
  }

  private func member(_ key: Key) throws -> JSONNode {
    asked.names.insert(key.stringValue)
    guard let node = members[key.stringValue] else { throw HTTPFault.malformed(.missingField) }
    return node
  }

  /// An absent field is how "not known" is written; `null` would be a second spelling, and is refused.
  func decodeNil(forKey key: Key) throws -> Bool {
    if case .null = try member(key) { throw HTTPFault.malformed(.wrongType) }
    return false
  }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try StrictScalar.bool(member(key)) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try StrictScalar.string(member(key)) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try StrictScalar.real(member(key)) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try StrictScalar.real(member(key))) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try StrictScalar.integer(member(key)) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try StrictScalar.integer(member(key)) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try StrictScalar.integer(member(key)) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try StrictScalar.integer(member(key)) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try StrictScalar.integer(member(key)) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try StrictScalar.integer(member(key)) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try StrictScalar.integer(member(key)) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try StrictScalar.integer(member(key)) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try StrictScalar.integer(member(key)) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try StrictScalar.integer(member(key)) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try StrictDecoder.decode(type, from: member(key))
  }

  // No message of ours uses these; one that did would have to be read here first.
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
    throw HTTPFault.serverFault
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw HTTPFault.serverFault }
  func superDecoder() throws -> any Decoder { throw HTTPFault.serverFault }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw HTTPFault.serverFault }
}

struct StrictUnkeyedContainer: UnkeyedDecodingContainer {
  let elements: [JSONNode]
  var currentIndex = 0
  let codingPath: [any CodingKey] = []

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex == elements.count }

  private mutating func next() throws -> JSONNode {
    guard !isAtEnd else { throw HTTPFault.malformed(.missingField) }
    defer { currentIndex += 1 }
    return elements[currentIndex]
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, case .null = elements[currentIndex] else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode(_ type: Bool.Type) throws -> Bool { try StrictScalar.bool(next()) }
  mutating func decode(_ type: String.Type) throws -> String { try StrictScalar.string(next()) }
  mutating func decode(_ type: Double.Type) throws -> Double { try StrictScalar.real(next()) }
  mutating func decode(_ type: Float.Type) throws -> Float { Float(try StrictScalar.real(next())) }
  mutating func decode(_ type: Int.Type) throws -> Int { try StrictScalar.integer(next()) }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try StrictScalar.integer(next()) }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try StrictScalar.integer(next()) }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try StrictScalar.integer(next()) }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try StrictDecoder.decode(type, from: next()) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    throw HTTPFault.serverFault
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { throw HTTPFault.serverFault }
  mutating func superDecoder() throws -> any Decoder { throw HTTPFault.serverFault }
}

struct StrictValueContainer: SingleValueDecodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey] = []

  func decodeNil() -> Bool {
    if case .null = node { true } else { false }
  }
  func decode(_ type: Bool.Type) throws -> Bool { try StrictScalar.bool(node) }
  func decode(_ type: String.Type) throws -> String { try StrictScalar.string(node) }
  func decode(_ type: Double.Type) throws -> Double { try StrictScalar.real(node) }
  func decode(_ type: Float.Type) throws -> Float { Float(try StrictScalar.real(node)) }
  func decode(_ type: Int.Type) throws -> Int { try StrictScalar.integer(node) }
  func decode(_ type: Int8.Type) throws -> Int8 { try StrictScalar.integer(node) }
  func decode(_ type: Int16.Type) throws -> Int16 { try StrictScalar.integer(node) }
  func decode(_ type: Int32.Type) throws -> Int32 { try StrictScalar.integer(node) }
  func decode(_ type: Int64.Type) throws -> Int64 { try StrictScalar.integer(node) }
  func decode(_ type: UInt.Type) throws -> UInt { try StrictScalar.integer(node) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try StrictScalar.integer(node) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try StrictScalar.integer(node) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try StrictScalar.integer(node) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try StrictScalar.integer(node) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try StrictDecoder.decode(type, from: node) }
}
