/// People from outside have numbers of Sanmon's own beside the directory's.
extension Identifier where Tag == PersonTag {
  /// Of numbers that are given here.
  public static var externalPrefix: String { "EXT-" }

  /// Whether it looks like such a number, in whichever case: a directory that brings one has to change it.
  public var isExternalNumber: Bool { text.prefix(4).uppercased() == Self.externalPrefix && text.utf8.count > 4 }

  /// Whether it can be given here: in capital letters alone, since a typed number counts in either case.
  public var isGivenNumber: Bool { isExternalNumber && text == text.uppercased() }
}

extension AccountName {
  /// In front of the number of somebody from outside: with a character that no directory allows in an account, so that none can
  /// bring the same. Nobody types it: the number is typed.
  public static let externalPrefix = "external:"

  public var isExternal: Bool { canonical.hasPrefix(Self.externalPrefix) }
}
