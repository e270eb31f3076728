public import AuthTerms

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the process of a PKCS#11 library is asked, once: it answers and ends.
public struct ModuleRequest: Sendable {
  /// Bytes of a frame in either direction.
  public static let frameLimit = 256 * 1024
  static let label = "sanmon/module/1"

  public enum Task: Sendable {
    /// Which tokens there are, and whose certificates stand on them. No PIN is used.
    case look
    case sign(ModuleErrand)
  }

  /// Absolute path of the library, at most 255 bytes.
  public let library: String
  public let task: Task

  public init(library: String, task: Task) throws(MalformedInput) {
    guard Self.isPath(library) else {
      throw MalformedInput("PKCS#11 library", expected: "an absolute path of at most 255 bytes")
    }
    self.library = library
    self.task = task
  }

  /// Whether it can be the path of a library, or of a file that one reads.
  public static func isPath(_ text: String) -> Bool {
    text.hasPrefix("/") && (2...255).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }

  /// With a PIN inside, where the task has one: whoever sends it wipes it.
  public func encoded() -> [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(library)
    switch task {
    case .look:
      writer.field(UInt64(1))
      return writer.bytes
    case .sign(let errand):
      writer.field(UInt64(2))
      writer.field(errand.slot)
      writer.field(errand.serial)
      writer.field(errand.key)
      writer.field(errand.certificate)
      writer.field(UInt64(errand.algorithm.rawValue))
      writer.field(errand.digest)
      writer.field(UInt64(errand.leastTries))
      // The PIN goes last into room that is there already: a buffer that grows would leave a copy behind.
      var bytes = writer.bytes
      bytes.reserveCapacity(bytes.count + 4 + errand.pin.count)
      bytes += [0, 0, 0, UInt8(truncatingIfNeeded: errand.pin.count)]
      unsafe errand.pin.withBytes { digits in
        for position in digits.indices { bytes.append(unsafe digits[position]) }
      }
      return bytes
    }
  }

  /// Accepts exactly what `encoded` writes. The PIN stands in `pin` alone from then on, and in `bytes`, which are the caller's to
  /// wipe.
  public init(decoding bytes: [UInt8]) throws(MalformedInput) {
    guard bytes.count <= Self.frameLimit else { throw MalformedInput("module request", expected: "at most 256 KiB") }
    var reader = LengthPrefixedReader(bytes, subject: "module request", limit: 8192)
    guard try reader.text() == Self.label else { throw MalformedInput("module request", expected: "the label \(Self.label)") }
    let library = try reader.text()
    let kind = try reader.unsigned()
    switch kind {
    case 1:
      try reader.requireEnd()
      try self.init(library: library, task: .look)
    case 2:
      let (slot, serial, key, certificate) = (
        try reader.unsigned(), try reader.field(), try reader.field(), try reader.field()
      )
      let (number, digest, tries) = (try reader.unsigned(), try reader.field(), try reader.unsigned())
      var typed = try reader.field()
      defer {
        unsafe typed.withUnsafeMutableBytes { buffer in
          if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
        }
      }
      let pin = Secret<PIN>(copying: typed)
      try reader.requireEnd()
      guard let algorithm = UInt8(exactly: number).flatMap(PIVAlgorithm.init(rawValue:)), let least = Int(exactly: tries) else {
        throw MalformedInput("module request", expected: "an algorithm and a number of tries")
      }
      let errand = try ModuleErrand(
        slot: slot, serial: serial, key: key, certificate: certificate, algorithm: algorithm, digest: digest, pin: pin,
        leastTries: least)
      try self.init(library: library, task: .sign(errand))
    default: throw MalformedInput("module request", expected: "a known task")
    }
  }
}

/// One signature of a key that was seen before.
public struct ModuleErrand: Sendable {
  /// Most bytes of a CKA_ID that is taken.
  public static let mostKeyBytes = 64
  /// What can be a token's PIN at all; each token has its own limits within these.
  public static let pinLengths = 4...64

  /// CK_SLOT_ID.
  public let slot: UInt64
  /// Of the token, as it stood there: another card does not get this person's PIN.
  public let serial: [UInt8]
  /// CKA_ID.
  public let key: [UInt8]
  /// DER, as it stood there.
  public let certificate: [UInt8]
  public let algorithm: PIVAlgorithm
  /// As long as such a key signs.
  public let digest: [UInt8]
  public let pin: Secret<PIN>
  /// 1: the last try may be used. 2: it may not.
  public let leastTries: Int

  public init(
    slot: UInt64, serial: [UInt8], key: [UInt8], certificate: [UInt8], algorithm: PIVAlgorithm, digest: [UInt8],
    pin: Secret<PIN>, leastTries: Int
  ) throws(MalformedInput) {
    guard serial.count <= 16, (1...Self.mostKeyBytes).contains(key.count), (1...8192).contains(certificate.count) else {
      throw MalformedInput(
        "module errand", expected: "a serial number of 16 bytes, a key of 64, a certificate of 8 KiB at most")
    }
    guard digest.count == algorithm.digestCount, Self.pinLengths.contains(pin.count), (1...2).contains(leastTries) else {
      throw MalformedInput("module errand", expected: "a digest of its key, a PIN of 4 to 64 bytes, one or two tries")
    }
    self.slot = slot
    self.serial = serial
    self.key = key
    self.certificate = certificate
    self.algorithm = algorithm
    self.digest = digest
    self.pin = pin
    self.leastTries = leastTries
  }
}
