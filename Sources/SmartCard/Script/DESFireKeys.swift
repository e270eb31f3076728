package import AuthTerms

/// The key schedule of AuthenticateEV2First with AES-128 (NXP AN12343 §6, the same as in AN12196 §6.6) and AN10922 §2.2.
package struct DESFireKeys<Cipher: CardCipher> {
  package let cipher: Cipher

  package init(cipher: Cipher) { self.cipher = cipher }

  /// A card's own key. - Parameter input: 16 to 31 bytes that name the card.
  package func cardKey(master: Secret<CardKey>, input: [UInt8]) throws(CardCipherFault) -> Secret<CardKey> {
    guard (16...31).contains(input.count) else { throw .length }
    return try cipher.authenticateAES(Secret(copying: [0x01] + input), key: master)
  }

  /// What answers the card's sealed random number: ours and its own, turned by a byte.
  package func sealedNonces(
    key: Secret<CardKey>, nonce: Secret<CardKey>, cardNonce: Secret<CardKey>
  ) throws(CardCipherFault) -> Secret<CardKey> {
    try cipher.encryptAES(.joined([nonce, cardNonce.rotatedLeft()]), key: key)
  }

  /// SV1 and SV2 are two prefixes before one context of both random numbers.
  package func sessionKeys(
    key: Secret<CardKey>, nonce a: Secret<CardKey>, cardNonce b: Secret<CardKey>
  ) throws(CardCipherFault) -> (encryption: Secret<CardKey>, mac: Secret<CardKey>) {
    let context = Secret<CardKey>.joined([
      Secret(copying: [0x00, 0x01, 0x00, 0x80]), a.part(0..<2), a.part(2..<8).combined(with: b.part(0..<6)), b.part(6..<16),
      a.part(8..<16),
    ])
    return (
      try cipher.authenticateAES(.joined([Secret(copying: [0xA5, 0x5A]), context]), key: key),
      try cipher.authenticateAES(.joined([Secret(copying: [0x5A, 0xA5]), context]), key: key)
    )
  }
}
