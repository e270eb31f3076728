public import AuthAPI
import Biometric

/// A grey picture out of its file, as a vendor's library gets it: row by row, 8 bits, or 16 in little-endian order.
public struct GreyPicture: Sendable, CustomReflectable {
  public let width: Int
  public let height: Int
  /// 8 or 16.
  public let bits: Int
  public let pixels: [UInt8]

  /// - Returns: `nil` unless there are as many bytes as the sides say, and sides of 1 to 8,192.
  public init?(width: Int, height: Int, bits: Int, pixels: [UInt8]) {
    guard (1...8192).contains(width), (1...8192).contains(height), bits == 8 || bits == 16,
      pixels.count == width * height * bits / 8
    else { return nil }
    self.width = width
    self.height = height
    self.bits = bits
    self.pixels = pixels
  }

  /// Reads PGM and PNG as `PalmPicture` does, within its limits. Samples whose two bytes are all alike, as those of 8-bit files are,
  /// are given as 8 bits: nothing is lost by it.
  ///
  /// - Throws: `malformedSample` for anything else.
  public init(decoding file: [UInt8]) throws(MatcherFailure) {
    let picture: PalmPicture
    do throws(PictureFault) { picture = try PalmPicture(decoding: file) } catch { throw .malformedSample }
    (width, height) = (picture.width, picture.height)
    (bits, pixels) = picture.withSamples { samples in
      samples.allSatisfy { $0 >> 8 == $0 & 255 }
        ? (8, samples.map { UInt8(truncatingIfNeeded: $0) })
        : (16, samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
    }
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
