import Biometric
import CVeinKernel
import Testing

/// The kernel itself: every path, every kind of row, against loops that anybody can read.
@Suite("the vein kernel")
struct VeinKernelTests {
  static let paths = KernelPath.available.map { sanmon_vein_path(rawValue: $0.rawValue) }
  static let kinds = [SANMON_VEIN_SHARED3, SANMON_VEIN_MASKED1, SANMON_VEIN_PLAIN1]

  /// A gallery as the kernel wants it, and what it should answer.
  private struct Case {
    let kind: sanmon_vein_kind
    let rows: Int
    let templates: [[UInt64]]
    let probe: [UInt64]
    let offsets: [UInt32]
    let least: UInt32

    var planes: Int { kind == SANMON_VEIN_SHARED3 ? 3 : 1 }
    var words: Int { kind == SANMON_VEIN_PLAIN1 ? 1 : planes + 1 }

    func expected() -> [sanmon_vein_best] {
      templates.map { template in
        var best: (alignment: Int, distance: Int, overlap: Int)?
        for (index, offset) in offsets.enumerated() {
          var (distance, overlap) = (0, 0)
          for row in 0..<rows {
            let (a, b) = (Int(offset) + row * words, row * words)
            let valid = kind == SANMON_VEIN_PLAIN1 ? UInt64.max : probe[a + planes] & template[b + planes]
            for bit in 0..<64 where valid >> UInt64(bit) & 1 == 1 {
              overlap += 1
              for plane in 0..<planes { distance += Int((probe[a + plane] ^ template[b + plane]) >> UInt64(bit) & 1) }
            }
          }
          guard overlap >= Int(least) else { continue }
          if let known = best, distance * known.overlap >= known.distance * overlap { continue }
          best = (index, distance, overlap)
        }
        guard let best else { return sanmon_vein_best(alignment: UInt32.max, distance: 0, overlap: 0) }
        return sanmon_vein_best(
          alignment: UInt32(best.alignment), distance: UInt32(best.distance), overlap: UInt32(best.overlap))
      }
    }

    private func folded(_ words: [UInt64]) -> [UInt64] {
      guard kind == SANMON_VEIN_SHARED3 else { return words }
      var words = words
      sanmon_vein_fold(&words, words.count / 4)
      return words
    }

    func answered(by path: sanmon_vein_path) -> (code: Int32, results: [sanmon_vein_best]) {
      let groups = (templates.count + 7) / 8
      let size = groups * rows * words * 8
      var locked: Int32 = 0
      guard let memory = sanmon_vein_reserve(size * 8, &locked) else { return (-99, []) }
      defer { sanmon_vein_release(memory, size * 8) }
      let gallery = memory.bindMemory(to: UInt64.self, capacity: size)
      let probe = folded(probe)
      for (number, template) in templates.enumerated() {
        for (word, value) in folded(template).enumerated() {
          gallery[(number / 8 * rows * words + word) * 8 + number % 8] = value
        }
      }
      var results = [sanmon_vein_best](
        repeating: sanmon_vein_best(alignment: 77, distance: 77, overlap: 77), count: groups * 8)
      let code = sanmon_vein_compare(
        path, kind, gallery, groups, rows, probe, offsets, UInt32(offsets.count), least, &results)
      return (code, Array(results.prefix(templates.count)))
    }
  }

