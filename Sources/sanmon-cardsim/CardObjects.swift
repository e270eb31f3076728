import Foundation

/// The data objects that anybody may read from the card (SP 800-73-5 part 1 §3 and appendix A).
struct CardObjects {
  let content: CardContent

  func isCertificate(_ tag: [UInt8]) -> Bool { tag == [0x5F, 0xC1, 0x05] || tag == [0x5F, 0xC1, 0x01] }

  /// nil: the card has no such object.
  func object(_ tag: [UInt8], _ fault: Fault) -> [UInt8]? {
    switch tag {
    case [0x5F, 0xC1, 0x05]:
      if case .swapCertificate(let other) = fault { return certificate(other, fault) }
      return certificate(content.authentication.certificate, fault)
    case [0x5F, 0xC1, 0x01]: return certificate(content.cardAuthentication.certificate, fault)
    case [0x5F, 0xC1, 0x02]: return holderUniqueIdentifier
    case [0x5F, 0xC1, 0x07]: return capabilityContainer
    case [0x7E]: return discovery
    default: return nil
    }
  }

  private func certificate(_ der: Data, _ fault: Fault) -> [UInt8] {
    let info: UInt8 = fault == .compressedCertificate ? 0x01 : 0x00
    return SimpleTLV.object(
      0x53, SimpleTLV.object(0x70, Array(der)) + SimpleTLV.object(0x71, [info]) + SimpleTLV.object(0xFE, []))
  }

  private var holderUniqueIdentifier: [UInt8] {
    // A FASC-N of nines: "not a federal credential", as part 1 §3.1.2 lets other issuers write it.
    let number: [UInt8] = [
      0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0x83, 0x68,
      0x58, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB,
    ]
    return SimpleTLV.object(
      0x53,
      SimpleTLV.object(0x30, number) + SimpleTLV.object(0x34, Array(content.guid))
        + SimpleTLV.object(0x35, Array("20391231".utf8)) + SimpleTLV.object(0x3E, []) + SimpleTLV.object(0xFE, []))
  }

  private var capabilityContainer: [UInt8] {
    let identifier: [UInt8] = [0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02] + content.guid.prefix(14)
    var value = SimpleTLV.object(0xF0, identifier) + SimpleTLV.object(0xF1, [0x21]) + SimpleTLV.object(0xF2, [0x21])
    value += SimpleTLV.object(0xF3, []) + SimpleTLV.object(0xF4, [0x00]) + SimpleTLV.object(0xF5, [0x10])
    for tag in [0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE] as [UInt8] { value += SimpleTLV.object(tag, []) }
    return SimpleTLV.object(0x53, value)
  }

  /// The application's name, and: the card's own PIN serves, no global one.
  private var discovery: [UInt8] {
    let name: [UInt8] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00]
    return SimpleTLV.object(0x7E, SimpleTLV.object(0x4F, name) + SimpleTLV.object([0x5F, 0x2F], [0x40, 0x00]))
  }
}
