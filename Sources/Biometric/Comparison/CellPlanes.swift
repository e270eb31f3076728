/// Three code planes and a mask without the promises of a template: a probe moved to one alignment, or a pattern under a key.
package struct CellPlanes: Sendable, Hashable {
  /// Three planes of 64 rows, plane after plane; bit 0 is the leftmost cell.
  package let code: [UInt64]
  /// 64 rows; a set bit is a valid cell.
  package let mask: [UInt64]

  /// - Returns: `nil` for other counts than 192 and 64 words.
  package init?(code: [UInt64], mask: [UInt64]) {
    guard code.count == VeinTemplate.codePlanes * VeinTemplate.rows, mask.count == VeinTemplate.rows else { return nil }
    self.code = code
    self.mask = mask
  }

  package init(_ template: VeinTemplate) {
    code = template.code
    mask = template.mask
  }
}

extension CellPlanes: CustomStringConvertible, CustomReflectable {
  package var description: String { "cells" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
