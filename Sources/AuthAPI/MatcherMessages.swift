public import AuthTerms

/// What may be asked of a matcher over its unix socket. Closed: an unknown word is malformed, never ignored.
///
/// untrusted: bytes from a peer; at worst a connection is closed.
public enum MatcherRequest: Sendable {
  case describe
  case extract(BiometricSample)
  /// The references are templates of one person.
  case compare(probe: BiometricTemplate, references: [BiometricTemplate])
  /// Makes of a probe what is kept of it, under a key.
  case protect(probe: BiometricTemplate, key: TemplateKey)
  /// One transaction: a probe against all templates of one person's hand.
  /// - former: what was kept of earlier probes, under the same key; the same sample again is told by it. 0 to 16.
  case verify(probe: BiometricTemplate, references: [BiometricTemplate], former: [BiometricTemplate], key: TemplateKey)
  /// 1 to 16 templates under another key, without a sample.
  case rekey([BiometricTemplate], from: TemplateKey, to: TemplateKey)
  /// The search for duplicates at enrolment; never for logon. 1 to 1,024 templates of at most 3,072 bytes, of many people, under one key.
  case search(probe: BiometricTemplate, references: [BiometricTemplate], key: TemplateKey)

  public static let mostReferences = 16
  public static let mostFormer = 16
  public static let mostSearched = 1024
  /// Of one template in a search, so that so many of them fit into a frame.
  public static let mostSearchedBytes = 3072
}

/// What stands for a palm in a matcher's own format: nobody else reads it.
public struct BiometricTemplate: Sendable, Hashable {
  public static let mostBytes = 65_536

  /// Of the matcher that made it; another one's is an error, never "no match".
  public let format: MatcherFormat
  /// 1 to 65,536.
  public let bytes: [UInt8]

  public init(format: MatcherFormat, bytes: [UInt8]) throws(MalformedInput) {
    guard (1...Self.mostBytes).contains(bytes.count) else {
      throw MalformedInput("biometric template", expected: "1 to \(Self.mostBytes) bytes")
    }
    self.format = format
    self.bytes = bytes
  }
}

extension BiometricTemplate: CustomStringConvertible, CustomReflectable {
  /// 個人識別符号: nothing of it is ever printed.
  public var description: String { "biometric template of \(format)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The name of a format of templates, 1 to 63 printable ASCII characters, and its version.
public struct MatcherFormat: Sendable, Hashable, CustomStringConvertible {
  public let name: String
  public let version: UInt32

  public init(_ name: String, version: UInt32) throws(MalformedInput) {
    guard MatcherDescription.isWord(name) else {
      throw MalformedInput("format of templates", expected: "1 to 63 printable ASCII characters")
    }
    self.name = name
    self.version = version
  }

  /// Reads what `description` writes: the name, which may have a slash in it, and the version in decimal without leading zeros.
  public init(parsing text: String) throws(MalformedInput) {
    guard let slash = text.lastIndex(of: "/"), let version = UInt32(text[text.index(after: slash)...]),
      text[text.index(after: slash)...] == "\(version)"
    else { throw MalformedInput("format of templates", expected: "NAME/VERSION") }
    try self.init(String(text[..<slash]), version: version)
  }

  public var description: String { "\(name)/\(version)" }
}

/// One capture, as it came from a sensor.
public struct BiometricSample: Sendable {
  public enum Content: Sendable {
    /// A file, PGM or PNG, grey, of 8 or 16 bits; and what ISO/IEC 39794-9 says beside it: the wavelength in nanometres and pixels per
    /// centimetre, 0 for what is not known.
    case picture(file: [UInt8], wavelength: UInt32, resolution: UInt32)
    /// What the sensor of the format's vendor gives, passed on untouched.
    case blob(format: MatcherFormat, bytes: [UInt8])
  }

  /// Bytes of a picture.
  public static let mostPictureBytes = 4 << 20

  public let hand: Hand
  public let content: Content

  public init(hand: Hand, content: Content) throws(MalformedInput) {
    switch content {
    case .picture(let file, _, _):
      guard (1...Self.mostPictureBytes).contains(file.count) else {
        throw MalformedInput("picture", expected: "1 to \(Self.mostPictureBytes) bytes")
      }
    case .blob(_, let bytes):
      guard (1...BiometricTemplate.mostBytes).contains(bytes.count) else {
        throw MalformedInput("sample", expected: "1 to \(BiometricTemplate.mostBytes) bytes")
      }
    }
    self.hand = hand
    self.content = content
  }
}

extension BiometricSample: CustomStringConvertible, CustomReflectable {
  public var description: String { "biometric sample of the \(hand.name) hand" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a matcher is.
public struct MatcherDescription: Sendable, Hashable {
  public enum Modality: UInt64, Sendable, CaseIterable {
    case palmVein = 1
    case fingerVein = 2
    case face = 3
  }

  public let name: String
  public let vendor: String
  public let version: String
  public let format: MatcherFormat
  public let modality: Modality
  public let takesPictures: Bool
  public let takesBlobs: Bool
  /// Whether its templates are protected: `protect`, `verify`, `rekey` and `search` are asked, and `compare` is not.
  public let takesKeys: Bool

  /// - Throws: `MalformedInput` for other names, and for a matcher that takes neither pictures nor blobs nor keys.
  public init(
    name: String, vendor: String, version: String, format: MatcherFormat, modality: Modality, takesPictures: Bool,
    takesBlobs: Bool, takesKeys: Bool = false
  ) throws(MalformedInput) {
    guard [name, vendor, version].allSatisfy(Self.isWord), takesPictures || takesBlobs || takesKeys else {
      throw MalformedInput(
        "description of a matcher", expected: "names of 1 to 63 printable ASCII characters, and what it takes")
    }
    self.name = name
    self.vendor = vendor
    self.version = version
    self.format = format
    self.modality = modality
    self.takesPictures = takesPictures
    self.takesBlobs = takesBlobs
    self.takesKeys = takesKeys
  }

  static func isWord(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }
}

/// What a matcher answers.
public enum MatcherAnswer: Sendable {
  case described(MatcherDescription)
  case extracted(BiometricTemplate, quality: Int)
  /// The sample is no good, and why.
  case retake(CaptureAdvice)
  /// One for each reference, in their order.
  case scored([MatchResult])
  /// What was put under a key, in the order it was given.
  case protected([BiometricTemplate])
  /// Of the whole transaction: of all references together.
  case verified(MatchResult)
  /// One for each reference searched, in their order.
  case found([MatchResult])
  case failed(MatcherFailure)
}

/// One reference's: a score or why there is none, never both.
public enum MatchResult: Sendable, Hashable {
  /// - falseMatch: thousandths of −log10 of the rate at which strangers reach this score, 0 to 15,000.
  case score(Int32, falseMatch: Int)
  case failed(MatcherFailure)

  public static let mostFalseMatch = 15_000
}

/// Why a matcher gives no score. Callers treat each as "no".
public enum MatcherFailure: String, Error, Sendable, CaseIterable {
  /// A sample of a kind that this matcher does not take.
  case unsupported
  /// A template of another format or version, or one that is damaged.
  case otherTemplate
  /// The sample's own format is not kept.
  case malformedSample
  /// The library says that it failed.
  case libraryFailed
  /// The library's answer cannot be one: a score outside its range, no number, too long, too short, both a score and an error.
  case malformedReply
  /// Closer than two captures of one palm ever are: the same sample again.
  case implausible
}
