import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import DirectorySync
import Foundation
import Sealing
import Storage

/// People of the embedded directory: imported as whole snapshots, shown, given a local password.
struct PeopleDesk: Sendable {
  let services: Services

  func importPeople(_ message: PeopleImport, by acting: OperatorID?) async throws -> PeopleImported {
    let source: any DirectorySource
    switch message.format {
    case "ldif": source = LDIFSource(SourceFile(name: "people.ldif", bytes: message.people.utf8))
    case "csv":
      guard let groups = message.groups, let departments = message.departments else { throw HTTPFault.malformed(.value) }
      source = CSVSource(
        people: SourceFile(name: "people.csv", bytes: message.people.utf8),
        groups: SourceFile(name: "groups.csv", bytes: groups.utf8),
        departments: SourceFile(name: "departments.csv", bytes: departments.utf8))
    default: throw HTTPFault.malformed(.value)
    }
    guard services.instance.directory == nil, services.instance.snapshot == nil else {
      // Two sources would undo each other's work every two seconds.
      return PeopleImported(
        added: 0, changed: 0, disabled: 0, losingAccess: 0, unchanged: 0, applied: false,
        notesJa: [
          "職員は Active Directory から自動で取り込まれています（起動ファイルの directory）。ファイルからは取り込めません。sanmon directory status で状況を確かめてください。"
        ],
        notesEn: [
          "people come from the Active Directory by themselves (directory in the start-up file) and are not imported from files; see: sanmon directory status"
        ])
    }
    switch await Self.read(source) {
    case .failure(let fault): return Self.unreadable(fault)
    case .success(let snapshot): return try await apply(snapshot, message, by: acting)
    }
  }

  private static func read(_ source: any DirectorySource) async -> Result<DirectorySnapshot, DirectoryFault> {
    do throws(DirectoryFault) { return .success(try await source.snapshot()) } catch { return .failure(error) }
  }

  private static func unreadable(_ fault: DirectoryFault) -> PeopleImported {
    PeopleImported(
      added: 0, changed: 0, disabled: 0, losingAccess: 0, unchanged: 0, applied: false,
      notesJa: ["\(fault.place): \(fault.code.rawValue) \(fault.ja)"],
      notesEn: ["\(fault.place): \(fault.code.rawValue) \(fault.en)"])
  }

  private func apply(
    _ snapshot: DirectorySnapshot, _ message: PeopleImport, by acting: OperatorID?
  ) async throws -> PeopleImported {
    let now = services.surroundings.now()
    let change = ApplyImport(
      snapshot: snapshot, brake: Brake(confirmed: message.confirmed), access: DatedAccessBook(services, at: now), by: acting,
      now: now)
    if message.preview {
      let (staff, taken) = try await services.store.read { (state) throws(StorageFault) -> ([Person], ReservedNames) in
        let staff = try state.staff()
        return (staff, ReservedNames(in: snapshot, from: staff))
      }
      let plan = ImportPlan(current: staff.map(\.resolved), snapshot: snapshot)
      guard taken.isEmpty else { return ApplyImport.report(plan, taken: taken) }
      return ApplyImport.report(plan, applied: false, refusal: nil)
    }
    let (report, withdrawn) = try await services.recorder.commit(change, now: now)
    for session in withdrawn {
      services.watch.tell(
        session.workstation, WatchEvent(event: "lock", session: session.id.text, cause: "accountDisabled"))
    }
    return report
  }

  func list(matching text: String, limit: Int) async throws -> [PersonSummary] {
    let passwords = services.passwords
    return try await services.store.read { (state) throws(StorageFault) -> [PersonSummary] in
      try state.people(matching: text, limit: limit).map { (person) throws(StorageFault) in
        try Self.summary(person, passwords, in: state)
      }
    }
  }

  func show(_ id: PersonID) async throws -> PersonSummary {
    let passwords = services.passwords
    let found = try await services.store.read { (state) throws(StorageFault) -> PersonSummary? in
      guard let person = try state.person(id) else { return nil }
      return try Self.summary(person, passwords, in: state)
    }
    guard let found else { throw HTTPFault.notFound }
    return found
  }

