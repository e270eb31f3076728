import COpenSSL

/// Block ciphers of the simulated shared-key cards: the library for single blocks and CBC, modes of authentication by hand.
enum SharedKeyCipher {
  /// Triple DES in CBC under zeros or `iv`; a key of 16 or 24 bytes.
  static func tripleDES(_ text: [UInt8], key: [UInt8], iv: [UInt8] = [UInt8](repeating: 0, count: 8)) -> [UInt8] {
    run(EVP_des_ede3_cbc(), text, key: key.count == 16 ? key + key.prefix(8) : key, iv: iv, encrypting: true)
  }

  static func aes(_ text: [UInt8], key: [UInt8], encrypting: Bool) -> [UInt8] {
    run(EVP_aes_128_cbc(), text, key: key, iv: [UInt8](repeating: 0, count: 16), encrypting: encrypting)
  }

  /// CMAC (NIST SP 800-38B §6.2) with AES-128.
  static func cmac(_ text: [UInt8], key: [UInt8]) -> [UInt8] {
    let first = doubled(aes([UInt8](repeating: 0, count: 16), key: key, encrypting: true), 0x87)
    let isWhole = !text.isEmpty && text.count % 16 == 0
    var padded = text
    if !isWhole {
      padded.append(0x80)
      while padded.count % 16 != 0 { padded.append(0) }
    }
    let subkey = isWhole ? first : doubled(first, 0x87)
    for index in 0..<16 { padded[padded.count - 16 + index] ^= subkey[index] }
    return Array(aes(padded, key: key, encrypting: true).suffix(16))
  }

  /// Shifted left by one bit; what falls out comes back as `reduction`.
  static func doubled(_ block: [UInt8], _ reduction: UInt8) -> [UInt8] {
    var result: [UInt8] = []
    for index in block.indices { result.append(block[index] << 1 | (index + 1 < block.count ? block[index + 1] >> 7 : 0)) }
    if block[0] >= 0x80 { result[result.count - 1] ^= reduction }
    return result
  }

  private static func run(
    _ cipher: OpaquePointer?, _ text: [UInt8], key: [UInt8], iv: [UInt8], encrypting: Bool
  ) -> [UInt8] {
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    var result = [UInt8](repeating: 0, count: text.count)
    var count: Int32 = 0
    EVP_CipherInit_ex(context, cipher, nil, key, iv, encrypting ? 1 : 0)
    EVP_CIPHER_CTX_set_padding(context, 0)
    EVP_CipherUpdate(context, &result, &count, text, Int32(text.count))
    return result
  }
}
