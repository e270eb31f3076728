import AuthAPI
import AuthTerms
import CertificateTrust
import Crypto
import Testing

@Suite("approvals count people and keys, not accounts")
struct ApprovalTests {
  let instance: InstanceID
  let sato: Clerk
  let suzuki: Clerk
  init() throws {
    instance = try InstanceID(parsing: "lgwan-1")
    sato = try Clerk("sato")
    suzuki = try Clerk("suzuki", key: .ed25519(Curve25519.Signing.PrivateKey()))
  }

  private func act(by clerk: Clerk) throws -> Act {
    try Act(
      kind: "test", operatorID: clerk.id, instance: instance, nonce: [UInt8](repeating: 1, count: 16), issuedAt: 0,
      parameters: ["a": "b"])
  }

  private func verdict(
    _ signed: SignedAct, _ clerks: [Clerk], required: Int, role: String = "administrator", inactive: Clerk? = nil
  ) throws -> Approvals.Verdict {
    var known: [OperatorID: KnownOperator] = [:]
    for clerk in clerks {
      known[clerk.id] = KnownOperator(
        id: clerk.id, person: clerk.person, key: try SubjectKey(parsing: clerk.publicKey).fingerprint,
        publicKey: clerk.publicKey,
        role: role, isActive: clerk.id != inactive?.id)
    }
    return Approvals.check(
      signed, actHash: Array(SHA256.hash(data: signed.act.canonicalBytes)), required: required, role: "administrator",
      operators: { known[$0] },
      verify: { known, scheme, signature, message in
        (try? SubjectKey(parsing: known.publicKey))?
          .verify(signature: signature, algorithm: scheme.rawValue, over: message) ?? false
      })
  }

  @Test("two people with two keys are two")
  func two() throws {
    let signed = try sato.sign(act(by: sato), approvedBy: [suzuki])
    #expect(try verdict(signed, [sato, suzuki], required: 2) == .accepted([sato.id, suzuki.id]))
    #expect(try verdict(sato.sign(act(by: sato)), [sato], required: 1) == .accepted([sato.id]))
    #expect(try verdict(sato.sign(act(by: sato)), [sato, suzuki], required: 2) == .refused(.tooFew))
    #expect(try verdict(sato.sign(act(by: sato)), [sato, suzuki], required: 0) == .accepted([sato.id]))
  }

  @Test("the same person twice is refused, with one account or with two")
  func samePerson() throws {
    let again = try sato.sign(act(by: sato), approvedBy: [sato])
    #expect(try verdict(again, [sato], required: 2) == .refused(.samePersonTwice))
    let second = try Clerk("sato-2", person: sato.person.text)
    let disguised = try sato.sign(act(by: sato), approvedBy: [second])
    #expect(try verdict(disguised, [sato, second], required: 2) == .refused(.samePersonTwice))
  }

  @Test("two operators with one key are refused")
  func sameKey() throws {
    let shared = try Clerk("tanaka", key: sato.key)
    let signed = try sato.sign(act(by: sato), approvedBy: [shared])
    #expect(try verdict(signed, [sato, shared], required: 2) == .refused(.sameKeyTwice))
  }

  @Test("strangers, leavers, other roles and wrong signatures do not count")
  func others() throws {
    let signed = try sato.sign(act(by: sato), approvedBy: [suzuki])
    #expect(try verdict(signed, [sato], required: 1) == .refused(.unknownOperator))
    #expect(try verdict(signed, [sato, suzuki], required: 2, inactive: suzuki) == .refused(.inactiveOperator))
    #expect(try verdict(signed, [sato, suzuki], required: 2, role: "auditor") == .refused(.roleNotAllowed))
    let other = try Act(
      kind: "test", operatorID: sato.id, instance: instance, nonce: [UInt8](repeating: 2, count: 16), issuedAt: 0,
      parameters: ["a": "b"])
    let moved = SignedAct(act: other, scheme: signed.scheme, signature: signed.signature, approvals: signed.approvals)
    #expect(try verdict(moved, [sato, suzuki], required: 2) == .refused(.signatureWrong))
    // An approval of another act does not count for this one.
    let borrowed = SignedAct(
      act: other, scheme: sato.scheme, signature: try sato.sign(other.canonicalBytes), approvals: signed.approvals)
    #expect(try verdict(borrowed, [sato, suzuki], required: 2) == .refused(.signatureWrong))
    // A proposer's signature is no approval.
    let swapped = SignedAct(
      act: try act(by: suzuki), scheme: suzuki.scheme, signature: try suzuki.sign(act(by: suzuki).canonicalBytes),
      approvals: [Approval(operatorID: sato.id, scheme: sato.scheme, signature: try sato.sign(act(by: suzuki).canonicalBytes))])
    #expect(try verdict(swapped, [sato, suzuki], required: 2) == .refused(.signatureWrong))
  }

  @Test("acts have one spelling: every prefix, added byte and changed order is refused")
  func canonical() throws {
    let act = try Act.enrolWorkstation(
      WorkstationID(parsing: "PC-1"), segment: .lgwan, access: .remote, validSeconds: 600, by: sato.id, instance: instance,
      nonce: [UInt8](repeating: 3, count: 16), at: -1)
    let bytes = act.canonicalBytes
    #expect(try Act(canonicalBytes: bytes) == act)
    for length in 0..<bytes.count {
      #expect(throws: MalformedInput.self) { try Act(canonicalBytes: Array(bytes.prefix(length))) }
    }
    #expect(throws: MalformedInput.self) { try Act(canonicalBytes: bytes + [0]) }
    var unsorted = LengthPrefixedWriter()
    for text in [Act.label, "k", "sato", "lgwan-1"] { unsorted.field(text) }
    unsorted.field([UInt8](repeating: 3, count: 16))
    unsorted.field(Int64(0))
    unsorted.field(UInt64(2))
    for text in ["b", "1", "a", "2"] { unsorted.field(text) }
    #expect(throws: MalformedInput.self) { try Act(canonicalBytes: unsorted.bytes) }

    let signed = try sato.sign(act, approvedBy: [suzuki])
    #expect(try SignedAct(decoding: signed.encoded) == signed)
    for length in 0..<signed.encoded.count {
      #expect(throws: MalformedInput.self) { try SignedAct(decoding: Array(signed.encoded.prefix(length))) }
    }
  }

  @Test(
    "limits of an act",
    arguments: [
      ("", 16, 1), ("k", 15, 1), ("k", 33, 1), ("k", 16, 33), (String(repeating: "k", count: 65), 16, 1),
    ])
  func limits(kind: String, nonce: Int, parameters: Int) {
    #expect(throws: MalformedInput.self) {
      try Act(
        kind: kind, operatorID: sato.id, instance: instance, nonce: [UInt8](repeating: 0, count: nonce), issuedAt: 0,
        parameters: Dictionary(uniqueKeysWithValues: (0..<parameters).map { ("p\($0)", "") }))
    }
  }
}
