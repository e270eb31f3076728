import AuthTerms
import Biometric
import Testing

@Suite("comparison under protection")
struct ProtectedComparisonTests {
  private func protection(_ id: UInt32, _ byte: UInt8) throws -> TemplateProtection {
    try TemplateProtection(
      id: id, personHalf: Secret(copying: [UInt8](repeating: byte, count: 32)),
      ringHalf: Secret(copying: [UInt8](repeating: 200, count: 32)))
  }

  @Test("every alignment gives the integers of the unprotected comparison, on every instruction set")
  func same() throws {
    var random = VeinSamples(seed: 41)
    let window = AlignmentWindow.guided
    let references = try (0..<3).map { _ in try random.template(window: window.id) }
    // A probe that is the second reference, a little worn, among others.
    let probe = try VeinProbe(
      window.poses.map { pose in
        pose == .upright ? references[1] : try random.template(window: window.id)
      }, window: window)
    let key = try protection(9, 1)
    let kept = try references.map { try key.protect($0) }
    let aligned = try AlignedProbe(probe, under: key)
    for path in KernelPath.available {
      let comparator = try VeinComparator(window: window, path: path)
      let clear = try comparator.compare(probe, with: references)
      let covered = try comparator.search(aligned, in: VeinGallery(of: kept))
      #expect(clear == covered)
      #expect(clear[1]?.distance == 0)
    }
  }

  @Test("under another key the person's own palm is a stranger's, and another id is an error")
  func another() throws {
    var random = VeinSamples(seed: 43)
    let window = AlignmentWindow.guided
    let reference = try random.template(window: window.id)
    let probe = try VeinProbe(window.poses.map { _ in reference }, window: window)
    let (mine, other) = (try protection(1, 1), try protection(1, 2))
    let comparator = try VeinComparator(window: window)
    let found = try #require(
      try comparator.search(AlignedProbe(probe, under: other), in: VeinGallery(of: [mine.protect(reference)]))[0])
    #expect(Double(found.distance) / Double(3 * found.overlap) > 0.45)
    let third = try protection(2, 1)
    #expect(throws: ComparisonFault.self) {
      try comparator.search(AlignedProbe(probe, under: third), in: VeinGallery(of: [mine.protect(reference)]))
    }
  }
}
