public import AuthTerms

extension PolicySet {
  /// Every waiver that stands in the files, in force or not, in the order of segments and lines.
  package var waivers: [Waiver] { segments.flatMap { rules[$0]?.waivers ?? [] } }

  /// Standing warnings on one day: what is odd in the files, and each waiver that is not signed, is in force, or has ended.
  ///
  /// An ended waiver is a warning and never a reason not to start: a server that cannot be restarted on the morning after
  /// would be a worse exception than this one.
  /// - Parameters:
  ///   - approved: waivers whose approvals hold.
  ///   - segments: those an instance serves; `nil`: all.
  public func warnings(on day: Int, approved: Set<WaiverHash>, segments: [Segment]? = nil) -> [PolicyFault] {
    var warnings = lint
    for waiver in waivers where segments?.contains(waiver.segment) ?? true {
      let log = FaultLog(file: waiver.rule.file)
      let position = Position(line: waiver.rule.line, column: waiver.column)
      let name = waiver.name.rawValue
      if waiver.until < day {
        log.warn(.waiverExpired, position)
      } else if approved.contains(waiver.hash) {
        log.warn(.waiverInForce, position, FaultDetail(expected: Bilingual(same: name)))
      } else {
        let count = waiver.approvers.count
        log.warn(
          .waiverUnsigned, position,
          FaultDetail(
            suggestion: waiver.hash.hex,
            expected: Bilingual(
              "「\(name)」(必要な署名: \(count) 人)", "'\(name)' (it needs \(count) signature\(count == 1 ? "" : "s"))")))
      }
      warnings += log.warnings
    }
    return FaultLog.sorted(warnings)
  }
}
