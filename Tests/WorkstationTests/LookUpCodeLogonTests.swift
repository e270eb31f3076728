import AuthAPI
import AuthTerms
import Crypto
import Foundation
import Sealing
import SmartCard
import Testing
import Workstation

@Suite("a printed code at the workstation")
struct LookUpCodeLogonTests {
  private let offered = [["card", "pin"], ["card", "password"], ["password", "code"], ["palm", "code"]]

  @Test("a way with a code is gone by who asks for it, and by nobody else")
  func ways() throws {
    let plan = try #require(FactorPlan(withoutCard: offered, FactorChoice(wish: .codeAndPassword)))
    #expect(plan.needsCode && plan.needsPassword && !plan.needsPIN && !plan.needsPalm && plan.slot == nil)
    #expect(FactorPlan(withoutCard: offered, FactorChoice(wish: .codeAndPalm)) == nil, "no sensor")
    let palm = try #require(FactorPlan(withoutCard: offered, FactorChoice(wish: .codeAndPalm, hasSensor: true)))
    #expect(palm.needsCode && palm.needsPalm && !palm.needsPassword)
    #expect(FactorPlan(withoutCard: [["password", "code"]], FactorChoice()) == nil)
    #expect(FactorPlan(withoutCard: [["code"]], FactorChoice(wish: .codeAndPassword)) == nil, "never alone")
    #expect(FactorPlan(withoutCard: [["card", "password"]], FactorChoice(wish: .codeAndPassword)) == nil)
    // The policy's first way is still the card's.
    let card = try FactorPlan(offered: offered, FactorChoice(), slots: [.authentication])
    #expect(!card.needsCode && card.needsPIN)
    let typed = try FactorPlan(offered: offered, FactorChoice(wish: .cardAndPassword), slots: [.authentication])
    #expect(!typed.needsCode && typed.needsPassword)
  }

  @Test("a sheet opens with its key and for its act, and with nothing else")
  func sheet() throws {
    let key = try SealingKey(.x25519, seed: Secret(copying: (1...32).map { UInt8($0) }))
    func act(_ number: UInt8) throws -> Act {
      try Act(
        kind: Act.Kind.issueCodes, operatorID: OperatorID(parsing: "desk"), instance: InstanceID(parsing: "lgwan-1"),
        nonce: [UInt8](repeating: number, count: 16), issuedAt: 5, parameters: [:])
    }
    let number = [UInt8](repeating: 7, count: 16)
    func seal(_ plaintext: [UInt8]) throws -> SealedSheet {
      let hash = Array(SHA256.hash(data: try act(1).canonicalBytes))
      let message = try key.suite.seal(
        Secret<LookUpDigits>(copying: plaintext), to: key.publicKey, info: SealedSheet.info(suite: key.suite),
        associatedData: SealedSheet.associatedData(sheet: number, act: hash))
      return SealedSheet(sheet: number, encapsulated: message.encapsulated, ciphertext: message.ciphertext)
    }
    let codes = try [LookUpCode(number: 572), LookUpCode(number: 1)]
    let sheet = try seal(codes.flatMap(\.digits))
    #expect(try sheet.open(with: key, act: act(1)).map(\.printed) == codes.map(\.printed))
    #expect(throws: SealingFault.self) { try sheet.open(with: key, act: act(2)) }
    var other = sheet
    other.sheet[0] ^= 1
    #expect(throws: SealingFault.self) { try other.open(with: key, act: act(1)) }
    for wrong in [[], Array(codes[0].digits.dropLast()), codes[0].digits + [0x30], [UInt8](repeating: 0x31, count: 13)] {
      #expect(throws: MalformedInput.self) { try seal(wrong).open(with: key, act: act(1)) }
    }
  }
}
