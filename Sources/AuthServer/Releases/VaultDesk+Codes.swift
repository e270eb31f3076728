import AuditLog
import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// - Parameter person: only hers.
  func sheets(of person: PersonID?) async throws -> [SheetSummary] {
    let now = services.surroundings.now().wallMilliseconds
    var sheets: [VaultSheet] = []
    while true {
      let last = sheets.last?.place ?? ""
      guard case .sheets(let page)? = try await VaultAnswers.ask({ try await services.vault.lookUp(.list(after: last)) })
      else { throw Refusal(.vaultUnavailable, reference: nil) }
      sheets += page
      guard page.count == VaultSheet.mostAtOnce else { break }
    }
    return sheets.filter { person == nil || $0.person == person }.map { Self.summary($0, now) }
  }

  private static func summary(_ sheet: VaultSheet, _ now: Int64) -> SheetSummary {
    let state =
      switch sheet.state {
      case .dead: "dead"
      case .withdrawn: "withdrawn"
      case .open where now < sheet.from: "planned"
      case .open: now < sheet.until ? "inForce" : "ended"
      }
    return SheetSummary(
      sheet: Hex.encode(Array(sheet.sheet.prefix(4))), person: sheet.person.text, segment: sheet.segment.name, from: sheet.from,
      until: sheet.until, issuedBy: sheet.issuedBy.text, issuedAt: sheet.issuedAt, workstation: sheet.workstation?.text,
      wrong: Int64(clamping: sheet.wrong), state: state, isLogonUsed: sheet.isLogonUsed,
      unlocks: Int64(clamping: sheet.unlocks),
      unlocksUsed: Int64(clamping: sheet.unlocksUsed))
  }

  /// The codes pass through here sealed; nobody issues them to herself, and none where the rules take none.
  func issueCodes(_ message: VaultActMessage, by acting: OperatorRecord) async throws -> SealedSheetMessage {
    let act = try signed(message.act, Act.Kind.issueCodes, by: acting)
    let person = try PersonID(parsing: act.act.parameters["person"] ?? "")
    let segment = try Segment(parsing: act.act.parameters["segment"] ?? "")
    let found = try await services.store.read { (state) throws(StorageFault) -> Person? in try state.person(person) }
    guard let found else { throw HTTPFault.notFound }
    let offered = services.policy.policy.combinations(
      segment: segment, scenario: .logon, groups: nil, on: services.local(services.surroundings.now()).day, approved: [])
    let reason: String? =
      if acting.person == person {
        "the issuer is the holder"
      } else if !found.isEnabled {
        "the person is not in force"
      } else if !offered.contains(where: { $0.factors.contains(.code) }) {
        "the rules take no codes here"
      } else {
        nil
      }
    if let reason {
      try await record("code.issued", act, by: acting) { record in
        Self.refuse(&record, person, segment, reason)
        record.code = .lookUpCodeNotOffered
      }
      throw HTTPFault.conflictBecause(.lookUpCodeNotOffered)
    }
    let sheet: SealedSheet
    do {
      guard case .issued(let issued)? = try await VaultAnswers.ask({ try await services.vault.lookUp(.issue(act)) }) else {
        throw Refusal(.vaultUnavailable, reference: nil)
      }
      sheet = issued
    } catch {
      try await record("code.issued", act, by: acting) { Self.refuse(&$0, person, segment, "the vault did not") }
      throw error
    }
    // Whoever cannot be told of in the log is told no code: the sheet is there, and nobody has it.
    try await record("code.issued", act, by: acting) { record in
      record.person = person
      record.segment = segment
      record.note = "sheet \(Hex.encode(Array(sheet.sheet.prefix(4))))"
    }
    return SealedSheetMessage(
      sheet: Data(sheet.sheet), encapsulated: Data(sheet.encapsulated), ciphertext: Data(sheet.ciphertext))
  }

  func withdrawCodes(_ message: VaultActMessage, by acting: OperatorRecord) async throws {
    let act = try signed(message.act, Act.Kind.withdrawCodes, by: acting)
    let person = try PersonID(parsing: act.act.parameters["person"] ?? "")
    let segment = try Segment(parsing: act.act.parameters["segment"] ?? "")
    do {
      _ = try await VaultAnswers.ask { try await services.vault.lookUp(.withdraw(act)) }
    } catch {
      try await record("code.withdrawn", act, by: acting) { Self.refuse(&$0, person, segment, "the vault did not") }
      throw error
    }
    try await record("code.withdrawn", act, by: acting) { record in
      record.person = person
      record.segment = segment
    }
  }

  private static func refuse(_ record: inout AuditRecord, _ person: PersonID, _ segment: Segment, _ note: String) {
    record.outcome = .refused
    record.person = person
    record.segment = segment
    record.note = note
  }
}
