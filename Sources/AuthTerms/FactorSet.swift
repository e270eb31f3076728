/// Some of the five factors, as bits: what a decision compares again and again, without a table of hashes for each.
public struct FactorSet: SetAlgebra, Sequence, Hashable, Sendable {
  private var bits: UInt8

  public init() { bits = 0 }
  private init(bits: UInt8) { self.bits = bits }

  public init(_ factors: some Sequence<Factor>) {
    bits = factors.reduce(0) { $0 | $1.bit }
  }

  public init(arrayLiteral factors: Factor...) { self.init(factors) }

  public var count: Int { bits.nonzeroBitCount }
  public var isEmpty: Bool { bits == 0 }

  public func contains(_ factor: Factor) -> Bool { bits & factor.bit != 0 }
  public func union(_ other: Self) -> Self { Self(bits: bits | other.bits) }
  public func intersection(_ other: Self) -> Self { Self(bits: bits & other.bits) }
  public func symmetricDifference(_ other: Self) -> Self { Self(bits: bits ^ other.bits) }
  public func subtracting(_ other: Self) -> Self { Self(bits: bits & ~other.bits) }
  public func isSubset(of other: Self) -> Bool { bits & ~other.bits == 0 }
  public func isDisjoint(with other: Self) -> Bool { bits & other.bits == 0 }

  public mutating func formUnion(_ other: Self) { bits |= other.bits }
  public mutating func formIntersection(_ other: Self) { bits &= other.bits }
  public mutating func formSymmetricDifference(_ other: Self) { bits ^= other.bits }

  @discardableResult
  public mutating func insert(_ factor: Factor) -> (inserted: Bool, memberAfterInsert: Factor) {
    defer { bits |= factor.bit }
    return (!contains(factor), factor)
  }

  @discardableResult
  public mutating func remove(_ factor: Factor) -> Factor? {
    defer { bits &= ~factor.bit }
    return contains(factor) ? factor : nil
  }

  @discardableResult
  public mutating func update(with factor: Factor) -> Factor? { insert(factor).inserted ? nil : factor }

  /// In the order card, pin, password, palm, code.
  public func makeIterator() -> Iterator { Iterator(bits: bits) }

  public struct Iterator: IteratorProtocol {
    fileprivate var bits: UInt8

    public mutating func next() -> Factor? {
      guard bits != 0 else { return nil }
      let place = bits.trailingZeroBitCount
      bits &= bits - 1
      return Factor.inOrder[place]
    }
  }
}
