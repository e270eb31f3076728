import AuthTerms
import Foundation

/// Names as people search them: width, case, kana script, spaces and common variant kanji do not matter.
///
/// For searching only; nothing that decides access compares folded text.
package enum SearchText {
  package static func fold(_ text: String) -> String {
    var folded = String.UnicodeScalarView()
    if text.unicodeScalars.allSatisfy(isPlain) {
      for scalar in text.unicodeScalars where scalar != " " && scalar != "\u{3000}" {
        if scalar.isASCII {
          folded.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar)
        } else {
          folded.append(variants[scalar] ?? katakana(scalar))
        }
      }
      return String(folded)
    }
    for scalar in text.precomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
      if scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint { continue }
      folded.append(variants[scalar] ?? katakana(scalar))
    }
    return String(folded)
  }

  /// What the tables of Unicode leave as it is but for the case of ASCII: printable ASCII, both kana, and kanji of the first block.
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0x3000, 0x3041...0x3096, 0x30A1...0x30FA, 0x30FC, 0x4E00...0x9FA5: true
    default: false
    }
  }

  /// One line for each name, so that no search text (which has no line breaks) matches across two of them.
  static func line(of person: Person) -> String {
    ([person.account.canonical, person.displayName, person.kana] + person.otherNames).map(fold).joined(separator: "\n")
  }

  private static func katakana(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    guard (0x3041...0x3096).contains(scalar.value) else { return scalar }
    return Unicode.Scalar(scalar.value + 0x60) ?? scalar
  }

  /// 異体字 seen in family names, to the form of the 常用漢字表.
  private static let variants: [Unicode.Scalar: Unicode.Scalar] = [
    "髙": "高", "﨑": "崎", "嵜": "崎", "邊": "辺", "邉": "辺", "齋": "斎", "齊": "斉", "澤": "沢", "濱": "浜", "濵": "浜", "廣": "広",
    "國": "国", "眞": "真", "德": "徳", "櫻": "桜", "瀨": "瀬", "淵": "渕", "渊": "渕", "嶋": "島", "嶌": "島", "冨": "富", "藏": "蔵",
    "惠": "恵", "龍": "竜", "靜": "静", "圓": "円", "學": "学", "與": "与", "曾": "曽", "𠮷": "吉", "吿": "告", "栁": "柳",
  ]
}
