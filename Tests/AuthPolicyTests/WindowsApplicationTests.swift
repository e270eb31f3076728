import AuthPolicy
import AuthTerms
import Testing

@Suite("files of the logon to Windows")
struct WindowsApplicationTests {
  private static let text = """
    application: windows
    name: {ja: Windows へのログオン, en: Windows logon}
    segments: [lgwan, mynumber]
    kind: windows
    managed-group: sanmon-managed
    freshness-minutes: 5

    """

  private static func source(_ text: String = text, name: String = "windows") -> PolicySource {
    Samples.source("\(name).yaml", text.breaking(": windows\nname", ": \(name)\nname"))
  }

  private func places(_ sources: [PolicySource]) -> [String] {
    do throws(PolicyFaults) {
      _ = try ApplicationSet.compile(sources)
      return []
    } catch { return error.faults.map(\.place) }
  }

  @Test("what a right file comes to: 120 characters, one account, a group")
  func right() throws {
    let file = try ApplicationFile.compile(Self.source())
    let logon = try WindowsLogon(managedGroup: "sanmon-managed")
    #expect(file.warnings.isEmpty && file.definition.access == .windows(logon) && file.definition.isWindows)
    #expect(file.definition.password == WindowsLogon.password && file.definition.freshnessSeconds == 300)
    #expect(file.definition.accounts.isEmpty && file.definition.rotationDays == nil)
    #expect(try ApplicationSet.compile([Self.source()]).managedGroups == ["sanmon-managed"])
    #expect(try ApplicationSet.compile([Samples.source("ledger.yaml", Samples.application)]).managedGroups.isEmpty)
  }

  @Test(
    "what does not go with it is named at its place, and so is what is missing",
    arguments: [
      ("kind: windows\n", "kind: linux\n", "PF208 4:7"), ("kind: windows\n", "kind: Windows\n", "PF208 4:7"),
      ("kind: windows\n", "", "PF822 4:1"), ("managed-group: sanmon-managed\n", "", "PF203 1:1"),
      ("sanmon-managed", "Sanmon-Managed", "PF215 5:16"), ("sanmon-managed", "\"*\"", "PF216 5:16"),
      ("sanmon-managed", "[a, b]", "PF204 5:16"), ("freshness-minutes: 5\n", "", "PF203 1:1"),
      ("kind: windows\n", "kind: windows\nprogram: {path: /a}\n", "PF822 5:1"),
      ("kind: windows\n", "kind: windows\nbrowser: {}\n", "PF822 5:1"),
      ("kind: windows\n", "kind: windows\naccounts: [second]\n", "PF822 5:1"),
      ("kind: windows\n", "kind: windows\nrotation-days: 30\n", "PF822 5:1"),
      ("kind: windows\n", "kind: windows\npassword: {minimum: 12, maximum: 64, classes: 3}\n", "PF822 5:1"),
    ])
  func faults(old: String, new: String, expected: String) {
    let found = Samples.faults(windows: Self.text.breaking(old, new))
    #expect(found.map { "\($0.code) \($0.line):\($0.column)" }.contains(expected), "\(found.map(\.place))")
    for fault in found { #expect(!fault.hintJa.isEmpty && !fault.hintEn.isEmpty && !fault.ja.isEmpty) }
  }

  @Test("what is typed, or the card's certificate, needs no group; the vault's is what is meant where nothing is said")
  func credentials() throws {
    let group = "managed-group: sanmon-managed\n"
    for (word, logon) in [("typed", WindowsLogon.typed), ("certificate", .certificate)] {
      let file = try ApplicationFile.compile(Self.source(Self.text.breaking(group, "credential: \(word)\n")))
      #expect(file.definition.access == .windows(logon) && file.warnings.isEmpty)
      let both = Samples.faults(windows: Self.text.breaking(group, "credential: \(word)\n\(group)"))
      #expect(both.map(\.place) == ["PF822 windows.yaml:6:1"])
    }
    let said = try ApplicationFile.compile(Self.source(Self.text.breaking(group, "credential: vault\n\(group)")))
    #expect(try said.definition == ApplicationFile.compile(Self.source()).definition)
    let alone = Samples.faults(windows: Self.text.breaking(group, "credential: vault\n"))
    #expect(alone.map(\.place) == ["PF203 windows.yaml:1:1"])
    let odd = Samples.faults(windows: Self.text.breaking(group, "credential: Typed\n"))
    #expect(odd.map(\.code) == ["PF203", "PF208"])
  }

  @Test("a file of a page with the word for Windows' group is wrong too")
  func group() {
    let found = Samples.faults(application: Samples.application + "managed-group: a\n")
    #expect(found.map(\.code) == ["PF822"])
    let credential = Samples.faults(application: Samples.application + "credential: typed\n")
    #expect(credential.map(\.code) == ["PF822"])
  }

  @Test("one for each segment")
  func twice() {
    #expect(places([Self.source(), Self.source(name: "windows2")]) == ["PF823 windows2.yaml:4:1"])
    let elsewhere = Self.source(Self.text.breaking("[lgwan, mynumber]", "[internet]"), name: "windows2")
    #expect(places([Self.source(), elsewhere]) == [])
  }
}

extension Samples {
  static func faults(windows text: String) -> [PolicyFault] {
    do throws(PolicyFaults) {
      _ = try ApplicationFile.compile(source("windows.yaml", text))
      return []
    } catch { return error.faults }
  }
}
