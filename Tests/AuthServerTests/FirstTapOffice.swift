import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import Foundation

extension City {
  /// LGWAN registers cards at its workstations from now on.
  func takeFirstTaps() async throws {
    let path = folder + "/policies/lgwan.yaml"
    let shipped = try String(contentsOfFile: path, encoding: .utf8)
    try shipped.replacing("  on-removal: nothing\n", with: "  on-removal: nothing\n  first-tap: allowed\n")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let answer = try await link.request("POST", "/v1/admin/policy/reload")
    guard try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body)).changed else { throw try Refused(answer) }
  }

  /// What an administrator signs for these people.
  /// - Parameter signed: other people than those of the list.
  func firstTapIssue(
    _ people: [String], signed others: [String]? = nil, segment: String = "lgwan", days: Int = 7
  ) throws -> FirstTapCodeIssue {
    let list = others ?? people
    let hash = Hex.encode(Array(SHA256.hash(data: FirstTapCodeIssue.canonicalBytes(of: list))))
    let act = try act(
      Act.Kind.issueFirstTapCodes,
      FirstTapCodeIssue.parameters(segment: segment, days: days, count: list.count, hash: hash))
    return FirstTapCodeIssue(act: Data(try sign(act).encoded), people: people)
  }

  func bring(_ issue: FirstTapCodeIssue) async throws -> FirstTapCodesIssued {
    let answer = try await link.request("POST", "/v1/admin/enrolment-codes", body: Array(try JSONEncoder().encode(issue)))
    guard answer.status == 201 else { throw try Refused(answer) }
    return try JSONDecoder().decode(FirstTapCodesIssued.self, from: Data(answer.body))
  }

  /// The digits for one person.
  func firstTapCode(_ person: String, days: Int = 7) async throws -> String {
    let issued = try await bring(firstTapIssue([person], days: days))
    guard let code = issued.codes.first?.code else { throw HTTPFault.serverFault }
    return String(decoding: code, as: UTF8.self)
  }

  func firstTapCodes(_ query: String = "") async throws -> [FirstTapCodeSummary] {
    try await link.fetch("/v1/admin/enrolment-codes" + query, returning: FirstTapCodesShown.self).codes
  }

  func account(_ person: String) async throws -> String {
    try await link.fetch("/v1/admin/people/\(person)", returning: PersonSummary.self).account
  }

  func cardsOf(_ person: String) async throws -> [CardSummary] { try await link.fetch("/v1/admin/cards?person=\(person)") }

  func expect(
    _ lines: [(person: String, certificate: [UInt8])], isDryRun: Bool = false, segment: String = "lgwan"
  ) async throws -> [ExpectedCardLineOutcome] {
    let message = ExpectedCardImport(
      segment: segment, isDryRun: isDryRun,
      lines: lines.enumerated().map {
        ExpectedCardLine(line: $0 + 2, person: $1.person, certificate: Data($1.certificate))
      })
    let answer = try await link.request("POST", "/v1/admin/cards/expected", body: Array(try JSONEncoder().encode(message)))
    guard answer.status == 200 else { throw try Refused(answer) }
    return try JSONDecoder().decode(ExpectedCardsTaken.self, from: Data(answer.body)).lines
  }
}

extension TestWorkstation {
  struct OpenedFirstTap: Sendable {
    let opened: FirstTapOpened
    let serverCertificate: [UInt8]
  }

  func openFirstTap(_ account: String) async throws -> OpenedFirstTap {
    let answer = try await connection.request(
      "POST", "/v1/registrations", body: Array(try JSONEncoder().encode(FirstTapBegin(account: account))))
    guard answer.status == 201, let certificate = answer.serverCertificate else { throw try Refused(answer) }
    return OpenedFirstTap(
      opened: try JSONDecoder().decode(FirstTapOpened.self, from: Data(answer.body)), serverCertificate: certificate)
  }

  /// - Parameter bend: changes the text before it is signed.
  func firstTapProof(
    _ opened: OpenedFirstTap, _ card: TestCard, password: String, code: String, guid: [UInt8]? = nil, isGuarded: Bool = true,
    shownAs slot: String? = nil, bend: (inout FirstTapPreimage) -> Void = { _ in }
  ) throws -> FirstTapProofMessage {
    var preimage = FirstTapPreimage(
      nonce: Array(opened.opened.nonce), ceremony: opened.opened.ceremony, account: opened.opened.account, workstation: name,
      segment: opened.opened.segment, expiresAt: opened.opened.expiresAt, serverCertificate: opened.serverCertificate,
      workstationCertificate: Array(SHA256.hash(data: Data(identity.certificate))), slot: slot ?? card.slot, guid: guid ?? [])
    bend(&preimage)
    return FirstTapProofMessage(
      card: CardProofMessage(
        profile: "piv", slot: slot ?? card.slot, certificate: Data(card.certificate), algorithm: "ecdsa-p256-sha256",
        signature: Data(try card.sign(preimage.canonicalBytes))),
      refusedWithoutPIN: isGuarded, guid: guid.map { Data($0) }, password: Data(password.utf8), code: Data(code.utf8))
  }

  func prove(_ opened: OpenedFirstTap, _ message: FirstTapProofMessage) async throws -> FirstTapDone {
    let answer = try await connection.request(
      "POST", "/v1/registrations/\(opened.opened.ceremony)/proof", body: Array(try JSONEncoder().encode(message)))
    guard answer.status == 200 else { throw try Refused(answer) }
    return try JSONDecoder().decode(FirstTapDone.self, from: Data(answer.body))
  }

  /// The whole of it.
  func register(
    _ card: TestCard, account: String, password: String, code: String, guid: [UInt8]? = nil, isGuarded: Bool = true
  ) async throws -> FirstTapDone {
    let opened = try await openFirstTap(account)
    return try await prove(
      opened, firstTapProof(opened, card, password: password, code: code, guid: guid, isGuarded: isGuarded))
  }
}
