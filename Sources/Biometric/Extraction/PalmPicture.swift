public import AuthTerms

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What ISO/IEC 39794-9 says beside a vascular picture, as far as the extraction needs it: which hand, the light, the sampling.
public struct CaptureConditions: Sendable, Hashable {
  public let hand: Hand
  /// Nanometres of the illumination; veins are dark between 700 and 1,000.
  public let wavelength: Int
  /// Samples per centimetre in the plane of the palm; the extraction works between 12 and 80.
  public let resolution: Int

  /// Accepts 700 to 1,000 nm and 12 to 80 samples per centimetre.
  public init(hand: Hand, wavelength: Int, resolution: Int) throws(MalformedInput) {
    guard (700...1000).contains(wavelength) else { throw MalformedInput("capture wavelength", expected: "700 to 1000 nm") }
    guard (12...80).contains(resolution) else {
      throw MalformedInput("capture resolution", expected: "12 to 80 samples per cm")
    }
    self.hand = hand
    self.wavelength = wavelength
    self.resolution = resolution
  }
}

/// One near-infrared picture of a palm: grey, rows from top to bottom, fingers towards the top, 0 dark and 65,535 white.
///
/// 8-bit samples are spread over the whole range (times 257). The samples are wiped when the last owner lets go, and never printed.
public struct PalmPicture: Sendable, CustomStringConvertible, CustomReflectable {
  /// Pixels along either side.
  public static let sides = 128...1600
  /// Pixels in all: one and a half million, more than any palm sensor gives.
  public static let mostPixels = 1_536_000

  public let width: Int
  public let height: Int
  private let samples: Secret<PalmPicture>

  /// - Parameter samples: `width` x `height` values, row by row from the top.
  /// - Returns: `nil` outside `sides` and `mostPixels` or if the count is another.
  public init?(width: Int, height: Int, samples: [UInt16]) {
    guard Self.sides.contains(width), Self.sides.contains(height), width * height <= Self.mostPixels,
      samples.count == width * height
    else { return nil }
    self.width = width
    self.height = height
    self.samples = unsafe Secret(count: 2 * samples.count) { target in
      unsafe samples.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  /// For decoders, which checked the sizes: `fill` gets `width` x `height` zeroed samples.
  init(width: Int, height: Int, fill: (UnsafeMutableBufferPointer<UInt16>) -> Void) {
    self.width = width
    self.height = height
    samples = unsafe Secret(count: 2 * width * height) { target in unsafe fill(target.bindMemory(to: UInt16.self)) }
  }

  /// Samples row by row from the top, `width` x `height` of them; not to be kept.
  public func withSamples<R>(_ use: (UnsafeBufferPointer<UInt16>) -> R) -> R {
    unsafe samples.withBytes { unsafe use($0.bindMemory(to: UInt16.self)) }
  }

  public var description: String { "palm picture, \(width) x \(height)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
