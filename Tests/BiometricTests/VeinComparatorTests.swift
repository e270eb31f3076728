import AuthTerms
import Biometric
import Testing

@Suite("comparing palms")
struct VeinComparatorTests {
  private func window(
    _ horizontal: Int = 2, _ vertical: Int = 3, turned: [Double] = [-3, 0, 3], minimumOverlap: Int = 1024
  ) throws -> AlignmentWindow {
    try AlignmentWindow(
      id: 1, horizontal: horizontal, vertical: vertical, poses: .turned(turned), minimumOverlap: minimumOverlap)
  }

  private func templates(_ count: Int, seed: UInt64, valid: Int = 6, hand: Hand = .right) throws -> [VeinTemplate] {
    var samples = VeinSamples(seed: seed)
    return try (0..<count).map { _ in try samples.template(hand: hand, valid: valid) }
  }

  private func expected(_ poses: [VeinTemplate], _ references: [VeinTemplate], _ window: AlignmentWindow)
    -> [AlignedDistance?]
  {
    references.map { BitwiseReference.compare(poses.map(CellPlanes.init), with: CellPlanes($0), window: window) }
  }

  @Test("1:1, 1:N and cell by cell agree on every path", arguments: KernelPath.available)
  func agree(path: KernelPath) throws {
    for (shape, seed) in [((0, 0), 1), ((0, 3), 2), ((3, 0), 3), ((1, 2), 4), ((2, 1), 5), ((1, 6), 6)]
      as [((Int, Int), UInt64)]
    {
      let window = try window(shape.0, shape.1)
      let poses = try templates(3, seed: seed)
      let probe = try VeinProbe(poses, window: window)
      let references = try templates(9, seed: seed + 100)
      let expected = expected(poses, references, window)
      #expect(expected.allSatisfy { $0 != nil })
      let comparator = try VeinComparator(window: window, path: path)
      #expect(try comparator.compare(probe, with: references) == expected)
      #expect(try comparator.search(probe, in: VeinGallery(of: references)) == expected)
      // The comparator's memory was wiped, not left half filled, in between.
      #expect(try comparator.compare(probe, with: [references[4]]) == [expected[4]])
    }
  }

  @Test("galleries of 1 to 17 templates, whole and in parts", arguments: [1, 2, 7, 8, 9, 15, 16, 17])
  func gallerySizes(count: Int) throws {
    let window = try window(1, 1, turned: [0])
    let poses = try templates(1, seed: 9)
    let probe = try VeinProbe(poses, window: window)
    let references = try templates(count, seed: 10)
    let gallery = try VeinGallery(of: references)
    let comparator = try VeinComparator(window: window)
    let whole = try comparator.search(probe, in: gallery)
    #expect(whole == expected(poses, references, window) && gallery.count == count)
    for parts in 1...4 {
      let ranges = gallery.parts(parts)
      #expect(ranges.flatMap(Array.init) == Array(0..<count))
      #expect(try ranges.flatMap { try comparator.search(probe, in: gallery, part: $0) } == whole)
    }
    for wrong in [0..<count + 1, -8..<count, 1..<max(count, 2)] {
      #expect(throws: ComparisonFault.self) { try comparator.search(probe, in: gallery, part: wrong) }
    }
  }

