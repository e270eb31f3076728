import Yams

/// A policy file as a tree in which everything knows its place. The only file that knows the YAML library.
struct MarkedNode: Sendable {
  indirect enum Content: Sendable {
    /// - Parameter isPlain: written without quotes.
    case scalar(String, isPlain: Bool)
    case list([MarkedNode])
    case map([MarkedPair])
  }

  var position: Position
  var content: Content
}

struct MarkedPair: Sendable {
  var key: String
  var keyPosition: Position
  var value: MarkedNode
}

enum MarkedTree {
  static let deepest = 8

  /// `nil` if the log has got an error.
  static func parse(_ bytes: [UInt8], _ log: FaultLog) -> MarkedNode? {
    guard let plain = PlainText(bytes, log) else { return nil }
    do {
      // The encoding is named, because the library's default is read from the environment.
      let parser = try Yams.Parser(yaml: plain.text, resolver: .basic, encoding: .utf8)
      // Nodes hold their anchors weakly: the parser must outlive the walk or none would be seen.
      return try withExtendedLifetime(parser) {
        guard let root = try parser.singleRoot() else {
          log.add(.empty, .start)
          return nil
        }
        let tree = Walk(lines: plain.lines, log: log).convert(root, depth: 0)
        return log.isClean ? tree : nil
      }
    } catch let error as YamlError {
      report(error, plain, log)
    } catch {
      log.add(.syntax, .start)
    }
    return nil
  }

  private static func report(_ error: YamlError, _ plain: PlainText, _ log: FaultLog) {
    switch error {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _):
      log.add(.syntax, Position(mark))
    case .composer(_, _, let mark, _):
      log.add(.severalDocuments, Position(mark))
    case .duplicatedKeysInMapping(let keys, let context):
      let first = Position(context.mark)
      log.add(
        .duplicateKey, secondPlace(of: keys.first ?? "", after: first, in: plain.lines),
        FaultDetail(key: Spelling.showable(keys.first ?? "")))
    default:
      log.add(.syntax, .start)
    }
  }

  /// The library tells the first of two equal keys; an operator looks for the second.
  private static func secondPlace(of key: String, after first: Position, in lines: [[Unicode.Scalar]]) -> Position {
    let name = Array(key.unicodeScalars)
    for index in lines.indices where index >= first.line {
      let line = lines[index]
      let indent = line.prefix { $0 == " " || $0 == "-" }.count
      guard indent < line.count, line[indent] != "#" else { continue }
      if indent + 1 < first.column { break }
      if indent + 1 == first.column, line.dropFirst(indent).starts(with: name), line.dropFirst(indent + name.count).first == ":"
      {
        return Position(line: index + 1, column: first.column)
      }
    }
    // Not in a block: then in braces, further on in the same line.
    let line = lines.indices.contains(first.line - 1) ? lines[first.line - 1] : []
    let starts = line.indices.dropFirst(first.column).filter { start in
      [" ", ",", "{"].contains(line[start - 1]) && line.dropFirst(start).starts(with: name)
        && line.dropFirst(start + name.count).first == ":"
    }
    return starts.first.map { Position(line: first.line, column: $0 + 1) } ?? first
  }
}

extension Position {
  fileprivate init(_ mark: Mark) { self.init(line: max(1, mark.line), column: max(1, mark.column)) }
}

private struct Walk {
  let lines: [[Unicode.Scalar]]
  let log: FaultLog

  func convert(_ node: Node, depth: Int) -> MarkedNode {
    let position = node.mark.map(Position.init) ?? .start
    if depth > MarkedTree.deepest {
      log.add(.tooDeep, position)
      return MarkedNode(position: position, content: .list([]))
    }
    // The line scanner refused these already; if the two ever read a line differently, the answer is still no.
    if node.anchor != nil { log.add(.anchorOrAlias, position) }
    switch node {
    case .scalar(let scalar):
      return MarkedNode(position: position, content: .scalar(scalar.string, isPlain: isPlain(scalar, position)))
    case .sequence(let sequence):
      return MarkedNode(position: position, content: .list(sequence.map { convert($0, depth: depth + 1) }))
    case .mapping(let mapping):
      return MarkedNode(position: position, content: .map(mapping.map { pair($0.key, $0.value, depth) }))
    case .alias:
      log.add(.anchorOrAlias, position)
      return MarkedNode(position: position, content: .list([]))
    }
  }

  private func pair(_ key: Node, _ value: Node, _ depth: Int) -> MarkedPair {
    let marked = convert(key, depth: depth + 1)
    guard case .scalar(let name, isPlain: true) = marked.content else {
      log.add(.complexKey, marked.position)
      return MarkedPair(key: "", keyPosition: marked.position, value: convert(value, depth: depth + 1))
    }
    return MarkedPair(key: name, keyPosition: marked.position, value: convert(value, depth: depth + 1))
  }

  /// Whether the value was written without quotes; a plain value that is not in its own line, letter by letter, went on in the next.
  private func isPlain(_ scalar: Node.Scalar, _ position: Position) -> Bool {
    guard scalar.style == .plain || scalar.style == .any else {
      if scalar.style == .literal || scalar.style == .folded { log.add(.severalLines, position) }
      return false
    }
    if !scalar.string.isEmpty {
      let written = lines.indices.contains(position.line - 1) ? lines[position.line - 1].dropFirst(position.column - 1) : []
      if !written.starts(with: scalar.string.unicodeScalars) { log.add(.severalLines, position) }
    }
    return true
  }
}
