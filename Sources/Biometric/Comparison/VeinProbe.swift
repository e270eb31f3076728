public import AuthTerms

/// One sample, extracted once for each pose of a window.
public struct VeinProbe: Sendable {
  public let window: AlignmentWindow
  public let hand: Hand
  public let filterBank: UInt16
  let poses: [CellPlanes]

  /// - Parameter poses: one template for each pose of the window, in its order; unprotected, of one hand and one bank.
  public init(_ poses: [VeinTemplate], window: AlignmentWindow) throws(ComparisonFault) {
    guard poses.count == window.poses.count, let first = poses.first,
      poses.allSatisfy({
        $0.alignmentWindow == window.id && $0.protectionKey == 0 && $0.hand == first.hand && $0.filterBank == first.filterBank
      })
    else { throw .mismatch(expected: "one unprotected template of one hand and bank for each pose of the window") }
    self.window = window
    hand = first.hand
    filterBank = first.filterBank
    self.poses = poses.map(CellPlanes.init)
  }
}

extension VeinProbe: CustomStringConvertible, CustomReflectable {
  public var description: String { "vein probe, \(poses.count) poses" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A sample at each alignment of its window, written out, so that every alignment can be put under a key before it is compared:
/// the masked distance does not change when both sides are permuted and padded alike, but moving comes before that.
@safe public final class AlignedProbe: CustomReflectable {
  public let window: AlignmentWindow
  public let filterBank: UInt16
  public let protectionKey: UInt32
  let words: LockedWords

  /// - Parameters:
  ///   - protectionKey: the key that `transform` applies; 0 with a `transform` that changes nothing.
  ///   - transform: called once for each alignment, in the window's order, with 256 words to change in place: 64 rows of three
  ///     code words and one mask word. Cells outside the grid are masked and 0.
  package init(
    _ probe: VeinProbe, protectionKey: UInt32, transform: (UnsafeMutableBufferPointer<UInt64>) -> Void
  ) throws(ComparisonFault) {
    window = probe.window
    filterBank = probe.filterBank
    self.protectionKey = protectionKey
    words = try LockedWords(count: probe.window.count * VeinKernel.wordsOfPattern)
    let margin = window.vertical
    // One pose as it is, and behind it the same moved sideways between masked rows.
    let first = VeinKernel.wordsOfPattern + margin * VeinKernel.wordsOfRow
    let work = try LockedWords(count: first + VeinKernel.wordsOfPattern + margin * VeinKernel.wordsOfRow)
    unsafe words.withWords { target in
      unsafe work.withWords { rows in
        var next = 0
        for pose in probe.poses {
          unsafe VeinKernel.place(pose, into: rows)
          for dx in -window.horizontal...window.horizontal {
            unsafe VeinKernel.move(rows, from: 0, dx: dx, into: rows, at: first)
            for dy in -window.vertical...window.vertical {
              let from = first - dy * VeinKernel.wordsOfRow
              let pattern = unsafe UnsafeMutableBufferPointer(rebasing: target[next..<next + VeinKernel.wordsOfPattern])
              _ = unsafe pattern.update(fromContentsOf: rows[from..<from + VeinKernel.wordsOfPattern])
              unsafe transform(pattern)
              unsafe VeinKernel.fold(pattern)
              next += VeinKernel.wordsOfPattern
            }
          }
        }
      }
    }
  }

  public var customMirror: Mirror { Mirror(self, children: []) }
}
