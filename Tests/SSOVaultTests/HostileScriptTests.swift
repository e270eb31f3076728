import AuthAPI
import AuthTerms
import CardCiphers
import CardsInMemory
import SSOVault
import SmartCard
import Testing

/// A server that somebody took over asks the vault for exchanges with scripts of its own.
@Suite("a hostile server cannot have a city's key used for anything but its script")
struct HostileScriptTests {
  let city: SharedCardCity
  init() throws { city = try SharedCardCity() }

  private func word(_ script: CardScript, _ number: [UInt8]? = nil) -> String {
    SharedCardCity.word(city.begin(script, number ?? [UInt8](repeating: 1, count: script.kind.numberLength)))
  }

  @Test("no other way to a card's key: none, another input, one that names the number elsewhere")
  func diversification() throws {
    // With `none` the vault would answer for the city's own key, which all cards' keys are made of.
    #expect(try word(SharedCardCity.liteSScript(diversification: .none)) == "V187")
    let inputs: [[ScriptField]] = [
      [.number, .constant([0xF7, 0x3A, 0x11]), .constant(Array("Sanmon".utf8))],
      [.number, .constant([0xF7, 0x3A, 0x10]), .constant(Array("Sanmoo".utf8))],
      [.number, .constant([0xF7, 0x3A, 0x10] + Array("Sanmon".utf8))],
      [.constant([0xF7, 0x3A, 0x10]), .number, .constant(Array("Sanmon".utf8))],
      [.number, .constant([UInt8](repeating: 0, count: 24))],
    ]
    for input in inputs { #expect(try word(SharedCardCity.desfireScript(input: input)) == "V187") }
    #expect(try word(SharedCardCity.desfireScript()) == "commands")
  }

  @Test("no other steps: another application, another number of a key, an older chip, no counter, fewer rounds")
  func steps() throws {
    #expect(try word(SharedCardCity.desfireScript(keyNumber: 0)) == "V187")
    #expect(try word(SharedCardCity.desfireScript(application: [0, 0, 0])) == "V187")
    #expect(try word(SharedCardCity.desfireScript(generation: "ev3")) == "V187")
    #expect(try word(SharedCardCity.liteSScript(readsCounter: false, rounds: 1)) == "V187")
    #expect(try word(SharedCardCity.liteSScript(rounds: 1)) == "V187")
  }

  @Test("a name of the other kind's key, and names that differ by what people read alone")
  func names() throws {
    #expect(try word(SharedCardCity.desfireScript(id: "branch-lite-s")) == "V187")
    #expect(try word(SharedCardCity.liteSScript(id: "hall-desfire", diversification: .none)) == "V187")
    #expect(try word(SharedCardCity.liteSScript(id: "branch")) == "V186")
    #expect(try word(SharedCardCity.liteSScript(nameEn: "Another name on the screen")) == "commands")
  }

  @Test("what the vault says for any number and any answers has nothing of a key in it")
  func oracle() throws {
    // The number is the server's to choose: the commands for it hold a random number and nothing made of the key.
    for byte in UInt8.min..<32 {
      let number = [UInt8](repeating: byte, count: 8)
      let begun = city.begin(city.liteS, number)
      guard case .commands(let commands) = begun.outcome else { throw Office.Unexpected() }
      let keys = LiteSKeys(cipher: OpenSSLCardCipher())
      let key = try keys.cardKey(master: SharedCardCity.liteSMaster, id: number + [0, 0] + Array("000042".utf8))
      for secret in [SharedCardCity.liteSMaster, key] {
        let bytes = secret.withBytes { Array($0) }
        for start in stride(from: 0, to: bytes.count, by: 8) {
          let half = Array(bytes[start..<start + 8])
          for command in commands {
            for at in 0...max(0, command.count - 8) where command.count >= 8 {
              #expect(Array(command[at..<at + 8]) != half && Array(command[at..<at + 8]) != Array(half.reversed()))
            }
          }
        }
      }
      // Made up without a card: no MAC, no second round, in which the vault proves itself.
      let id = [UInt8](number) + [UInt8](repeating: 0, count: 8)
      let frames: [[UInt8]] = [
        [18, 0x01] + number + [0, 0xF1, 0, 0, 0, 1, 0x43, 0], [12, 0x09] + number + [0, 0],
        [UInt8(13 + 48), 0x07] + number + [0, 0, 3] + id + [UInt8](repeating: 0, count: 32),
      ]
      #expect(SharedCardCity.word(city.step(begun.exchange, frames)) == "wrong-mac")
    }
  }

  @Test("the same question twice never has the same random number: an answer cannot be kept for later")
  func fresh() throws {
    var nonces: Set<[UInt8]> = []
    for _ in 0..<64 {
      guard case .commands(let commands) = city.begin(city.liteS, [UInt8](repeating: 1, count: 8)).outcome else {
        throw Office.Unexpected()
      }
      nonces.insert(Array(commands[1].suffix(16)))
    }
    #expect(nonces.count == 64)
  }
}
