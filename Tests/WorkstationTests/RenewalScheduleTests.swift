import AuthTerms
import Testing
import Workstation

@Suite("when a watch renews its certificate by itself")
struct RenewalScheduleTests {
  private let day: Int64 = 86_400_000
  private let notAfter: Int64 = 1_900_000_000_000

  /// Macros do not change a struct: the calls go through this box.
  private final class Box {
    private var schedule = RenewalSchedule()
    func isDue(_ name: WorkstationID, notAfter: Int64, now: Moment) -> Bool {
      schedule.isDue(name, notAfter: notAfter, now: now)
    }
    func warning(notAfter: Int64, now: Moment) -> Int? { schedule.warning(notAfter: notAfter, now: now) }
  }

  private func moment(_ wall: Int64) -> Moment { Moment(wallMilliseconds: wall, boot: "boot", monotonicMilliseconds: wall) }

  @Test("from 60 to 31 days before the end, spread over a month, always the same day for one workstation")
  func spread() throws {
    var counts: [Int64: Int] = [:]
    for number in 0..<1550 {
      let name = try WorkstationID(parsing: "LGWAN-PC-\(number)")
      let days = (notAfter - RenewalSchedule.begins(name, notAfter: notAfter)) / day
      #expect((31...60).contains(days))
      #expect(RenewalSchedule.begins(name, notAfter: notAfter) == RenewalSchedule.begins(name, notAfter: notAfter))
      counts[days, default: 0] += 1
    }
    #expect(counts.count == 30)
    #expect(counts.values.allSatisfy { $0 < 110 }, "\(counts)")
  }

  @Test("not before its day, then once an hour, never after the end")
  func due() throws {
    let name = try WorkstationID(parsing: "LGWAN-PC-0042")
    let begin = RenewalSchedule.begins(name, notAfter: notAfter)
    let schedule = Box()
    #expect(!schedule.isDue(name, notAfter: notAfter, now: moment(begin - 1)))
    #expect(schedule.isDue(name, notAfter: notAfter, now: moment(begin)))
    #expect(!schedule.isDue(name, notAfter: notAfter, now: moment(begin + 3_599_999)))
    #expect(schedule.isDue(name, notAfter: notAfter, now: moment(begin + 3_600_000)))
    #expect(schedule.isDue(name, notAfter: notAfter, now: moment(notAfter - 1)))
    let later = Box()
    #expect(!later.isDue(name, notAfter: notAfter, now: moment(notAfter)))
    // A renewed certificate is far from its end: the next try is a year away.
    #expect(!schedule.isDue(name, notAfter: notAfter + 365 * day, now: moment(notAfter)))
  }

  @Test("a wall clock set back does not stop the tries")
  func clockSetBack() throws {
    let name = try WorkstationID(parsing: "LGWAN-PC-0042")
    let begin = RenewalSchedule.begins(name, notAfter: notAfter)
    let schedule = Box()
    func at(_ wall: Int64, _ monotonic: Int64) -> Moment {
      Moment(wallMilliseconds: wall, boot: "boot", monotonicMilliseconds: monotonic)
    }
    #expect(schedule.isDue(name, notAfter: notAfter, now: at(begin + 2 * day, 0)))
    #expect(schedule.isDue(name, notAfter: notAfter, now: at(begin, 3_600_000)))
  }

  @Test("the person is told in the last fortnight, once a day")
  func warning() {
    let schedule = Box()
    #expect(schedule.warning(notAfter: notAfter, now: moment(notAfter - 14 * day)) == nil)
    #expect(schedule.warning(notAfter: notAfter, now: moment(notAfter - 14 * day + 1)) == 13)
    #expect(schedule.warning(notAfter: notAfter, now: moment(notAfter - 13 * day)) == nil)
    #expect(schedule.warning(notAfter: notAfter, now: moment(notAfter - 3 * day)) == 3)
    #expect(schedule.warning(notAfter: notAfter, now: moment(notAfter + day)) == 0)
  }
}
