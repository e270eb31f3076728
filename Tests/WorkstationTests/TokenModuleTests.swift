import AuthAPI
import AuthTerms
import Foundation
import SmartCard
import Testing
import Workstation
import X509

@Suite("settings of a PKCS#11 library")
struct TokenModuleTests {
  let authority: TestAuthority
  let folder: TestFolder

  init() throws {
    authority = try TestAuthority()
    folder = try TestFolder()
  }

  @Test("a library is named by an absolute path; label, key id and settings file have their forms")
  func forms() throws {
    let module = try TokenModule(library: "/usr/lib/card.so", label: "職員", key: "0aFF", configuration: "/etc/card.conf")
    #expect(module.key == [0x0A, 0xFF] && module.keyText == "0aff" && TokenModule.text([]) == "")
    let bare = try TokenModule(library: "/usr/lib/card.so")
    #expect(bare.label == nil && bare.key == nil && bare.keyText == nil && bare.configuration == nil)
    func subject(
      _ library: String = "/a.so", label: String? = nil, key: String? = nil, configuration: String? = nil
    ) -> String? {
      do throws(MalformedInput) {
        _ = try TokenModule(library: library, label: label, key: key, configuration: configuration)
        return nil
      } catch { return error.subject }
    }
    for library in ["a.so", "", "/a\u{7}.so"] { #expect(subject(library) == "--pkcs11") }
    for label in ["", String(repeating: "x", count: 33)] { #expect(subject(label: label) == "--token") }
    for key in ["", "0", "0x", "01 2", "+1", String(repeating: "00", count: 65)] { #expect(subject(key: key) == "--key-id") }
    #expect(subject(key: String(repeating: "00", count: 64)) == nil)
    #expect(subject(configuration: "card.conf") == "--pkcs11-config")
  }

  @Test("the workstation's library is set, read back, replaced and forgotten, and nothing else changes")
  func kept() throws {
    let client = try authority.issue(
      "PC", names: [.uniformResourceIdentifier("sanmon://lgwan-1/lgwan/workstation/LGWAN-PC-0042")])
    try TestEnrolment.write(client, authority, port: 8443, to: folder.state)
    let before = try AgentState(reading: folder.state)
    #expect(before.module == nil)
    let module = try TokenModule(library: "/usr/lib/card.so", label: "staff", key: "01", configuration: "/etc/card.conf")
    try AgentState.setModule(module, in: folder.state)
    let after = try AgentState(reading: folder.state)
    #expect(after.module == module && after.servers == before.servers && after.workstation == before.workstation)
    let text = try String(contentsOfFile: folder.state + "/agent.json", encoding: .utf8)
    #expect(text.contains("\"pkcs11-module\"") && text.contains("\"/usr/lib/card.so\""))
    let other = try TokenModule(library: "/usr/lib/other.so")
    try AgentState.setModule(other, in: folder.state)
    #expect(try AgentState(reading: folder.state).module == other)
    try AgentState.setModule(nil, in: folder.state)
    #expect(try AgentState(reading: folder.state).module == nil)
    // Written by hand, and wrong: nothing is loaded.
    let wrong = "{\"servers\":[\"https://127.0.0.1:1\"],\"allowTLS12\":false,\"pkcs11-module\":\"card.so\"}"
    try Data(wrong.utf8).write(to: URL(fileURLWithPath: "\(folder.state)/agent.json"))
    chmod("\(folder.state)/agent.json", 0o600)
    #expect(throws: AgentFault.damagedState(file: "agent.json")) { try AgentState(reading: folder.state) }
  }

  @Test("a card that tells no number of tries is not said to have one")
  func untoldTries() {
    let view = CardView(
      reader: "", triesLeft: PINStanding.untold.triesLeft, certificates: [.authentication: [0x30]], profile: .certificate)
    #expect(AgentMessage.askPIN(triesLeft: view.triesLeft).text(.en) == "PIN: ")
    let sentence = AgentFault.pinWrong(triesLeft: view.triesLeft).sentence
    #expect(!sentence.ja.contains { $0.isNumber } && !sentence.en.contains { $0.isNumber })
    #expect(view.profile.name(of: .authentication) == "cert" && SigningCardProfile.piv.name(of: .cardAuthentication) == "9e")
    // A token's PIN may have letters; a PIV card's not.
    let letters = Secret<PIN>(copying: Array("abcd-1234".utf8))
    #expect(view.takes(letters) && !CardView(reader: "", triesLeft: 3, certificates: [:]).takes(letters))
    #expect(!view.takes(Secret<PIN>(copying: Array("123".utf8))))
  }
}
