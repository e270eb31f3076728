/// Times within the last minute, in order.
struct MinuteWindow {
  private static let length: Int64 = 60_000
  private var times: [Int64] = []
  private var start = 0

  var last: Int64 { times.last ?? .min }

  mutating func count(at time: Int64) -> Int {
    while start < times.count, times[start] <= time - Self.length { start += 1 }
    if start > 64, start * 2 > times.count {
      times.removeFirst(start)
      start = 0
    }
    return times.count - start
  }

  mutating func note(_ time: Int64) {
    _ = count(at: time)
    times.append(time)
  }
}
