import AuthTerms

/// What an exchange with a DESFire EV2 or EV3 knows by now. Native commands, wrapped as ISO/IEC 7816-4 APDUs.
struct DESFireSession<Cipher: CardCipher> {
  let number: [UInt8]
  let oldestChip: UInt8
  let master: Secret<CardKey>
  let diversification: CardDiversification
  let nonce: Secret<CardKey>
  let keys: DESFireKeys<Cipher>
  private var key: Secret<CardKey>?
  private var cardNonce: Secret<CardKey>?

  init(
    number: [UInt8], oldestChip: UInt8, master: Secret<CardKey>, diversification: CardDiversification, nonce: Secret<CardKey>,
    keys: DESFireKeys<Cipher>
  ) {
    self.number = number
    self.oldestChip = oldestChip
    self.master = master
    self.diversification = diversification
    self.nonce = nonce
    self.keys = keys
  }

  func command(_ step: ScriptStep) throws(CardCipherFault) -> [UInt8] {
    var data: [UInt8] = []
    for field in step.data {
      switch field {
      case .constant(let bytes): data += bytes
      case .sealedNonces:
        guard let key, let cardNonce else { throw .length }
        data += try keys.sealedNonces(key: key, nonce: nonce, cardNonce: cardNonce).leaving()
      default: throw .length
      }
    }
    let body = data.isEmpty ? [] : [UInt8(truncatingIfNeeded: data.count)] + data
    return step.command.bytes + [0x00, 0x00] + body + [0x00]
  }

  mutating func check(_ raw: [UInt8], _ step: ScriptStep) throws(CardCipherFault) -> ExchangeRefusal? {
    let answer: ResponseAPDU
    do throws(CardFailure) { answer = try ResponseAPDU(parsing: raw) } catch { return .malformedAnswer }
    guard answer.status.rawValue == step.status else { return .cardRefused(answer.status.rawValue) }
    switch step.answer.first {
    case nil: return answer.data.isEmpty ? nil : .malformedAnswer
    case .chip?:
      // Vendor, type, subtype, major version, minor version, storage, protocol (GetVersion, first frame).
      guard answer.data.count == 7 else { return .malformedAnswer }
      return answer.data[3] >= oldestChip ? nil : .chipTooOld
    case .sealedNonce?:
      guard answer.data.count == 16 else { return .malformedAnswer }
      let key = try cardKey()
      cardNonce = try keys.cipher.decryptAES(Secret(copying: answer.data), key: key)
      self.key = key
      return nil
    case .sealedProof?:
      guard answer.data.count == 32, let key else { return .malformedAnswer }
      // Transaction identifier (4 bytes), our number turned (16), both sides' capabilities (6 and 6).
      let plain = try keys.cipher.decryptAES(Secret(copying: answer.data), key: key)
      return keys.cipher.areEqual(plain.part(4..<20), nonce.rotatedLeft()) ? nil : .wrongMAC
    default: return nil
    }
  }

  private func cardKey() throws(CardCipherFault) -> Secret<CardKey> {
    guard case .an10922(let input) = diversification else { throw .length }
    var bytes: [UInt8] = []
    for field in input {
      if case .constant(let part) = field { bytes += part } else { bytes += number }
    }
    return try keys.cardKey(master: master, input: bytes)
  }
}
