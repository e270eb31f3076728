import AuthAPI
import AuthServer
import AuthTerms
import DirectorySync
import Testing

/// Snapshots stand in for the domain controller: what the job asks of a reading is the same.
@Suite("the days on which people who left are counted and removed")
struct PurgeDayTests {
  @Test("nothing is counted while a change of the directory is held")
  func held() async throws {
    try await SnapshotOffice.with { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      let before = office.segment
      try office.segment.delete(20...50)
      office.until(21)
      #expect(try await office.carry().plan != nil)
      // The one in force is seven hours old.
      office.until(3)
      #expect(try await office.countedDays() == 1)
      office.segment = before
      #expect(try await office.carry().plan == nil)
      try await office.counts(2)
    }
  }

  @Test("nothing is counted while the clock is behind the log, though the log is a day further")
  func clockBehind() async throws {
    try await SnapshotOffice.with { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      office.until(1, 30)
      try await office.carry()
      office.city.clock.setWall(bySeconds: -3 * 3600)
      try await office.carry()
      #expect(try await office.countedDays() == 1)
      office.city.clock.setWall(bySeconds: 4 * 3600)
      try await office.counts(2)
    }
  }

  @Test("nothing is counted before 02:00")
  func hour() async throws {
    try await SnapshotOffice.with { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      office.until(1, 59, 50)
      #expect(try await office.countedDays() == 1)
      office.until(2)
      try await office.counts(2)
    }
  }

  @Test("a snapshot that was written more than an hour after now, or a day before, is no reading of today")
  func snapshotTimes() async throws {
    try await SnapshotOffice.with { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      // From 02:00 on a day may be counted. This one is of 03:30.
      office.until(1, 30)
      try await office.carry(ahead: 7200)
      office.until(2, 10)
      #expect(try await office.countedDays() == 1)
      office.until(2, 31)
      try await office.counts(2)
      // 23 h 58 min old at 02:00.
      office.until(1, 30)
      try await office.carry(ahead: -84_480)
      office.until(2)
      try await office.counts(3)
      // 24 h 1 min.
      office.until(1, 30)
      try await office.carry(ahead: -84_660)
      office.until(2)
      #expect(try await office.countedDays() == 3)
      try await office.carry()
      try await office.counts(4)
    }
  }

  @Test("what was read and could not be judged is no reading: nothing is counted until it is")
  func unjudged() async throws {
    try await SnapshotOffice.with { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      office.until(3)
      try await office.restart(settings: ["directory.recent": [1]])
      #expect(try await office.look().faultEn == nil)
      #expect(try await office.countedDays() == 1)
      try await office.restart(settings: ["directory.recent": RecentEffects().encoded])
      try await office.counts(2)
    }
  }

  @Test("who is removed within 30 days is shown, and nobody later; a new day shows it though nothing may be done yet")
  func foreseen() async throws {
    try await SnapshotOffice.with(purgeAfterDays: 60) { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      try office.segment.delete(9...10)
      try await office.carry()
      try await office.restart(leavers: office.leavers([9: 30, 10: 29]))
      func shown() async throws -> [String: Int] {
        Dictionary(uniqueKeysWithValues: try await office.status().leavers.map { ($0.person, $0.days) })
      }
      try await becomes("one is shown") { try await shown() == ["p-000009": 30] }
      office.until(0, 30)
      try await becomes("both are shown") { try await shown() == ["p-000009": 29, "p-000010": 30] }
      #expect(try await office.countedDays() == 1)
    }
  }

  @Test("who is due is removed, and no name is left in the files")
  func removed() async throws {
    try await SnapshotOffice.with(purgeAfterDays: 30) { office in
      office.until(20)
      try await office.carry()
      try office.segment.delete(9...9)
      try await office.carry()
      try await office.counts(1)
      #expect(try office.stands("山田 花子9"))
      try await office.restart(leavers: office.leavers([9: 30]))
      try await becomes("she is removed") { try await !office.isThere(9) }
      try await becomes("she stands nowhere") { try !office.stands("山田 花子9") }
      #expect(try office.stands("山田 花子8"))
    }
  }

  @Test("who came back on the day that she was due has one refused row, and her days begin anew")
  func cameBack() async throws {
    try await SnapshotOffice.with(purgeAfterDays: 30) { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      try await office.restart(leavers: office.leavers([9: 30]))
      try await becomes("it is tried") { try await !office.rows("person.purged").isEmpty }
      #expect(try await office.countedDays() == 1)
      #expect(try await office.rows("person.purged").map(\.outcome) == ["refused"])
      #expect(try await office.isThere(9))
      #expect(try await office.status().leavers.isEmpty)
    }
  }

  @Test(
    "who was removed after her last day is not back at the next look: disabled after a whole day, or ended in the middle of one",
    arguments: [0, 12])
  func ended(hour: Int) async throws {
    try await SnapshotOffice.with(purgeAfterDays: 30) { office in
      office.until(20)
      try await office.carry()
      try await office.counts(1)
      try office.segment.put(
        9,
        [
          "accountexpires": [office.end(daysAgo: 31, hour: hour == 0 ? 24 : Int64(hour))],
          "useraccountcontrol": [hour == 0 ? "514" : "512"],
        ])
      try await office.carry()
      #expect(try await !office.person(9).isEnabled)
      try await office.restart(leavers: office.leavers([9: 30]))
      try await becomes("she is removed") { try await !office.isThere(9) }
      try await office.carry()
      #expect(try await office.look().summaryEn.hasPrefix("0 added"))
      #expect(try await !office.isThere(9))
    }
  }

  @Test("whose account is moved out of the base lets in no more, and counts only with the last day that it had")
  func movedOut() async throws {
    try await SnapshotOffice.with { office in
      office.until(20)
      try office.segment.put(10, ["accountexpires": [office.end(daysAgo: 1, hour: 24)]])
      try await office.carry()
      try await office.counts(1)
      try office.segment.moveOut(9...10)
      try await office.carry()
      for number in 9...10 { #expect(try await !office.person(number).isEnabled) }
      office.until(2)
      try await office.counts(2)
      #expect(try await office.rows("leavers.counted").map { $0.note.prefix(11) } == ["0 have left", "1 have left"])
    }
  }
}
