/// Attribute descriptions (RFC 4512 2.5) in small letters, their characters ASCII. A directory says the same thirty of each of its
/// objects, in the same order: each is made a text once.
package struct AttributeNames {
  /// More than any object of a directory has; what comes beyond is made anew each time.
  package static let most = 128

  private var known: [(said: [UInt8], name: String)] = []
  /// Behind the one that was asked for last.
  private var next = 0

  package init() {}

  /// - Parameter said: as it came.
  package mutating func name(_ said: UnsafeRawBufferPointer) -> String {
    for step in 0..<known.count {
      let place = next + step < known.count ? next + step : next + step - known.count
      guard known[place].said.count == said.count, said.elementsEqual(known[place].said) else { continue }
      next = place + 1
      return known[place].name
    }
    let name = String(decoding: said.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    if known.count < Self.most {
      known.append((Array(said), name))
      next = known.count
    }
    return name
  }
}
