import AuthAPI
import AuthTerms
import FaultyDisk
import Foundation
import Isolation
import SSOVault
import Synchronization
import Testing

/// Several agents ask at once: what they write goes to the disk together, and each hears of its own.
@Suite("releases that meet in one transaction", .timeLimit(.minutes(5)))
struct ReleasesTogetherTests {
  private static let people = 8

  /// People with a credential each, who all ask at the same moment, and one whose act is refused.
  private struct Rush {
    let city: SSOCity
    let requests: [VaultRequest]

    init() throws {
      let city = try SSOCity()
      self.city = city
      var requests: [VaultRequest] = []
      for number in 0..<ReleasesTogetherTests.people {
        let session = try city.session(city.card("p\(number)"), at: city.workstation("PC-\(number)"))
        try city.set("correct horse \(number)", for: "p\(number)")
        requests.append(try city.release(session))
      }
      // Nothing is kept for this one.
      requests.append(try city.release(city.session(city.card("ito"), at: city.workstation("PC-ITO"))))
      self.requests = requests
    }

    /// What each of them is told; all at once, in threads of their own.
    func ask(_ service: VaultService) -> [String] {
      let answers = Mutex([String](repeating: "?", count: requests.count))
      DispatchQueue.concurrentPerform(iterations: requests.count) { index in
        let answer = service.handle(requests[index], from: Office.server, peers: Office.peers)
        answers.withLock { $0[index] = Self.word(answer) }
      }
      return answers.withLock { $0 }
    }

    private static func word(_ answer: VaultAnswer) -> String {
      switch answer {
      case .released: "released"
      case .refused(let refusal): refusal.code.rawValue
      default: "?"
      }
    }
  }

  @Test("a refused one takes nothing of the others back, and none of them is handed out twice")
  func together() throws {
    let rush = try Rush()
    let service = try rush.city.office.reopen(at: rush.city.office.state)
    let first = rush.ask(service)
    #expect(first == [String](repeating: "released", count: Self.people) + ["V160"])
    #expect(rush.ask(service) == [String](repeating: "V156", count: Self.people) + ["V160"])
    guard case .witness(let witness) = service.handle(.witness(from: 0), from: Office.server, peers: Office.peers) else {
      Issue.record("no witness")
      return
    }
    #expect(witness.releases.count == Self.people)
    // Its log is one that its own start accepts.
    _ = try rush.city.office.reopen(at: rush.city.office.state)
  }

  @Test("the power is cut at each write and sync: who was handed something has a burned ticket")
  func cut() throws {
    let rush = try Rush()
    var number = 0
    var released = 0
    var lost = 0
    while true {
      let disk = try FaultyDisk(copying: rush.city.office.state)
      let service = try rush.city.office.reopen(at: disk.folder)
      let start = disk.operations
      disk.cutPower(at: start + number)
      let answers = rush.ask(service)
      let end = disk.operations
      let left = try disk.remains(.nothing, seed: UInt64(number))
      defer { try? FileManager.default.removeItem(atPath: left) }
      let after = rush.ask(try rush.city.office.reopen(at: left))
      for (answer, again) in zip(answers, after).dropLast() {
        if answer == "released" {
          released += 1
          #expect(again == "V156", "handed out twice after a cut at \(number)")
        } else {
          #expect(["released", "V156"].contains(again), "at \(number): \(again)")
          lost += 1
        }
      }
      if end <= start + number { break }
      number += 1
    }
    #expect(number > 3 && released > 0 && lost > 0)
  }
}
