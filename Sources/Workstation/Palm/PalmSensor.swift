public import AuthAPI
public import AuthTerms

/// Where samples of a palm come from.
public protocol PalmSensor: Sendable {
  /// As it stands in every sample and in what the session key signs.
  var name: SensorID { get }

  /// One sample of one palm; takes as long as the person needs, up to the sensor's own deadline.
  ///
  /// - Parameter advice: what was wrong with the sample before, so that a device can show it; nil for the first.
  /// - Throws: `AgentFault.sensor`.
  func capture(after advice: CaptureAdvice?) async throws(AgentFault) -> PalmSampleMessage
}

/// Why a sensor gave no sample.
public enum SensorFault: Error, Sendable, Equatable {
  /// The file is not there or cannot be read; the number is the system's `errno`.
  case unreadable(errno: Int32)
  case empty
  /// More bytes than a sample of its sort may have.
  case tooLarge(most: Int)
  /// Neither a binary PGM nor a PNG.
  case notAPicture
  /// Each file is shown once.
  case noMorePictures
  /// The sensor's program could not be started; the number is the system's `errno`.
  case notStarted(errno: Int32)
  /// The program had not ended by its deadline; it was killed.
  case deadline
  /// The program ended badly.
  case failed
}

/// What every sample of one sensor has in common.
public struct SensorProfile: Sendable, Equatable {
  public let name: SensorID
  public let hand: Hand
  public let wavelength: UInt32?
  public let resolution: UInt32?
  /// Of the vendor's own bytes; nil for a sensor that gives pictures.
  public let format: MatcherFormat?

  /// - Parameters:
  ///   - name: a `SensorID`.
  ///   - wavelength: of the light, 1 to 10,000 nanometres.
  ///   - resolution: at the palm, 1 to 10,000 pixels per centimetre.
  ///   - format: of blobs, which the vendor's matcher alone reads; with one neither wavelength nor resolution are told.
  public init(
    name: String, hand: Hand, wavelength: UInt32? = nil, resolution: UInt32? = nil, format: MatcherFormat? = nil
  ) throws(AgentFault) {
    guard let name = try? SensorID(parsing: name) else {
      throw .badInput(expected: "a sensor's name: 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first")
    }
    guard [wavelength, resolution].allSatisfy({ $0.map { (1...10_000).contains($0) } ?? true }) else {
      throw .badInput(expected: "nanometres and pixels per centimetre: 1 to 10000")
    }
    guard format == nil || (wavelength == nil && resolution == nil) else {
      throw .badInput(expected: "no wavelength or resolution beside a format")
    }
    self.name = name
    self.hand = hand
    self.wavelength = wavelength
    self.resolution = resolution
    self.format = format
  }

  /// Of one sample.
  public var mostBytes: Int { format == nil ? PalmSampleMessage.mostPictureBytes : BiometricTemplate.mostBytes }

  /// A sample out of what a sensor gave: of a picture only the first bytes are looked at here, of a blob none.
  func sample(_ bytes: SampleBytes) throws(AgentFault) -> PalmSampleMessage {
    guard bytes.count > 0 else { throw .sensor(.empty) }
    guard !bytes.isTooMuch else { throw .sensor(.tooLarge(most: mostBytes)) }
    if let format {
      return PalmSampleMessage(
        hand: hand.name, sensor: name.text, blob: bytes.handedOver(), format: format.name, formatVersion: format.version)
    }
    guard bytes.isPicture else { throw .sensor(.notAPicture) }
    return PalmSampleMessage(
      hand: hand.name, sensor: name.text, picture: bytes.handedOver(), wavelength: wavelength, resolution: resolution)
  }
}
