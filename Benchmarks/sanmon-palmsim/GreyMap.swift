import Biometric
import Foundation

/// Netpbm's binary grey map ("P5") with 8 bits a sample.
enum GreyMap {
  /// - Parameter picture: of 8 bits, which the decoder of pictures spreads over 16 by repeating the byte.
  static func file(_ picture: PalmPicture) -> Data {
    picture.withSamples { samples in
      Data("P5\n\(picture.width) \(picture.height)\n255\n".utf8) + Data(samples.map { UInt8($0 >> 8) })
    }
  }
}