  private func expectSame(_ one: Case, sourceLocation: SourceLocation = #_sourceLocation) {
    let expected = one.expected()
    for path in Self.paths {
      let (code, results) = one.answered(by: path)
      #expect(code == 0 && results.count == expected.count, sourceLocation: sourceLocation)
      for (number, (found, wanted)) in zip(results, expected).enumerated() {
        #expect(
          found.alignment == wanted.alignment && found.distance == wanted.distance && found.overlap == wanted.overlap,
          "template \(number), \(String(cString: sanmon_vein_name(path)))", sourceLocation: sourceLocation)
      }
    }
  }

  private func random(
    _ kind: sanmon_vein_kind, rows: Int, templates: Int, alignments: Int, least: UInt32, seed: UInt64
  ) -> Case {
    var samples = VeinSamples(seed: seed)
    let words = kind == SANMON_VEIN_SHARED3 ? 4 : kind == SANMON_VEIN_MASKED1 ? 2 : 1
    // Alignments overlap in memory, as those of a padded probe do.
    let offsets = (0..<alignments).map { UInt32($0 * words) }
    return Case(
      kind: kind, rows: rows, templates: (0..<templates).map { _ in samples.words(rows * words) },
      probe: samples.words((rows + alignments) * words), offsets: offsets, least: least)
  }

  @Test("1 to 17 templates and 1 to 9 alignments give the same integers on every path", arguments: kinds)
  func sizes(kind: sanmon_vein_kind) {
    for templates in 1...17 {
      for alignments in [1, 2, 3, 4, 5, 8, 9] {
        expectSame(
          random(
            kind, rows: 5, templates: templates, alignments: alignments, least: 1,
            seed: UInt64(templates * 100 + alignments)))
      }
    }
  }

  @Test("every number of rows, also where counts of bytes would overflow", arguments: kinds)
  func rows(kind: sanmon_vein_kind) {
    for rows in [1, 2, 7, 8, 9, 31, 32, 33, 64, 128] {
      expectSame(random(kind, rows: rows, templates: 3, alignments: 3, least: 1, seed: UInt64(rows)))
    }
  }

  @Test("all cells different, and all the same: the extremes of every counter", arguments: kinds)
  func extremes(kind: sanmon_vein_kind) {
    let (planes, words) = kind == SANMON_VEIN_SHARED3 ? (3, 4) : (1, kind == SANMON_VEIN_MASKED1 ? 2 : 1)
    func rows(code: UInt64, count: Int) -> [UInt64] {
      (0..<count).flatMap { _ in
        Array(repeating: code, count: planes) + (words > planes ? [UInt64.max] : [])
      }
    }
    let one = Case(
      kind: kind, rows: 1024, templates: [rows(code: .max, count: 1024), rows(code: 0, count: 1024)],
      probe: rows(code: 0, count: 1024), offsets: [0], least: 65_536)
    expectSame(one)
    let expected = one.expected()
    #expect(expected[0].distance == UInt32(planes * 65_536) && expected[1].distance == 0 && expected[1].overlap == 65_536)
  }

  @Test("templates, probes or both without one valid cell have no result")
  func allMasked() {
    var samples = VeinSamples(seed: 4)
    func template(masked: Bool) -> [UInt64] {
      (0..<8).flatMap { _ in samples.words(3) + [masked ? 0 : samples.next()] }
    }
    let probe = template(masked: false)
    let blind = template(masked: true)
    for (templates, probe) in [([blind, template(masked: false)], probe), ([template(masked: false), blind], blind)] {
      let one = Case(kind: SANMON_VEIN_SHARED3, rows: 8, templates: templates, probe: probe, offsets: [0, 0], least: 1)
      #expect(one.expected().contains { $0.alignment == UInt32.max })
      expectSame(one)
    }
  }

  @Test("an overlap of exactly the least counts, one cell less does not, and the next alignment is taken")
  func leastOverlap() {
    // Alignment 0 agrees in every one of its 9 cells; alignment 1 has 10 cells and differs in one.
    let probe: [UInt64] = [0, 0, 0, 0x1FF, 1, 0, 0, 0x3FF]
    for (least, alignment) in [(9, 0), (10, 1), (11, UInt32.max)] as [(UInt32, UInt32)] {
      let one = Case(
        kind: SANMON_VEIN_SHARED3, rows: 1, templates: [[0, 0, 0, .max]], probe: probe, offsets: [0, 4], least: least)
      #expect(one.expected()[0].alignment == alignment)
      expectSame(one)
    }
  }

  @Test("of equal fractions the first alignment wins, also with other numbers: 1/4 and 2/8")
  func ties() {
    let quarter: [UInt64] = [0b1, 0b1111]
    let eighths: [UInt64] = [0b11, 0xFF]
    let worse: [UInt64] = [0b111, 0xFF]
    for order in [[quarter, eighths], [eighths, quarter], [worse, worse, eighths, quarter, eighths]] {
      let one = Case(
        kind: SANMON_VEIN_MASKED1, rows: 1, templates: Array(repeating: [0, .max], count: 9), probe: order.flatMap { $0 },
        offsets: order.indices.map { UInt32($0 * 2) }, least: 1)
      #expect(one.expected()[0].alignment == (order.count == 5 ? 2 : 0))
      expectSame(one)
    }
  }

  @Test("distances above one in three planes, up to every bit, are results and not dropped")
  func farApart() {
    for bits in 0...3 {
      let code = (0..<3).map { $0 < bits ? UInt64.max : 0 }
      let one = Case(
        kind: SANMON_VEIN_SHARED3, rows: 2, templates: [[0, 0, 0, .max, 0, 0, 0, .max]],
        probe: code + [UInt64.max] + code + [UInt64.max], offsets: [0], least: 1)
      #expect(one.expected()[0].distance == UInt32(bits * 128))
      expectSame(one)
    }
  }

  @Test("wrong arguments are refused and nothing is written", arguments: paths)
  func refusals(path: sanmon_vein_path) {
    let good = random(SANMON_VEIN_SHARED3, rows: 2, templates: 1, alignments: 1, least: 1, seed: 1)
    func code(_ kind: sanmon_vein_kind, rows: Int, least: UInt32, path: sanmon_vein_path) -> (Int32, Bool) {
      let one = Case(
        kind: kind, rows: rows, templates: [], probe: good.probe, offsets: good.offsets, least: least)
      return (one.answered(by: path).code, true)
    }
    #expect(good.answered(by: path).code == 0)
    for (kind, rows, least) in [
      (sanmon_vein_kind(rawValue: 0), 2, 1), (sanmon_vein_kind(rawValue: 4), 2, 1), (SANMON_VEIN_SHARED3, 0, 1),
      (SANMON_VEIN_SHARED3, 1025, 1), (SANMON_VEIN_SHARED3, 2, 0),
    ] as [(sanmon_vein_kind, Int, UInt32)] {
      #expect(code(kind, rows: rows, least: least, path: path).0 == -1)
    }
    var results = [sanmon_vein_best(alignment: 77, distance: 77, overlap: 77)]
    var locked: Int32 = 0
    let memory = sanmon_vein_reserve(4096, &locked)
    defer { sanmon_vein_release(memory, 4096) }
    let odd = memory?.bindMemory(to: UInt64.self, capacity: 512).advanced(by: 1)
    #expect(sanmon_vein_compare(path, SANMON_VEIN_SHARED3, odd, 1, 2, good.probe, good.offsets, 1, 1, &results) == -1)
    #expect(results[0].alignment == 77)
  }

  @Test("no alignment, no result; no group, nothing to do", arguments: paths)
  func nothing(path: sanmon_vein_path) {
    let good = random(SANMON_VEIN_SHARED3, rows: 2, templates: 2, alignments: 1, least: 1, seed: 1)
    let none = Case(
      kind: good.kind, rows: 2, templates: good.templates, probe: good.probe, offsets: [], least: 1)
    let (code, results) = none.answered(by: path)
    #expect(code == 0 && results.allSatisfy { $0.alignment == UInt32.max && $0.distance == 0 && $0.overlap == 0 })
    let empty = Case(kind: good.kind, rows: 2, templates: [], probe: good.probe, offsets: good.offsets, least: 1)
    #expect(empty.answered(by: path).code == 0)
  }

  @Test("a path that is not here is refused; what is here has a name")
  func absent() {
    let good = random(SANMON_VEIN_PLAIN1, rows: 2, templates: 1, alignments: 1, least: 1, seed: 1)
    for path in KernelPath.allCases where !KernelPath.available.contains(path) {
      #expect(good.answered(by: sanmon_vein_path(rawValue: path.rawValue)).code == -1)
    }
    #expect(good.answered(by: sanmon_vein_path(rawValue: 99)).code == -1)
    #expect(KernelPath.available.contains(.portable) && KernelPath.available.contains(.fastest))
    #expect(Set(KernelPath.allCases.map(\.description)).count == KernelPath.allCases.count)
    #expect(String(cString: sanmon_vein_name(sanmon_vein_path(rawValue: 0))).isEmpty)
  }

  @Test("a pattern moves bit by bit, and falls off at the edges", arguments: [-70, -64, -63, -17, -1, 0, 1, 6, 63, 64, 70])
  func moving(dx: Int) {
    var samples = VeinSamples(seed: 8)
    let rows = samples.words(256)
    var moved = [UInt64](repeating: 1, count: 256)
    sanmon_vein_move(rows, Int32(dx), &moved)
    for (before, after) in zip(rows, moved) {
      var expected: UInt64 = 0
      for column in 0..<64 where (0..<64).contains(column - dx) {
        expected |= (before >> UInt64(column - dx) & 1) << UInt64(column)
      }
      #expect(after == expected)
    }
  }

  @Test("planes become rows, and the third word of a row the exclusive or of all three")
  func folding() {
    var samples = VeinSamples(seed: 9)
    let (code, mask) = samples.cells()
    var rows = [UInt64](repeating: 1, count: 257)
    sanmon_vein_into_rows(code, mask, &rows)
    #expect(rows[256] == 1)
    sanmon_vein_fold(&rows, 63)
    for row in 0..<64 {
      #expect(rows[row * 4 + 2] == (row < 63 ? code[row] ^ code[64 + row] ^ code[128 + row] : code[128 + row]))
      #expect(rows[row * 4] == code[row] && rows[row * 4 + 1] == code[64 + row] && rows[row * 4 + 3] == mask[row])
    }
  }

  @Test("each lane has its own rows and its own move; lanes that nobody asked for have nothing", arguments: 1...8)
  func lanes(count: Int) throws {
    var samples = VeinSamples(seed: 10)
    let rows = samples.words(3 * 256)
    let offsets: [UInt32] = [0, 256, 512, 4, 100, 256, 0, 511]
    let moves: [Int32] = [0, -6, 6, 63, -63, 64, -1, 1]
    var locked: Int32 = 0
    let memory = try #require(sanmon_vein_reserve(2048 * 8, &locked))
    defer { sanmon_vein_release(memory, 2048 * 8) }
    let group = memory.bindMemory(to: UInt64.self, capacity: 2048)
    for index in 0..<2048 { group[index] = 5 }
    sanmon_vein_into_lanes(rows, offsets, moves, UInt32(count), group)
    for lane in 0..<8 {
      var expected = [UInt64](repeating: 0, count: 256)
      if lane < count { sanmon_vein_move(Array(rows[Int(offsets[lane])...]), moves[lane], &expected) }
      #expect((0..<256).map { group[$0 * 8 + lane] } == expected)
    }
  }

  @Test("memory is zero, aligned and wiped on request; nothing is given for absurd sizes", arguments: [1, 4096, 3 << 20])
  func memory(bytes: Int) throws {
    var locked: Int32 = 7
    let memory = try #require(sanmon_vein_reserve(bytes, &locked))
    defer { sanmon_vein_release(memory, bytes) }
    #expect(locked == 0 || locked == 1)
    #expect(Int(bitPattern: memory) % (bytes >= 2 << 20 ? 2 << 20 : 64) == 0)
    let all = UnsafeMutableRawBufferPointer(start: memory, count: bytes)
    #expect(all.allSatisfy { $0 == 0 })
    for index in all.indices { all[index] = 0xA5 }
    sanmon_vein_wipe(memory, bytes)
    #expect(all.allSatisfy { $0 == 0 })
    #expect(sanmon_vein_reserve(.max, &locked) == nil && locked == 0)
  }
}
