import AuthTerms

/// The keys of one mapping: what is not expected is an error, with the nearest word that is.
struct Fields {
  let position: Position
  private var values: [String: MarkedNode] = [:]
  private var places: [String: Position] = [:]
  private let log: FaultLog

  init(_ node: MarkedNode, allowed: [String], _ log: FaultLog) {
    position = node.position
    self.log = log
    guard case .map(let pairs) = node.content else {
      log.add(.wrongShape, node.position, FaultDetail(expected: Bilingual("「キー: 値」の組", "a mapping of keys and values")))
      return
    }
    for pair in pairs {
      guard allowed.contains(pair.key) else {
        let detail = FaultDetail(
          key: Spelling.showable(pair.key), suggestion: Spelling.nearest(to: pair.key, in: allowed),
          expected: Bilingual(same: allowed.joined(separator: ", ")))
        log.add(.unknownKey, pair.keyPosition, detail)
        continue
      }
      guard values[pair.key] == nil else {
        log.add(.duplicateKey, pair.keyPosition, FaultDetail(key: pair.key))
        continue
      }
      values[pair.key] = pair.value
      places[pair.key] = pair.keyPosition
    }
  }

  func optional(_ key: String) -> MarkedNode? { values[key] }

  func required(_ key: String) -> MarkedNode? {
    if values[key] == nil { log.add(.missingKey, position, FaultDetail(key: key)) }
    return values[key]
  }

  /// Where the key stands, or the mapping if it does not.
  func place(_ key: String) -> Position { places[key] ?? position }
}

/// Reads one value as what the schema says it is; `nil` means that the log has got an error.
extension FaultLog {
  /// Words that YAML 1.1 or 1.2 readers take for something else than text.
  private static let booleanWords: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"]

  private func scalar(_ node: MarkedNode, _ expected: Bilingual) -> (text: String, isPlain: Bool)? {
    guard case .scalar(let text, let isPlain) = node.content else {
      add(.wrongShape, node.position, FaultDetail(expected: expected))
      return nil
    }
    if isPlain, text.isEmpty {
      add(.wrongShape, node.position, FaultDetail(expected: expected))
      return nil
    }
    if isPlain, Self.booleanWords.contains(text.lowercased()) {
      add(.booleanWord, node.position)
      return nil
    }
    return (text, isPlain)
  }

  /// Decimal digits, in the range.
  func integer(_ node: MarkedNode?, _ range: ClosedRange<Int>) -> Int? {
    guard let node, let found = scalar(node, Bilingual("整数", "a whole number")) else { return nil }
    let digits = found.text.utf8
    let isDecimal = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard found.isPlain, isDecimal, digits.count == 1 || digits.first != UInt8(ascii: "0") else {
      add(.notANumber, node.position)
      return nil
    }
    guard digits.count <= 9, let number = Int(found.text), range.contains(number) else {
      let limits = Bilingual(same: "\(range.lowerBound) – \(range.upperBound)")
      add(.outOfRange, node.position, FaultDetail(expected: limits))
      return nil
    }
    return number
  }

  /// A false match rate in its one spelling: 5 for `1e-5`.
  func rate(_ node: MarkedNode?) -> Int? {
    guard let node, let found = scalar(node, Bilingual("1e-5 のような率", "a rate such as 1e-5")) else { return nil }
    guard found.isPlain, found.text.hasPrefix("1e-"), found.text.utf8.count == 4, let exponent = Int(found.text.dropFirst(3)),
      exponent > 0
    else {
      add(.badRate, node.position)
      return nil
    }
    return exponent
  }

  /// One of a closed list of words.
  func word(_ node: MarkedNode?, of known: [String]) -> String? {
    guard let node, let found = scalar(node, Bilingual("語", "a word")) else { return nil }
    guard known.contains(found.text) else {
      let nearest = Spelling.nearest(to: found.text, in: known)
      let list = Bilingual(same: known.joined(separator: ", "))
      add(.unknownWord, node.position, FaultDetail(suggestion: nearest, expected: list))
      return nil
    }
    return found.text
  }

