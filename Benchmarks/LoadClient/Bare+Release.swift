import AuthTerms
import Crypto
import Foundation
import Sealing

extension Bare {
  /// CPU milliseconds of one release that does nothing but verify one Ed25519 signature twice (the server and the vault each verify
  /// for themselves), make two records durable, seal 64 bytes with X-Wing, and sign them.
  ///
  /// - Parameter folder: on the disk the databases lie on.
  package static func release(in folder: String) throws -> Double {
    let key = Curve25519.Signing.PrivateKey()
    let message = Data((0..<300).map { UInt8($0 & 0xFF) })
    let signature = try key.signature(for: message)
    let publicKey = key.publicKey
    let recipient = try XWingMLKEM768X25519.PrivateKey.generate()
    let rounds = 500
    var right = 0
    let crypto = try cpu {
      for _ in 0..<rounds {
        if publicKey.isValidSignature(signature, for: message), publicKey.isValidSignature(signature, for: message) {
          right += 1
        }
        var sender = try HPKE.Sender(
          recipientKey: recipient.publicKey, ciphersuite: .XWingMLKEM768X25519_SHA256_AES_GCM_256, info: Data("limit".utf8))
        let sealed = try sender.seal(message.prefix(64), authenticating: message)
        if try key.signature(for: sealed).isEmpty { right -= 1 }
      }
    }
    guard right == rounds else { throw RunFault("署名の検証が誤りました。", "a right signature was refused") }
    return try crypto / Double(rounds) * 1000 + 2 * commit(in: folder).cpu
  }

  /// Milliseconds of one encapsulation and decapsulation with X-Wing and AES-256-GCM over 64 bytes there and back, without HPKE.
  package static func sealAndOpen() throws -> Double {
    let recipient = try XWingMLKEM768X25519.PrivateKey.generate()
    let plaintext = Data(repeating: 7, count: 64)
    return try median {
      let sent = try recipient.publicKey.encapsulate()
      let box = try AES.GCM.seal(plaintext, using: sent.sharedSecret)
      let opened = try AES.GCM.open(box, using: recipient.decapsulate(sent.encapsulated))
      guard opened == plaintext else { throw RunFault("復号が誤りました。", "what was sealed did not open") }
    }
  }

  /// Milliseconds of our own sealing and opening of 64 bytes with X-Wing.
  package static func ourSealAndOpen() throws -> Double {
    let recipient = try SealingKey(.xwing, seed: Secret(copying: (0..<32).map { UInt8($0) }))
    let publicKey = recipient.publicKey
    let plaintext = Secret<TypedPassword>(copying: [UInt8](repeating: 7, count: 64))
    return try median {
      let sealed = try SealingSuite.xwing.seal(plaintext, to: publicKey, info: [1], associatedData: [2])
      let opened = try recipient.open(sealed, info: [1], associatedData: [2], as: TypedPassword.self)
      guard opened.count == 64 else { throw RunFault("復号が誤りました。", "what was sealed did not open") }
    }
  }

  private static func median(_ work: () throws -> Void) throws -> Double {
    Distribution(
      try (0..<400).map { _ in
        let start = ContinuousClock.now
        try work()
        return start.duration(to: .now).inSeconds * 1000
      }
    ).median
  }

  private static func cpu(_ work: () throws -> Void) rethrows -> Double {
    let before = Machine.cpuSecondsOfThread()
    try work()
    return Machine.cpuSecondsOfThread() - before
  }
}
