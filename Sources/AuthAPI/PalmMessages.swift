import AuthTerms
public import FoundationEssentials

/// One capture of a palm, as its sensor gave it: a picture file, or a vendor's own bytes.
public struct PalmSampleMessage: Codable, Sendable, Equatable {
  /// `right` or `left`
  public var hand: String
  /// `SensorID`
  public var sensor: String
  /// PGM or PNG, grey, 8 or 16 bits.
  public var picture: Data?
  /// Of the light, in nanometres; with a picture, where the sensor says so.
  public var wavelength: UInt32?
  /// Pixels per centimetre at the palm; with a picture, where the sensor says so.
  public var resolution: UInt32?
  /// What only the vendor's matcher reads, at most 64 KiB; instead of a picture.
  public var blob: Data?
  /// Of the blob: the name of its format.
  public var format: String?
  public var formatVersion: UInt32?

  public init(
    hand: String, sensor: String, picture: Data? = nil, wavelength: UInt32? = nil, resolution: UInt32? = nil,
    blob: Data? = nil, format: String? = nil, formatVersion: UInt32? = nil
  ) {
    self.hand = hand
    self.sensor = sensor
    self.picture = picture
    self.wavelength = wavelength
    self.resolution = resolution
    self.blob = blob
    self.format = format
    self.formatVersion = formatVersion
  }

  /// Of a picture, in a message: a ceremony's body holds no more.
  public static let mostPictureBytes = 1 << 20
}

extension PalmSampleMessage: CustomStringConvertible, CustomReflectable {
  /// 個人識別符号: nothing of it is ever printed.
  public var description: String { "palm sample" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A palm shown in a ceremony, at the workstation whose session key signs it.
public struct PalmProofMessage: Codable, Sendable, Equatable {
  public var sample: PalmSampleMessage
  /// Ed25519 over `PalmPreimage`, by the signing key of the ceremony's session keys: 64 bytes.
  public var signature: Data

  public init(sample: PalmSampleMessage, signature: Data) {
    self.sample = sample
    self.signature = signature
  }
}

/// What ties a sample to one ceremony.
///
/// Canonical bytes: the label `sanmon/palm/1` and each field, length-prefixed, in the order below.
public struct PalmPreimage: Sendable, Equatable {
  public static let label = "sanmon/palm/1"

  public var nonce: [UInt8]
  public var ceremony: String
  public var sensor: String
  public var hand: String
  /// SHA-256 of the picture file or of the blob.
  public var sample: [UInt8]

  public init(nonce: [UInt8], ceremony: String, sensor: String, hand: String, sample: [UInt8]) {
    self.nonce = nonce
    self.ceremony = ceremony
    self.sensor = sensor
    self.hand = hand
    self.sample = sample
  }

  public var canonicalBytes: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field(Self.label)
    writer.field(nonce)
    writer.field(ceremony)
    writer.field(sensor)
    writer.field(hand)
    writer.field(sample)
    return writer.bytes
  }
}

/// What became of a palm that did not complete a ceremony; the ceremony goes on.
public struct PalmTry: Codable, Sendable, Equatable {
  /// `noMatch`; `retake` with an advice; `unavailable`: the matcher does not answer, or this person's palms are not looked at now.
  public var outcome: String
  /// `CaptureAdvice.rawValue`
  public var advice: UInt32?
  /// Palms that may still be shown in this ceremony.
  public var triesLeft: Int

  public init(outcome: String, advice: UInt32? = nil, triesLeft: Int) {
    self.outcome = outcome
    self.advice = advice
    self.triesLeft = triesLeft
  }

  /// Palms in one ceremony.
  public static let most = 3
}
