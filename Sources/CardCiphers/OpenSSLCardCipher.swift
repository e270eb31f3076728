public import AuthTerms
import COpenSSL
public import SmartCard

// The only file of this target, and the one that calls the library. Contexts are freed by it, which wipes them.

/// The block ciphers of shared-key cards by OpenSSL's EVP (Triple DES comes from its default provider).
public struct OpenSSLCardCipher: CardCipher {
  public init() {}

  public func encryptTripleDES(
    _ text: Secret<CardKey>, key: Secret<CardKey>, iv: [UInt8]
  ) throws(CardCipherFault) -> Secret<CardKey> {
    guard [16, 24].contains(key.count), iv.count == 8, text.count > 0, text.count.isMultiple(of: 8) else { throw .length }
    return try run(key.count == 16 ? EVP_des_ede_cbc() : EVP_des_ede3_cbc(), text, key: key, iv: iv, encrypting: true)
  }

  public func encryptAES(_ text: Secret<CardKey>, key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey> {
    try aes(text, key: key, encrypting: true)
  }

  public func decryptAES(_ text: Secret<CardKey>, key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey> {
    try aes(text, key: key, encrypting: false)
  }

  private func aes(_ text: Secret<CardKey>, key: Secret<CardKey>, encrypting: Bool) throws(CardCipherFault) -> Secret<CardKey> {
    guard key.count == 16, text.count > 0, text.count.isMultiple(of: 16) else { throw .length }
    return try run(EVP_aes_128_cbc(), text, key: key, iv: [UInt8](repeating: 0, count: 16), encrypting: encrypting)
  }

  private func run(
    _ cipher: OpaquePointer?, _ text: Secret<CardKey>, key: Secret<CardKey>, iv: [UInt8], encrypting: Bool
  ) throws(CardCipherFault) -> Secret<CardKey> {
    guard let context = EVP_CIPHER_CTX_new() else { throw .library }
    defer { EVP_CIPHER_CTX_free(context) }
    var isDone = false
    let result = Secret<CardKey>(count: text.count) { target in
      key.withBytes { key in
        text.withBytes { text in
          var written: Int32 = 0
          isDone =
            EVP_CipherInit_ex(
              context, cipher, nil, key.bindMemory(to: UInt8.self).baseAddress, iv, encrypting ? 1 : 0) == 1
            && EVP_CIPHER_CTX_set_padding(context, 0) == 1
            && EVP_CipherUpdate(
              context, target.bindMemory(to: UInt8.self).baseAddress, &written, text.bindMemory(to: UInt8.self).baseAddress,
              Int32(text.count)) == 1
            && Int(written) == text.count
        }
      }
    }
    guard isDone else { throw .library }
    return result
  }

  public func authenticateAES(_ text: Secret<CardKey>, key: Secret<CardKey>) throws(CardCipherFault) -> Secret<CardKey> {
    guard key.count == 16, text.count <= 4096 else { throw .length }
    var isDone = false
    let result = Secret<CardKey>(count: 16) { target in
      key.withBytes { key in
        text.withBytes { text in
          var length = 0
          isDone =
            EVP_Q_mac(
              nil, "CMAC", nil, "AES-128-CBC", nil, key.baseAddress, key.count,
              text.bindMemory(to: UInt8.self).baseAddress, text.count, target.bindMemory(to: UInt8.self).baseAddress, 16,
              &length) != nil && length == 16
        }
      }
    }
    guard isDone else { throw .library }
    return result
  }

  public func areEqual(_ a: Secret<CardKey>, _ b: Secret<CardKey>) -> Bool {
    a.count == b.count && a.withBytes { a in b.withBytes { b in CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 } }
  }
}
