/// Delays after failures, from the table in docs/policy.md.
extension Model {
  static func person(_ id: String) -> String { "person:\(id)" }
  static func card(_ id: String) -> String { "card:\(id)" }
  static func workstation(_ id: String) -> String { "workstation:\(id)" }

  func isBlocked(_ names: [String], at now: Tick) -> Bool {
    names.contains { name in failures[name].map { block(of: $0, at: now) != nil } ?? false }
  }

  /// Until when, on the present boot; `Tick` of the far future for "until an operator clears it".
  private func block(of record: Failures, at now: Tick) -> Tick? {
    if record.isForEver { return Tick(wall: .max, boot: now.boot, mono: .max) }
    guard let until = record.until else { return nil }
    if until.boot == now.boot { return now.mono >= until.mono ? nil : until }
    // After a reboot the whole delay counts from the start of the machine, and the wall clock can only add to that.
    let delay = max(0, until.wall - record.last.wall)
    let byMachine = delay - now.mono
    let byWall = until.wall - now.wall
    let rest = byWall >= 1 && byWall <= max(1, delay) ? max(byMachine, byWall) : byMachine
    return rest > 0 ? now.plus(rest) : nil
  }

  private func limits(of name: String, _ rules: Rules) -> Rules.Limits {
    name.hasPrefix("workstation:") ? rules.workstation : rules.person
  }

  mutating func countFailure(_ name: String, at now: Tick, by rules: Rules) {
    let limits = limits(of: name, rules)
    let former = failures[name]
    var next = Failures(count: (former.flatMap { forgiven($0, at: now, limits) }?.count ?? 0) + 1, last: now, until: nil)
    if let most = limits.most, next.count >= most {
      next.isForEver = true
    } else if next.count > limits.free {
      var delay = limits.firstDelay
      for _ in 0..<(next.count - limits.free - 1) where delay < limits.longestDelay { delay *= 2 }
      next.until = now.plus(min(delay, limits.longestDelay) * 1000)
    }
    // What an earlier failure began is never shortened.
    if let former, let block = block(of: former, at: now) {
      if former.isForEver {
        next.isForEver = true
        next.until = nil
      } else if !next.isForEver, next.until.map({ block.mono > $0.mono }) ?? true {
        next.until = block
      }
    }
    failures[name] = next
  }

  /// A grant clears person and card; a workstation forgives with time alone.
  mutating func countSuccess(_ name: String, at now: Tick, by rules: Rules) {
    guard let former = failures[name] else { return }
    let limits = limits(of: name, rules)
    failures[name] = limits.forgive == nil ? nil : forgiven(former, at: now, limits)
  }

  private func forgiven(_ record: Failures, at now: Tick, _ limits: Rules.Limits) -> Failures? {
    guard let seconds = limits.forgive else { return record }
    let quiet = now.boot == record.last.boot ? now.mono - record.last.mono : now.mono
    let count = Int(max(0, quiet) / (seconds * 1000))
    guard count > 0 else { return record }
    guard count < record.count else { return nil }
    var rest = record
    rest.count -= count
    return rest
  }
}
