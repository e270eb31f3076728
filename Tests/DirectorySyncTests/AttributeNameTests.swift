import DirectorySync
import Testing

@Suite("descriptions of attributes, made a text once")
struct AttributeNameTests {
  @Test("in small letters, whatever was asked for before, and beyond what is kept")
  func names() {
    var names = AttributeNames()
    func name(_ said: String) -> String { Array(said.utf8).withUnsafeBytes { names.name($0) } }
    let said = ["objectGUID", "member;range=1-1", "sn", "objectGUID", "sn", "SN", "objectguid", "", "member;range=0-0", "sn"]
    for _ in 0..<2 { #expect(said.map(name) == said.map { $0.lowercased() }) }
    let many = (0..<(2 * AttributeNames.most)).map { "Attribute\($0)" }
    for list in [many, many.reversed(), said] { #expect(list.map(name) == list.map { $0.lowercased() }) }
  }
}
