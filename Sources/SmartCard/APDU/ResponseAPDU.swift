import AuthTerms

/// A card's answer: data and status word.
public struct ResponseAPDU: Sendable, CustomStringConvertible, CustomReflectable {
  /// Most data bytes in one short-form answer.
  public static let dataLimit = 256

  public let data: [UInt8]
  public let status: StatusWord

  /// Takes apart what came from the reader.
  ///
  /// No bytes at all is how several readers report a card pulled out inside a command although the call "succeeded":
  /// `cardRemoved`, never an empty answer. One byte, or more than 258, is `malformedCard`.
  public init(parsing raw: [UInt8]) throws(CardFailure) {
    guard !raw.isEmpty else { throw .cardRemoved }
    guard raw.count >= 2, raw.count <= Self.dataLimit + 2 else {
      throw .malformedCard(MalformedInput("card answer", expected: "a status word and at most 256 bytes"))
    }
    data = Array(raw.dropLast(2))
    status = StatusWord(rawValue: UInt16(raw[raw.count - 2]) << 8 | UInt16(raw[raw.count - 1]))
  }

  init(data: [UInt8], status: StatusWord) {
    self.data = data
    self.status = status
  }

  public var description: String { "answer(\(data.count) bytes, \(status))" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