  /// Sets the local password. Length only is asked (SP 800-63B-4 §3.1.1: no composition rules); hashed on the bounded pool.
  func setPassword(_ setting: PasswordSetting, of id: PersonID, by acting: OperatorRecord) async throws {
    guard (8...256).contains(setting.password.count) else { throw HTTPFault.malformed(.value) }
    let secret = Secret<TypedPassword>(copying: setting.password)
    let salt = services.surroundings.random(16)
    let hashed = await services.hashing.run { try? PasswordHash.make(password: secret, salt: salt) }
    guard let hashed else { throw HTTPFault.overloaded }
    guard let hash = hashed else { throw HTTPFault.malformed(.value) }
    let now = services.surroundings.now()
    let stored = StoredPassword(
      person: id, sealed: try PasswordColumn.seal(hash, of: id, services.columns), changedAt: now)
    let change = SetPassword(password: stored, by: acting.id, sources: services.passwords, now: now)
    switch try await services.recorder.commit(change, now: now) {
    case .done: break
    case .nobody: throw HTTPFault.notFound
    case .elsewhere: throw HTTPFault.conflictBecause(.passwordElsewhere)
    }
  }

  private static func summary(
    _ person: Person, _ passwords: PasswordSources, in state: any StateReader
  ) throws(StorageFault) -> PersonSummary {
    PersonSummary(
      id: person.id.text, account: person.account.canonical, displayName: person.displayName, kana: person.kana,
      departments: person.departments, groups: person.groups.sorted(), isEnabled: person.isEnabled,
      hasPassword: try passwords.isThere(of: person, in: state), cards: try state.cards(of: person.id).map(CardDesk.summary))
  }
}

struct SetPassword: Change {
  enum Outcome: Sendable {
    case done
    case nobody
    /// It would never be asked for.
    case elsewhere
  }

  let password: StoredPassword
  let by: OperatorID
  let sources: PasswordSources
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "password.set", outcome: .done)
    record.person = password.person
    record.operatorID = by
    guard let person = try state.person(password.person) else {
      record.outcome = .refused
      return (.nobody, record)
    }
    if case .directory = try sources.source(of: person, in: state) {
      record.outcome = .refused
      record.code = .passwordElsewhere
      return (.elsewhere, record)
    }
    try state.put(password)
    return (.done, record)
  }
}

/// One snapshot, one transaction: the plan is made against what the writer sees, and all of it is applied or nothing.
struct ApplyImport: Change {
  let snapshot: DirectorySnapshot
  let brake: Brake
  let access: DatedAccessBook
  let by: OperatorID?
  let now: Moment

  /// The report, and the sessions that were withdrawn because their people may not act any more.
  func apply(
    to state: inout some StateTransaction
  ) throws(StorageFault) -> ((PeopleImported, [SessionRecord]), AuditRecord) {
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: "people.imported", outcome: .done)
    record.operatorID = by
    let staff = try state.staff()
    let plan = ImportPlan(current: staff.map(\.resolved), snapshot: snapshot)
    record.note = plan.summaryEn
    let taken = ReservedNames(in: snapshot, from: staff)
    guard taken.isEmpty else {
      record.outcome = .refused
      record.note = taken.note
      return ((Self.report(plan, taken: taken), []), record)
    }
    do { try plan.check(brake) } catch {
      record.outcome = .refused
      record.note = error.en
      return ((Self.report(plan, applied: false, refusal: error), []), record)
    }
    for person in plan.writes { try state.put(Person(person)) }
    record.count = Int64(max(1, plan.writes.count))
    var withdrawn: [SessionRecord] = []
    for person in plan.losingAccess {
      for session in try state.liveSessions(of: person) where try !access.keeps(session, state) {
        withdrawn.append(try state.withdraw(session))
      }
    }
    return ((Self.report(plan, applied: true, refusal: nil), withdrawn), record)
  }

  /// Nothing is applied while the file names somebody like people from outside.
  static func report(_ plan: ImportPlan, taken: ReservedNames) -> PeopleImported {
    var report = report(plan, applied: false, refusal: nil)
    report.notesJa.insert(contentsOf: taken.lines.ja, at: 0)
    report.notesEn.insert(contentsOf: taken.lines.en, at: 0)
    return report
  }

  static func report(_ plan: ImportPlan, applied: Bool, refusal: ImportRefusal?) -> PeopleImported {
    PeopleImported(
      added: plan.added.count, changed: plan.changed.count, disabled: plan.disabledBecauseAbsent.count,
      losingAccess: plan.losingAccess.count, unchanged: plan.unchanged, applied: applied,
      notesJa: [refusal?.ja].compactMap { $0 } + plan.warnings.map(\.ja) + plan.lossLines().ja,
      notesEn: [refusal?.en].compactMap { $0 } + plan.warnings.map(\.en) + plan.lossLines().en)
  }
}

