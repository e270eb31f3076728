import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Dated accesses as operators see them: looked at before they are signed, approved, switched on and off.
struct AccessDesk: Sendable {
  /// Characters; what has fewer and more bytes than a policy file is a fault of the file.
  private static let longestFile = 262_144

  let services: Services

  func list() async throws -> [AccessSummary] {
    let book = DatedAccessBook(services, at: services.surroundings.now())
    return try await services.store.read { (state) throws(StorageFault) -> [AccessSummary] in
      try book.entries(state).map { Self.summary($0, on: book.local.day) }
    }
  }

  private func read(_ file: String, _ book: DatedAccessBook) async throws -> Result<
    (access: DatedAccess, warnings: [PolicyFault]), PolicyFaults
  > {
    let ground = try await services.store.read { (state) throws(StorageFault) -> DatedAccessFile.Ground in
      DatedAccessFile.Ground(
        people: try Self.people(state), workstations: Set(try state.workstations().map(\.id)),
        opening: book.policy.openingGroups, named: book.policy.namedGroups, today: book.local.day)
    }
    do throws(PolicyFaults) {
      return .success(
        try DatedAccessFile.read(PolicySource(name: AccessReport.fileName, bytes: Array(file.utf8))).resolved(against: ground))
    } catch { return .failure(error) }
  }

  /// By staff number: where people come from a directory, as it says them now.
  private static func people(_ state: some StateReader) throws(StorageFault) -> [String: DatedAccessFile.Candidate] {
    var people: [PersonID: DatedAccessFile.Candidate] = [:]
    for person in try state.everybody() {
      people[person.id] = DatedAccessFile.Candidate(
        id: person.id, groups: person.groups, department: person.isEnabled ? person.departments.first : nil)
    }
    var numbered = Dictionary(people.map { ($0.key.text, $0.value) }, uniquingKeysWith: { first, _ in first })
    // A number that was given to another account after its first one went is the new account's.
    for identity in try state.directoryIdentities() where identity.goneSince == nil && !identity.number.isEmpty {
      numbered[identity.number] = people[identity.person]
    }
    return numbered
  }

  /// Changes nothing.
  func preview(_ question: AccessQuestion) async throws -> AccessReport {
    let book = DatedAccessBook(services, at: services.surroundings.now())
    guard question.file.unicodeScalars.count <= Self.longestFile else { throw HTTPFault.malformed(.value) }
    switch try await read(question.file, book) {
    case .failure(let faults):
      return AccessReport(
        faultsJa: faults.faults.map { $0.render(.ja) }, faultsEn: faults.faults.map { $0.render(.en) })
    case .success(let (access, warnings)):
      let services = services
      return try await services.store.read { (state) throws(StorageFault) -> AccessReport in
        var report = try AccessPreview(
          access: access, book: book, instance: services.instance.segments, passwords: services.passwords
        ).report(state)
        report.warningsJa += warnings.map { $0.render(.ja) }
        report.warningsEn += warnings.map { $0.render(.en) }
        return report
      }
    }
  }

  /// - Throws: conflict if the file cannot be approved as signed (any more); otherwise refused. Either has a row.
  func approve(_ message: AccessApproval, by acting: OperatorRecord) async throws -> AccessSummary {
    let now = services.surroundings.now()
    let book = DatedAccessBook(services, at: now)
    let act = try LocalAct(message.act, by: acting, services, at: now)
    guard message.file.unicodeScalars.count <= Self.longestFile else { throw HTTPFault.malformed(.value) }
    let file = try await read(message.file, book).map(\.access)
    try DirectoryDesk.answer(try await services.recorder.commit(ApproveAccess(act: act, file: file, book: book), now: now))
    return try await summary(file.get().id, book)
  }

  /// - Throws: conflict if there is nothing to switch (any more) or the act was used; otherwise refused, with a row.
  func turn(on isOn: Bool, _ message: AccessSwitch, by acting: OperatorRecord) async throws -> AccessSummary {
    let now = services.surroundings.now()
    let book = DatedAccessBook(services, at: now)
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let done = try await services.recorder.commit(SwitchAccess(act: act, isOn: isOn, book: book), now: now)
    AccessKeeper(services: services).tell(done.withdrawn)
    try DirectoryDesk.answer(done.outcome)
    if let removed = done.removed {
      var summary = Self.summary(removed)
      summary.state = "off"
      return summary
    }
    guard let id = act.signed.act.parameters["access"] else { throw HTTPFault.conflict }
    return try await summary(AccessID(parsing: id), book)
  }

  private func summary(_ id: AccessID, _ book: DatedAccessBook) async throws -> AccessSummary {
    let entry = try await services.store.read { (state) throws(StorageFault) in try book.entry(id, state) }
    guard let entry else { throw HTTPFault.conflict }
    return Self.summary(entry, on: book.local.day)
  }

  // MARK: In words

