/// Exponential and circular functions from series, in additions and multiplications only: the same bits on every machine, where
/// each C library rounds its own way. Filter banks and synthetic palms are made of these.
package enum Series {
  /// e to the power of `x`, for -700 ... 700.
  package static func exp(_ x: Double) -> Double {
    // e^x = 2^k * e^r with |r| <= ln 2 / 2; 14 terms of r leave less than 1e-16.
    let whole = (x * 1.4426950408889634).rounded()
    let rest = x - whole * 0.6931471805599453
    var term = 1.0
    var sum = 1.0
    for n in 1...14 {
      term = term * rest / Double(n)
      sum += term
    }
    return sum * power(ofTwo: Int(whole))
  }

  /// Sine of an angle in radians, for |x| up to some thousands.
  package static func sin(_ x: Double) -> Double {
    let turns = (x * 0.15915494309189535).rounded()
    let rest = x - turns * 6.283185307179586
    // The series is taken where it is short: sin(pi - r) = sin(r).
    let folded = rest > 1.5707963267948966 ? Double.pi - rest : rest < -1.5707963267948966 ? -Double.pi - rest : rest
    var term = folded
    var sum = folded
    for n in 1...11 {
      term = -term * folded * folded / Double(2 * n * (2 * n + 1))
      sum += term
    }
    return sum
  }

  package static func cos(_ x: Double) -> Double { sin(x + 1.5707963267948966) }

  private static func power(ofTwo exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}