/// What people from outside are called here, and a file calls others; what was a member of staff's before stays hers.
struct ReservedNames: Sendable {
  private static let most = 5

  private let numbers: [PersonID]
  private let accounts: [AccountName]

  init(in snapshot: DirectorySnapshot, from staff: [Person]) {
    let (ids, names) = (Set(staff.map(\.id)), Set(staff.map(\.account)))
    numbers = snapshot.people.map(\.id).filter { $0.isExternalNumber && !ids.contains($0) }.sorted()
    accounts = snapshot.people.map(\.account).filter { $0.isExternal && !names.contains($0) }
      .sorted { $0.canonical < $1.canonical }
  }

  var isEmpty: Bool { numbers.isEmpty && accounts.isEmpty }

  private var first: (numbers: String, accounts: String) {
    (
      numbers.prefix(Self.most).map(\.text).joined(separator: ", "),
      accounts.prefix(Self.most).map(\.canonical).joined(separator: ", ")
    )
  }

  /// For the row.
  var note: String {
    let parts: [String?] = [
      numbers.isEmpty ? nil : "numbers of people from outside: \(first.numbers)",
      accounts.isEmpty ? nil : "accounts of people from outside: \(first.accounts)",
    ]
    return parts.compactMap(\.self).joined(separator: "; ")
  }

  var lines: (ja: [String], en: [String]) {
    var (ja, en): ([String], [String]) = ([], [])
    if !numbers.isEmpty {
      ja.append("EXT- で始まる職員番号は、外部の方（sanmon person add-external）のためのものです。取り込みません: \(first.numbers)")
      en.append(
        "numbers that begin with EXT- are for people from outside (sanmon person add-external); nothing is taken in: "
          + first.numbers)
    }
    if !accounts.isEmpty {
      ja.append("external: で始まるログオン名は、外部の方のためのものです。取り込みません: \(first.accounts)")
      en.append("accounts that begin with external: are those of people from outside; nothing is taken in: \(first.accounts)")
    }
    return (ja, en)
  }
}

extension Person {
  var resolved: ResolvedPerson {
    var resolved = ResolvedPerson(id: id, account: account, displayName: displayName, kana: kana)
    resolved.otherNames = otherNames
    resolved.departments = departments
    resolved.groups = groups
    resolved.isEnabled = isEnabled
    resolved.firstDay = firstDay
    resolved.lastDay = lastDay
    resolved.hasManagedPassword = hasManagedPassword
    resolved.logonHours = logonHours
    resolved.workstations = workstations
    return resolved
  }

  init(_ resolved: ResolvedPerson) {
    self.init(id: resolved.id, account: resolved.account, displayName: resolved.displayName, kana: resolved.kana)
    otherNames = resolved.otherNames
    departments = resolved.departments
    groups = resolved.groups
    isEnabled = resolved.isEnabled
    firstDay = resolved.firstDay
    lastDay = resolved.lastDay
    hasManagedPassword = resolved.hasManagedPassword
    logonHours = resolved.logonHours
    workstations = resolved.workstations
  }
}
