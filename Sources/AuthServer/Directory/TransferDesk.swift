import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Storage

/// Transfers before the day: what a list would do, what is missing for it, and the approval of two administrators; afterwards, who
/// has arrived.
struct TransferDesk: Sendable {
  let services: Services
  /// `nil` where people are imported from files.
  let directory: DirectoryService?

  /// What is asked of the store about everybody, once.
  struct Ground: Sendable {
    let stand: DirectoryStand
    /// With what their names were found to mean.
    let rules: DirectoryRules
    let known: [DirectoryIdentity]
    let people: [ResolvedPerson]
    let operators: [OperatorRecord]
  }

  private var groups: AccessGroups { services.policy.policy.accessGroups }

  /// - Throws: conflict where people are imported from files, or nothing was read yet.
  func ground() async throws -> Ground {
    guard let (stand, rules) = await directory?.ground() else { throw HTTPFault.conflict }
    return try await services.store.read { (state) throws(StorageFault) in
      Ground(
        stand: stand, rules: try DirectoryReading.anchored(rules, in: state), known: try state.directoryIdentities(),
        people: try state.staff().map(\.resolved),
        operators: try state.operators())
    }
  }

  static func read(_ text: String) -> Result<TransferList, DirectoryFault> {
    do throws(DirectoryFault) {
      return .success(try TransferList(SourceFile(name: TransferReport.listName, bytes: text.utf8)))
    } catch { return .failure(error) }
  }

  func plan(_ list: TransferList, _ ground: Ground, at now: Moment) -> TransferPlan {
    TransferPlan(
      list, replica: ground.stand.replica, rules: ground.rules.atOnce, known: ground.known, current: ground.people,
      groups: groups,
      now: now.wallMilliseconds)
  }

  /// Changes nothing.
  func preview(_ question: TransferQuestion) async throws -> TransferReport {
    let ground = try await ground()
    switch Self.read(question.list) {
    case .failure(let fault):
      return TransferReport(
        faultJa: "\(fault.place): \(fault.code.rawValue) \(fault.ja)",
        faultEn: "\(fault.place): \(fault.code.rawValue) \(fault.en)")
    case .success(let list): return try await report(plan(list, ground, at: services.surroundings.now()), ground)
    }
  }

  /// - Throws: conflict if the list cannot be approved as signed (any more); otherwise refused, with a row.
  func foresee(_ message: TransferAct, by acting: OperatorRecord) async throws -> TransferReport {
    let ground = try await ground()
    let now = services.surroundings.now()
    let act = try LocalAct(message.act, by: acting, services, at: now)
    guard case .success(let list) = Self.read(message.list) else { throw HTTPFault.malformed(.value) }
    let change = ForeseeTransfer(act: act, plan: plan(list, ground, at: now), groups: groups)
    try DirectoryDesk.answer(try await services.recorder.commit(change, now: now))
    // What is held may be what was approved just now.
    await directory?.lookAgain()
    return try await approved()
  }

  // MARK: A list

