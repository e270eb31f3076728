import AuthTerms
import FoundationEssentials

/// Decodes a message from a `JSONNode` and refuses every field that the message did not ask for.
///
/// Foundation's decoder ignores unknown fields and takes the last of two equal ones: a client and a proxy that read the same
/// bytes differently would be a way around a rule.
struct StrictDecoder: Decoder {
  let node: JSONNode
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let asked = AskedKeys()

  private init(_ node: JSONNode) { self.node = node }

  /// - Throws: `HTTPFault.malformed`; an initialiser's own `MalformedInput` passes through.
  static func decode<T: Decodable>(_ type: T.Type, from node: JSONNode) throws -> T {
    if type == Data.self, let data = try data(from: node) as? T { return data }
    let decoder = StrictDecoder(node)
    let value: T
    do { value = try T(from: decoder) } catch is DecodingError { throw HTTPFault.malformed(.wrongType) }
    if case .object(let members) = node, decoder.asked.isKeyed, !decoder.asked.names.isSuperset(of: members.keys) {
      throw HTTPFault.malformed(.unknownField)
    }
    return value
  }

  /// Base64 (RFC 4648 §4) with padding, in its one canonical spelling.
  private static func data(from node: JSONNode) throws -> Data {
    guard case .string(let text) = node, let bytes = try? Base64.decode(text) else { throw HTTPFault.malformed(.wrongType) }
    return Data(bytes)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = node else { throw HTTPFault.malformed(.wrongType) }
    asked.isKeyed = true
    return KeyedDecodingContainer(StrictKeyedContainer<Key>(members: members, asked: asked))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = node else { throw HTTPFault.malformed(.wrongType) }
    return StrictUnkeyedContainer(elements: elements)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { StrictValueContainer(node: node) }
}

/// The fields a message asked for. A class: the copies of one container share it; it never leaves the decoding thread.
final class AskedKeys {
  var names: Set<String> = []
  var isKeyed = false
}

/// Scalars, exactly: no number from a string, no rounding, no truth from 1.
enum StrictScalar {
  static func bool(_ node: JSONNode) throws -> Bool {
    guard case .bool(let value) = node else { throw HTTPFault.malformed(.wrongType) }
    return value
  }

  static func string(_ node: JSONNode) throws -> String {
    guard case .string(let value) = node else { throw HTTPFault.malformed(.wrongType) }
    return value
  }

  static func integer<T: FixedWidthInteger>(_ node: JSONNode) throws -> T {
    guard case .number(let text) = node, text != "-0", let value = T(text) else { throw HTTPFault.malformed(.wrongType) }
    return value
  }

  static func real(_ node: JSONNode) throws -> Double {
    guard case .number(let text) = node, let value = Double(text), value.isFinite else { throw HTTPFault.malformed(.wrongType) }
    return value
  }
}
