import Foundation

/// What came of many logons.
package struct Rush: Sendable {
  /// Seconds of each right logon, from the moment it was due to the checked grant.
  package var seconds: [Double] = []
  /// Everything else. One of them makes the run a failure.
  package var wrong: [WrongAnswer] = []
  /// Workstation to what it was granted.
  package var granted: [String: (session: String, person: String)] = [:]
  /// From the first moment due to the last answer.
  package var wall = 0.0

  package init() {}

  package mutating func take(_ result: Result<Double, WrongAnswer>) {
    switch result {
    case .success(let seconds): self.seconds.append(seconds)
    case .failure(let answer): wrong.append(answer)
    }
  }

  /// Starts every logon at its own moment, each on a new connection, and waits for all.
  ///
  /// - Parameter due: seconds from now, one for each clerk; all 0 is a burst.
  package static func onNewConnections(
    _ clerks: [LoadCity.Clerk], byPassword: Bool = false, due: [Double]
  ) async -> Rush {
    for clerk in clerks { clerk.workstation.hangUp() }
    // The server notices the hanging up first: closing is none of the work that is measured.
    try? await Task.sleep(for: .milliseconds(700))
    let start = ContinuousClock.now
    return await withTaskGroup(of: (LoadCity.Clerk, Result<(String, Double), WrongAnswer>).self) { group in
      for (clerk, due) in zip(clerks, due) {
        group.addTask {
          let moment = start + .seconds(due)
          if due > 0 { try? await Task.sleep(until: moment, clock: .continuous) }
          return (clerk, await logOn(clerk, byPassword, since: moment))
        }
      }
      return await collect(&group, since: start)
    }
  }

  /// Each clerk logs on once over the connection her workstation holds, some at a time.
  package static func onKeptConnections(_ clerks: [LoadCity.Clerk], atOnce: Int = 16) async -> Rush {
    let start = ContinuousClock.now
    return await withTaskGroup(of: (LoadCity.Clerk, Result<(String, Double), WrongAnswer>).self) { group in
      var rush = Rush()
      var rest = clerks[...]
      func add() {
        guard let clerk = rest.popFirst() else { return }
        group.addTask { (clerk, await logOn(clerk, false, since: .now)) }
      }
      for _ in 0..<atOnce { add() }
      for await (clerk, result) in group {
        rush.take(clerk, result)
        add()
      }
      rush.wall = start.duration(to: .now).inSeconds
      return rush
    }
  }

  /// So many logons a second over kept connections, one clerk after the other, until told to end.
  package static func steadily(
    _ clerks: [LoadCity.Clerk], perSecond rate: Double, until isOver: @Sendable () -> Bool
  ) async -> Rush {
    let start = ContinuousClock.now
    return await withTaskGroup(of: (LoadCity.Clerk, Result<(String, Double), WrongAnswer>).self) { group in
      var number = 0
      while !isOver() {
        let clerk = clerks[number % clerks.count]
        let moment = start + .seconds(Double(number) / rate)
        number += 1
        try? await Task.sleep(until: moment, clock: .continuous)
        group.addTask { (clerk, await logOn(clerk, false, since: moment)) }
      }
      return await collect(&group, since: start)
    }
  }

  private static func logOn(
    _ clerk: LoadCity.Clerk, _ byPassword: Bool, since moment: ContinuousClock.Instant
  ) async -> Result<(String, Double), WrongAnswer> {
    do {
      let session =
        byPassword
        ? try await clerk.workstation.logOn(clerk.plainCard, password: clerk.password)
        : try await clerk.workstation.logOn(clerk.card)
      return .success((session, moment.duration(to: .now).inSeconds))
    } catch let wrong as WrongAnswer {
      return .failure(wrong)
    } catch {
      return .failure(WrongAnswer("the client itself failed"))
    }
  }

  private static func collect(
    _ group: inout TaskGroup<(LoadCity.Clerk, Result<(String, Double), WrongAnswer>)>, since start: ContinuousClock.Instant
  ) async -> Rush {
    var rush = Rush()
    for await (clerk, result) in group { rush.take(clerk, result) }
    rush.wall = start.duration(to: .now).inSeconds
    return rush
  }

  private mutating func take(_ clerk: LoadCity.Clerk, _ result: Result<(String, Double), WrongAnswer>) {
    switch result {
    case .success(let (session, seconds)):
      self.seconds.append(seconds)
      granted[clerk.workstation.name] = (session, clerk.card.person)
    case .failure(let wrong): self.wrong.append(wrong)
    }
  }

  /// `p50 1.2, p99 3.4, p99.9 5.6 ms`
  package var latencies: String {
    let found = Distribution(seconds)
    return [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]
      .map { "\($0) \(Figures.short(found.quantile($1) * 1000))" }.joined(separator: ", ") + " ms"
  }
}

extension Duration {
  package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