  private func report(_ plan: TransferPlan, _ ground: Ground) async throws -> TransferReport {
    let policy = services.policy.policy
    let groups = groups
    let (day, passwords) = (services.local(services.surroundings.now()).day, services.passwords)
    let access = DatedAccessBook(services, at: services.surroundings.now())
    let people = Dictionary(ground.people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let lines = try await services.store.read { (state) throws(StorageFault) -> [TransferLine] in
      var approved: [Segment: Set<WaiverHash>] = [:]
      for segment in policy.segments {
        approved[segment] = try services.waivers.approved(policy, in: segment, on: day, state: state)
      }
      return try plan.lines.map { (line) throws(StorageFault) -> TransferLine in
        var told = Self.told(line, groups)
        if let access = line.after, access.isEnabled {
          var ways: [FactorSet] = []
          for segment in groups.segments(of: access).sorted() {
            let found = policy.combinations(
              segment: segment, scenario: .logon, groups: access.groups, on: day, approved: approved[segment, default: []])
            told.factors.append("\(segment.name): " + found.map { $0.names.joined(separator: "+") }.joined(separator: " | "))
            // Cards and passwords of other segments are with the servers of those.
            if services.instance.segments.contains(segment) { ways += found.map(\.factors) }
          }
          let missing = try Preparation.missing(ways, for: line.person, passwords, state)
          (told.missingJa, told.missingEn) = (missing.ja, missing.en)
        }
        try Self.addOldRights(to: &told, line.person, access, state)
        told.workstations = line.person.flatMap { people[$0] }.map { $0.workstations.sorted() } ?? []
        return told
      }
    }
    var report = TransferReport(plan: plan.foreseen.outcomes.isEmpty ? nil : plan.fingerprint, lines: lines)
    addTotals(to: &report, plan)
    let elsewhere = Set(lines.flatMap(\.segmentsTo)).subtracting(services.instance.segments.map(\.name)).sorted()
    if !elsewhere.isEmpty {
      let titles = elsewhere.map { Segment.title(of: $0) }
      report.totalsJa.append("準備が要るものは、このサーバーの系統だけを数えています（\(titles.map(\.ja).joined(separator: "、"))は、その系統のサーバーで確かめてください）。")
      report.totalsEn.append(
        "What is missing is counted for this server's segments alone (for \(titles.map(\.en).joined(separator: ", ")), ask its own server)."
      )
    }
    addStewards(to: &report, plan, ground)
    let signed = try await services.store.read { (state) throws(StorageFault) in try access.entries(state) }
    addSigners(to: &report, plan, ground, signed.filter { !$0.isOver(on: day) }, on: day)
    return report
  }

  private static func told(_ line: TransferPlan.Line, _ groups: AccessGroups) -> TransferLine {
    func segments(_ access: PersonAccess?) -> [String] { access.map { groups.segments(of: $0).map(\.name).sorted() } ?? [] }
    let (faults, notes) = (line.findings.filter(\.isFault), line.findings.filter { !$0.isFault })
    // Of a line that is wrong, what the list says: nobody knows what would come of it.
    let isRight = line.isRight
    let name = (isRight ? [line.displayName, line.entry.name] : [line.entry.name, line.displayName]).first { !$0.isEmpty }
    return TransferLine(
      line: line.entry.line, kind: line.entry.kind.rawValue, number: line.entry.number, person: line.person?.text,
      account: line.account, name: name ?? "", from: line.from, to: isRight ? line.to : line.entry.departments,
      segmentsFrom: segments(line.before), segmentsTo: segments(isRight ? line.after : line.before), joins: line.joins,
      leaves: line.leaves, faultsJa: faults.map(\.ja), faultsEn: faults.map(\.en), notesJa: notes.map(\.ja),
      notesEn: notes.map(\.en), state: isRight ? "right" : "wrong")
  }

  /// Whoever keeps old rights for a while does not leave a segment on the day.
  private static func addOldRights(
    to told: inout TransferLine, _ person: PersonID?, _ book: DatedAccessBook, _ state: some StateReader
  ) throws(StorageFault) {
    guard let person, told.state == "right" else { return }
    for entry in try book.underWay(for: person, state) where entry.lapse == nil {
      let last = DatedAccess.text(ofDay: entry.lastDay)
      let isHandover = entry.access.kind == .handover
      told.notesJa.append("\(isHandover ? "異動前の権限" : "臨時体制の権限")は \(last) まで続きます（\(entry.access.id)）")
      told.notesEn.append(
        "\(isHandover ? "old rights" : "rights of a temporary organisation") until \(last) (\(entry.access.id))")
    }
  }

  private func addTotals(to report: inout TransferReport, _ plan: TransferPlan) {
    func count(_ kind: TransferList.Kind) -> Int { plan.lines.count { $0.entry.kind == kind && $0.isRight } }
    let wrong = plan.lines.count { !$0.isRight }
    let missing = report.lines.count { !$0.missingEn.isEmpty }
    report.totalsJa.append(
      "全 \(plan.lines.count) 行: 異動 \(count(.move)) 人、退職 \(count(.leave)) 人、採用 \(count(.join)) 人、誤り \(wrong) 行、準備が要る人 \(missing) 人"
    )
    report.totalsEn.append(
      "\(plan.lines.count) lines: \(count(.move)) move, \(count(.leave)) leave, \(count(.join)) join, \(wrong) wrong; "
        + "\(missing) people need something before the day")
    if plan.effects.reasons.isEmpty {
      report.totalsJa.append("一度に反映しても、保留の上限を超えません。")
      report.totalsEn.append("Within the limits, even at once.")
    } else {
      report.totalsJa.append("承認しておかないと、保留されます: " + plan.effects.reasons.map(\.ja).joined(separator: "。"))
      report.totalsEn.append("Held unless approved beforehand: " + plan.effects.reasons.map(\.en).joined(separator: "; "))
    }
  }

  /// A dated access ends with the role of one who signed it, or switched it on: on the very day for which a handover is meant.
  private func addSigners(
    to report: inout TransferReport, _ plan: TransferPlan, _ ground: Ground, _ entries: [DatedAccessBook.Entry], on day: Int
  ) {
    let named = Set(plan.lines.filter { $0.isRight && $0.entry.kind != .join }.compactMap(\.person))
    for one in ground.operators where one.isActive && named.contains(one.person) {
      let signed = entries.filter { $0.approval?.signers.contains(one.id) == true }.map(\.access.id.text)
      if !signed.isEmpty {
        let ids = signed.joined(separator: ", ")
        report.warningsJa.append("操作者 \(one.id) を外すと、署名した期限付きの利用（\(ids)）が効かなくなります。残る管理者 2 人で承認し直してください。")
        report.warningsEn.append(
          "removing operator \(one.id) ends what was signed by her (\(ids)): have it approved by two who stay")
      }
      let begun = entries.filter {
        $0.switching?.signers.contains(one.id) == true && $0.isUnderWay(on: day) && !signed.contains($0.access.id.text)
      }
      if !begun.isEmpty {
        let ids = begun.map(\.access.id.text).joined(separator: ", ")
        report.warningsJa.append("操作者 \(one.id) を外すと、on にした期限付きの利用（\(ids)）が効かなくなります。残る管理者 1 人が on にし直してください。")
        report.warningsEn.append(
          "removing operator \(one.id) ends what was switched on by her (\(ids)): have it switched on again by one who stays")
      }
    }
  }

  /// Who is left to run the system afterwards: the last administrator never goes unannounced.
  private func addStewards(to report: inout TransferReport, _ plan: TransferPlan, _ ground: Ground) {
    let enabled = Set(ground.people.filter(\.isEnabled).map(\.id))
    let named = Dictionary(
      plan.lines.compactMap { line in line.person.map { ($0, line) } }, uniquingKeysWith: { first, _ in first })
    let administrators = ground.operators.filter { $0.isActive && $0.role == .administrator }
    let leaving = administrators.filter { named[$0.person]?.after?.isEnabled == false }
    let left = administrators.filter { enabled.contains($0.person) && named[$0.person]?.after?.isEnabled != false }
    let people = Set(left.map(\.person)).count
    report.totalsJa.append("異動後に残る管理者: \(people) 人（\(left.map(\.id.text).joined(separator: "、"))）")
    report.totalsEn.append("Administrators afterwards: \(people) (\(left.map(\.id.text).joined(separator: ", ")))")
    for one in leaving {
      report.warningsJa.append("管理者 \(one.id)（\(one.person)）が退職します。先に操作者から外してください（sanmon operator remove）。")
      report.warningsEn.append("administrator \(one.id) (\(one.person)) leaves: sanmon operator remove \(one.id) first")
    }
    for one in ground.operators
    where one.isActive && named[one.person]?.entry.kind == .move && named[one.person]?.isRight == true {
      report.warningsJa.append("操作者 \(one.id)（\(one.person)）が異動します。操作者のままでよいか確かめてください。")
      report.warningsEn.append("operator \(one.id) (\(one.person)) moves: shall the operator's role stay?")
    }
    if people < ApproveDirectory.required {
      report.warningsJa.append("管理者が 2 人に足りないと、2 人の承認が要ることは何もできません。異動の前に管理者を加えてください。")
      report.warningsEn.append("with fewer than two administrators nothing that takes two can be done: add one before the day")
    }
  }
}
