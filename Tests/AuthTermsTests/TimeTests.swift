import AuthTerms
import Testing

@Suite("time on two clocks")
struct MomentTests {
  private func moment(_ wall: Int64, _ boot: String, _ monotonic: Int64) -> Moment {
    Moment(wallMilliseconds: wall, boot: boot, monotonicMilliseconds: monotonic)
  }

  @Test("on one boot the wall clock does not matter: a lockout does not end because somebody set the clock")
  func sameBoot() {
    let start = moment(1_000_000, "a", 500)
    let deadline = start.advanced(bySeconds: 60)
    #expect(!moment(9_000_000_000, "a", 60_499).hasReached(deadline))
    #expect(moment(0, "a", 60_500).hasReached(deadline))
    #expect(moment(0, "a", 2500).milliseconds(since: start) == 2000)
  }

  @Test("after a reboot the wall clock counts, and time never runs backwards")
  func otherBoot() {
    let start = moment(1_000_000, "a", 9_999_999)
    let deadline = start.advanced(bySeconds: 60)
    #expect(!moment(1_059_999, "b", 99_999_999).hasReached(deadline))
    #expect(moment(1_060_000, "b", 1).hasReached(deadline))
    #expect(moment(1_002_000, "b", 1).milliseconds(since: start) == 2000)
    #expect(moment(5, "b", 1).milliseconds(since: start) == 0, "the clock was set back during the reboot")
  }

  @Test("before 1970 and backwards")
  func negative() {
    #expect(moment(-5000, "a", 0).advanced(bySeconds: 3).wallMilliseconds == -2000)
    #expect(moment(0, "a", 0).advanced(bySeconds: -1).monotonicMilliseconds == -1000)
  }

  @Test(
    "days, weekdays and minutes in Japan",
    arguments: [
      (0, 4, 540, 0),  // Thursday 1970-01-01 09:00 JST
      (-32_400_000, 4, 0, 0),  // midnight in Japan
      (-32_400_001, 3, 1439, -1),  // a millisecond before
      (1_775_001_000_000, 3, 530, 20544),  // 2026-04-01 08:50 JST, a Wednesday
      (1_775_055_599_999, 3, 1439, 20544), (1_775_055_600_000, 4, 0, 20545),
      (951_750_000_000, 2, 0, 11016),  // 2000-02-29, a Tuesday
      (-2_203_923_600_000, 4, 0, -25508),  // 1900-03-01, a Thursday
    ] as [(Int64, Int, Int, Int)])
  func japan(wall: Int64, weekday: Int, minute: Int, day: Int) {
    let local = LocalTime(moment(wall, "a", 0), offsetSeconds: 32_400)
    #expect(local == LocalTime(weekday: weekday, minuteOfDay: minute, day: day))
  }

  @Test("weekdays follow each other for 1,000 days around 1970, and minutes stay in their day")
  func weekdays() {
    for day in -500...500 as ClosedRange<Int64> {
      let local = LocalTime(moment(day * 86_400_000 + 1, "a", 0), offsetSeconds: 0)
      let next = LocalTime(moment((day + 1) * 86_400_000, "a", 0), offsetSeconds: 0)
      #expect(local.day == Int(day) && local.minuteOfDay == 0 && (1...7).contains(local.weekday))
      #expect(next.weekday == local.weekday % 7 + 1)
    }
  }

  @Test("west of Greenwich")
  func west() {
    #expect(LocalTime(moment(0, "a", 0), offsetSeconds: -3600) == LocalTime(weekday: 3, minuteOfDay: 1380, day: -1))
  }
}
