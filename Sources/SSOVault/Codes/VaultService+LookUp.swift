import AuditLog
import AuthAPI
import AuthTerms
import Crypto
import Foundation
import GRDB
import Sealing

// Printed one-time look-up codes. They are made here, leave sealed to the key of whoever prints them, and are recognised by an
// authentication code alone. The server says who types where; the vault holds it against person, segment, day and workstation of
// the sheet, and counts. A server that was taken over can spend what is typed before it, as it can a password; it cannot make one.

extension VaultService {
  private static let desk = "desk"
  /// Milliseconds that a sheet is still listed after its day.
  private static let kept: Int64 = 30 * 86_400_000

  func answer(_ request: LookUpRequest, _ keys: VaultKeys, _ now: Moment) throws -> VaultAnswer {
    try undamaged(at: now) {
      switch request {
      case .issue(let act): return .lookUp(.issued(try write { try issueSheet(act, keys, $0, now) }))
      case .withdraw(let act):
        try write { try withdrawSheet(act, keys, $0, now) }
        return .noted
      case .list(let place):
        return .lookUp(.sheets(try write { try ReleaseRegister($0, keys).sheets(after: place).map(\.entry) }))
      case .show(let shown):
        // What is wrong is counted for good before anybody hears of it, so the refusal comes after the transaction.
        switch try write({ try judge(shown, keys, $0, now) }) {
        case .right(let sheet): return .lookUp(.right(sheet: sheet))
        case .refused(let code, let note): throw VaultFailure.no(code, note)
        }
      }
    }
  }

  // MARK: Issue

