import AuthTerms
import DirectorySync
import Foundation
import Fuzzing
import Testing

/// Lists of certificates and of people, as somebody may hand them over.
@Suite("Fuzz: lists for first taps", .serialized)
struct FirstTapFuzzTests {
  @Test("a list of certificates: lines that say what is wrong, or sources that are whole and stay beside the list")
  func certificates() throws {
    let der = [0x30, 0x82, 0x01, 0x00] + [UInt8](repeating: 5, count: 256)
    let corpus = ["職員番号,証明書\np-1,\(Base64.encode(der))\n", "number,certificate\np-1,a/b.pem\np-2,c.der\n,\n"]
    let tally = try Fuzzer(
      "certificate-card-list", corpus: corpus.map { Array($0.utf8) }, words: ["..", "/", ".pem", "MII", "\"", ","], share: 0.3
    ).run { bytes in
      let list: CertificateCardList
      do throws(DirectoryFault) { list = try CertificateCardList(SourceFile(name: "c.csv", bytes: bytes)) } catch {
        return false
      }
      for card in list.cards {
        switch card.source {
        case .der(let der): guard CertificateCardList.isWhole(der) else { throw Fuzzer.Broken("half a certificate") }
        case .file(let name):
          guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
            throw Fuzzer.Broken("a file that is not beside the list")
          }
        }
      }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }

  @Test("a list of people: each once, or a fault")
  func people() throws {
    let corpus = ["職員番号,氏名\np-1,佐藤\np-2,\n", "number\np-000001\np-000002\n"].map { Array($0.utf8) }
    let tally = try Fuzzer("staff-number-list", corpus: corpus, words: ["p-1", ",", "\n"], share: 0.3).run { bytes in
      let list: StaffNumberList
      do throws(DirectoryFault) { list = try StaffNumberList(SourceFile(name: "p.csv", bytes: bytes)) } catch {
        return false
      }
      guard !list.people.isEmpty, Set(list.people).count == list.people.count else { throw Fuzzer.Broken("somebody twice") }
      return true
    }
    #expect(tally.accepted > 100 && tally.refused > 100)
  }
}
