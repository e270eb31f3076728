import AuthAPI
import AuthClient
import AuthServer
import AuthTerms
import Crypto
import Foundation

/// A card that tells a number, as a reader tells it: whoever has the bytes has the card.
struct TagCard: Sendable {
  /// An IDm.
  static let sato = TagCard([0x01, 0x12, 0x0D, 0x8A, 0xA1, 0xB2, 0xC3, 0xD4])
  /// A UID.
  static let takahashi = TagCard([0x04, 0xA1, 0xB2, 0xC3], chip: nil)

  var number: [UInt8]
  var chip: [UInt8]?

  /// - Parameter chip: the IC type of its PMm.
  init(_ number: [UInt8], chip: UInt8? = 0x46) {
    self.number = number
    self.chip = chip.map { [0x01, $0, 0x43, 0x00, 0x82, 0x00, 0x01, 0x05] }
  }

  var message: CardNumberMessage { CardNumberMessage(number: Data(number), chip: chip.map { Data($0) }) }

  /// As rows and registers name it.
  var fingerprint: String {
    get throws { Hex.encode(Array(SHA256.hash(data: try CardNumber(parsing: number).canonicalBytes))) }
  }
}

extension City {
  /// LGWAN takes cards by their numbers from today on, for so many days more.
  /// - Parameters:
  ///   - generation: the oldest chip.
  ///   - isSigned: by yamada, whom the waiver names.
  /// - Returns: as rows mark the waiver.
  @discardableResult
  func takeNumbers(days: Int = 30, generation: String? = nil, isSigned: Bool = true) async throws -> String {
    func day(_ offset: Int) -> String {
      let seconds = Double(clock.now().wallMilliseconds) / 1000 + 32_400 + Double(offset) * 86_400
      return Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day().dateSeparator(.dash))
    }
    let path = folder + "/policies/lgwan.yaml"
    let shipped = try String(contentsOfFile: Repository.root + "/policies/lgwan.yaml", encoding: .utf8)
    let chip = generation.map { "  felica-generation: \($0)\n" } ?? ""
    let text =
      shipped.replacing("  proof: pk\n", with: "  proof: identifier\n" + chip)
      + "waivers:\n  - {waiver: identifier-as-possession, from: \(day(0)), until: \(day(days)), approvers: [yamada], "
      + "reason: 更新待ち}\n"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let answer = try await link.request("POST", "/v1/admin/policy/reload")
    guard try JSONDecoder().decode(PolicyReloaded.self, from: Data(answer.body)).changed else { throw try Refused(answer) }
    let waivers: [WaiverSummary] = try await link.fetch("/v1/admin/policy/waivers")
    guard let waiver = waivers.first else { throw HTTPFault.serverFault }
    if isSigned { try await sign(waiver) }
    return "identifier-as-possession@" + waiver.hash.prefix(16)
  }

  private func sign(_ waiver: WaiverSummary) async throws {
    let parameters = [
      "hash": waiver.hash, "segment": waiver.segment, "waiver": waiver.waiver, "from": waiver.from, "until": waiver.until,
      "approvers": waiver.approvers.joined(separator: ","), "reason": waiver.reason,
    ]
    let signed = try sign(act("policy.waiver.approve", parameters))
    let body = Array(try JSONEncoder().encode(WaiverAct(act: Data(signed.encoded))))
    let answer = try await link.request("POST", "/v1/admin/policy/waivers/approve", body: body)
    guard answer.status == 200 else { throw try Refused(answer) }
  }

  func enrolNumber(_ card: TagCard, for person: String, segment other: Segment? = nil) async throws -> CardSummary {
    let body = NumberCardEnrolment(
      person: person, segment: (other ?? segment).name, number: Data(card.number), chip: card.chip.map { Data($0) })
    let answer = try await link.request("POST", "/v1/admin/cards/numbers", body: Array(try JSONEncoder().encode(body)))
    guard answer.status == 201 else { throw try Refused(answer) }
    return try JSONDecoder().decode(CardSummary.self, from: Data(answer.body))
  }

  func importNumbers(
    _ lines: [NumberCardLine], isDryRun: Bool = false, segment: String = "lgwan"
  ) async throws -> [NumberCardLineOutcome] {
    let body = NumberCardImport(segment: segment, isDryRun: isDryRun, lines: lines)
    let answer = try await link.request("POST", "/v1/admin/cards/numbers/import", body: Array(try JSONEncoder().encode(body)))
    guard answer.status == 200 else { throw try Refused(answer) }
    return try JSONDecoder().decode(NumberCardsImported.self, from: Data(answer.body)).lines
  }

  /// Hashes of passwords that were made since the start.
  func passwordChecks() async throws -> String {
    let text = String(decoding: try await link.request("GET", "/metrics").body, as: UTF8.self)
    return text.split(separator: "\n").first { $0.hasPrefix("sanmon_password_checks_total ") }.map(String.init) ?? ""
  }
}

extension TestWorkstation {
  func proofs(_ opened: Opened, _ card: TagCard, password: String? = nil) throws -> ProofsMessage {
    var message = try proofs(opened, nil, password: password)
    message.number = card.message
    return message
  }

  /// The whole logon or unlock, number and password at once.
  func enter(_ card: TagCard, password: String?) async throws -> SessionOpened {
    let opened = try await open()
    let answer = try await prove(opened, proofs(opened, card, password: password))
    guard let session = answer.session else { throw NotGranted(combinations: answer.combinations ?? []) }
    return session
  }
}