  private static func summary(_ entry: DatedAccessBook.Entry, on day: Int) -> AccessSummary {
    var summary = summary(entry.access)
    let isUnderWay = entry.isUnderWay(on: day)
    summary.state =
      if entry.isOver(on: day) {
        "over"
      } else if entry.isLapsed(on: day) {
        "lapsed"
      } else if entry.holds(on: day) {
        "holds"
      } else if isUnderWay {
        "waiting"
      } else {
        entry.access.kind == .handover ? "off" : "ready"
      }
    if isUnderWay { summary.lastDay = DatedAccess.text(ofDay: entry.lastDay) }
    summary.signedBy = entry.approval?.signers.map(\.text) ?? []
    summary.switchedOnBy = entry.switching?.act.operatorID.text
    summary.act = entry.approval.map { Hex.encode(WaiverApprovals.hash($0.act)) }
    return summary
  }

  static func summary(_ access: DatedAccess) -> AccessSummary {
    AccessSummary(
      access: access.id.text, kind: access.kind.rawValue, titleJa: access.title.ja, titleEn: access.title.en,
      from: access.fromText, until: access.untilText, days: access.days, people: access.groups.keys.map(\.text).sorted(),
      groups: Set(access.groups.values.joined()).sorted(), workstations: access.workstations.map(\.text).sorted(),
      hours: access.hoursText, state: "unsigned")
  }

  /// What should hold, or be ready, and is not: somebody who signed it is no administrator any more, or it cannot be read.
  func warnings() async throws -> (ja: [String], en: [String]) {
    let book = DatedAccessBook(services, at: services.surroundings.now())
    let day = book.local.day
    let (entries, unreadable) = try await services.store.read { (state) throws(StorageFault) in
      (try book.entries(state), try book.unreadable(state))
    }
    var (ja, en): ([String], [String]) = ([], [])
    for entry in entries where entry.isLapsed(on: day) {
      let (nameJa, nameEn) = (
        "期限付きの利用「\(entry.access.title.ja)」(\(entry.access.id))",
        "the dated access \"\(entry.access.title.en)\" (\(entry.access.id))"
      )
      switch (entry.lapse, entry.isUnderWay(on: day)) {
      case (.switching, _):
        ja.append("\(nameJa) は、開始の署名が失効しているため、効いていません。承認は有効です。まだ要るなら、管理者 1 人が on にしてください。")
        en.append(
          "\(nameEn) does not hold, the signature that switched it on does not count any more: one administrator switches it on again"
        )
      case (_, true):
        ja.append("\(nameJa) は、承認の署名が失効しているため、効いていません。まだ要るなら、管理者 2 人で承認し直してください。要らなければ off で消せます。")
        en.append(
          "\(nameEn) does not hold, its signatures do not count any more: two administrators approve it again, or one removes it with 'off'"
        )
      case (_, false):
        ja.append("\(nameJa) は、承認の署名が失効しているため、始められません。まだ要るなら、管理者 2 人で承認し直してください。要らなければ off で消せます。")
        en.append(
          "\(nameEn) cannot be switched on, its signatures do not count any more: two administrators approve it again, or one removes it with 'off'"
        )
      }
    }
    ja += unreadable.map { "期限付きの利用 \($0) の記録を読めません（効いていません）。データベースが壊れているか、書き換えられています。同じ名前で承認し直せます。" }
    en += unreadable.map {
      "what is kept of the dated access \($0) cannot be read, and opens nothing: the database is damaged or was changed"
    }
    return (ja, en)
  }

  /// What holds now, with what ends within a week first, and what does not hold though it should.
  func lines() async throws -> (ja: [String], en: [String]) {
    let book = DatedAccessBook(services, at: services.surroundings.now())
    let day = book.local.day
    let entries = try await services.store.read { (state) throws(StorageFault) in try book.entries(state) }
    let shown = entries.filter { $0.isUnderWay(on: day) && ($0.holds(on: day) || $0.lapse != nil) }
      .sorted { ($0.lastDay, $0.access.id) < ($1.lastDay, $1.access.id) }
    var (ja, en): ([String], [String]) = ([], [])
    for entry in shown {
      let (access, left) = (entry.access, entry.lastDay - day)
      let (kindJa, kindEn) = access.kind == .handover ? ("引継期間", "handover") : ("臨時体制", "temporary")
      let headJa = "\(kindJa)「\(access.title.ja)」(\(access.id)) \(access.groups.count) 人"
      let headEn = "\(kindEn) \"\(access.title.en)\" (\(access.id)), \(access.groups.count) people"
      switch entry.lapse {
      case .approval:
        ja.append("\(headJa): 承認の署名が失効しているため、効いていません")
        en.append("\(headEn): does not hold, its signatures do not count any more")
        continue
      case .switching:
        ja.append("\(headJa): 開始の署名が失効しているため、効いていません（管理者 1 人が on にすれば続けられます）")
        en.append("\(headEn): does not hold, the signature that switched it on does not count any more")
        continue
      case nil: break
      }
      let last = DatedAccess.text(ofDay: entry.lastDay)
      ja.append("\(headJa): \(last) まで" + (left == 0 ? "（今日まで）" : left <= 7 ? "（あと \(left) 日）" : ""))
      en.append("\(headEn): until \(last)" + (left == 0 ? " (today)" : left <= 7 ? " (\(left) days left)" : ""))
    }
    return (ja, en)
  }
}
