import AuthTerms

/// Cutting and joining secret texts without a copy outside of one. The only file of the exchange that touches memory.
extension Secret where Purpose == CardKey {
  /// All of `parts`, in order.
  static func joined(_ parts: [Secret<CardKey>]) -> Secret<CardKey> {
    unsafe Secret(count: parts.reduce(0) { $0 + $1.count }) { target in
      var at = 0
      for part in parts {
        unsafe part.withBytes { bytes in
          for index in bytes.indices { unsafe target[at + index] = unsafe bytes[index] }
        }
        at += part.count
      }
    }
  }

  /// Byte `source(i)` of this at each `i` below `count`. A source beyond the end gives zero.
  func rearranged(count: Int, _ source: (Int) -> Int) -> Secret<CardKey> {
    unsafe Secret(count: count) { target in
      unsafe withBytes { bytes in
        for index in 0..<count {
          let from = source(index)
          unsafe target[index] = bytes.indices.contains(from) ? bytes[from] : 0
        }
      }
    }
  }

  func part(_ range: Range<Int>) -> Secret<CardKey> { rearranged(count: range.count) { range.lowerBound + $0 } }

  /// One byte to the left, the first at the end.
  func rotatedLeft() -> Secret<CardKey> { rearranged(count: count) { ($0 + 1) % count } }

  /// Each group of 8 bytes backwards: FeliCa Lite-S counts from the low end.
  func reversedEights() -> Secret<CardKey> { rearranged(count: count) { $0 / 8 * 8 + 7 - $0 % 8 } }

  func combined(with other: Secret<CardKey>) -> Secret<CardKey> {
    unsafe Secret(count: count) { target in
      unsafe withBytes { mine in
        unsafe other.withBytes { theirs in
          for index in mine.indices {
            unsafe target[index] = mine[index] ^ (theirs.indices.contains(index) ? theirs[index] : 0)
          }
        }
      }
    }
  }

  /// Doubled in GF(2^64), as CMAC makes its subkeys (NIST SP 800-38B §6.1, R64 = 1B); 8 bytes.
  func doubled64() -> Secret<CardKey> {
    unsafe Secret(count: 8) { target in
      unsafe withBytes { bytes in
        guard bytes.count == 8 else { return }
        let carry: UInt8 = unsafe bytes[0] & 0x80 == 0 ? 0 : 0x1B
        for index in 0..<8 {
          let next: UInt8 = unsafe index < 7 ? bytes[index + 1] >> 7 : 0
          unsafe target[index] = bytes[index] << 1 | next
        }
        unsafe target[7] ^= carry
      }
    }
  }

  /// A copy in the open, for what is meant to leave: a command's bytes. Nothing else.
  func leaving() -> [UInt8] { unsafe withBytes { bytes in unsafe Array(bytes) } }
}
