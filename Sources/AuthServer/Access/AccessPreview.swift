import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// What a dated access would open to whom, and what is missing for it, before anybody signs.
struct AccessPreview {
  let access: DatedAccess
  let book: DatedAccessBook
  /// Cards and passwords of other segments are with the servers of those.
  let instance: [Segment]
  let passwords: PasswordSources

  func report(_ state: some StateReader) throws(StorageFault) -> AccessReport {
    var approved: [Segment: Set<WaiverHash>] = [:]
    for segment in book.policy.segments {
      approved[segment] = try book.approvals.approved(book.policy, in: segment, on: book.local.day, state: state)
    }
    var report = AccessReport(access: AccessDesk.summary(access))
    report.parameters = DatedAccessBook.parameters(access).sorted { $0.key < $1.key }.map {
      AccessParameter(name: $0.key, value: $0.value)
    }
    for (id, groups) in access.groups.sorted(by: { $0.key < $1.key }) {
      guard let person = try state.person(id) else { continue }
      report.lines.append(try line(person, groups, approved, state))
    }
    let nothing = report.lines.count { $0.ways.isEmpty }
    if nothing > 0 {
      report.warningsJa.append("\(nothing) 人には、新しく使えるようになるものがありません。")
      report.warningsEn.append("\(nothing) people gain nothing by it")
    }
    if try DatedAccessBook.readable({ () throws(StorageFault) in try book.entry(access.id, state) })?.isInTheWay(
      on: book.local.day) == true
    {
      report.warningsJa.append("\(access.id) は有効です。切ってから（sanmon directory access off）でないと、承認し直せません。")
      report.warningsEn.append(
        "\(access.id) is under way: it can be approved anew once it is off (sanmon directory access off)")
    }
    return report
  }

  private func line(
    _ person: Person, _ groups: Set<String>, _ approved: [Segment: Set<WaiverHash>], _ state: some StateReader
  ) throws(StorageFault) -> AccessLine {
    var line = AccessLine(person: person.id.text, name: person.displayName, groups: groups.sorted())
    var ways: [FactorSet] = []
    // A handover keeps what people have today; what a temporary organisation opens is what they have not.
    let own = access.kind == .handover ? [] : person.groups
    for segment in book.policy.segments {
      for scenario in [Scenario.logon, .remote] {
        func combinations(_ groups: Set<String>) -> [Combination] {
          book.policy.combinations(
            segment: segment, scenario: scenario, groups: groups, on: book.local.day, approved: approved[segment, default: []])
        }
        guard combinations(own).isEmpty else { continue }
        let opened = combinations(own.union(groups))
        guard !opened.isEmpty else { continue }
        if scenario == .logon { line.segments.append(segment.name) }
        let names = opened.map { $0.names.joined(separator: "+") }.joined(separator: " | ")
        line.ways.append("\(segment.name) \(scenario.rawValue): \(names)")
        if instance.contains(segment) { ways += opened.map(\.factors) }
      }
    }
    let missing = try Preparation.missing(ways, for: person.id, passwords, state)
    (line.missingJa, line.missingEn) = (missing.ja, missing.en)
    addNotes(to: &line, person)
    return line
  }

  private func addNotes(to line: inout AccessLine, _ person: Person) {
    if !person.isEnabled {
      line.notesJa.append("利用者が無効です。有効になるまで、何も使えません。")
      line.notesEn.append("the account is disabled and opens nothing until it is enabled")
    }
    if let last = person.lastDay, last < access.until {
      line.notesJa.append("在籍は \(DatedAccess.text(ofDay: last)) までです。そのあとは使えません。")
      line.notesEn.append("the person's last day is \(DatedAccess.text(ofDay: last)), and nothing opens after it")
    }
    let places = Set(access.workstations.map { $0.text.lowercased() })
    if !places.isEmpty, !person.workstations.isEmpty, places.isDisjoint(with: person.workstations) {
      line.notesJa.append("ディレクトリの「ログオン先」に、この端末が一つもありません。")
      line.notesEn.append("the directory's list of workstations for this account has none of these")
    }
  }
}

/// What somebody needs before a day on which ways of logging on open.
enum Preparation {
  static func missing(
    _ ways: [FactorSet], for person: PersonID?, _ passwords: PasswordSources, _ state: some StateReader
  ) throws(StorageFault) -> (ja: [String], en: [String]) {
    var (ja, en): ([String], [String]) = ([], [])
    let cards = try person.map { (id) throws(StorageFault) in try state.ownCards(of: id).filter { $0.state == .active } } ?? []
    let found = try person.flatMap { (id) throws(StorageFault) in try state.person(id) }
    // A newcomer's comes with the account, where passwords are the directory's.
    let hasPassword =
      try found.map { (person) throws(StorageFault) in try passwords.isThere(of: person, in: state) } ?? passwords.isInDirectory
    if ways.contains(where: { $0.contains(.card) }), cards.isEmpty {
      ja.append("カード（未発行）")
      en.append("no card")
    }
    // Whoever has a way without a password, or one without a palm, comes in by it.
    if !ways.isEmpty, ways.allSatisfy({ $0.contains(.password) || $0.contains(.palm) }), !hasPassword {
      ja.append("パスワード（未設定）か静脈の登録")
      en.append("neither password nor palm")
    }
    return (ja, en)
  }
}
