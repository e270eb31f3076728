import AuthTerms

/// The factors a line of a rule list accepts: names of factors, `+` (and), `or`, parentheses.
///
/// `+` and `or` never stand side by side without parentheses. "Card + password or palm" is how people say two different
/// things; whoever writes the policy says which.
///
///     sum     = choice { "+" choice }  |  choice { "or" choice }
///     choice  = factor | "(" sum ")"
enum FactorExpression {
  static let longest = 200
  static let deepest = 8

  /// The sets of factors the expression accepts, in the order written, each once. `nil`: the log has got an error.
  static func parse(_ node: MarkedNode, _ log: FaultLog) -> [FactorSet]? {
    guard case .scalar(let text, let isPlain) = node.content else {
      log.add(
        .wrongShape, node.position,
        FaultDetail(
          expected: Bilingual(
            "「card + pin」のような式、または {factors: 式, groups: [グループ]}",
            "an expression such as card + pin, or {factors: expression, groups: [group]}")))
      return nil
    }
    var parser = Parser(text, line: node.position.line, firstColumn: node.position.column + (isPlain ? 0 : 1), log: log)
    return parser.parse()
  }

  private enum Token: Equatable {
    case name(String)
    case plus
    case or
    case open
    case close
  }

  private struct Parser {
    let line: Int
    let firstColumn: Int
    let log: FaultLog
    private var tokens: [(token: Token, column: Int)] = []
    private var index = 0
    private var end = 0
    private let scalars: [Unicode.Scalar]

    init(_ text: String, line: Int, firstColumn: Int, log: FaultLog) {
      self.line = line
      self.firstColumn = firstColumn
      self.log = log
      scalars = Array(text.unicodeScalars)
    }

    mutating func parse() -> [FactorSet]? {
      guard scalars.count <= FactorExpression.longest else { return fail(.expressionTooLong, firstColumn) }
      guard split() else { return nil }
      guard !tokens.isEmpty else { return fail(.expressionEmpty, firstColumn) }
      guard let sets = sum(depth: 0) else { return nil }
      if index < tokens.count {
        return fail(tokens[index].token == .close ? .parenthesis : .unexpectedSymbol, tokens[index].column)
      }
      return sets
    }

    private mutating func split() -> Bool {
      var position = 0
      end = firstColumn + scalars.count
      while position < scalars.count {
        let column = firstColumn + position
        switch scalars[position] {
        case " ": position += 1
        case "+": append(.plus, column, &position)
        case "(": append(.open, column, &position)
        case ")": append(.close, column, &position)
        case let scalar where Self.isWordScalar(scalar):
          var word = ""
          while position < scalars.count, Self.isWordScalar(scalars[position]) {
            word.unicodeScalars.append(scalars[position])
            position += 1
          }
          tokens.append((word == "or" ? .or : .name(word), column))
        default:
          log.add(.unexpectedSymbol, Position(line: line, column: column))
          return false
        }
      }
      return true
    }

    private mutating func append(_ token: Token, _ column: Int, _ position: inout Int) {
      tokens.append((token, column))
      position += 1
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "_"
    }

    private mutating func sum(depth: Int) -> [FactorSet]? {
      guard depth <= FactorExpression.deepest else { return fail(.expressionTooLong, column) }
      guard var sets = choice(depth: depth) else { return nil }
      var sign: Token?
      while index < tokens.count, tokens[index].token == .plus || tokens[index].token == .or {
        let found = tokens[index].token
        if let sign, sign != found { return fail(.ambiguousExpression, tokens[index].column) }
        sign = found
        index += 1
        guard let right = choice(depth: depth) else { return nil }
        sets = found == .or ? sets + right : sets.flatMap { left in right.map { left.union($0) } }
        sets = Self.each(sets)
      }
      return sets
    }

    private mutating func choice(depth: Int) -> [FactorSet]? {
      guard index < tokens.count else { return fail(.expressionEmpty, end) }
      let (token, column) = tokens[index]
      index += 1
      switch token {
      case .name(let name):
        guard let factor = Factor(rawValue: name) else {
          let nearest = Spelling.nearest(to: name, in: Factor.allCases.map(\.rawValue))
          return fail(.unknownFactor, column, FaultDetail(suggestion: nearest))
        }
        return [[factor]]
      case .open:
        if index < tokens.count, tokens[index].token == .close { return fail(.expressionEmpty, tokens[index].column) }
        guard let sets = sum(depth: depth + 1) else { return nil }
        guard index < tokens.count, tokens[index].token == .close else {
          // Something else than a sign in the parenthesis is the nearer mistake.
          return index < tokens.count ? fail(.unexpectedSymbol, tokens[index].column) : fail(.parenthesis, column)
        }
        index += 1
        return sets
      case .close: return fail(.parenthesis, column)
      case .plus, .or: return fail(.unexpectedSymbol, column)
      }
    }

    private var column: Int { index < tokens.count ? tokens[index].column : end }

    /// There are 31 sets of five factors, so this never grows.
    private static func each(_ sets: [FactorSet]) -> [FactorSet] {
      var seen: Set<FactorSet> = []
      return sets.filter { seen.insert($0).inserted }
    }

    private func fail(_ code: FaultCode, _ column: Int, _ detail: FaultDetail = FaultDetail()) -> [FactorSet]? {
      log.add(code, Position(line: line, column: column), detail)
      return nil
    }
  }
}
