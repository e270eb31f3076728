import AuthAPI
public import AuthTerms

/// Where the palms of one command come from, as it was said on the command line.
public struct PalmSource: Sendable, Equatable {
  /// Picture files.
  public var pictures: [String]
  /// Files with a vendor's own bytes.
  public var blobs: [String]
  /// The sensor's program; it writes pictures, or blobs if there is a format.
  public var command: String?
  /// `ID/VERSION` of blobs.
  public var format: String?
  public var name: String
  public var hand: Hand

  public init(
    pictures: [String] = [], blobs: [String] = [], command: String? = nil, format: String? = nil, name: String, hand: Hand
  ) {
    self.pictures = pictures
    self.blobs = blobs
    self.command = command
    self.format = format
    self.name = name
    self.hand = hand
  }

  /// Whether samples come out of files: nobody need be there.
  public var isFiles: Bool { !pictures.isEmpty || !blobs.isEmpty }

  /// - Returns: nil if nothing was said.
  /// - Throws: `badInput` for more than one origin, a format without blobs or blobs without a format, and what the sensors throw.
  public func sensor() throws(AgentFault) -> (any PalmSensor)? {
    guard [!pictures.isEmpty, !blobs.isEmpty, command != nil].count(where: \.self) < 2 else {
      throw .badInput(expected: "one of --palm, --palm-blob and --palm-command")
    }
    guard pictures.isEmpty || format == nil else {
      throw .badInput(expected: "--palm-format with --palm-blob or --palm-command")
    }
    guard blobs.isEmpty || format != nil else { throw .badInput(expected: "--palm-format beside --palm-blob") }
    guard isFiles || command != nil else {
      guard format == nil else { throw .badInput(expected: "--palm-format with --palm-blob or --palm-command") }
      return nil
    }
    let profile = try SensorProfile(name: name, hand: hand, format: try parsedFormat())
    if let command { return try CommandSensor(profile, program: command) }
    return try SampleFileSensor(profile, files: pictures + blobs)
  }

  private func parsedFormat() throws(AgentFault) -> MatcherFormat? {
    guard let format else { return nil }
    do throws(MalformedInput) { return try MatcherFormat(parsing: format) } catch {
      throw .badInput(expected: "--palm-format: ID/VERSION, as in the description of the vendor's matcher")
    }
  }
}
