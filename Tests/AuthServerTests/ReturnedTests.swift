import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import Testing

@Suite("an account that is brought back")
struct ReturnedTests {
  /// - Returns: the status of the answer.
  private func confirm(_ office: SnapshotOffice, _ hold: DirectoryHold, with second: Administrator) async throws -> Int {
    let act = try office.city.act("directory.confirm", hold.parameters(isSame: true))
    let signed = try office.city.sign(act)
    let whole = SignedAct(act: act, scheme: signed.scheme, signature: signed.signature, approvals: [try second.approval(act)])
    let body = Array(try JSONEncoder().encode(DirectoryAct(act: Data(whole.encoded))))
    return try await office.city.link.request("POST", "/v1/admin/directory/confirm", body: body).status
  }

  @Test("without a staff number it stays held, confirmed or not; with the number that it had it lets in, confirmed once")
  func withoutNumber() async throws {
    try await SnapshotOffice.with { office in
      try await office.carry()
      let second = Administrator(id: "suzuki", person: "p-000002")
      #expect(try await office.city.register(second) == 201)
      try office.segment.delete(9...9)
      try await office.carry()
      // As an undelete without a recycle bin leaves it.
      try office.segment.put(9, ["employeenumber": []])
      let hold = try #require(try await office.carry().holds.first)
      #expect(hold.cause == "returned" && hold.number.isEmpty && hold.formerNumber == "p-000009")
      #expect(try await confirm(office, hold, with: second) == 200)
      let again = try #require(try await office.look().holds.first)
      #expect(again.cause == "successor" && again.formerNumber == "p-000009")
      #expect(try await !office.person(9).isEnabled)
      // Somebody else's number is somebody else.
      try office.segment.put(9, ["employeenumber": ["p-000099"]])
      #expect(try await office.carry().holds.count == 1)
      try office.segment.put(9, [:])
      #expect(try await office.carry().holds.isEmpty)
      #expect(try await office.person(9).isEnabled)
    }
  }
}
