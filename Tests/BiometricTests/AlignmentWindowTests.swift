import AuthTerms
import Biometric
import Testing

@Suite("alignment windows")
struct AlignmentWindowTests {
  @Test("alignments are in the order of pose, dx, dy, and each occurs once")
  func order() throws {
    let window = try AlignmentWindow(id: 7, horizontal: 1, vertical: 2, poses: .turned([-1, 0]), minimumOverlap: 256)
    let all = (0..<window.count).compactMap(window.alignment)
    #expect(window.count == 30 && Set(all).count == 30)
    #expect(all == all.sorted { ($0.pose, $0.dx, $0.dy) < ($1.pose, $1.dx, $1.dy) })
    #expect(all.first == window.alignment(at: 0) && all.first?.dx == -1 && all.first?.dy == -2)
    #expect(window.alignment(at: 30) == nil && window.alignment(at: -1) == nil)
  }

  @Test("a template's id names its window; an unknown one is an error")
  func known() throws {
    #expect(try AlignmentWindow.known(1) == .standard && AlignmentWindow.standard.count == 729)
    #expect(try AlignmentWindow.known(2) == .guided && AlignmentWindow.guided.count == 225)
    for id in [0, 3, 32_768, 65_535] as [UInt16] { #expect(throws: MalformedInput.self) { try AlignmentWindow.known(id) } }
    // The known ones keep the limits of the others.
    for window in [AlignmentWindow.standard, .guided] {
      #expect(
        try AlignmentWindow(
          id: window.id, horizontal: window.horizontal, vertical: window.vertical, poses: window.poses,
          minimumOverlap: window.minimumOverlap) == window)
    }
  }

  @Test("conditions carry the window")
  func conditions() throws {
    let conditions = try AlignmentWindow.guided.conditions(filterBank: 3, templates: 2)
    #expect(conditions.alignmentWindow == 2 && conditions.poses == 9 && conditions.filterBank == 3)
    #expect(conditions.templates == 2 && conditions.grid == 64)
  }

  @Test(
    "windows outside the limits are refused",
    arguments: [
      (0, 1, 1, [0], 256), (1, -1, 1, [0], 256), (1, 17, 1, [0], 256), (1, 1, -1, [0], 256), (1, 1, 17, [0], 256),
      (1, 1, 1, [], 256), (1, 1, 1, [1], 256), (1, 1, 1, [0, 0], 256), (1, 1, 1, Array(0...32).map { Double($0) / 10 }, 256),
      (1, 1, 1, [0], 255), (1, 1, 1, [0], 4097), (1, 16, 16, Array(0...18).map { Double($0) / 10 }, 256),
    ] as [(UInt16, Int, Int, [Double], Int)])
  func limits(id: UInt16, horizontal: Int, vertical: Int, degrees: [Double], minimumOverlap: Int) {
    #expect(throws: MalformedInput.self) {
      try AlignmentWindow(
        id: id, horizontal: horizontal, vertical: vertical, poses: .turned(degrees), minimumOverlap: minimumOverlap)
    }
  }

  @Test("windows at the limits are accepted")
  func atLimits() throws {
    let wide = try AlignmentWindow(
      id: 1, horizontal: 16, vertical: 16, poses: .turned((0...17).map { Double($0) / 10 }), minimumOverlap: 4096)
    #expect(wide.count == 19_602)
    #expect(try AlignmentWindow(id: .max, horizontal: 0, vertical: 0, poses: .turned([0]), minimumOverlap: 256).count == 1)
    #expect(
      try AlignmentWindow(id: 1, horizontal: 0, vertical: 0, poses: .turned([-15, 0, 15]), minimumOverlap: 256).count == 3)
  }
}
