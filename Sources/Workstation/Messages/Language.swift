/// The language of a terminal, as POSIX tells it (LC_ALL, then LC_MESSAGES, then LANG).
public enum Language: Sendable, Equatable {
  case ja, en

  /// Japanese for `ja`, `ja_JP.UTF-8` and the like; English for everything else.
  public init(environment: [String: String]) {
    let chosen = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    self = chosen == "ja" || chosen.hasPrefix("ja_") || chosen.hasPrefix("ja.") ? .ja : .en
  }

  func choose(_ ja: String, _ en: String) -> String { self == .ja ? ja : en }
}

/// Text of others on its way to a terminal: control characters and marks that reorder text are left out, and it ends somewhere.
public enum TerminalText {
  public static func clean(_ text: String, limit: Int = 400) -> String {
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0: continue
      case 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: continue
      default: kept.append(scalar)
      }
    }
    return String(kept)
  }
}
