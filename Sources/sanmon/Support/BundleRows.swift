import AuditLog
import AuthTerms
import Foundation

/// One audit row as it may leave: every field is named here, ids are masked. Notes are not among them.
struct BundleRow: Encodable {
  let sequence: UInt64
  let time: Int64
  let eventClass: String
  let action: String
  let outcome: String
  let person: String?
  let workstation: String?
  let segment: String?
  let scenario: String?
  let session: String?
  let card: String?
  let operatorID: String?
  let factors: [String]
  let proofClass: String?
  let assurance: String?
  let code: String?
  let rule: String?
  let policyVersion: String?
  let reference: String?
  let latencyMilliseconds: Int64?
  let count: Int64
  let waivers: Int

  init(_ sequence: UInt64, _ record: AuditRecord, _ mask: Mask) {
    self.sequence = sequence
    time = record.time
    eventClass = record.eventClass.rawValue
    // Written by the server from words of its own; whoever can write the log could put others there.
    action =
      record.action.wholeMatch(of: /[a-zA-Z]{1,30}(\.[a-zA-Z]{1,30}){0,3}/) == nil
      ? mask.token("action", record.action) : record.action
    outcome = record.outcome.rawValue
    person = mask.token("person", ifAny: record.person?.text)
    workstation = mask.token("workstation", ifAny: record.workstation?.text)
    segment = record.segment?.name
    scenario = record.scenario?.rawValue
    session = mask.token("session", ifAny: record.session?.text)
    card = mask.token("card", ifAny: record.card?.text)
    operatorID = mask.token("operator", ifAny: record.operatorID?.text)
    factors = record.factors.filter { Factor(rawValue: $0) != nil }
    proofClass = record.proofClass?.name
    assurance = record.assurance?.name
    code = record.code?.rawValue
    rule = record.rule.map { Self.place($0, mask) }
    policyVersion = record.policyVersion.map { String($0.hex.prefix(16)) }
    reference = mask.token("reference", ifAny: record.reference?.description)
    latencyMilliseconds = record.latencyMilliseconds
    count = record.count
    waivers = record.waivers.count
  }

  /// Files are named after segments, built-in rules by us; another name is the city's.
  static func place(_ rule: RuleID, _ mask: Mask) -> String {
    let known: Set<String> = ["mynumber.yaml", "lgwan.yaml", "internet.yaml", "organisation.yaml"]
    if known.contains(rule.file) || rule.file.wholeMatch(of: /builtin:[a-zA-Z-]{1,40}/) != nil { return rule.description }
    return "\(mask.token("file", rule.file)):\(rule.line)"
  }
}
