package import AuthPolicy

/// Every slip of the keyboard at every place of some files, round after round: the same mutants in the same order each time.
///
/// A round changes each character, each word and each line's indent of the files' content once, in the round's own way; comments
/// are not content.
package struct Mutants {
  private enum Place {
    /// File, line, scalar.
    case character(Int, Int, Int)
    case word(Int, Int, Int)
    case indent(Int, Int)
  }

  private static let letters = Array("a1-9z0.:+ )(【k#\"_Zs[{,|'&*か!".unicodeScalars)
  private static let vocabulary = [
    "card", "pin", "password", "palm", "code", "or", "+", "pk", "pk-pin", "sym-3des", "sym-aes", "identifier", "nothing",
    "lock",
    "logoff", "1", "60", "24", "999", "seg-lgwan", "seg-mynumber", "telework", "mynumber", "lgwan", "internet", "-", "yes",
    "alpha", "beta", "remote:", "unlock:", "(card", "password)", "people:", "{factors:", "[a]",
  ]
  private static let indents = [1, -1, 2, -2, 4, -4, 3, 8]

  private let sources: [PolicySource]
  private let lines: [[[Unicode.Scalar]]]
  private let places: [Place]

  package init(_ sources: [PolicySource]) {
    self.sources = sources
    lines = sources.map { source in
      String(decoding: source.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map {
        Array($0.unicodeScalars)
      }
    }
    var places: [Place] = []
    for (file, text) in lines.enumerated() {
      for (number, line) in text.enumerated() {
        let content = Self.content(line)
        guard content.contains(where: { $0 != " " }) else { continue }
        places.append(.indent(file, number))
        for index in content.indices where content[index] != " " { places.append(.character(file, number, index)) }
        for index in Self.words(content).indices { places.append(.word(file, number, index)) }
      }
    }
    self.places = places
  }

  /// Places, each of which is changed once in a round.
  package var inRound: Int { places.count }

  /// `nil`: the original again.
  package func mutant(round: Int, _ index: Int) -> [PolicySource]? {
    let (file, number, changed) =
      switch places[index] {
      case .character(let file, let number, let place): (file, number, character(lines[file][number], place, round, index))
      case .word(let file, let number, let place): (file, number, word(lines[file][number], place, round, index))
      case .indent(let file, let number): (file, number, indent(lines[file][number], round))
      }
    guard changed != lines[file][number] else { return nil }
    var text = lines[file]
    text[number] = changed
    var mutant = sources
    mutant[file].bytes = Array(text.map { String(String.UnicodeScalarView($0)) }.joined(separator: "\n").utf8)
    return mutant
  }

  /// What stands before a comment.
  private static func content(_ line: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
    var isQuoted = false
    for (index, scalar) in line.enumerated() {
      if scalar == "\"" { isQuoted.toggle() }
      if scalar == "#", !isQuoted, index == 0 || line[index - 1] == " " { return line[..<index] }
    }
    return line[...]
  }

  private static func words(_ content: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    content.split(separator: " ").map { $0.startIndex..<$0.endIndex }
  }

  private func character(_ line: [Unicode.Scalar], _ place: Int, _ round: Int, _ index: Int) -> [Unicode.Scalar] {
    var line = line
    switch round {
    case 0: line[place] = Unicode.Scalar(line[place].value + 1) ?? "a"
    case 1: line.remove(at: place)
    case 2: line[place] = Unicode.Scalar(line[place].value - 1) ?? "a"
    case 3: line.insert(line[place], at: place)
    case 4: if place + 1 < line.count { line.swapAt(place, place + 1) }
    case 5: line.insert(Self.letters[index % Self.letters.count], at: place)
    default: line[place] = Self.letters[(index + round * 5) % Self.letters.count]
    }
    return line
  }

  private func word(_ line: [Unicode.Scalar], _ place: Int, _ round: Int, _ index: Int) -> [Unicode.Scalar] {
    var line = line
    let words = Self.words(Self.content(line))
    let range = words[place]
    let space: [Unicode.Scalar] = [" "]
    switch round {
    case 0: line.removeSubrange(range)
    case 1: line.insert(contentsOf: Array(line[range]) + space, at: range.lowerBound)
    case 2:
      if place + 1 < words.count {
        let next = words[place + 1]
        line.replaceSubrange(range.lowerBound..<next.upperBound, with: Array(line[next]) + space + Array(line[range]))
      }
    default:
      let other = Self.vocabulary[(index + round * 11) % Self.vocabulary.count]
      line.replaceSubrange(range, with: Array(other.unicodeScalars))
    }
    return line
  }

  private func indent(_ line: [Unicode.Scalar], _ round: Int) -> [Unicode.Scalar] {
    let change = Self.indents[round % Self.indents.count]
    let spaces = line.prefix { $0 == " " }.count
    return [Unicode.Scalar](repeating: " ", count: max(0, spaces + change)) + Array(line.dropFirst(spaces))
  }
}
