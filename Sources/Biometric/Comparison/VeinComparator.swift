import CVeinKernel

/// Compares a sample with the templates of one person (1:1), or with a whole gallery (1:N, for the search for duplicates at
/// enrolment and for audits; never for logon).
///
/// Holds memory of its own for the probe and wipes it after each call: one comparator a thread. No call ends early, so its time
/// tells nothing about the cells.
@safe public final class VeinComparator: CustomReflectable {
  public static let mostReferences = 16

  public let window: AlignmentWindow
  public let path: KernelPath
  /// The probe's columns eight beside each other (1:1), or as rows with masked rows above and below (1:N).
  private let probe: LockedWords
  /// One reference with masked rows above and below.
  private let reference: LockedWords
  private var results: [sanmon_vein_best]

  /// - Throws: `path` when this machine has no such instructions, `outOfMemory`.
  public init(window: AlignmentWindow, path: KernelPath = .fastest) throws(ComparisonFault) {
    guard KernelPath.available.contains(path) else { throw .path(path) }
    self.window = window
    self.path = path
    let groups = (window.columns + VeinKernel.lanes - 1) / VeinKernel.lanes
    probe = try LockedWords(count: max(groups * VeinKernel.wordsOfGroup, window.columns * window.paddedWords))
    reference = try LockedWords(count: window.paddedWords)
    results = Array(repeating: sanmon_vein_best(), count: groups * VeinKernel.lanes)
  }

  public var customMirror: Mirror { Mirror(self, children: []) }

  /// 1:1. For each reference the best alignment; `nil` where none overlaps enough.
  ///
  /// The vectors run over the probe's columns (rotation and dx) and the reference moves up and down, so that no lane idles while a
  /// person has three templates.
  ///
  /// - Parameter references: 1 to 16 unprotected templates of the probe's hand, bank and window.
  public func compare(
    _ sample: VeinProbe, with references: [VeinTemplate]
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    guard sample.window == window, (1...Self.mostReferences).contains(references.count),
      references.allSatisfy({
        $0.hand == sample.hand && $0.filterBank == sample.filterBank && $0.alignmentWindow == window.id
          && $0.protectionKey == 0
      })
    else { throw .mismatch(expected: "1 to 16 unprotected templates of the probe's hand, filter bank and window") }
    let used = results.count / VeinKernel.lanes * VeinKernel.wordsOfGroup
    defer {
      probe.wipe(first: used)
      reference.wipe(first: reference.count)
    }
    unsafe probe.withWords { groups in
      for (lane, column) in columns().enumerated() {
        unsafe VeinKernel.place(sample.rotations[column.rotation], dx: column.dx, lane: lane, into: groups)
      }
    }
    // A probe that lies dy lower meets the reference's row dy rows further down.
    let offsets = (0...2 * window.vertical).map { UInt32($0 * VeinKernel.wordsOfRow) }
    var found: [AlignedDistance?] = []
    for template in references { found.append(try compareColumns(used, with: CellPlanes(template), at: offsets)) }
    return found
  }

  /// 1:N. For each template of the gallery, or of one of its `parts`, the best alignment; `nil` where none overlaps enough.
  ///
  /// - Parameter gallery: unprotected, of the probe's bank and window.
  public func search(
    _ sample: VeinProbe, in gallery: VeinGallery, part: Range<Int>? = nil
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    guard sample.window == window, gallery.alignmentWindow == window.id, gallery.filterBank == sample.filterBank,
      gallery.protectionKey == 0
    else { throw .mismatch(expected: "an unprotected gallery of the probe's filter bank and window") }
    let used = window.columns * window.paddedWords
    defer { probe.wipe(first: used) }
    return try unsafe probe.withWords { rows throws(ComparisonFault) in
      var offsets: [UInt32] = []
      offsets.reserveCapacity(window.count)
      for (index, column) in columns().enumerated() {
        let first = index * window.paddedWords
        let middle = first + window.vertical * VeinKernel.wordsOfRow
        unsafe VeinKernel.place(sample.rotations[column.rotation], dx: column.dx, at: middle, into: rows)
        // Moved down by dy, the probe begins dy rows higher in its padding.
        for dy in -window.vertical...window.vertical { offsets.append(UInt32(middle - dy * VeinKernel.wordsOfRow)) }
      }
      unsafe VeinKernel.fold(UnsafeMutableBufferPointer(rebasing: rows[..<used]))
      return try unsafe gallery.compare(
        part ?? 0..<gallery.count, path, with: UnsafeBufferPointer(rebasing: rows[..<used]), at: offsets,
        minimumOverlap: window.minimumOverlap)
    }
  }

  /// The same with a probe written out alignment by alignment, as protected galleries need it.
  ///
  /// - Parameter gallery: under the probe's key, of its bank and window.
  public func search(
    _ sample: AlignedProbe, in gallery: VeinGallery, part: Range<Int>? = nil
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    guard sample.window == window, gallery.alignmentWindow == window.id, gallery.filterBank == sample.filterBank,
      gallery.protectionKey == sample.protectionKey
    else { throw .mismatch(expected: "a gallery of the probe's key, filter bank and window") }
    let offsets = (0..<window.count).map { UInt32($0 * VeinKernel.wordsOfPattern) }
    return try unsafe sample.words.withWords { rows throws(ComparisonFault) in
      try unsafe gallery.compare(
        part ?? 0..<gallery.count, path, with: UnsafeBufferPointer(rows), at: offsets, minimumOverlap: window.minimumOverlap)
    }
  }

  private func columns() -> some Sequence<(rotation: Int, dx: Int)> {
    let width = 2 * window.horizontal + 1
    return (0..<window.columns).lazy.map { [window] in ($0 / width, $0 % width - window.horizontal) }
  }

  private func compareColumns(
    _ words: Int, with template: CellPlanes, at offsets: [UInt32]
  ) throws(ComparisonFault) -> AlignedDistance? {
    try unsafe reference.withWords { rows throws(ComparisonFault) in
      unsafe VeinKernel.place(template, at: window.vertical * VeinKernel.wordsOfRow, into: rows)
      unsafe VeinKernel.fold(rows)
      try unsafe probe.withWords { groups throws(ComparisonFault) in
        try unsafe results.withUnsafeMutableBufferPointer { results throws(ComparisonFault) in
          try unsafe VeinKernel.compare(
            path, groups: UnsafeBufferPointer(rebasing: groups[..<words]), with: UnsafeBufferPointer(rows), at: offsets,
            minimumOverlap: window.minimumOverlap, into: results)
        }
      }
    }
    var best: AlignedDistance?
    for (lane, result) in results.prefix(window.columns).enumerated() {
      guard let row = AlignedDistance(result) else { continue }
      let found = AlignedDistance(
        distance: row.distance, overlap: row.overlap, alignment: lane * offsets.count + row.alignment)
      if best.map({ found.isCloser(than: $0) }) ?? true { best = found }
    }
    return best
  }
}

extension AlignmentWindow {
  /// A pattern with as many masked rows above and below as it is moved.
  fileprivate var paddedWords: Int { (VeinTemplate.rows + 2 * vertical) * VeinKernel.wordsOfRow }
}
