import AuthTerms
import DirectorySync
import Foundation
import RealDirectory
import Testing

@Suite(
  "DirSync from a real domain controller", .serialized,
  .enabled(if: DomainController.mayRun, "no domain controller can run here: run deploy/test"))
struct DirSyncTests {
  @Test("a full read has everybody, the OUs as objects, nested groups, and nothing that was deleted")
  func everything() async throws {
    try await DomainController.run { dc in
      try dc.tool("user delete kato.ichiro")
      let (replica, position) = try await DirSyncReader(try dc.connection()).everything()
      let staff = replica.objects.values.filter { $0.kind == .person && $0.text("employeenumber") != nil }
      #expect(staff.count == 1199 && position.highestCommittedUSN > 0 && !position.cookie.isEmpty)
      #expect(!staff.contains { $0.text("samaccountname") == "kato.ichiro" })
      let sato = try #require(staff.first { $0.text("employeenumber") == "p-000042" })
      let ka = try #require(sato.parent.flatMap { replica.objects[$0] })
      #expect(ka.kind == .unit && ka.text("name") == "市民課")
      #expect(ka.parent.flatMap { replica.objects[$0] }?.text("name") == "市民部")
      let group = try #require(replica.objects.values.first { $0.text("samaccountname") == "ka-0401" })
      #expect(group.kind == .group && replica.members[group.guid]?.contains(sato.guid) == true)
      let above = try #require(replica.objects.values.first { $0.text("samaccountname") == "bu-04" })
      #expect(replica.members[above.guid]?.contains(group.guid) == true)
      // Nobody is a member of anything through somebody deleted.
      #expect(!replica.members.values.contains { $0.contains { replica.objects[$0] == nil && $0 == sato.guid } })
    }
  }

  @Test("the members of a large group are read in parts, and come to the whole; a part that is not there is a fault")
  func parts() async throws {
    try await DomainController.run { dc in
      let connection = try dc.connection()
      let (replica, _) = try await DirSyncReader(connection).everything()
      let large = try #require(replica.members.max { $0.value.count < $1.value.count })
      #expect(large.value.count > 100)
      for most in [nil, 7, large.value.count, large.value.count + 1] {
        let read = try await connection.members(of: large.key, from: 0, most: most)
        #expect(read.isSuperset(of: large.value) && read.count == large.value.count)
      }
      let rest = try await connection.members(of: large.key, from: 50, most: 20)
      #expect(rest.count == large.value.count - 50)
      // Not after a group that is not there.
      let nobody = try #require(ObjectGUID(bytes: [UInt8](repeating: 9, count: 16)))
      await #expect(throws: LDAPFault.self) { try await connection.members(of: nobody, from: 0) }
    }
  }

  @Test("cut anywhere, a read is a fault and never a smaller directory")
  func cut() async throws {
    try await DomainController.run { dc in
      let whole = try CutProxy(to: dc.server().port)
      defer { whole.end() }
      let (replica, _) = try await DirSyncReader(try dc.connection(through: whole)).everything()
      // Early, where TLS, bind and questions are; then in the long answer, and just before its end.
      let places = [1, 500, 1500, 2500, 3500] + (1..<20).map { whole.carried * $0 / 20 } + [whole.carried - 40]
      for place in places {
        let proxy = try CutProxy(to: dc.server().port, cutAfter: place)
        defer { proxy.end() }
        let reader = DirSyncReader(try dc.connection(through: proxy))
        await #expect(throws: LDAPFault.self, "cut after \(place) bytes") { _ = try await reader.everything() }
      }
      let again = try await DirSyncReader(try dc.connection(through: whole)).everything().replica
      let isSame = again == replica
      #expect(isSame)
    }
  }

  @Test("a cookie that is none, another server, another database, a copy that was put back: everything has to be read")
  func cookies() async throws {
    try await DomainController.run { dc in
      let reader = DirSyncReader(try dc.connection())
      let (replica, position) = try await reader.everything()
      try dc.keepCopy()
      try dc.tool("user disable kato.ichiro")
      func changes(since position: DirSyncPosition) async -> LDAPFault.Code? {
        do throws(LDAPFault) {
          _ = try await reader.changes(since: position, of: replica)
          return nil
        } catch { return error.code }
      }
      func other(
        service: String? = nil, invocation: ObjectGUID? = nil, usn: Int64? = nil, cookie: [UInt8]? = nil
      ) -> DirSyncPosition {
        DirSyncPosition(
          serviceName: service ?? position.serviceName, invocationID: invocation ?? position.invocationID,
          highestCommittedUSN: usn ?? position.highestCommittedUSN, witness: position.witness, cookie: cookie ?? position.cookie
        )
      }
      #expect(await changes(since: other(cookie: [1, 2, 3])) == .cookie)
      #expect(await changes(since: other(service: "CN=NTDS Settings,CN=DC2")) == .cookie)
      #expect(await changes(since: other(invocation: ObjectGUID(bytes: [UInt8](repeating: 7, count: 16)))) == .cookie)
      // Something changed since the full read: the best witness of it is not to be had any more.
      #expect(position.witness == nil)
      #expect(try await reader.settled(position) == nil)
      let (_, later) = try #require(try await reader.changes(since: position, of: replica))
      let own = try #require(later.witness)
      let settled = try #require(try await reader.settled(later))
      #expect(own.usn > position.highestCommittedUSN && settled.witness == own)
      #expect(settled.cookie == later.cookie && settled.highestCommittedUSN == later.highestCommittedUSN)
      try dc.restoreCopy()
      #expect(await changes(since: later) == .cookie)
      #expect(await changes(since: settled) == .cookie)
      let isSame = try await reader.everything().replica == replica
      #expect(isSame)
    }
  }

