import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage

/// Issues enrolment codes: what is handed over in person so that its holder can register a card at a workstation.
struct FirstTapCodeDesk: Sendable {
  private static let action = "enrolment-code.issued"
  /// People in one transaction: a logon waits no longer for it than for a few others.
  private static let atOnce = 50

  let services: Services

  /// The act first, once; then the codes, some at a time. If this server stops in between, or its answer is lost, people have a
  /// code that nobody knows. It stays open: `candidates` names them only when asked for codes to be issued again.
  func issue(_ message: FirstTapCodeIssue, by acting: OperatorRecord) async throws -> FirstTapCodesIssued {
    let now = services.surroundings.now()
    guard (1...FirstTapCodeIssue.mostPeople).contains(message.people.count),
      Set(message.people).count == message.people.count
    else { throw HTTPFault.malformed(.value) }
    let people = try message.people.map { try PersonID(parsing: $0) }
    let act = try LocalAct(message.act, by: acting, services, at: now)
    let parameters = act.signed.act.parameters
    let segment = try Segment(parsing: parameters["segment"] ?? "")
    guard let days = Int(parameters["days"] ?? ""), (1...FirstTapCodeIssue.mostDays).contains(days) else {
      throw HTTPFault.malformed(.value)
    }
    let hash = Hex.encode(Array(SHA256.hash(data: FirstTapCodeIssue.canonicalBytes(of: message.people))))
    let claim = ClaimFirstTapCodes(
      act: act, segment: segment,
      expected: FirstTapCodeIssue.parameters(
        segment: segment.name, days: days, count: people.count, hash: hash), count: people.count,
      isTaken: services.policy.policy.takesFirstTaps(segment) && services.instance.segments.contains(segment))
    switch try await services.recorder.commit(claim, now: now) {
    case .carriedOut(let outcome): try DirectoryDesk.answer(outcome)
    case .notOffered: throw HTTPFault.conflictBecause(.firstTapCodeNotOffered)
    }
    // Whoever signed first issues; whoever brings the act is among the signers.
    let issuer = act.signed.act.operatorID
    let lastDay = services.local(now).day + days
    var codes: [FirstTapCodeIssued] = []
    for start in stride(from: 0, to: people.count, by: Self.atOnce) {
      codes += try await issue(
        people[start..<min(start + Self.atOnce, people.count)], segment, by: issuer, acting, until: lastDay)
    }
    return FirstTapCodesIssued(until: DatedAccess.text(ofDay: lastDay), codes: codes)
  }

  private func issue(
    _ people: ArraySlice<PersonID>, _ segment: Segment, by issuer: OperatorID, _ acting: OperatorRecord, until lastDay: Int
  ) async throws -> [FirstTapCodeIssued] {
    let now = services.surroundings.now()
    let digits = FirstTapDigits(services)
    var drawn: [PersonID: LookUpCode] = [:]
    var codes: [FirstTapCode] = []
    for person in people {
      let code = FirstTapDigits.draw(services.surroundings)
      let (digest, keyID) = try digits.digest(code, person, segment)
      drawn[person] = code
      codes.append(
        FirstTapCode(
          person: person, segment: segment, digest: digest, keyID: keyID, issuedBy: issuer, issuedAt: now, lastDay: lastDay))
    }
    var record = AuditRecord(time: now.wallMilliseconds, eventClass: .enrolment, action: Self.action, outcome: .done)
    record.segment = segment
    record.operatorID = acting.id
    record.policyVersion = services.policy.policy.version
    let change = IssueFirstTapCodes(
      codes: codes, record: record, day: services.local(now).day, until: DatedAccess.text(ofDay: lastDay))
    return try await services.recorder.commit(change, now: now).map { person, outcome in
      switch outcome {
      case .issued(let known):
        FirstTapCodeIssued(
          person: person.text, outcome: "issued", displayName: known.displayName,
          account: known.account.isExternal ? known.id.text : known.account.canonical, departments: known.departments,
          code: drawn[person].map { Data($0.digits) })
      case .unknown: FirstTapCodeIssued(person: person.text, outcome: "personUnknown")
      case .refused(let code): FirstTapCodeIssued(person: person.text, outcome: "refused", refusal: code.rawValue)
      }
    }
  }

  /// Enabled people of a department, in the order of their accounts, who have no card and no open code in the segment.
  /// - Parameter again: those with an open code too.
  func candidates(department: String, segment: Segment, again: Bool) async throws -> FirstTapCandidates {
    let day = services.local(services.surroundings.now()).day
    let people = try await services.store.read { (state) throws(StorageFault) -> [String] in
      var found: [String] = []
      for person in try state.everybody() where person.isEnabled && person.departments.contains(department) {
        guard try state.ownCards(of: person.id).allSatisfy(\.state.isFinal) else { continue }
        if !again, let code = try state.firstTapCode(of: person.id, in: segment), code.state == .open, day <= code.lastDay {
          continue
        }
        found.append(person.id.text)
      }
      return found
    }
    return FirstTapCandidates(
      people: Array(people.prefix(FirstTapCandidates.most)), more: max(0, people.count - FirstTapCandidates.most))
  }

  /// Never a digit of a code: nothing here knows one.
  func list(person: PersonID?, segment: Segment?, state wanted: String?) async throws -> FirstTapCodesShown {
    guard wanted.map({ $0 == Self.over || FirstTapCode.State(rawValue: $0) != nil }) ?? true else {
      throw HTTPFault.malformed(.query)
    }
    let day = services.local(services.surroundings.now()).day
    let kept = wanted.flatMap { FirstTapCode.State(rawValue: $0 == Self.over ? FirstTapCode.State.open.rawValue : $0) }
    let query = FirstTapCodeQuery(person: person, segment: segment, state: kept, limit: 20_000)
    let all = try await services.store.read { (state) throws(StorageFault) -> [FirstTapCode] in try state.firstTapCodes(query) }
    let shown = all.map { Self.summary($0, day) }.filter { wanted == nil || $0.state == wanted }
    return FirstTapCodesShown(
      codes: Array(shown.prefix(FirstTapCodesShown.most)), more: max(0, shown.count - FirstTapCodesShown.most))
  }