  @Test("in two steps: what came close at even moves has the result of all moves, the rest has none")
  func twoSteps() throws {
    let window = try window(2, 3, turned: [0])
    let even = try AlignmentWindow(id: 1, horizontal: 2, vertical: 2, poses: .turned([0]), minimumOverlap: 1024)
    let palm = try #require(try templates(1, seed: 15, valid: 8).first)
    let probe = try VeinProbe([palm], window: window)
    var references = try templates(19, seed: 16)
    references[3] = try #require(palm.moved(dx: 2, dy: -2))
    references[17] = try #require(palm.moved(dx: 1, dy: 3))
    let gallery = try VeinGallery(of: references)
    let comparator = try VeinComparator(window: window)
    let all = try comparator.search(probe, in: gallery)
    let still = try AlignmentWindow.still(even)
    // The first step, cell by cell: of all alignments those at even moves.
    let coarse = references.map { reference in
      [(-2, -2), (-2, 0), (-2, 2), (0, -2), (0, 0), (0, 2), (2, -2), (2, 0), (2, 2)].compactMap { dx, dy in
        palm.moved(dx: dx, dy: dy).flatMap {
          BitwiseReference.compare([CellPlanes($0)], with: CellPlanes(reference), window: still)
        }
      }.min { $0.isCloser(than: $1) }
    }
    for suspect in [-1, 0, 200_000, 480_000, 485_000, 490_000, 1_000_000] {
      let found = try comparator.searchClose(probe, in: gallery, suspect: suspect)
      let expected = zip(all, coarse).map { $1?.isWithin(millionths: suspect) == true ? $0 : nil }
      #expect(found == expected)
      #expect(
        try gallery.parts(3).flatMap { try comparator.searchClose(probe, in: gallery, suspect: suspect, part: $0) } == expected)
    }
    let near = try comparator.searchClose(probe, in: gallery, suspect: 200_000)
    #expect(near[3]?.distance == 0 && near.compactMap { $0 }.count == 1)
    #expect(try comparator.searchClose(probe, in: gallery, suspect: 1_000_000) == all && all[17]?.distance == 0)
    #expect(throws: ComparisonFault.self) {
      try comparator.searchClose(VeinProbe([palm], window: even), in: gallery, suspect: 0)
    }
  }

  @Test("each edge of the window is found, one cell beyond it is not")
  func edges() throws {
    let window = try window(2, 3, turned: [0])
    let palm = try #require(try templates(1, seed: 20, valid: 8).first)
    let comparator = try VeinComparator(window: window)
    for (dx, dy) in [(-2, -3), (-2, 3), (2, -3), (2, 3), (0, 0), (0, 3), (0, -3), (2, 0), (-2, 0), (1, -2)] {
      // The reference lies (dx, dy) from the probe: this is the alignment that must win, without one differing bit.
      let reference = try #require(palm.moved(dx: dx, dy: dy))
      let probe = try VeinProbe([palm], window: window)
      let found = try #require(try comparator.compare(probe, with: [reference])[0])
      let alignment = try #require(window.alignment(at: found.alignment))
      #expect(found.distance == 0 && (alignment.dx, alignment.dy) == (dx, dy))
      #expect(found.overlap == (64 - abs(dx)) * (64 - abs(dy)))
      #expect(try comparator.search(probe, in: VeinGallery(of: [reference])) == [found])
    }
    for (dx, dy) in [(-3, 0), (3, 0), (0, -4), (0, 4)] {
      let reference = try #require(palm.moved(dx: dx, dy: dy))
      let found = try #require(try comparator.compare(VeinProbe([palm], window: window), with: [reference])[0])
      #expect(found.distance * 4 > found.overlap * 3)
    }
  }

  @Test("the rotation that fits is named")
  func rotation() throws {
    let window = try window(1, 1)
    let poses = try templates(3, seed: 30)
    let found = try VeinComparator(window: window).compare(VeinProbe(poses, window: window), with: poses)
    #expect(found.map { $0?.distance } == [0, 0, 0])
    #expect(found.map { window.alignment(at: $0?.alignment ?? -1)?.pose } == [0, 1, 2])
  }

  @Test("of equally good alignments the first in the window's order wins, in 1:1 and 1:N", arguments: KernelPath.available)
  func ties(path: KernelPath) throws {
    // One orientation everywhere: no alignment differs in any cell.
    let flat = try #require(
      VeinTemplate(
        hand: .right, quality: 1, filterBank: 1, protectionKey: 0, alignmentWindow: 1,
        code: [UInt64](repeating: .max, count: 192), mask: [UInt64](repeating: .max, count: 64)))
    let window = try window(2, 3, minimumOverlap: 64 * 63)
    let comparator = try VeinComparator(window: window, path: path)
    let probe = try VeinProbe([flat, flat, flat], window: window)
    let found = try #require(try comparator.compare(probe, with: [flat])[0])
    // (-1, 0), (0, -1), (0, 0), (0, 1), (1, 0) overlap enough, at each rotation.
    #expect(window.alignment(at: found.alignment) == window.alignment(at: 1 * 7 + 3))
    #expect(try comparator.search(probe, in: VeinGallery(of: [flat])) == [found])
  }

  @Test("less than the minimum overlap is no result, never a close one", arguments: KernelPath.available)
  func overlap(path: KernelPath) throws {
    // The upper half is valid in one, the lower half in the other: only alignments that move share rows.
    func half(_ rows: Range<Int>) throws -> VeinTemplate {
      try #require(
        VeinTemplate(
          hand: .right, quality: 1, filterBank: 1, protectionKey: 0, alignmentWindow: 1,
          code: [UInt64](repeating: 0, count: 192), mask: (0..<64).map { rows.contains($0) ? .max : 0 }))
    }
    let (upper, lower) = (try half(0..<32), try half(32..<64))
    // Five rows down: 320 cells in common at dx 0, 315 at dx ±1.
    for (least, isFound) in [(320, true), (321, false)] {
      let window = try window(1, 5, turned: [0], minimumOverlap: least)
      let comparator = try VeinComparator(window: window, path: path)
      let probe = try VeinProbe([upper], window: window)
      let found = try comparator.compare(probe, with: [lower, upper])
      #expect((found[0] != nil) == isFound && found[1]?.distance == 0)
      #expect(found[0].map { window.alignment(at: $0.alignment)?.dy == 5 && $0.overlap == 320 } ?? !isFound)
      #expect(try comparator.search(probe, in: VeinGallery(of: [lower, upper])) == found)
    }
  }

  @Test("the shipped windows give the same on the fastest path as cell by cell", arguments: [AlignmentWindow.guided])
  func shipped(window: AlignmentWindow) throws {
    var samples = VeinSamples(seed: 50)
    let poses = try window.poses.map { _ in try samples.template(window: window.id) }
    let reference = try #require(poses[3].moved(dx: -2, dy: 2))
    let found = try VeinComparator(window: window).compare(VeinProbe(poses, window: window), with: [reference])
    #expect(found == expected(poses, [reference], window) && found[0]?.distance == 0)
  }

  @Test("what does not belong together is a fault, never a result")
  func refusals() throws {
    var samples = VeinSamples(seed: 60)
    let window = try window()
    let poses = try (0..<3).map { _ in try samples.template() }
    let probe = try VeinProbe(poses, window: window)
    let comparator = try VeinComparator(window: window)
    let other = try samples.template(hand: .left)
    let bank = try samples.template(bank: 2)
    let elsewhere = try samples.template(window: 2)
    let protected = try #require(
      VeinTemplate(
        hand: .right, quality: 1, filterBank: 1, protectionKey: 9, alignmentWindow: 1, code: poses[0].code,
        mask: poses[0].mask))
    for wrong in [
      [], [other], [bank], [elsewhere], [protected], [poses[0], other], Array(repeating: poses[0], count: 17),
    ] {
      #expect(throws: ComparisonFault.self) { try comparator.compare(probe, with: wrong) }
    }
    for wrong in [[], [poses[0], bank], [poses[0], elsewhere], [poses[0], protected]] {
      #expect(throws: ComparisonFault.self) { try VeinGallery(of: wrong) }
    }
    for wrong in [[bank], [elsewhere], [protected]] {
      #expect(throws: ComparisonFault.self) { try comparator.search(probe, in: VeinGallery(of: wrong)) }
    }
    for wrong in [
      [], poses + [poses[0]], [poses[0], poses[1], other], [poses[0], poses[1], bank],
      [poses[0], poses[1], elsewhere], [poses[0], poses[1], protected],
    ] {
      #expect(throws: ComparisonFault.self) { try VeinProbe(wrong, window: window) }
    }
    let narrow = try self.window(1, 1)
    #expect(throws: ComparisonFault.self) { try comparator.compare(VeinProbe(poses, window: narrow), with: poses) }
    #expect(throws: ComparisonFault.self) {
      try comparator.search(VeinProbe(poses, window: narrow), in: VeinGallery(of: poses))
    }
    // A gallery holds both hands: a duplicate may be anybody's.
    #expect(try VeinGallery(of: [poses[0], other]).count == 2)
    for path in KernelPath.allCases where !KernelPath.available.contains(path) {
      #expect(throws: ComparisonFault.path(path)) { try VeinComparator(window: window, path: path) }
    }
  }

  @Test("permuted and padded alike, both sides give the same integers; under another key they do not")
  func protected() throws {
    let window = try window(1, 2, turned: [0])
    let palm = try #require(try templates(1, seed: 70).first)
    let probe = try VeinProbe([palm], window: window)
    let references = [try #require(palm.moved(dx: 1, dy: -2))] + (try templates(3, seed: 71))
    /// Rows in another order and every code bit against a pad.
    func hide(_ words: inout [UInt64], key: UInt64) {
      var random = VeinSamples(seed: key)
      let order = (0..<64).shuffled(using: &random)
      let pad = random.words(192)
      let before = words
      for row in 0..<64 {
        for plane in 0..<4 { words[row * 4 + plane] = before[order[row] * 4 + plane] ^ (plane < 3 ? pad[row * 3 + plane] : 0) }
      }
    }
    func hidden(_ template: VeinTemplate, key: UInt32) throws -> VeinTemplate {
      var words = (0..<64).flatMap { row in (0..<3).map { template.code[$0 * 64 + row] } + [template.mask[row]] }
      hide(&words, key: UInt64(key))
      return try #require(
        VeinTemplate(
          hand: template.hand, quality: 1, filterBank: 1, protectionKey: key, alignmentWindow: 1,
          code: (0..<3).flatMap { plane in (0..<64).map { words[$0 * 4 + plane] } }, mask: (0..<64).map { words[$0 * 4 + 3] }))
    }
    func aligned(key: UInt32) throws -> AlignedProbe {
      try AlignedProbe(probe, protectionKey: key) { pattern in
        var words = Array(pattern)
        if key != 0 { hide(&words, key: UInt64(key)) }
        _ = pattern.update(fromContentsOf: words)
      }
    }
    let comparator = try VeinComparator(window: window)
    let clear = try comparator.compare(probe, with: references)
    #expect(clear[0]?.distance == 0)
    #expect(try comparator.search(aligned(key: 0), in: VeinGallery(of: references)) == clear)
    let gallery = try VeinGallery(of: references.map { try hidden($0, key: 5) })
    #expect(try comparator.search(aligned(key: 5), in: gallery) == clear)
    #expect(throws: ComparisonFault.self) { try comparator.search(aligned(key: 6), in: gallery) }
    #expect(throws: ComparisonFault.self) { try comparator.search(probe, in: gallery) }
  }

  @Test("nothing that holds cells prints them")
  func silent() throws {
    let window = try window()
    let poses = try templates(3, seed: 80)
    let probe = try VeinProbe(poses, window: window)
    let values: [Any] = [
      probe, CellPlanes(poses[0]), try VeinGallery(of: poses), try VeinComparator(window: window),
      try AlignedProbe(probe, protectionKey: 0) { _ in },
    ]
    for value in values {
      var dumped = ""
      dump(value, to: &dumped)
      for text in ["\(value)", String(reflecting: value), dumped] {
        #expect(text.utf8.count < 120 && !text.contains(String(poses[0].mask[4])))
      }
    }
    #expect(CellPlanes(code: [], mask: []) == nil)
  }
}

extension AlignmentWindow {
  /// The same without any move.
  fileprivate static func still(_ window: AlignmentWindow) throws -> AlignmentWindow {
    try AlignmentWindow(
      id: window.id, horizontal: 0, vertical: 0, poses: .turned([0]), minimumOverlap: window.minimumOverlap)
  }
}
