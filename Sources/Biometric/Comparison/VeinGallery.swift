import CVeinKernel

/// Templates laid out for comparison, eight beside each other: 64-byte aligned, in large pages where the system has them, held in
/// memory, left out of core dumps, wiped when the last owner lets go. Comparing copies nothing.
@safe public final class VeinGallery: @unchecked Sendable, CustomReflectable {
  // Written once in init and only read afterwards: safe to share between threads.
  private let words: LockedWords
  public let count: Int
  public let filterBank: UInt16
  public let alignmentWindow: UInt16
  public let protectionKey: UInt32

  public static let mostTemplates = 1_000_000

  /// - Parameter templates: 1 to 1,000,000 of one filter bank, one alignment window and one protection key; of any hand.
  /// - Throws: `mismatch`, or `outOfMemory` (2,048 bytes a template).
  public init(of templates: some Collection<VeinTemplate>) throws(ComparisonFault) {
    guard let first = templates.first, templates.count <= Self.mostTemplates,
      templates.allSatisfy({
        $0.filterBank == first.filterBank && $0.alignmentWindow == first.alignmentWindow
          && $0.protectionKey == first.protectionKey
      })
    else { throw .mismatch(expected: "1 to \(Self.mostTemplates) templates of one filter bank, window and key") }
    let count = templates.count
    self.count = count
    filterBank = first.filterBank
    alignmentWindow = first.alignmentWindow
    protectionKey = first.protectionKey
    words = try LockedWords(count: (count + VeinKernel.lanes - 1) / VeinKernel.lanes * VeinKernel.wordsOfGroup)
    let work = try LockedWords(count: VeinKernel.lanes * VeinKernel.wordsOfPattern)
    unsafe words.withWords { target in
      unsafe work.withWords { rows in
        var waiting: [VeinKernel.Lane] = []
        for (index, template) in zip(0..<count, templates) {
          let offset = waiting.count * VeinKernel.wordsOfPattern
          unsafe VeinKernel.place(CellPlanes(template), at: offset, into: rows)
          waiting.append(VeinKernel.Lane(offset: offset, dx: 0))
          guard waiting.count == VeinKernel.lanes || index == count - 1 else { continue }
          unsafe VeinKernel.fold(rows)
          let group = index / VeinKernel.lanes * VeinKernel.wordsOfGroup
          unsafe VeinKernel.place(
            waiting, of: rows, into: UnsafeMutableBufferPointer(rebasing: target[group..<group + VeinKernel.wordsOfGroup]))
          waiting.removeAll(keepingCapacity: true)
        }
      }
    }
  }

  /// Whether the pages can never reach a swap device. False when RLIMIT_MEMLOCK is below the gallery's size.
  public var isLocked: Bool { words.isLocked }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Ranges of whole groups of about the same size, one for each thread.
  public func parts(_ number: Int) -> [Range<Int>] {
    let groups = (count + VeinKernel.lanes - 1) / VeinKernel.lanes
    let number = max(1, min(number, groups))
    return (0..<number).map { part in
      part * groups / number * VeinKernel.lanes..<min((part + 1) * groups / number * VeinKernel.lanes, count)
    }
  }

  /// - Parameter part: one of `parts`.
  func compare(
    _ part: Range<Int>, _ path: KernelPath, with probe: UnsafeBufferPointer<UInt64>, at offsets: [UInt32], minimumOverlap: Int
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    guard part.lowerBound >= 0, part.upperBound <= count, part.lowerBound.isMultiple(of: VeinKernel.lanes),
      part.upperBound.isMultiple(of: VeinKernel.lanes) || part.upperBound == count
    else { throw .mismatch(expected: "a part of the gallery") }
    let groups = part.lowerBound / VeinKernel.lanes..<(part.upperBound + VeinKernel.lanes - 1) / VeinKernel.lanes
    var results = [sanmon_vein_best](repeating: sanmon_vein_best(), count: groups.count * VeinKernel.lanes)
    try unsafe words.withWords { all throws(ComparisonFault) in
      try unsafe results.withUnsafeMutableBufferPointer { results throws(ComparisonFault) in
        let some = unsafe UnsafeBufferPointer(
          rebasing: all[groups.lowerBound * VeinKernel.wordsOfGroup..<groups.upperBound * VeinKernel.wordsOfGroup])
        try unsafe VeinKernel.compare(
          path, groups: some, with: probe, at: offsets, minimumOverlap: minimumOverlap, into: results)
      }
    }
    return results.prefix(part.count).map(AlignedDistance.init)
  }
}
