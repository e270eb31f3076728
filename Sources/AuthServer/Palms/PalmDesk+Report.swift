import AuthAPI
import AuthTerms
import Storage

extension PalmDesk {
  /// What the last days say of sensors and people, against the days before.
  func report() async throws -> PalmReport {
    let today = services.localByClock(services.surroundings.now()).day
    let recent = today - PalmDrift.recentDays + 1
    let (former, now) = try await services.store.read { (state) throws(StorageFault) in
      (
        try state.palmUse(from: recent - PalmDrift.formerDays, to: recent - 1), try state.palmUse(from: recent, to: today)
      )
    }
    let drift = PalmDrift(former: former, recent: now)
    return PalmReport(
      judgedSensors: drift.judgedPlaces, judgedPeople: drift.judgedPeople,
      findings: drift.findings.prefix(PalmReport.mostFindings).map(Self.message),
      more: max(0, drift.findings.count - PalmReport.mostFindings))
  }

  private static func message(_ finding: PalmDrift.Finding) -> PalmFinding {
    PalmFinding(
      advice: finding.advice.rawValue, person: finding.person?.text, workstation: finding.place?.workstation.text,
      sensor: finding.place?.sensor.text, former: finding.former, recent: finding.recent, tries: finding.tries,
      retakes: finding.retakes, judged: finding.judged, fallen: finding.fallen)
  }
}
