public import AuthTerms

/// The alignments of a probe that are tried: turned, moved sideways, moved up and down. Part of what a threshold was measured for,
/// named by its id in every template.
///
/// Wider is not better: each further alignment is one more chance for a stranger, so a window is as wide as hands on the guide
/// vary, and no wider.
public struct AlignmentWindow: Hashable, Sendable {
  public static let mostAlignments = 20_000

  public let id: UInt16
  /// Cells to either side.
  public let horizontal: Int
  /// Cells up and down.
  public let vertical: Int
  /// Upright among them; each is an extraction of its own from the same picture.
  public let poses: [ProbePose]
  /// Cells valid in both, of 4,096; with fewer an alignment does not count.
  public let minimumOverlap: Int

  /// Accepts an id other than 0, shifts of up to 16 cells, 1 to 32 poses, each once, an overlap of 256 to 4,096 cells, and
  /// at most 20,000 alignments.
  ///
  /// Ids from 32,768 are for experiments: no shipped calibration has one.
  public init(id: UInt16, horizontal: Int, vertical: Int, poses: [ProbePose], minimumOverlap: Int) throws(MalformedInput) {
    guard id != 0, (0...16).contains(horizontal), (0...16).contains(vertical),
      (1...VeinExtractor.mostPoses).contains(poses.count),
      Set(poses).count == poses.count, poses.contains(.upright), (256...VeinTemplate.rows * 64).contains(minimumOverlap)
    else {
      throw MalformedInput(
        "alignment window",
        expected:
          "an id, shifts to 16 cells, 1 to \(VeinExtractor.mostPoses) poses with the upright one, an overlap of 256 to 4,096")
    }
    self.init(known: id, horizontal, vertical, poses, minimumOverlap)
    guard count <= Self.mostAlignments else {
      throw MalformedInput("alignment window", expected: "at most \(Self.mostAlignments) alignments")
    }
  }

  private init(known id: UInt16, _ horizontal: Int, _ vertical: Int, _ poses: [ProbePose], _ minimumOverlap: Int) {
    self.id = id
    self.horizontal = horizontal
    self.vertical = vertical
    self.poses = poses
    self.minimumOverlap = minimumOverlap
  }

  /// ±4 cells, nine poses: 729 alignments. On the synthetic tuning palms ±5 gives no other rates, and ±3 loses hard ones.
  public static let standard = AlignmentWindow(known: 1, 4, 4, ProbePose.usual, 1024)
  /// ±2 cells, nine poses: 225 alignments, for a sensor with a firm guide; there ±5 gives no other rates.
  public static let guided = AlignmentWindow(known: 2, 2, 2, ProbePose.usual, 1024)

  /// The window a template names.
  public static func known(_ id: UInt16) throws(MalformedInput) -> AlignmentWindow {
    guard let window = [standard, guided].first(where: { $0.id == id }) else {
      throw MalformedInput("alignment window", expected: "1 or 2")
    }
    return window
  }

  public var count: Int { columns * (2 * vertical + 1) }

  /// One way to lay the probe over a template: turned by `pose`, then every cell `dx` to the right and `dy` down.
  public struct Alignment: Hashable, Sendable {
    /// Index into `poses`.
    public let pose: Int
    public let dx: Int
    public let dy: Int
  }

  /// In the order that decides between equally good alignments: by pose, then dx, then dy, each ascending.
  ///
  /// - Parameter index: 0 to `count` - 1; outside, `nil`.
  public func alignment(at index: Int) -> Alignment? {
    guard (0..<count).contains(index) else { return nil }
    let (column, row) = index.quotientAndRemainder(dividingBy: 2 * vertical + 1)
    let (pose, across) = column.quotientAndRemainder(dividingBy: 2 * horizontal + 1)
    return Alignment(pose: pose, dx: across - horizontal, dy: row - vertical)
  }

  /// What a threshold for comparisons in this window was measured under.
  public func conditions(filterBank: UInt16, templates: Int) throws(MalformedInput) -> ComparisonConditions {
    try ComparisonConditions(
      grid: VeinTemplate.rows, filterBank: filterBank, alignmentWindow: id, poses: poses.count, templates: templates)
  }

  /// Poses × sideways: one copy of the probe each.
  var columns: Int { poses.count * (2 * horizontal + 1) }
}
