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

  /// Names of OUs with `/` between them, the outermost first: `職員/市民生活部`.
  static func unitPath(_ node: MarkedNode, _ log: FaultLog) -> [String]? {
    log.text(node, most: 256).flatMap { text in
      let names = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard names.allSatisfy({ !$0.isEmpty && $0.unicodeScalars.allSatisfy(VisibleText.shows) }) else {
        log.add(
          .badText, node.position, FaultDetail(expected: Bilingual("「/」で区切った OU の名前", "names of OUs with / between them")))
        return nil
      }
      return names
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
