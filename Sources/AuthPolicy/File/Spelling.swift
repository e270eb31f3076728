enum Spelling {
  /// A key may be repeated in a fault only if it is made of our own alphabet; anything else could be content.
  static func showable(_ key: String) -> String? {
    let allowed =
      (1...40).contains(key.utf8.count)
      && key.utf8.allSatisfy { unit in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(unit) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(unit)
          || unit == UInt8(ascii: "-")
      }
    return allowed ? key : nil
  }

  /// The known word that is spelled nearly like `word`: at most one slip in three letters, at most three in all.
  static func nearest(to word: String, in known: [String]) -> String? {
    let typed = word.lowercased().utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
    guard (1...40).contains(typed.count) else { return nil }
    var best: (word: String, slips: Int)?
    for candidate in known {
      let slips = distance(typed, Array(candidate.utf8))
      if slips <= min(3, max(1, candidate.utf8.count / 3)), slips < best?.slips ?? .max { best = (candidate, slips) }
    }
    return best?.word
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var former: [Int] = []
    var last = Array(0...b.count)
    for row in 0..<a.count {
      var next = [row + 1]
      for column in 0..<b.count {
        var cost = min(last[column + 1], next[column]) + 1
        cost = min(cost, last[column] + (a[row] == b[column] ? 0 : 1))
        if row > 0, column > 0, a[row] == b[column - 1], a[row - 1] == b[column] { cost = min(cost, former[column - 1] + 1) }
        next.append(cost)
      }
      (former, last) = (last, next)
    }
    return last[b.count]
  }
}
