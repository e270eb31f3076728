/// Pauses between two attempts to reach a server that is not there: each up to twice as long as the one before, and of each a random
/// half is left off, so that a city of workstations does not come back in step after a power cut.
package struct Backoff: Sendable {
  private let first: Int
  private let limit: Int
  private let random: @Sendable (Int) -> [UInt8]
  private var next: Int

  /// - Parameters: milliseconds, at least 2.
  package init(first: Int, limit: Int, random: @escaping @Sendable (Int) -> [UInt8]) {
    self.first = first
    self.limit = limit
    self.random = random
    next = first
  }

  /// Milliseconds to wait now.
  package mutating func pause() -> Int {
    let whole = next
    next = min(next * 2, limit)
    let chance = random(4).reduce(0) { $0 << 8 | Int($1) }
    return whole - chance % (whole / 2 + 1)
  }

  package mutating func reset() { next = first }
}
