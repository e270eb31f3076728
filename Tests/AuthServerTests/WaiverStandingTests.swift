import AuditLog
import AuthAPI
import AuthPolicy
import AuthServer
import AuthTerms
import Crypto
import Foundation
import Storage
import Testing

/// What becomes of an approval when the operators behind it, or the bytes that are kept, are not what they were.
@Suite("Standing of waivers")
struct WaiverStandingTests {
  private struct Rewrite: Change {
    var operators: [OperatorRecord] = []
    var settings: [String: [UInt8]] = [:]

    func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
      for record in operators { try state.put(record) }
      for (name, value) in settings { try state.set(value, forSetting: name) }
      return ((), AuditRecord(time: 0, eventClass: .administration, action: "test", outcome: .done))
    }
  }

  private let yamada = Administrator(id: "yamada", person: "p-000001")
  private let suzuki = Administrator(id: "suzuki", person: "p-000002")
  private let store = InMemoryStore()
  private let approvals = WaiverApprovals(instance: "mynumber-1")
  private let waiver: Waiver
  private let signed: SignedAct

  init() throws {
    waiver = try Self.waiver(until: 20_700)
    let act = try Act(
      kind: "policy.waiver.approve", operatorID: OperatorID(parsing: "yamada"), instance: InstanceID(parsing: "mynumber-1"),
      nonce: City.random(32), issuedAt: 1_786_752_000_000, parameters: waiver.parameters)
    let own = try yamada.sign(act)
    signed = SignedAct(
      act: act, scheme: own.scheme, signature: own.signature, approvals: [try suzuki.approval(act)])
  }

  private static func waiver(until: Int) throws -> Waiver {
    try Waiver(
      segment: .mynumber, name: .introductionPhase, from: 20_680, until: until,
      approvers: [OperatorID(parsing: "yamada"), OperatorID(parsing: "suzuki")], reason: "導入",
      rule: RuleID(file: "mynumber.yaml", line: 30), digest: { Array(SHA256.hash(data: $0)) })
  }

  private func record(
    _ one: Administrator, role: OperatorRole = .administrator, isActive: Bool = true, key: Administrator? = nil
  ) throws -> OperatorRecord {
    let publicKey = (key ?? one).publicKey
    return OperatorRecord(
      id: try OperatorID(parsing: one.id), role: role, person: try PersonID(parsing: one.person), unixUser: nil,
      key: try KeyFingerprint(parsing: Array(SHA256.hash(data: publicKey))), publicKey: publicKey, isActive: isActive)
  }

  private func keep(_ signed: SignedAct) -> [String: [UInt8]] {
    let hash = Array(SHA256.hash(data: signed.act.canonicalBytes))
    return ["act." + Hex.encode(hash): signed.encoded, "waiver." + waiver.hash.hex: hash]
  }

  private func standing() async throws -> WaiverApprovals.Standing {
    let (approvals, waiver) = (approvals, waiver)
    return try await store.read { (state) throws(StorageFault) in try approvals.standing(of: waiver, state: state) }
  }

  private func prepared() async throws {
    try await store.commit(Rewrite(operators: [record(yamada), record(suzuki)], settings: keep(signed)))
  }

  @Test("two administrators' signatures hold, also when they are asked for again")
  func holds() async throws {
    #expect(try await standing() == .unsigned)
    try await prepared()
    let act = Hex.encode(Array(SHA256.hash(data: signed.act.canonicalBytes)))
    let approved = WaiverApprovals.Standing.approved(
      by: [try OperatorID(parsing: "yamada"), try OperatorID(parsing: "suzuki")], at: 1_786_752_000_000, act: act)
    #expect(try await standing() == approved)
    #expect(try await standing() == approved)
  }

  @Test("an approver who left, has another role or another key has not signed; back again, she has")
  func approverLeaves() async throws {
    try await prepared()
    _ = try await standing()
    try await store.commit(Rewrite(operators: [record(suzuki, isActive: false)]))
    #expect(try await standing() == .lapsed(.inactiveOperator))
    try await store.commit(Rewrite(operators: [record(suzuki, role: .desk)]))
    #expect(try await standing() == .lapsed(.roleNotAllowed))
    try await store.commit(Rewrite(operators: [record(suzuki, key: Administrator(id: "x", person: "p-9"))]))
    #expect(try await standing() == .lapsed(.signatureWrong))
    try await store.commit(Rewrite(operators: [record(suzuki)]))
    guard case .approved = try await standing() else {
      Issue.record("not approved")
      return
    }
  }

  @Test("one human behind both accounts is one person, whenever that became known")
  func samePerson() async throws {
    try await prepared()
    var other = try record(suzuki)
    other.person = try PersonID(parsing: "p-000001")
    try await store.commit(Rewrite(operators: [other]))
    #expect(try await standing() == .lapsed(.samePersonTwice))
  }

  @Test("what is kept must be the act that was signed, about this waiver, in this instance")
  func bytes() async throws {
    try await prepared()
    let pointer = "waiver." + waiver.hash.hex
    let actHash = Array(SHA256.hash(data: signed.act.canonicalBytes))
    let name = "act." + Hex.encode(actHash)
    func check(_ settings: [String: [UInt8]], _ expected: WaiverApprovals.Standing) async throws {
      try await store.commit(Rewrite(settings: settings))
      #expect(try await standing() == expected)
      try await store.commit(Rewrite(settings: keep(signed)))
    }
    try await check([pointer: []], .unsigned)
    try await check([pointer: Array(repeating: 7, count: 32)], .lapsed(nil))
    try await check([name: Array(signed.encoded.dropLast())], .lapsed(nil))
    let alone = SignedAct(act: signed.act, scheme: signed.scheme, signature: signed.signature)
    try await check([name: alone.encoded], .lapsed(.tooFew))
    var bent = signed.signature
    bent[0] ^= 1
    let wrong = SignedAct(act: signed.act, scheme: signed.scheme, signature: bent, approvals: signed.approvals)
    try await check([name: wrong.encoded], .lapsed(.signatureWrong))
    let longer = try Act(
      kind: signed.act.kind, operatorID: signed.act.operatorID, instance: signed.act.instance, nonce: signed.act.nonce,
      issuedAt: signed.act.issuedAt, parameters: Self.waiver(until: 20_701).parameters)
    try await check(
      keep(
        SignedAct(
          act: longer, scheme: .ed25519, signature: try yamada.sign(longer).signature, approvals: [try suzuki.approval(longer)])
      ),
      .lapsed(nil))
    let elsewhere = try Act(
      kind: signed.act.kind, operatorID: signed.act.operatorID, instance: InstanceID(parsing: "lgwan-1"),
      nonce: signed.act.nonce, issuedAt: signed.act.issuedAt, parameters: waiver.parameters)
    try await check(
      keep(
        SignedAct(
          act: elsewhere, scheme: .ed25519, signature: try yamada.sign(elsewhere).signature,
          approvals: [try suzuki.approval(elsewhere)])),
      .lapsed(nil))
  }
}
