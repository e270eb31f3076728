import AuthTerms

/// Names that files may use, each in a closed character set.
enum Names {
  static let segment = Bilingual("系統名(英小文字、数字、-)", "a segment name of a-z 0-9 -")
  private static let identifier = Bilingual("英数字と . _ - の 1〜64 文字", "1 to 64 of A-Z a-z 0-9 . _ -")
  private static let lowerCase = Bilingual("英小文字、数字、. _ - の 1〜64 文字", "1 to 64 of a-z 0-9 . _ -")

  /// A group in the one spelling the directory uses: lower case, and no pattern of any kind.
  static func group(_ node: MarkedNode, _ log: FaultLog) -> String? {
    log.name(node, lowerCase) { text throws(MalformedInput) in
      let name = try Identifier<Never>(parsing: text).text
      guard name == name.lowercased() else { throw MalformedInput("group name", expected: "lower case") }
      return name
    }
  }

  static func workstation(_ node: MarkedNode, _ log: FaultLog) -> WorkstationID? {
    log.name(node, identifier) { text throws(MalformedInput) in try WorkstationID(parsing: text) }
  }

  static func operatorID(_ node: MarkedNode, _ log: FaultLog) -> OperatorID? {
    log.name(node, identifier) { text throws(MalformedInput) in try OperatorID(parsing: text) }
  }

  static func site(_ node: MarkedNode?, _ log: FaultLog) -> String? {
    log.name(node, identifier) { text throws(MalformedInput) in try Identifier<Never>(parsing: text).text }
  }

  static func segment(_ node: MarkedNode?, _ log: FaultLog) -> Segment? {
    log.name(node, segment) { text throws(MalformedInput) in try Segment(parsing: text) }
  }
}
