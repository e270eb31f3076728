public import AuthTerms

/// How a public set of palm pictures lies in its folder. The sets are given out by their owners against a signed form; none is here.
///
/// Names were read in public programs that load these sets, not in the sets themselves. Pictures have to be converted to PNG or PGM
/// first, with their names kept.
public enum PublicLayout: String, CaseIterable, Sendable {
  /// VERA PalmVein: `…/raw/PERSON/SESSION/001_L_1_1.png`: person, hand, session, sample.
  case vera
  /// Tongji: `session1/00001.png` to `06000`, ten of a palm after each other, of left and right in turn; `session2` likewise.
  case tongji
  /// PUT: `Palm/o_001/Left/Series_1/P_o001_L_S1_Nr1.png`.
  case put
  /// PolyU multispectral, the near-infrared band: `001/1_01_s.png`: palm, session, sample.
  case polyu
  /// CASIA multispectral at 850 nm, `001_l_850_01.png`: person, hand, light, sample; 1 to 3 of the first session, 4 to 6 of the second.
  case casia850
  /// The same at 940 nm.
  case casia940

  /// One picture of the set.
  public struct Capture: Hashable, Sendable {
    /// Tells palms apart within the set.
    public let palm: String
    public let hand: Hand
    public let session: Int
    public let number: Int
  }

  /// Nanometres.
  public var wavelength: Int {
    switch self {
    case .vera, .tongji: 940
    case .put, .polyu, .casia850: 850
    case .casia940: 940
    }
  }

  /// Pixels per centimetre, estimated from the size of the pictures: no set tells its own.
  public var estimatedResolution: Int {
    switch self {
    case .vera, .tongji: 40
    case .put: 80
    case .polyu, .casia850, .casia940: 28
    }
  }

  /// - Parameter path: below the set's folder, with `/` and the extension.
  /// - Returns: nil for a file that is none of the set's palms.
  public func capture(at path: String) -> Capture? {
    let parts = path.split(separator: "/").map(String.init)
    guard let file = parts.last, let dot = file.lastIndex(of: ".") else { return nil }
    let stem = String(file[..<dot])
    switch self {
    case .vera: return parts.contains { $0.hasPrefix("Spoofing") || $0 == "roi" } ? nil : Self.vera(stem)
    case .tongji: return Self.tongji(stem, folder: parts.dropLast().last)
    case .put: return Self.put(stem)
    case .polyu: return Self.polyu(stem, folder: parts.dropLast().last)
    case .casia850: return Self.casia(stem, light: "850")
    case .casia940: return Self.casia(stem, light: "940")
    }
  }

  private static func vera(_ stem: String) -> Capture? {
    let fields = stem.split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 4, let person = number(fields[0], digits: 3), let hand = hand(fields[1], "L", "R"),
      let session = number(fields[2], digits: nil), let sample = number(fields[3], digits: nil)
    else { return nil }
    return Capture(palm: "\(person)-\(hand.name)", hand: hand, session: session, number: sample)
  }

  private static func tongji(_ stem: String, folder: String?) -> Capture? {
    guard let folder, folder.hasPrefix("session"), let session = number(folder.dropFirst(7), digits: 1), session <= 2,
      let number = number(stem[...], digits: 5), number <= 6000
    else { return nil }
    let palm = (number - 1) / 10
    return Capture(palm: "\(palm + 1)", hand: palm % 2 == 0 ? .left : .right, session: session, number: (number - 1) % 10 + 1)
  }

  private static func put(_ stem: String) -> Capture? {
    let fields = stem.split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 5, fields[0] == "P", fields[1].hasPrefix("o"), fields[3].hasPrefix("S"), fields[4].hasPrefix("Nr"),
      let person = number(fields[1].dropFirst(), digits: 3), let hand = hand(fields[2], "L", "R"),
      let series = number(fields[3].dropFirst(), digits: 1), let sample = number(fields[4].dropFirst(2), digits: 1)
    else { return nil }
    return Capture(palm: "\(person)-\(hand.name)", hand: hand, session: series, number: sample)
  }

  private static func polyu(_ stem: String, folder: String?) -> Capture? {
    let fields = stem.split(separator: "_", omittingEmptySubsequences: false)
    // Folders count palms and do not tell hands; strangers of both meet.
    guard let folder, folder.count == 3 || folder.count == 4, let palm = number(folder[...], digits: nil), fields.count == 3,
      fields[2] == "s", let session = number(fields[0], digits: 1), session <= 2, let sample = number(fields[1], digits: 2)
    else { return nil }
    return Capture(palm: "\(palm)", hand: .right, session: session, number: sample)
  }

  private static func casia(_ stem: String, light: String) -> Capture? {
    let fields = stem.split(separator: "_", omittingEmptySubsequences: false)
    guard fields.count == 4, fields[2] == light, let person = number(fields[0], digits: 3),
      let hand = hand(fields[1], "l", "r"),
      let sample = number(fields[3], digits: 2), sample <= 6
    else { return nil }
    return Capture(palm: "\(person)-\(hand.name)", hand: hand, session: sample <= 3 ? 1 : 2, number: sample)
  }

  private static func hand(_ text: Substring, _ left: String, _ right: String) -> Hand? {
    text == left ? .left : text == right ? .right : nil
  }

  /// Decimal digits alone, above 0.
  private static func number(_ text: Substring, digits: Int?) -> Int? {
    guard digits.map({ text.utf8.count == $0 }) ?? (1...4).contains(text.utf8.count),
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(text), number > 0
    else { return nil }
    return number
  }
}
