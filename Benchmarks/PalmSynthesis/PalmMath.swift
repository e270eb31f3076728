import Biometric

enum PalmMath {
  static func exp(_ x: Double) -> Double { Series.exp(x) }
  static func sin(_ x: Float) -> Float { Float(Series.sin(Double(x))) }
  static func cos(_ x: Float) -> Float { Float(Series.cos(Double(x))) }

  /// e to the power of `x` for x <= 0, within 2e-5: bulk work of the renderer.
  @inline(__always)
  static func fastExp(_ x: Float) -> Float {
    guard x > -20 else { return 0 }
    // (e^(x/16))^16 with four terms.
    let t = x * 0.0625
    var y = 1 + t * (1 + t * (0.5 + t * (0.16666667 + t * (0.041666668 + t * 0.008333334))))
    y *= y
    y *= y
    y *= y
    return y * y
  }

  static func clamp(_ x: Float, _ low: Float, _ high: Float) -> Float { min(max(x, low), high) }

  /// 0 at and below `low`, 1 at and above `high`, smooth between.
  @inline(__always)
  static func smoothStep(_ x: Float, _ low: Float, _ high: Float) -> Float {
    let t = min(max((x - low) / (high - low), 0), 1)
    return t * t * (3 - 2 * t)
  }
}

/// Millimetres or pixels, as the place says.
struct Point: Sendable {
  var x: Float
  var y: Float
}