  /// What an open code is called after its last day.
  private static let over = "over"

  private static func summary(_ code: FirstTapCode, _ day: Int) -> FirstTapCodeSummary {
    FirstTapCodeSummary(
      person: code.person.text, segment: code.segment.name,
      state: code.state == .open && code.lastDay < day ? over : code.state.rawValue,
      until: DatedAccess.text(ofDay: code.lastDay), wrong: code.wrong, issuedBy: code.issuedBy.text,
      issuedAt: code.issuedAt.wallMilliseconds)
  }

  /// - Throws: not found, if there is no open code.
  func withdraw(_ message: FirstTapCodeWithdrawal, by acting: OperatorRecord) async throws {
    let now = services.surroundings.now()
    let change = WithdrawFirstTapCode(
      person: try PersonID(parsing: message.person), segment: try Segment(parsing: message.segment), by: acting.id, now: now)
    guard try await services.recorder.commit(change, now: now) else { throw HTTPFault.notFound }
  }
}

/// The act for a list of people is carried out once, and says exactly which people.
struct ClaimFirstTapCodes: Change {
  enum Outcome: Sendable {
    case carriedOut(LocalActOutcome)
    case notOffered
  }

  private static let action = "enrolment-codes.signed"

  let act: LocalAct
  let segment: Segment
  /// What the act has to say, worked out from the list that came with it.
  let expected: [String: String]
  let count: Int
  /// The segment's file takes first taps, and this instance serves it.
  let isTaken: Bool

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Outcome, AuditRecord) {
    let fault: LocalActOutcome?
    if let found = try act.fault(kind: Act.Kind.issueFirstTapCodes, in: state) {
      fault = found
    } else if act.signed.act.parameters != expected {
      fault = .refused("the list is not the one that was signed")
    } else {
      fault = try act.unsigned(required: 1, in: state)
    }
    if let fault { return (.carriedOut(fault), act.record(Self.action, fault)) }
    guard isTaken else {
      var record = act.record(Self.action, .refused("\(segment) takes no first taps"))
      record.segment = segment
      record.code = .firstTapCodeNotOffered
      return (.notOffered, record)
    }
    try act.keep(in: &state)
    var record = act.record(Self.action, .done)
    record.segment = segment
    record.count = Int64(max(1, count))
    record.note = "codes for \(count) people; \(act.signedBy); \(record.note)"
    return (.carriedOut(.done), record)
  }
}

/// Keeps codes, a row for each person.
struct IssueFirstTapCodes: Change {
  enum Answer: Sendable {
    case issued(Person)
    case unknown
    case refused(DenialCode)
  }

  /// At least one.
  let codes: [FirstTapCode]
  let record: AuditRecord
  /// `LocalTime.day`, by the later of clock and log.
  let day: Int
  let until: String

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> ([(PersonID, Answer)], AuditRecord) {
    var outcomes: [(PersonID, Answer)] = []
    var waiting: AuditRecord?
    for code in codes {
      var record = record
      record.person = code.person
      let outcome = try judge(code, in: state, &record)
      if case .issued = outcome {
        let former = try state.firstTapCode(of: code.person, in: code.segment)
        record.note = "until \(until), issued by \(code.issuedBy)"
        if former?.state == .open { record.note += "; ends the code of before" }
        try state.put(code)
      } else {
        record.outcome = .refused
      }
      outcomes.append((code.person, outcome))
      if let before = waiting { try state.append(before) }
      waiting = record
    }
    guard let last = waiting else { throw .conflict("no codes") }
    return (outcomes, last)
  }

  private func judge(
    _ code: FirstTapCode, in state: some StateReader, _ record: inout AuditRecord
  ) throws(StorageFault) -> Answer {
    guard let person = try state.person(code.person) else {
      record.note = "person unknown"
      // A row names no person that is not there.
      record.person = nil
      return .unknown
    }
    func no(_ refusal: DenialCode, _ note: String) -> Answer {
      record.code = refusal
      record.note = note
      return .refused(refusal)
    }
    // Whoever signed, and whoever is told the digits.
    for issuer in [code.issuedBy, record.operatorID].compactMap(\.self) {
      guard try state.operatorRecord(issuer)?.person != person.id else {
        return no(.firstTapCodeNotOffered, "the issuer is the holder")
      }
    }
    guard person.isEnabled, day <= (person.lastDay ?? day) else {
      return no(.firstTapCodeNotOffered, "the person is not in force")
    }
    if try state.isUnanswered(person.id, on: day) { return no(.responsibleGone, "nobody answers for the person") }
    if let card = try state.ownCards(of: person.id).first(where: { !$0.state.isFinal }) {
      return no(.cardThere, "the person has \(card.id), \(card.state.rawValue)")
    }
    return .issued(person)
  }
}

/// Ends an open code; the outcome is whether there was one.
struct WithdrawFirstTapCode: Change {
  let person: PersonID
  let segment: Segment
  let by: OperatorID
  let now: Moment

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Bool, AuditRecord) {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .enrolment, action: "enrolment-code.withdrawn", outcome: .refused)
    record.person = person
    record.segment = segment
    record.operatorID = by
    guard let code = try state.firstTapCode(of: person, in: segment), code.state == .open else {
      record.note = "no open code"
      return (false, record)
    }
    try state.put(code.ended(.withdrawn))
    record.outcome = .done
    return (true, record)
  }
}