  @Test("an account that is not told of deletions finds them all the same")
  func unseenDeletions() async throws {
    try await DomainController.run { dc in
      try dc.tool("user delete tanabe.natsumi")
      #expect(try await DirSyncReader(try dc.connection()).seesDeletions())
      let password = "Blind-4711-Account"
      try dc.tool("user create svc.blind '\(password)'")
      let reader = DirSyncReader(try dc.connection(account: "svc.blind@ad.sanmon.example", password: password))
      #expect(try await !reader.seesDeletions())
      let (replica, position) = try await reader.everything()
      try dc.tool("user delete kato.ichiro")
      let (now, _) = try #require(try await reader.changes(since: position, of: replica))
      func has(_ replica: DirectoryReplica) -> Bool {
        replica.objects.values.contains { $0.text("samaccountname") == "kato.ichiro" }
      }
      #expect(has(replica) && !has(now))
      let isFull = try await reader.everything().replica == now
      #expect(isFull)
    }
  }

  @Test("more entries than a city has, or a value too long, is a fault; at the limit it is none")
  func limits() async throws {
    try await DomainController.run { dc in
      let server = try dc.server()
      func read(_ limits: LDAPLimits) async -> LDAPFault.Code? {
        let connection = LDAPConnection(
          server, account: DomainController.account, password: dc.password, patience: .seconds(20), limits: limits)
        do throws(LDAPFault) {
          _ = try await DirSyncReader(connection).everything()
          return nil
        } catch { return error.code }
      }
      // The smallest limit that lets the answer through is the number of its entries.
      var (least, most) = (1, 20_000)
      while least < most {
        let middle = (least + most) / 2
        if await read(LDAPLimits(entries: middle)) == nil { most = middle } else { least = middle + 1 }
      }
      #expect((1200...3000).contains(least), "\(least)")
      #expect(await read(LDAPLimits(entries: least - 1)) == .tooLarge)
      #expect(await read(LDAPLimits(valueBytes: 16)) == .tooLarge)
      #expect(LDAPLimits().entries == 200_000 && LDAPLimits().valueBytes == 1_048_576)
    }
  }

  @Test("somebody who was deleted and brought back is read anew, with everything, whether or not the deletion was seen")
  func broughtBack() async throws {
    try await DomainController.run { dc in
      let reader = DirSyncReader(try dc.connection())
      let (before, start) = try await reader.everything()
      let kato = try #require(before.objects.values.first { $0.text("samaccountname") == "kato.ichiro" })
      func isInGroups(_ replica: DirectoryReplica) -> Bool { replica.members.values.contains { $0.contains(kato.guid) } }
      func bringBack() throws {
        try dc.change(
          """
          dn: <GUID=\(kato.guid)>
          changetype: modify
          delete: isDeleted
          -
          replace: distinguishedName
          distinguishedName: CN=kato,CN=Users,\(DomainController.base)

          """, showsDeleted: true)
      }
      try dc.tool("user delete kato.ichiro")
      let (without, position) = try #require(try await reader.changes(since: start, of: before))
      #expect(without.objects[kato.guid] == nil && isInGroups(before) && !isInGroups(without))
      try bringBack()
      await #expect(throws: LDAPFault(.cookie, "unknown object")) {
        _ = try await reader.changes(since: position, of: without)
      }
      let (back, later) = try await reader.everything()
      #expect(back.objects[kato.guid]?.kind == .person && back.objects[kato.guid]?.text("samaccountname") == "kato.ichiro")
      // Without a look in between: no group says that it lost a member.
      try dc.tool("group addmembers ka-0401 kato.ichiro")
      let (member, last) = try #require(try await reader.changes(since: later, of: back))
      #expect(isInGroups(member))
      try dc.tool("user delete kato.ichiro")
      try bringBack()
      await #expect(throws: LDAPFault(.cookie, "brought back")) { _ = try await reader.changes(since: last, of: member) }
      #expect(try await !isInGroups(reader.everything().replica))
    }
  }
}
