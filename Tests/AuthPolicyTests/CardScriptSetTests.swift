import AuthPolicy
import AuthTerms
import Testing

@Suite("folders of shared-key cards")
struct CardScriptSetTests {
  private func source(_ name: String) -> PolicySource {
    Samples.source(name + ".yaml", Samples.card("felica-lite-s").breaking("card: felica-lite-s", "card: \(name)"))
  }

  private func places(_ sources: [PolicySource]) -> [String] {
    do throws(PolicyFaults) {
      _ = try CardScriptSet.compile(sources)
      return []
    } catch { return error.faults.map(\.place) }
  }

  @Test("the shipped ones, in the order of their names; a segment is offered what reaches its floor")
  func shipped() throws {
    let names = ["felica-lite-s", "desfire-ev2"]
    let set = try CardScriptSet.compile(names.map { Samples.source($0 + ".yaml", Samples.card($0)) })
    #expect(set.scripts.map(\.id) == ["desfire-ev2", "felica-lite-s"] && set.warnings.isEmpty)
    #expect(set["felica-lite-s"]?.kind == .felicaLiteS && set["other"] == nil)
    #expect(set.scripts(reaching: .symmetric3DES).count == 2 && set.scripts(reaching: .identifier).count == 2)
    #expect(set.scripts(reaching: .symmetricAES).map(\.id) == ["desfire-ev2"])
    #expect(set.scripts(reaching: .publicKey).isEmpty)
    #expect(try CardScriptSet.compile([]).scripts.isEmpty && CardScriptSet().scripts.isEmpty)
  }

  @Test(
    "what is signed: every byte and every name, in whatever order a folder is listed; never what applications are signed by")
  func canonicalBytes() {
    let (a, b) = (Samples.source("a.yaml", "x"), Samples.source("b.yaml", "y"))
    let whole = CardScriptSet.canonicalBytes([a, b])
    #expect(whole == CardScriptSet.canonicalBytes([b, a]))
    for other in [[a], [a, Samples.source("b.yaml", "z")], [a, Samples.source("c.yaml", "y")]] {
      #expect(CardScriptSet.canonicalBytes(other) != whole)
    }
    #expect(ApplicationSet.canonicalBytes([a, b]) != whole)
  }

  @Test("eight files and not nine")
  func count() {
    let many = (0..<9).map { source("card-\($0)") }
    #expect(places(Array(many.prefix(8))) == [] && places(many) == ["CP018 cards:1:1"])
  }

  @Test(
    "names of files",
    arguments: [
      ("notes.txt", "CP017 notes.txt:1:1"), ("a b.yaml", "CP017 ?:1:1"), ("Card.yaml", "CP017 Card.yaml:1:1"),
      (".yaml", "CP017 ?:1:1"), ("other.yaml", "CP001 other.yaml:2:7"),
    ])
  func names(name: String, expected: String) {
    #expect(places([Samples.source(name, Samples.card("felica-lite-s"))]) == [expected])
  }

  @Test("the same file twice, and all faults of all files at once; warnings of all")
  func together() throws {
    #expect(places([source("a"), source("a")]) == ["PF506 a.yaml:1:1"])
    let broken = Samples.source("b.yaml", String(decoding: source("b").bytes, as: UTF8.self).breaking("sym-3des", "sym-aes"))
    #expect(places([broken, Samples.source("a.yaml", "")]) == ["PF112 a.yaml:1:1", "CP003 b.yaml:5:1"])
    let same = String(decoding: source("c").bytes, as: UTF8.self).breaking("lite-s-ck", "none")
    #expect(try CardScriptSet.compile([Samples.source("c.yaml", same)]).warnings.map(\.place) == ["CP015 c.yaml:6:1"])
  }
}
