import AuthTerms
import Biometric
import Foundation
import LoadClient

/// Whole calls of the comparator: one person's three templates, and a city.
struct Verification {
  private static let city = 9300
  private var verify: [AlignmentWindow: Best] = [:]
  /// Under a key: from its two halves to the three distances.
  private var protected: [AlignmentWindow: Best] = [:]
  private var search: [AlignmentWindow: Best] = [:]
  private var searchAlone: [AlignmentWindow: Best] = [:]
  private var inTwoSteps: [AlignmentWindow: Best] = [:]
  private static let windows = [AlignmentWindow.standard, .guided]

  init(rounds: Int, trials: Int, shrink: Int) throws {
    let city = max(200, Self.city / shrink)
    for window in Self.windows {
      var random = Words(state: UInt64(window.id))
      let templates = try (0..<city).map { _ in try random.template(window: window.id) }
      let probe = try VeinProbe(Array(templates[..<window.poses.count]), window: window)
      let references = Array(templates[100..<103])
      let gallery = try VeinGallery(of: templates)
      let comparators = try (0..<Machine.cores).map { _ in try VeinComparator(window: window) }
      let right = try comparators[0].search(probe, in: gallery)
      guard try comparators[0].compare(probe, with: references) == Array(right[100..<103]), right[0]?.distance == 0 else {
        throw ComparisonFault.mismatch(expected: "the same from 1:1 and 1:N")
      }
      let kept = try references.map { try Self.key().protect($0) }
      guard try Self.protected(probe, kept, comparators[0]) == Array(right[100..<103]) else {
        throw ComparisonFault.mismatch(expected: "the same under a key")
      }
      var (one, many, alone, steps, covered) = (Best(), Best(), Best(), Best(), Best())
      for _ in 0..<rounds {
        for _ in 0..<trials {
          covered.saw(seconds { _ = try? Self.protected(probe, kept, comparators[0]) })
          for _ in 0..<20 { one.saw(seconds { _ = try? comparators[0].compare(probe, with: references) }) }
        }
        for _ in 0..<max(2, trials / 4) {
          alone.saw(seconds { _ = try? comparators[0].search(probe, in: gallery) })
          many.saw(Self.inThreads(comparators, probe, gallery))
          // None but the probe itself comes as close as this, so it is the first step that is timed.
          steps.saw(seconds { _ = try? comparators[0].searchClose(probe, in: gallery, suspect: 400_000) })
        }
        one.endRound()
        covered.endRound()
        many.endRound()
        alone.endRound()
        steps.endRound()
      }
      verify[window] = one
      protected[window] = covered
      search[window] = many
      searchAlone[window] = alone
      inTwoSteps[window] = steps
    }
  }

  private static func key() throws -> TemplateProtection {
    func half(_ byte: UInt8) -> Secret<KeyMaterial> {
      Secret(copying: [UInt8](repeating: byte, count: TemplateProtection.halfBytes))
    }
    return try TemplateProtection(id: 1, personHalf: half(1), ringHalf: half(2))
  }

  private static func protected(
    _ probe: VeinProbe, _ kept: [VeinTemplate], _ comparator: VeinComparator
  ) throws -> [AlignedDistance?] {
    try comparator.search(AlignedProbe(probe, under: key()), in: VeinGallery(of: kept))
  }

  private static func inThreads(_ comparators: [VeinComparator], _ probe: VeinProbe, _ gallery: VeinGallery) -> Double {
    let parts = gallery.parts(comparators.count)
    // Each thread has a comparator of its own.
    nonisolated(unsafe) let comparators = comparators
    return seconds {
      DispatchQueue.concurrentPerform(iterations: parts.count) { part in
        _ = try? comparators[part].search(probe, in: gallery, part: parts[part])
      }
    }
  }

  func show(_ figures: Figures) {
    for window in Self.windows {
      let beside = window == .standard ? "" : ".window\(window.id)"
      let note = say("\(window.count) 通りの重ね方", "\(window.count) alignments")
      guard let one = verify[window], let many = search[window], let alone = searchAlone[window],
        let steps = inTwoSteps[window], let covered = protected[window]
      else { continue }
      figures.show(Figure("vein.verify_us" + beside, one.ofRounds.map { $0 * 1e6 }, unit: "µs", note: note))
      figures.show(
        Figure(
          "vein.verify_protected_ms" + beside, covered.ofRounds.map { $0 * 1e3 }, unit: "ms",
          note: note + say("、鍵の導出を含む", ", keys derived from their halves")))
      figures.show(
        Figure(
          "vein.identify_city_ms" + beside, many.ofRounds.map { $0 * 1e3 }, unit: "ms",
          note: note + say("、\(Machine.cores) スレッド", ", \(Machine.cores) threads")))
      if window == .standard, Machine.cores == 2 {
        figures.show(Figure("vein.two_threads_times", zip(alone.ofRounds, many.ofRounds).map { $0 / $1 }, note: note))
      }
      figures.show(
        Figure("vein.identify_city_ms\(beside).one_thread", alone.ofRounds.map { $0 * 1e3 }, unit: "ms", note: note))
      figures.show(
        Figure(
          "vein.identify_city_ms\(beside).two_steps.one_thread", steps.ofRounds.map { $0 * 1e3 }, unit: "ms",
          note: note + say("、まず偶数の移動だけ", ", even moves first")))
    }
  }
}

/// Templates of nobody, from a seed.
private struct Words: RandomNumberGenerator {
  var state: UInt64

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Three of four cells valid, codes from the six that mean something.
  mutating func template(window: UInt16) throws -> VeinTemplate {
    var code = [UInt64](repeating: 0, count: 192)
    var mask = [UInt64](repeating: 0, count: 64)
    for row in 0..<64 {
      mask[row] = next() | next()
      // 000, 001, 011, 111, 110, 100: the middle plane is one of its neighbours' values.
      let (low, high, choice) = (next(), next(), next())
      code[row] = low & mask[row]
      code[64 + row] = (low & choice | high & ~choice) & mask[row]
      code[128 + row] = high & mask[row]
    }
    guard
      let template = VeinTemplate(
        hand: .right, quality: 80, filterBank: 1, protectionKey: 0, alignmentWindow: window, code: code, mask: mask)
    else { throw ComparisonFault.mismatch(expected: "a template") }
    return template
  }
}
