import AuthTerms

/// How a reader passes a frame of FeliCa to the card and the answer back. PC/SC has no one way; which readers were tried
/// stands in docs/cards.md.
public enum FelicaReaderFamily: String, CaseIterable, Sendable {
  /// A transparent session (PC/SC part 3, supplemental document for contactless ICCs, §3.2): MANAGE SESSION and TRANSPARENT
  /// EXCHANGE, `FF C2`.
  case transparentSession = "transparent-session"
  /// A direct transmission to a PN532 in the reader (its user manual §7.3.9, InCommunicateThru): `FF 00 00 00`, `D4 42`.
  case pn532 = "pn532"

  /// Before and after the frames of one exchange; empty if there is nothing to do.
  var opening: [[UInt8]] { self == .transparentSession ? [[0xFF, 0xC2, 0x00, 0x00, 0x02, 0x81, 0x00, 0x00]] : [] }
  var closing: [[UInt8]] { self == .transparentSession ? [[0xFF, 0xC2, 0x00, 0x00, 0x02, 0x82, 0x00, 0x00]] : [] }

  /// How this reader passes frames, found out by opening and closing a transparent session: that says nothing to the card, and
  /// a reader that knows no such session is taken for one of the other family.
  ///
  /// Errors: those of the channel, and `malformedCard` for what is no answer.
  public static func find(through channel: inout some CardChannel) throws(CardFailure) -> FelicaReaderFamily {
    for command in Self.transparentSession.opening + Self.transparentSession.closing {
      guard try ResponseAPDU(parsing: try channel.transmit(command)).status == .success else { return .pn532 }
    }
    return .transparentSession
  }

  /// - Parameter frame: of at most 120 bytes, so that every length is one byte.
  func wrap(_ frame: [UInt8]) throws(CardFailure) -> [UInt8] {
    guard frame.count <= 120 else { throw .malformedCommand }
    let count = UInt8(frame.count)
    switch self {
    case .transparentSession: return [0xFF, 0xC2, 0x00, 0x01, count + 2, 0x95, count] + frame + [0x00]
    case .pn532: return [0xFF, 0x00, 0x00, 0x00, count + 2, 0xD4, 0x42] + frame
    }
  }

  /// The card's frame. `cardRemoved` if the reader says that none came.
  func unwrap(_ answer: ResponseAPDU) throws(CardFailure) -> [UInt8] {
    guard answer.status == .success else { throw .refused(answer.status) }
    switch self {
    case .transparentSession:
      let error: BERTLV?
      let response: BERTLV?
      do throws(MalformedInput) {
        let objects = try BERTLV.parse(answer.data)
        (error, response) = (try objects.only(0xC0), try objects.only(0x97))
      } catch { throw .malformedCard(error) }
      // Number of the object in error, then a status word of its own.
      guard let error, error.value.count == 3 else { throw Self.malformed }
      guard Array(error.value) == [0x00, 0x90, 0x00] else { throw .cardRemoved }
      guard let response else { throw Self.malformed }
      return Array(response.value)
    case .pn532:
      guard answer.data.count >= 3, answer.data[0] == 0xD5, answer.data[1] == 0x43 else { throw Self.malformed }
      // Status of the reader's chip, in its low 6 bits.
      guard answer.data[2] & 0x3F == 0 else { throw .cardRemoved }
      return Array(answer.data.dropFirst(3))
    }
  }

  private static var malformed: CardFailure {
    .malformedCard(MalformedInput("reader's answer", expected: "a frame of the card in the reader's form"))
  }
}
