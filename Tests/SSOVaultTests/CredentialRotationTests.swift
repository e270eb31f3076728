import AuthAPI
import AuthTerms
import FaultyDisk
import Foundation
import SSOVault
import Testing

@Suite("the root that credentials are kept under changes while they are handed over", .timeLimit(.minutes(5)))
struct CredentialRotationTests {
  let city: SSOCity
  let people = (0..<7).map { "p\($0)" }
  let sessions: [TestSession]

  init() throws {
    city = try SSOCity()
    let (city, people) = (city, people)
    let workstation = try city.workstation()
    sessions = try people.map { try city.session(city.card($0), at: workstation) }
    for person in people { try city.set("of \(person)", for: person) }
  }

  private func rings(at state: String? = nil) throws -> String {
    try city.tamper("SELECT ring, count(*) FROM credentials GROUP BY ring ORDER BY ring", at: state)
  }

  private func roots(at state: String? = nil) throws -> String {
    try city.tamper("SELECT name FROM sealed_keys WHERE name LIKE 'credential/%' ORDER BY name", at: state)
  }

  private func everybodyIsServed(_ service: VaultService? = nil) throws {
    for (person, session) in zip(people, sessions) { #expect(try city.password(session, from: service) == "of \(person)") }
  }

  @Test("in steps, with releases and new credentials between them; at the end the old root is gone")
  func serving() throws {
    let vault = city.office.service
    #expect(try rings() == "1|7\n" && roots() == "credential/1\n")
    #expect(try !vault.rotateCredentials(atMost: 3), "nothing is under way")
    try vault.beginCredentialRotation()
    try everybodyIsServed()
    #expect(try vault.rotateCredentials(atMost: 3))
    #expect(try rings() == "1|4\n2|3\n")
    try everybodyIsServed()
    // What is new is sealed under the new one. Begun again, it goes on.
    try city.set("newer", for: "p6")
    try vault.beginCredentialRotation()
    #expect(try roots() == "credential/1\ncredential/2\n")
    while try vault.rotateCredentials(atMost: 3) {}
    #expect(try rings() == "2|8\n" && roots() == "credential/2\n")
    #expect(try city.password(sessions[6]) == "newer" && city.password(sessions[0]) == "of p0")
    #expect(try city.password(sessions[1], from: city.office.reopen()) == "of p1")
    try vault.beginCredentialRotation()
    while try vault.rotateCredentials(atMost: 100) {}
    #expect(try rings() == "3|8\n" && roots() == "credential/3\n")
  }

  @Test("no key seals twice: every record has another salt, before and after")
  func salts() throws {
    var salts = try Set(city.tamper("SELECT salt FROM credentials").split(separator: "\n"))
    try city.office.service.beginCredentialRotation()
    while try city.office.service.rotateCredentials(atMost: 2) {}
    try salts.formUnion(city.tamper("SELECT salt FROM credentials").split(separator: "\n"))
    #expect(salts.count == 14)
  }

  @Test("the power is cut at each write and sync in turn: what is left serves everybody, and the rotation ends")
  func cut() throws {
    var number = 0
    while true {
      let disk = try FaultyDisk(copying: city.office.state)
      let service = try city.office.reopen(at: disk.folder)
      let start = disk.operations
      disk.cutPower(at: start + number)
      _ = try? service.beginCredentialRotation()
      while (try? service.rotateCredentials(atMost: 4)) == true {}
      let end = disk.operations
      let left = try disk.remains(.someWrites, seed: UInt64(number))
      defer { try? FileManager.default.removeItem(atPath: left) }
      let after = try city.office.reopen(at: left)
      try everybodyIsServed(after)
      try after.beginCredentialRotation()
      while try after.rotateCredentials(atMost: 4) {}
      try everybodyIsServed(after)
      #expect(try ["2|7\n", "3|7\n"].contains(rings(at: left)), "cut at \(number)")
      if end <= start + number { break }
      number += 1
      // Each round asks for two passwords of everybody within one minute of the vault's clock.
      city.office.clock.advance(seconds: 61)
    }
    #expect(number > 10)
  }
}
