public import AuthTerms
public import Biometric
public import Foundation

/// A public set as it lies in an operator's folder: which pictures enrol each palm, and which are shown to it later.
public struct PublicSet: Sendable {
  public struct Palm: Sendable, Equatable {
    public let first: PublicLayout.Capture
    /// Of the first session; the first three good ones count. Of a set of one session, the first three.
    public let enrolment: [URL]
    /// Of later sessions; of a set of one session, what does not enrol.
    public let probes: [URL]
  }

  /// Pictures that are held at most: larger than the largest set.
  public static let mostPictures = 50_000
  /// Bytes of one picture's file.
  public static let mostBytes = PalmPicture.mostBytes

  public let layout: PublicLayout
  /// In the order of their names.
  public let palms: [Palm]
  /// Pictures of formats that are not read: to be converted.
  public let unconverted: Int
  /// Files that are none of the set's palms.
  public let foreign: Int

  /// - Returns: nil if there is no such folder: the set is absent.
  public init?(_ layout: PublicLayout, in folder: URL) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue,
      let found = FileManager.default.enumerator(atPath: folder.path)
    else { return nil }
    self.layout = layout
    var captures: [String: [(PublicLayout.Capture, URL)]] = [:]
    var (unconverted, foreign, count) = (0, 0, 0)
    for case let path as String in found {
      let file = folder.appendingPathComponent(path)
      guard (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else { continue }
      guard let capture = layout.capture(at: path) else {
        foreign += 1
        continue
      }
      guard ["png", "pgm"].contains(file.pathExtension.lowercased()) else {
        unconverted += 1
        continue
      }
      count += 1
      guard count <= Self.mostPictures else { break }
      captures[capture.palm, default: []].append((capture, file))
    }
    self.unconverted = unconverted
    self.foreign = foreign
    palms = captures.values.compactMap(Self.palm).sorted { Self.order($0.first) < Self.order($1.first) }
  }

  private static func order(_ capture: PublicLayout.Capture) -> String {
    String(repeating: "0", count: max(0, 12 - capture.palm.count)) + capture.palm
  }

  /// - Returns: nil for a palm with too few pictures to enrol one and show another.
  private static func palm(_ captures: [(PublicLayout.Capture, URL)]) -> Palm? {
    let sorted = captures.sorted { ($0.0.session, $0.0.number, $0.1.path) < ($1.0.session, $1.0.number, $1.1.path) }
    guard let first = sorted.first?.0 else { return nil }
    let ofFirst = sorted.prefix { $0.0.session == first.session }
    let later = sorted.dropFirst(ofFirst.count)
    let probes = later.isEmpty ? ofFirst.dropFirst(PalmSet.enrolments) : later
    guard ofFirst.count >= PalmSet.enrolments, !probes.isEmpty else { return nil }
    let enrolment = later.isEmpty ? ofFirst.prefix(PalmSet.enrolments) : ofFirst
    return Palm(first: first, enrolment: enrolment.map(\.1), probes: probes.map(\.1))
  }
}

extension PalmSet {
  /// The samples of a public set. A picture that cannot be read counts as one that is no good.
  ///
  /// - Parameters:
  ///   - resolution: pixels per centimetre, 12 to 80.
  ///   - threads: the set does not depend on their number.
  public init(
    _ set: PublicSet, resolution: Int, extractor: VeinExtractor, baselinePalms: Int = 0, threads: Int = 1
  ) throws(MalformedInput) {
    let layout = set.layout
    _ = try CaptureConditions(hand: .right, wavelength: layout.wavelength, resolution: resolution)
    let baseline = MaximumCurvature()
    let parts = Threads.run(Threads.split(Array(set.palms.enumerated()), threads)) { part in
      var some = PalmSet()
      for (index, palm) in part {
        guard
          let conditions = try? CaptureConditions(
            hand: palm.first.hand, wavelength: layout.wavelength, resolution: resolution)
        else { continue }
        some.add(
          seed: UInt64(index), hand: palm.first.hand, enrolment: palm.enrolment.map(Self.reading),
          probes: palm.probes.map(Self.reading), conditions: conditions, extractor: extractor,
          baseline: index < baselinePalms ? baseline : nil)
      }
      return some
    }
    self.init(joining: parts)
  }

  private static func reading(_ file: URL) -> () -> PalmPicture? {
    {
      guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
      defer { try? handle.close() }
      guard let bytes = try? handle.read(upToCount: PublicSet.mostBytes + 1), bytes.count <= PublicSet.mostBytes else {
        return nil
      }
      return try? PalmPicture(decoding: Array(bytes))
    }
  }
}