  private func issueSheet(
    _ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> SealedSheet {
    let parameters = try check(
      signed, kind: Act.Kind.issueCodes,
      names: ["person", "segment", "from", "until", "unlocks", "reason", "suite", "key"], keys, now)
    guard let person = try? PersonID(parsing: parameters("person")), let segment = try? Segment(parsing: parameters("segment")),
      let from = Self.number(parameters("from")), let until = Self.number(parameters("until")),
      let unlocks = Self.number(parameters("unlocks")), (0...Int64(VaultSheet.mostUnlocks)).contains(unlocks),
      let reason = try? Remark(parsing: parameters("reason")), let suite = SealingSuite(rawValue: parameters("suite")),
      let key = try? Hex.decode(parameters("key")), key.count == suite.publicKeyBytes
    else {
      throw VaultFailure.no(
        .actNotAllowed, "a person, a segment, two times, 0 to \(VaultSheet.mostUnlocks) unlocks, a reason, a suite and its key")
    }
    guard keys.segments.contains(segment) else {
      throw VaultFailure.no(.segmentNotServed, "this instance does not serve that segment")
    }
    guard from >= 0, from < until, until - from <= VaultSheet.longest, until > now.wallMilliseconds,
      from <= now.wallMilliseconds + VaultSheet.furthest
    else { throw VaultFailure.no(.actNotAllowed, "one day, not over yet, and begun within seven") }
    try authoriseDesk(signed, for: person, database)
    let place = LookUpPlace(sheet: environment.random(16), person: person, segment: segment, from: from, until: until)
    let codes = try makeCodes(1 + Int(unlocks))
    var register = ReleaseRegister(database, keys)
    try register.deleteSheets(endedBefore: now.wallMilliseconds - Self.kept)
    try register.put(
      KeptSheet(
        place: place, issuedBy: signed.act.operatorID, issuedAt: now.wallMilliseconds, workstation: nil, wrong: 0, state: .open,
        codes: codes.enumerated().map { index, code in
          let purpose: LookUpPurpose = index == 0 ? .logon : .unlock
          return KeptSheet.Code(purpose: purpose, tag: keys.lookUpTag(code, place, for: purpose), isUsed: false)
        }))
    let sealed: SealedMessage
    do {
      sealed = try suite.seal(
        Secret<LookUpDigits>(copying: codes.flatMap(\.digits)), to: key, info: SealedSheet.info(suite: suite),
        associatedData: SealedSheet.associatedData(sheet: place.sheet, act: Self.hash(signed.act)))
    } catch { throw VaultFailure.no(.actNotAllowed, "a public key of its suite") }
    try record("code.issued", signed, database, now) {
      $0.person = person
      $0.segment = segment
      $0.count = 1 + unlocks
      $0.note = "sheet \(Self.short(place)) from \(from) until \(until)" + (reason.text.isEmpty ? "" : " " + reason.text)
    }
    try register.writeSum()
    return SealedSheet(sheet: place.sheet, encapsulated: sealed.encapsulated, ciphertext: sealed.ciphertext)
  }

  private func withdrawSheet(_ signed: SignedAct, _ keys: VaultKeys, _ database: Database, _ now: Moment) throws {
    let parameters = try check(signed, kind: Act.Kind.withdrawCodes, names: ["person", "segment"], keys, now)
    guard let person = try? PersonID(parsing: parameters("person")), let segment = try? Segment(parsing: parameters("segment"))
    else { throw VaultFailure.no(.actNotAllowed, "a person and a segment") }
    try authoriseDesk(signed, for: nil, database)
    var register = ReleaseRegister(database, keys)
    guard var sheet = try register.sheet(of: person, in: segment), sheet.state != .withdrawn else {
      throw VaultFailure.no(.sheetMissing, "no sheet that could be withdrawn")
    }
    sheet.state = .withdrawn
    try register.put(sheet)
    try record("code.withdrawn", signed, database, now) {
      $0.person = person
      $0.segment = segment
      $0.note = "sheet \(Self.short(sheet.place))"
    }
    try register.writeSum()
  }

  /// One signature of the desk or of an administrator.
  /// - Parameter holder: who is not among the signers; with a sheet of one's own a stolen password would be enough.
  private func authoriseDesk(_ signed: SignedAct, for holder: PersonID?, _ database: Database) throws {
    let register = VaultRegister(database)
    let issuer = try register.knownOperator(signed.act.operatorID)
    try authorise(signed, required: 1, register, role: issuer?.role == Self.desk ? Self.desk : Self.administrator)
    for signer in signed.signers {
      guard let holder, try register.knownOperator(signer)?.person == holder else { continue }
      throw VaultFailure.no(.actNotAllowed, "nobody issues codes to herself")
    }
  }

  /// Different ones, each as likely as any other.
  private func makeCodes(_ count: Int) throws -> [LookUpCode] {
    // The largest multiple: what lies above would make some codes likelier.
    let limit = UInt64.max - UInt64.max % LookUpCode.count
    var numbers: [UInt64] = []
    for _ in 0..<256 where numbers.count < count {
      let random = environment.random(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let number = random % LookUpCode.count
      if random < limit, !numbers.contains(number) { numbers.append(number) }
    }
    guard numbers.count == count else { throw VaultFailure.no(.storeUnavailable, "the random source repeats itself") }
    return try numbers.map { try LookUpCode(number: $0) }
  }

  // MARK: Use

  private enum Judgement {
    case right([UInt8])
    case refused(VaultRefusal.Code, String)
  }

  private func judge(
    _ shown: ShownLookUpCode, _ keys: VaultKeys, _ database: Database, _ now: Moment
  ) throws -> Judgement {
    var register = ReleaseRegister(database, keys)
    guard var sheet = try register.sheet(of: shown.person, in: shown.segment) else {
      return try register.hasSheet(shown.person)
        ? .refused(.lookUpCodeElsewhere, "a sheet of another segment") : .refused(.sheetMissing, "no sheet")
    }
    guard sheet.state != .withdrawn, try sheet.issuedAt > register.lastRestore() else {
      return .refused(.sheetMissing, "no sheet that counts")
    }
    guard sheet.state != .dead else { return .refused(.sheetDead, "\(VaultSheet.mostWrong) wrong codes were typed") }
    guard sheet.place.from <= now.wallMilliseconds, now.wallMilliseconds < sheet.place.until else {
      return .refused(.lookUpCodeElsewhere, "not the sheet's day")
    }
    // All of them, whichever fits: the time tells nothing of the place.
    let place = sheet.place
    let fits = sheet.codes.map { keys.isLookUpTag($0.tag, of: shown.code, place, for: $0.purpose) }
    guard let index = fits.firstIndex(of: true) else { return try countWrong(&sheet, shown, &register, database, now) }
    let code = sheet.codes[index]
    guard code.purpose == shown.purpose else {
      return .refused(.lookUpCodeElsewhere, "a code for \(code.purpose.rawValue), not for \(shown.purpose.rawValue)")
    }
    guard !code.isUsed else { return .refused(.lookUpCodeUsed, "used before") }
    if shown.purpose == .unlock, sheet.workstation != shown.workstation {
      return .refused(.lookUpCodeElsewhere, "not where this sheet's logon was")
    }
    guard shown.isUse else { return .right(sheet.place.sheet) }
    sheet.codes[index].isUsed = true
    if shown.purpose == .logon { sheet.workstation = shown.workstation }
    try register.put(sheet)
    try tell("code.used", .done, sheet, shown, database, now)
    try register.writeSum()
    return .right(sheet.place.sheet)
  }

  private func countWrong(
    _ sheet: inout KeptSheet, _ shown: ShownLookUpCode, _ register: inout ReleaseRegister, _ database: Database, _ now: Moment
  ) throws -> Judgement {
    sheet.wrong += 1
    let isDead = sheet.wrong >= VaultSheet.mostWrong
    if isDead { sheet.state = .dead }
    try register.put(sheet)
    try tell(isDead ? "code.dead" : "code.wrong", .refused, sheet, shown, database, now)
    try register.writeSum()
    return isDead
      ? .refused(.sheetDead, "the last wrong code that there may be") : .refused(.lookUpCodeWrong, "wrong code \(sheet.wrong)")
  }

  private func tell(
    _ action: String, _ outcome: AuditOutcome, _ sheet: KeptSheet, _ shown: ShownLookUpCode, _ database: Database, _ now: Moment
  ) throws {
    var record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .session, action: "vault.\(action)", outcome: outcome)
    record.person = shown.person
    record.segment = shown.segment
    record.workstation = shown.workstation
    record.note = "sheet \(Self.short(sheet.place)) \(shown.purpose.rawValue) wrong \(sheet.wrong)"
    try VaultLog(database).append(record)
  }

  private static func short(_ place: LookUpPlace) -> String { Hex.encode(Array(place.sheet.prefix(4))) }

  /// In its one spelling.
  private static func number(_ text: String) -> Int64? { Int64(text).flatMap { String($0) == text ? $0 : nil } }
}
