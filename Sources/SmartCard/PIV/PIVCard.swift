import AuthTerms

/// The PIV application of a card (NIST SP 800-73-5 part 2), spoken to over a channel that one caller holds.
///
/// Order: `select()`, then anything else. Nothing here repeats a PIN or a signature on its own.
public struct PIVCard<Channel: CardChannel> {
  public internal(set) var channel: Channel

  public init(channel: Channel) { self.channel = channel }

  /// Selects the PIV application by its full name (part 2 §3.1.1). `unsupportedCard` if the card does not know it.
  public mutating func select() throws(CardFailure) {
    let name: [UInt8] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00]
    let answer = try channel.send(
      CommandAPDU(instruction: 0xA4, parameter1: 0x04, parameter2: 0x00, data: name, expectedLength: 256), limit: 512)
    switch answer.status {
    case .success: break
    case .notFound, .functionNotSupported, .instructionNotSupported, .classNotSupported: throw .unsupportedCard
    case let status: throw .refused(status)
    }
    // The property template must name PIV: a card that says 9000 to every SELECT is no PIV card.
    let stated: BERTLV?
    do throws(MalformedInput) {
      let template = try BERTLV.parseOne(answer.data)
      guard template.tag == 0x61 else { throw MalformedInput("application property template", expected: "tag 61") }
      stated = try template.children().only(0x4F)
    } catch { throw .malformedCard(error) }
    guard let stated, stated.value.elementsEqual(name) || stated.value.elementsEqual(name.dropFirst(5)) else {
      throw .unsupportedCard
    }
  }

  /// The X.509 certificate of a slot, DER as the card holds it; nothing in it has been judged.
  ///
  /// Errors: `missingObject` for an empty slot, `compressedCertificate`, `malformedCard`. At most 16 KiB.
  public mutating func certificate(slot: PIVSlot) throws(CardFailure) -> [UInt8] {
    let object = try object(slot.certificateObject)
    let certificate: BERTLV?
    let info: BERTLV?
    let errorDetection: BERTLV?
    do throws(MalformedInput) {
      let fields = try object.children()
      (certificate, info, errorDetection) = (try fields.only(0x70), try fields.only(0x71), try fields.only(0xFE))
    } catch { throw .malformedCard(error) }
    guard let certificate, !certificate.value.isEmpty else { throw .missingObject }
    guard let info, info.value.count == 1, let flags = info.value.first, errorDetection?.value.isEmpty ?? true else {
      throw .malformedCard(MalformedInput("PIV certificate object", expected: "one byte of information, no error detection"))
    }
    guard flags & 0x01 == 0 else { throw .compressedCertificate }
    return Array(certificate.value)
  }

  /// The card's 16-byte GUID out of its CHUID (part 1 §3.4.1): a name for the desk, copyable by anybody, never a proof.
  public mutating func guid() throws(CardFailure) -> [UInt8] {
    let object = try object(.cardHolderUniqueIdentifier)
    do throws(MalformedInput) {
      guard let guid = try object.children().only(0x34), guid.value.count == 16 else {
        throw MalformedInput("CHUID", expected: "a GUID of 16 bytes")
      }
      return Array(guid.value)
    } catch { throw .malformedCard(error) }
  }

  private mutating func object(_ object: PIVObject) throws(CardFailure) -> BERTLV {
    let command = try CommandAPDU(
      instruction: 0xCB, parameter1: 0x3F, parameter2: 0xFF, data: BERTLV.encode(0x5C, object.tag), expectedLength: 256)
    let answer = try channel.send(command)
    switch answer.status {
    case .success: break
    case .notFound, .referencedDataNotFound: throw .missingObject
    case .securityStatusNotSatisfied: throw .pinRequired
    case let status: throw .refused(status)
    }
    do throws(MalformedInput) {
      let outer = try BERTLV.parseOne(answer.data)
      guard outer.tag == 0x53 else { throw MalformedInput("PIV object", expected: "tag 53") }
      return outer
    } catch { throw .malformedCard(error) }
  }
}
