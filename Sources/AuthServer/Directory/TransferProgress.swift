import AuthAPI
import AuthTerms
import DirectorySync
import Storage

extension TransferDesk {
  /// Of an approved transfer: who has arrived in the directory, who has not and why, and who else moved since.
  func approved() async throws -> TransferReport {
    guard let (stand, rules) = await directory?.ground() else { return TransferReport() }
    let replica = stand.replica
    let now = services.surroundings.now()
    let groups = services.policy.policy.accessGroups
    let found = try await services.store.read {
      (state) throws(StorageFault)
        -> (ForeseeTransfer.Approved, ForeseenChanges, DirectoryRules, [DirectoryIdentity], [ResolvedPerson])? in
      guard let approved = try ForeseeTransfer.approved(services.waivers, at: now, state) else { return nil }
      return (
        approved, try ForeseeTransfer.baseline(state), try DirectoryReading.anchored(rules, in: state).atOnce,
        try state.directoryIdentities(), try state.staff().map(\.resolved)
      )
    }
    guard let (approved, before, rules, known, people) = found else { return TransferReport() }
    let view = DirectoryView(
      of: replica, rules: rules, known: known, current: people, adopts: false, now: now.wallMilliseconds)
    let until = Moment(wallMilliseconds: approved.until, boot: "", monotonicMilliseconds: 0)
    let progress = TransferProgress(
      approved.foreseen, before: before, view: view, replica: replica, known: known, groups: groups,
      lastDay: services.localByClock(until).day)
    return Self.report(progress, approved, groups)
  }

  private static func report(
    _ progress: TransferProgress, _ approved: ForeseeTransfer.Approved, _ groups: AccessGroups
  ) -> TransferReport {
    let lines = progress.people.map { person in
      func segments(_ access: PersonAccess?) -> [String] { access.map { groups.segments(of: $0).map(\.name).sorted() } ?? [] }
      return TransferLine(
        line: 0, kind: person.kind.rawValue, number: person.id.text, person: person.id.text, account: person.account,
        name: person.name, from: person.before?.departments ?? [], to: person.end?.departments ?? [],
        segmentsFrom: segments(person.before), segmentsTo: segments(person.end ?? person.now), joins: person.joins,
        leaves: person.leaves, notesJa: person.differences.map(\.ja), notesEn: person.differences.map(\.en),
        state: person.end == nil ? "unlisted" : person.differences.isEmpty ? "arrived" : "waiting")
    }
    func count(_ state: String) -> Int { lines.count { $0.state == state } }
    let (arrived, waiting, unlisted) = (count("arrived"), count("waiting"), count("unlisted"))
    var report = TransferReport(
      plan: approved.foreseen.fingerprint, isApproved: true, until: approved.until, lines: lines,
      totalsJa: ["承認した異動 \(arrived + waiting) 人: 済み \(arrived) 人、まだ \(waiting) 人。一覧にない変更 \(unlisted) 人"],
      totalsEn: [
        "\(arrived + waiting) people approved: \(arrived) done, \(waiting) not yet; \(unlisted) people changed beside it"
      ])
    if unlisted > 0 {
      report.warningsJa.append("一覧にない人の権限が変わっています。意図した変更か確かめてください。")
      report.warningsEn.append("access of people who are not on the list has changed: is it meant?")
    }
    return report
  }
}
