public import AuthTerms

/// The key under which templates of one person, or of one segment's search for duplicates, are protected and compared
/// (ISO/IEC 24745). Its halves are kept apart, and meet in the process that compares, for one call.
public struct TemplateKey: Sendable {
  /// Bytes of each half.
  public static let halfBytes = 32

  /// In the header of every template that it protects; not 0.
  public let id: UInt32
  /// From the person's record.
  public let personHalf: Secret<KeyMaterial>
  /// Of the key ring.
  public let ringHalf: Secret<KeyMaterial>

  /// - Throws: `MalformedInput` for the id 0, which says that a template is not protected, and for halves of another length.
  public init(id: UInt32, personHalf: Secret<KeyMaterial>, ringHalf: Secret<KeyMaterial>) throws(MalformedInput) {
    guard id != 0, personHalf.count == Self.halfBytes, ringHalf.count == Self.halfBytes else {
      throw MalformedInput("template key", expected: "an id that is not 0, and two halves of \(Self.halfBytes) bytes")
    }
    self.id = id
    self.personHalf = personHalf
    self.ringHalf = ringHalf
  }
}

extension TemplateKey: CustomStringConvertible, CustomReflectable {
  public var description: String { "template key \(id)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