  /// Text for people: 1 to `most` characters, not only spaces.
  func text(_ node: MarkedNode?, most: Int) -> String? {
    let expected = Bilingual("1〜\(most) 文字の文字列", "text of 1 to \(most) characters")
    guard let node, let found = scalar(node, expected) else { return nil }
    if found.isPlain, Self.readsAsNumber(found.text) {
      add(.quotesNeeded, node.position)
      return nil
    }
    let isBlank = found.text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    guard (1...most).contains(found.text.count), found.text.utf8.count <= most * 8, !isBlank else {
      add(.badText, node.position, FaultDetail(expected: expected))
      return nil
    }
    return found.text
  }

  /// Text in a form that `parse` accepts.
  func name<Value>(
    _ node: MarkedNode?, _ expected: Bilingual, as code: FaultCode = .badName,
    _ parse: (String) throws(MalformedInput) -> Value
  ) -> Value? {
    guard let node, let found = scalar(node, expected) else { return nil }
    if found.isPlain, Self.readsAsNumber(found.text) {
      add(.quotesNeeded, node.position)
      return nil
    }
    if found.text.contains(where: { "*?[]{}".contains($0) }), code == .badName {
      add(.pattern, node.position)
      return nil
    }
    do throws(MalformedInput) { return try parse(found.text) } catch {
      add(code, node.position, FaultDetail(expected: expected))
      return nil
    }
  }

  /// `2026-04-01`, as `LocalTime.day`.
  func day(_ node: MarkedNode?) -> Int? {
    guard let node, let found = scalar(node, Bilingual("日付", "a date")) else { return nil }
    guard let day = CalendarDay.parse(found.text) else {
      add(.badDate, node.position)
      return nil
    }
    return day
  }

  func list(_ node: MarkedNode?, _ count: ClosedRange<Int>) -> [MarkedNode] {
    guard let node else { return [] }
    guard case .list(let entries) = node.content else {
      add(.wrongShape, node.position, FaultDetail(expected: Bilingual("「- 」で始まる並び", "a list")))
      return []
    }
    guard count.contains(entries.count) else {
      add(.badCount, node.position, FaultDetail(expected: Bilingual(same: "\(count.lowerBound) – \(count.upperBound)")))
      return []
    }
    return entries
  }

  /// A list whose entries are all different.
  func distinct<Value: Hashable>(
    _ node: MarkedNode?, _ count: ClosedRange<Int>, _ read: (MarkedNode) -> Value?
  ) -> [Value] {
    var seen: Set<Value> = []
    var values: [Value] = []
    for entry in list(node, count) {
      guard let value = read(entry) else { continue }
      if seen.insert(value).inserted { values.append(value) } else { add(.duplicateEntry, entry.position) }
    }
    return values
  }

  /// What YAML 1.1 takes for a number, a time or a date: digits with `. , _ : - + e x o`, beginning with a digit, sign or dot.
  static func readsAsNumber(_ text: String) -> Bool {
    let units = Array(text.lowercased().utf8)
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let first = units.first, digits.contains(first) || "+-.".utf8.contains(first) else { return false }
    if [".inf", "+.inf", "-.inf", ".nan"].contains(text.lowercased()) { return true }
    guard units.contains(where: digits.contains) else { return false }
    // Two dots are no number (an address), letters beyond a–f, x, o, e are no number.
    let hexadecimal = units.starts(with: "0x".utf8) || units.starts(with: "0o".utf8) || units.starts(with: "0b".utf8)
    let allowed = hexadecimal ? Array("0123456789abcdefxo_".utf8) : Array("0123456789_.,:+-e".utf8)
    return units.allSatisfy(allowed.contains) && units.count(where: { $0 == UInt8(ascii: ".") }) < 2
  }
}
