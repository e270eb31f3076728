import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Storage
import Testing

/// A directory that is cut off, stands still, or whose reader is killed: nobody is disabled by it, and nothing is lost.
@Suite(
  "a directory in trouble hurts nobody", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirectoryFaultTests {
  private let sato = "p-000042"

  private func status(_ link: ServerConnection) async throws -> DirectoryStatus { try await link.fetch("/v1/admin/directory") }

  /// Ids of the people who are enabled.
  private func enabled(_ link: ServerConnection) async throws -> Set<String> {
    var found: Set<String> = []
    for part in ["a", "i", "u", "e", "o"] {
      let people: [PersonSummary] = try await link.fetch("/v1/admin/people?q=\(part)&limit=1000")
      found.formUnion(people.filter(\.isEnabled).map(\.id))
    }
    return found
  }

  @Test("cut in the middle of the first reading: everybody or nobody; cut while it follows: nobody is disabled by it")
  func cut() async throws {
    try await DomainController.run { dc in
      let proxy = try CutProxy(to: dc.server().port, cutAfter: 150_000)
      defer { proxy.end() }
      let lines = try dc.lines(ports: [proxy.port])
      let city = try await City(lines: { _ in lines })
      try await becomes("it was cut") { try await status(city.link).faultEn != nil }
      #expect(try await city.link.fetch("/v1/admin/status", returning: InstanceStatus.self).people == 0)
      proxy.allow(nil)
      try await becomes("all is read") { try await status(city.link).objects > 1200 }
      var expected = try await enabled(city.link)
      #expect(expected.count > 1100)
      let victims = ["p-000011", "p-000014", "p-000007"]
      for (victim, bytes) in zip(victims, [900, 4000, 9000]) {
        proxy.allow(bytes)
        let account = try await city.link.fetch("/v1/admin/people/\(victim)", returning: PersonSummary.self).account
        try dc.tool("user disable \(account)")
        try await becomes("it is cut, or enough came through") { try await status(city.link).faultEn != nil }
        let now = try await enabled(city.link)
        #expect(expected.subtracting(now).isSubset(of: [victim]))
        proxy.allow(nil)
        expected.remove(victim)
        try await becomes("the change arrives") { try await enabled(city.link) == expected }
      }
      await city.end()
    }
  }

  @Test(
    "an account that ends in the middle of a day ends then, though no domain controller answers, and what is open is told before"
  )
  func endsMeanwhile() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      try await becomes("all is read") { try await status(city.link).objects > 1200 }
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      // In an hour, and never at midnight in Japan.
      let end = (city.clock.now().wallMilliseconds / 3_600_000 + 1) * 3_600_000 + 1_800_000
      try dc.set(account: "sato.hanako", "accountExpires", "\((end + 11_644_473_600_000) * 10_000)")
      try dc.set(account: "takahashi.ichiro", "displayName", "印")
      try await becomes("it is read") {
        try await city.link.fetch("/v1/admin/people/p-000007", returning: PersonSummary.self).displayName == "印"
      }
      try dc.stop()
      try await becomes("it is away") { try await status(city.link).faultEn != nil }
      let session = try await pc.enter(card).session
      var events = try await Events(pc)
      // The city was looked at a moment ago; she alone is asked about again before it is.
      city.clock.advance(seconds: (end - city.clock.now().wallMilliseconds) / 1000 - 930)
      try await Task.sleep(for: .seconds(2))
      city.clock.advance(seconds: 40)
      let begin = ContinuousClock.now
      let told = try await events.next()
      #expect(ContinuousClock.now - begin < .seconds(12))
      #expect(told == WatchEvent(event: "ending", session: session, cause: "accountEnds", minutes: told.minutes, endsAt: end))
      #expect(told.minutes == 15)
      city.clock.advance(seconds: (end - city.clock.now().wallMilliseconds) / 1000 + 1)
      #expect(try await events.next() == WatchEvent(event: "lock", session: session, cause: "accountDisabled"))
      try await becomes("her account has ended") {
        try await refusal { try await pc.enter(card) }?.body.code == DenialCode.accountDisabled.rawValue
      }
      #expect(try await status(city.link).faultEn != nil)
      await city.end()
    }
  }

  @Test(
    "a password file that others may read, or without a password, is refused and told; put right, it is used without a restart")
  func passwordFile() async throws {
    try await DomainController.run { dc in
      let file = FileManager.default.temporaryDirectory.path + "/sanmon-ad-password-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: file) }
      try FileManager.default.copyItem(atPath: dc.passwordFile, toPath: file)
      func mode(_ mode: Int) throws { try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file) }
      try mode(0o640)
      let lines = try dc.lines(passwordFile: file)
      let city = try await City(lines: { _ in lines })
      func isRefused() async throws -> Bool {
        let now = try await status(city.link)
        return now.faultEn?.hasPrefix("DS211") == true && now.faultJa?.contains("0600") == true && now.objects == 0
      }
      try await becomes("it is refused") { try await isRefused() }
      try mode(0o600)
      try await becomes("all is read") { try await status(city.link).objects > 1200 }
      await city.end()
    }
  }

  @Test("of two domain controllers the next is asked when one goes away, and the first again when that one does")
  func failOver() async throws {
    try await DomainController.run { dc in
      // Two ways to one: what differs between real ones is read anew by the position's rules.
      let (one, two) = (try CutProxy(to: dc.server().port), try CutProxy(to: dc.server().port))
      defer { for proxy in [one, two] { proxy.end() } }
      let lines = try dc.lines(ports: [one.port, two.port])
      let city = try await City(lines: { _ in lines })
      try await becomes("all is read") { try await status(city.link).objects > 1200 }
      #expect(try await status(city.link).server.hasSuffix(":\(one.port)"))
      for (away, other, command) in [(one, two, "disable"), (two, one, "enable")] {
        other.allow(nil)
        away.allow(0)
        try dc.tool("user \(command) sato.hanako")
        try await becomes("the change came the other way") {
          let person: PersonSummary = try await city.link.fetch("/v1/admin/people/\(sato)")
          return person.isEnabled == (command == "enable")
        }
        // The change is in force a moment before the look that brought it has ended.
        try await becomes("the other one is named") {
          let now = try await status(city.link)
          return now.server.hasSuffix(":\(other.port)") && now.faultEn == nil
        }
      }
      await city.end()
    }
  }

  @Test("while the domain controller stands still, cards open workstations as before; what changed arrives afterwards")
  func standsStill() async throws {
    try await DomainController.run { dc in
      let lines = try dc.lines()
      let city = try await City(lines: { _ in lines })
      try await becomes("all is read") { try await status(city.link).objects > 1200 }
      let pc = try await city.workstation("LGWAN-PC-0001")
      let card = try await city.enrolCard(sato)
      try dc.freeze(true)
      for _ in 0..<20 {
        let session = try await pc.enter(card)
        _ = try await pc.end("logoff", session.session)
      }
      try dc.freeze(false)
      try dc.tool("user disable sato.hanako")
      try await becomes("the change arrives") { (try? await pc.enter(card)) == nil }
      await city.end()
    }
  }

  @Test(
    "a server that is killed at any moment of following goes on where it was: no change is lost and nobody else is touched",
    .enabled(if: ProcessCity.isBuilt, "sanmond and sanmon-vault are not built"))
  func killed() async throws {
    try await DomainController.run { dc in
      let city = try await City()
      let folder = city.folder
      // The processes' user cannot read what belongs to the domain.
      for (from, to) in [(dc.authorities, "/ad-ca.pem"), (dc.passwordFile, "/ad.password")] {
        try FileManager.default.copyItem(atPath: from, toPath: folder + to)
      }
      let processes = try await ProcessCity(
        takingOver: city,
        lines: dc.lines(authorities: folder + "/ad-ca.pem", passwordFile: folder + "/ad.password"))
      let accounts = ["hayasaka.kaori", "nakano.takuya", "takahashi.ichiro", "sato.hanako"]
      for round in 0..<12 {
        try processes.start()
        if round >= 4, round % 2 == 0 {
          let command = round % 4 == 0 ? "disable" : "enable"
          for account in accounts { try dc.tool("user \(command) \(account)") }
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500)))
        processes.kill()
      }
      for account in accounts { try dc.tool("user disable \(account)") }
      try processes.start()
      let link = ServerConnection(unixSocket: folder + "/operator.sock")
      let gone: Set<String> = ["p-000011", "p-000014", "p-000007", sato]
      try await becomes("it has caught up") {
        guard let found = try? await enabled(link) else { return false }
        return found.count > 1100 && found.isDisjoint(with: gone)
      }
      link.close()
      processes.kill()
      try processes.takeBack()
      let store = try SQLiteStore(path: folder + "/state/sanmon.sqlite", localDayOffsetSeconds: 32_400)
      let (people, identities) = try await store.read { (state) throws(StorageFault) in
        (try state.everybody(), try state.directoryIdentities())
      }
      #expect(
        people.count == 1200 && identities.count == 1200 && identities.allSatisfy { $0.hold == nil && $0.goneSince == nil })
      // 15 people of the sample are disabled in the domain itself.
      #expect(people.count { !$0.isEnabled } == 15 + gone.count)
      store.close()
    }
  }
}
