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
  /// The probe's poses as rows.
  private let poses: LockedWords
  private let columns: [VeinKernel.Lane]
  /// One reference with masked rows above and below.
  private let reference: LockedWords
  /// The moves up and down as parts of `reference`.
  private let rows: [VeinKernel.Lane]
  /// The same moves, eight beside each other.
  private let movedReference: LockedWords
  /// The first so many columns are compared in groups of eight; the rest one by one with all moves of the reference.
  private let grouped: Int
  private var results: [sanmon_vein_best]

  /// - Throws: `path` when this machine has no such instructions, `outOfMemory`.
  public init(window: AlignmentWindow, path: KernelPath = .fastest) throws(ComparisonFault) {
    guard KernelPath.available.contains(path) else { throw .path(path) }
    self.window = window
    self.path = path
    rows = (0...2 * window.vertical).map { VeinKernel.Lane(offset: $0 * VeinKernel.wordsOfRow, dx: 0) }
    let rowGroups = VeinKernel.groups(rows.count)
    // A last group with one column in it would cost as much as a full one.
    let rest = window.columns % VeinKernel.lanes
    grouped = rest * rowGroups < rows.count ? window.columns - rest : window.columns
    let words = VeinKernel.groups(grouped) * VeinKernel.wordsOfGroup + rest * VeinKernel.wordsOfPattern
    probe = try LockedWords(count: max(words, window.columns * window.paddedWords))
    movedReference = try LockedWords(count: rowGroups * VeinKernel.wordsOfGroup)
    poses = try LockedWords(count: window.poses.count * VeinKernel.wordsOfPattern)
    reference = try LockedWords(count: window.paddedWords)
    columns = window.poses.indices.flatMap { pose in
      (-window.horizontal...window.horizontal).map {
        VeinKernel.Lane(offset: pose * VeinKernel.wordsOfPattern, dx: $0)
      }
    }
    let lanes = max(VeinKernel.groups(grouped), rowGroups) * VeinKernel.lanes
    results = Array(repeating: sanmon_vein_best(), count: lanes)
  }

  public var customMirror: Mirror { Mirror(self, children: []) }

  /// 1:1. For each reference the best alignment; `nil` where none overlaps enough.
  ///
  /// The vectors run over the probe's columns (pose and dx) and the reference moves up and down, so that lanes do not idle while
  /// a person has three templates.
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
    let spare = VeinKernel.groups(grouped) * VeinKernel.wordsOfGroup
    let used = spare + (columns.count - grouped) * VeinKernel.wordsOfPattern
    place(sample)
    defer {
      wipe(probe: used)
      reference.wipe(first: reference.count)
      movedReference.wipe(first: movedReference.count)
    }
    unsafe probe.withWords { target in
      unsafe poses.withWords { source in
        unsafe VeinKernel.place(Array(columns[..<grouped]), of: source, into: target)
        for (index, column) in columns[grouped...].enumerated() {
          unsafe VeinKernel.move(
            source, from: column.offset, dx: column.dx, into: target, at: spare + index * VeinKernel.wordsOfPattern)
        }
      }
    }
    var found: [AlignedDistance?] = []
    for template in references { found.append(try compare(with: CellPlanes(template), spare: spare..<used)) }
    return found
  }

  /// 1:N. For each template of the gallery, or of one of its `parts`, the best alignment; `nil` where none overlaps enough.
  ///
  /// - Parameter gallery: unprotected, of the probe's bank and window.
  public func search(
    _ sample: VeinProbe, in gallery: VeinGallery, part: Range<Int>? = nil
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    try unsafe searching(sample, gallery) { (rows, alignments) throws(ComparisonFault) in
      try unsafe gallery.compare(
        part ?? 0..<gallery.count, path, with: rows, at: alignments.map(\.offset), minimumOverlap: window.minimumOverlap)
    }
  }

  /// 1:N in two steps, for the search for duplicates in a whole city: at every second cell and row first, then at all alignments
  /// for those that came close.
  ///
  /// - Parameters:
  ///   - suspect: a distance of the first step, in millionths, up to which the second is taken; measured so that no pair of the
  ///     same palm is lost.
  ///   - gallery: unprotected, of the probe's bank and window.
  /// - Returns: for each template what `search` gives, or `nil` where the first step did not come as close as `suspect`.
  public func searchClose(
    _ sample: VeinProbe, in gallery: VeinGallery, suspect: Int, part: Range<Int>? = nil
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    try unsafe searching(sample, gallery) { (rows, alignments) throws(ComparisonFault) in
      let whole = part ?? 0..<gallery.count
      let first = try unsafe gallery.compare(
        whole, path, with: rows, at: alignments.filter(\.isCoarse).map(\.offset), minimumOverlap: window.minimumOverlap)
      let offsets = alignments.map(\.offset)
      var found: [AlignedDistance?] = []
      found.reserveCapacity(first.count)
      for start in stride(from: 0, to: first.count, by: VeinKernel.lanes) {
        let lanes = first[start..<min(start + VeinKernel.lanes, first.count)]
        let isSuspect = lanes.map { $0.map { $0.isWithin(millionths: suspect) } ?? false }
        guard isSuspect.contains(true) else {
          found += repeatElement(nil, count: lanes.count)
          continue
        }
        let group = whole.lowerBound + start..<whole.lowerBound + start + lanes.count
        let exact = try unsafe gallery.compare(
          group, path, with: rows, at: offsets, minimumOverlap: window.minimumOverlap)
        found += zip(exact, isSuspect).map { $1 ? $0 : nil }
      }
      return found
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

  private struct Placed {
    /// Words from the beginning of the probe's rows.
    let offset: UInt32
    /// Whether dx and dy are even.
    let isCoarse: Bool
  }

  /// Lays the probe out as rows, gives them away with all alignments in the window's order, and wipes them.
  private func searching(
    _ sample: VeinProbe, _ gallery: VeinGallery,
    _ use: (UnsafeBufferPointer<UInt64>, [Placed]) throws(ComparisonFault) -> [AlignedDistance?]
  ) throws(ComparisonFault) -> [AlignedDistance?] {
    guard sample.window == window, gallery.alignmentWindow == window.id, gallery.filterBank == sample.filterBank,
      gallery.protectionKey == 0
    else { throw .mismatch(expected: "an unprotected gallery of the probe's filter bank and window") }
    let used = window.columns * window.paddedWords
    place(sample)
    defer { wipe(probe: used) }
    return try unsafe probe.withWords { rows throws(ComparisonFault) in
      var alignments: [Placed] = []
      alignments.reserveCapacity(window.count)
      for (index, column) in columns.enumerated() {
        let middle = index * window.paddedWords + window.vertical * VeinKernel.wordsOfRow
        unsafe poses.withWords {
          unsafe VeinKernel.move($0, from: column.offset, dx: column.dx, into: rows, at: middle)
        }
        // Moved down by dy, the probe begins dy rows higher in its padding.
        for dy in -window.vertical...window.vertical {
          let isCoarse = column.dx.isMultiple(of: 2) && dy.isMultiple(of: 2)
          alignments.append(Placed(offset: UInt32(middle - dy * VeinKernel.wordsOfRow), isCoarse: isCoarse))
        }
      }
      return try unsafe use(UnsafeBufferPointer(rebasing: rows[..<used]), alignments)
    }
  }

  private func place(_ sample: VeinProbe) {
    unsafe poses.withWords { rows in
      for (index, pose) in sample.poses.enumerated() {
        unsafe VeinKernel.place(pose, at: index * VeinKernel.wordsOfPattern, into: rows)
      }
      unsafe VeinKernel.fold(rows)
    }
  }

  private func wipe(probe words: Int) {
    probe.wipe(first: words)
    poses.wipe(first: poses.count)
  }

  /// - Parameter spare: where in `probe` the columns stand that are in no group.
  private func compare(with template: CellPlanes, spare: Range<Int>) throws(ComparisonFault) -> AlignedDistance? {
    var best: AlignedDistance?
    try unsafe reference.withWords { reference throws(ComparisonFault) in
      unsafe VeinKernel.place(template, at: window.vertical * VeinKernel.wordsOfRow, into: reference)
      unsafe VeinKernel.fold(reference)
      try unsafe probe.withWords { probe throws(ComparisonFault) in
        // A probe that lies dy lower meets the reference's row dy rows further down.
        try unsafe keepBest(
          groups: UnsafeBufferPointer(rebasing: probe[..<spare.lowerBound]), with: UnsafeBufferPointer(reference),
          at: rows.map { UInt32($0.offset) }, &best
        ) { lane, row in lane < grouped ? lane * rows.count + row : nil }
        guard !spare.isEmpty else { return }
        try unsafe movedReference.withWords { moved throws(ComparisonFault) in
          unsafe VeinKernel.place(rows, of: reference, into: moved)
          try unsafe keepBest(
            groups: UnsafeBufferPointer(moved), with: UnsafeBufferPointer(rebasing: probe[spare]),
            at: (0..<columns.count - grouped).map { UInt32($0 * VeinKernel.wordsOfPattern) }, &best
          ) { row, column in row < rows.count ? (grouped + column) * rows.count + row : nil }
        }
      }
    }
    return best
  }

  /// - Parameter index: the window's alignment for a lane and one of `offsets`; `nil` for a lane that stands for nothing.
  private func keepBest(
    groups: UnsafeBufferPointer<UInt64>, with other: UnsafeBufferPointer<UInt64>, at offsets: [UInt32],
    _ best: inout AlignedDistance?, index: (Int, Int) -> Int?
  ) throws(ComparisonFault) {
    let lanes = groups.count / VeinKernel.wordsOfGroup * VeinKernel.lanes
    try unsafe results.withUnsafeMutableBufferPointer { results throws(ComparisonFault) in
      try unsafe VeinKernel.compare(
        path, groups: groups, with: other, at: offsets, minimumOverlap: window.minimumOverlap,
        into: UnsafeMutableBufferPointer(rebasing: results[..<lanes]))
    }
    for (lane, result) in results.prefix(lanes).enumerated() {
      guard let local = AlignedDistance(result), let alignment = index(lane, local.alignment) else { continue }
      let found = AlignedDistance(distance: local.distance, overlap: local.overlap, alignment: alignment)
      // Lanes need not be in the window's order, so the first of equal ones is looked for.
      if let known = best, known.isCloser(than: found) || !found.isCloser(than: known) && known.alignment < alignment {
        continue
      }
      best = found
    }
  }
}

extension AlignmentWindow {
  /// A pattern with as many masked rows above and below as it is moved.
  fileprivate var paddedWords: Int { (VeinTemplate.rows + 2 * vertical) * VeinKernel.wordsOfRow }
}
