import AuthAPI
import AuthTerms
import CardsInMemory
import Crypto
import Foundation
import Programs
import SSOVault
import Sealing
import SmartCard
import Testing
import VaultLink

/// The real process, confined as it is in service.
@Suite(
  "the program drives shared-key cards, and one that is killed between two steps knows no exchange", .serialized,
  .timeLimit(.minutes(5)), .enabled(if: RunningVault.isBuilt, "sanmon-vault is not built"))
struct SharedCardProcessTests {
  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
  private static var asServer: [String] { ["--peer-user", "\(RunningVault.ownUID)"] }

  private let vault: RunningVault
  private let link: VaultLink
  private let script: CardScript

  init() async throws {
    vault = try RunningVault(peers: Self.asServer)
    link = VaultLink(socket: vault.socket)
    script = try SharedCardCity.liteSScript()
    let instance = try InstanceID(parsing: "lgwan-1")
    let (sato, tanaka) = (try Clerk("sato"), try Clerk("tanaka"))
    let first = try Act.registerOperator(
      sato.id, person: sato.person, role: "administrator", publicKey: sato.publicKey, by: sato.id, instance: instance,
      nonce: Office.random(16), at: Self.now)
    _ = try await link.registerOperator(
      OperatorRegistration(authority: .firstAdministratorCode(vault.firstCode), act: sato.sign(first)))
    let second = try Act.registerOperator(
      tanaka.id, person: tanaka.person, role: "administrator", publicKey: tanaka.publicKey, by: sato.id, instance: instance,
      nonce: Office.random(16), at: Self.now)
    let possession = Approval.message(
      actHash: Array(SHA256.hash(data: second.canonicalBytes)), operatorID: tanaka.id)
    _ = try await link.registerOperator(
      OperatorRegistration(
        authority: .administrator, act: sato.sign(second), possession: tanaka.sign(possession),
        possessionScheme: tanaka.scheme))
    let keys = try await link.publicKeys()
    let key = try KeyFingerprint(parsing: Array(SHA256.hash(data: keys.intake)))
    let message = try SealingSuite.xwing.seal(
      SharedCardCity.liteSMaster, to: keys.intake, info: CardKeyMessage.info(suite: keys.intakeSuite, key: key),
      associatedData: CardKeyMessage.associatedData(instance: instance, script: script.canonicalBytes))
    let sealed = CardKeyMessage(
      key: key, script: script.canonicalBytes, encapsulated: message.encapsulated, ciphertext: message.ciphertext
    ).encoded
    let act = try Act(
      kind: Act.Kind.setCardKey, operatorID: sato.id, instance: instance, nonce: Office.random(16), issuedAt: Self.now,
      parameters: ["script": script.id, "sealed": Hex.encode(Array(SHA256.hash(data: sealed)))])
    try await link.setCardKey(sato.sign(act, approvedBy: [tanaka]), sealed: sealed)
    #expect(try await link.listCardKeys().map(\.script) == [script.id])
  }

  private func begin(_ card: LiteSInMemory) async throws -> CardExchangeAnswer {
    try await link.beginCard(script: script.canonicalBytes, number: card.number)
  }

  private func run(_ card: inout LiteSInMemory) async throws -> String {
    var answer = try await begin(card)
    while case .commands(let commands) = answer.outcome {
      let answers = try SharedCardCity.carry(commands, to: &card)
      answer = try await link.stepCard(exchange: answer.exchange, answers: answers)
    }
    return SharedCardCity.word(answer)
  }

  @Test("ciphers work where no file of theirs can be opened, and after a kill everybody begins anew")
  func killed() async throws {
    var card = try SharedCardCity.liteSCard()
    #expect(try await run(&card) == "proven 299")
    let begun = try await begin(card)
    guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
    let answers = try SharedCardCity.carry(commands, to: &card)
    vault.process.kill()
    _ = try? vault.process.end()
    let again = try RunningVault.process(
      RunningVault.vaultUID,
      [
        try #require(RunningVault.program), "serve", "--socket", vault.socket, "--state", vault.state, "--master-key-file",
        vault.master,
      ] + Self.asServer)
    defer { again.kill() }
    for _ in 0..<250 { if (try? await link.status()) != nil { break } else { usleep(20_000) } }
    await #expect(throws: VaultFault.refused(VaultRefusal(.cardExchangeUnknown, "no such exchange is open"))) {
      try await link.stepCard(exchange: begun.exchange, answers: answers)
    }
    #expect(try await run(&card) == "proven 300")
  }
}
