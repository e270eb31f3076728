import AuthAPI
import AuthClient
import AuthTerms
import DirectorySync
import Foundation
import LoadClient
import RealDirectory

extension DirectoryBench {
  /// Accounts are disabled and enabled in the directory, one after the other; each time from the moment the change is sent until
  /// the server decides otherwise.
  func freshness(_ domain: Domain) async throws -> [WrongAnswer] {
    let city = try await followingCity(domain, every: 2)
    defer { city.end() }
    let enrolment = try await city.desk.enrolmentConnection()
    let port = try await city.desk.status().mainPort
    let place = try await city.desk.workstation("LOAD-PC-1", over: enrolment, port: port).name
    enrolment.close()
    let people = try await allowed(domain, city, at: place)
    let writer = try domain.writer()
    var late: [WrongAnswer] = []
    var seconds: [Double] = []
    try await withThrowingTaskGroup(of: Double?.self) { group in
      for number in 0..<changes {
        let (person, isDisabled) = (people[number % people.count], (number / people.count).isMultiple(of: 2))
        try await Task.sleep(for: .milliseconds(Int.random(in: 100...900)))
        let start = ContinuousClock.now
        try writer.replace(
          "userAccountControl", of: "<GUID=\(person.guid)>", by: "\(isDisabled ? person.control | 2 : person.control)")
        group.addTask {
          while start.duration(to: .now) < .seconds(20) {
            if try await city.desk.isAllowed(person.id, at: place) != isDisabled { return start.duration(to: .now).inSeconds }
            try await Task.sleep(for: .milliseconds(20))
          }
          return nil
        }
        // Nobody is changed again before his last change was seen.
        if number % people.count == people.count - 1 { try await gather(&group) }
      }
      try await gather(&group)
      func gather(_ group: inout ThrowingTaskGroup<Double?, any Error>) async throws {
        while let found = try await group.next() {
          if let found {
            seconds.append(found)
          } else {
            late.append(WrongAnswer("a change that was not decided within 20 s\(try await reason(city))"))
          }
        }
      }
    }
    let spread = Distribution(seconds)
    common.figures.show(
      Figure(
        "directory.freshness_p99_s", [spread.quantile(0.99)],
        note: say("変更 \(seconds.count) 件、同期の間隔 2 秒", "\(seconds.count) changes, looks every 2 s")
          + ": p50 \(Figures.short(spread.median)), max \(Figures.short(spread.most)) s"))
    return late
  }

  private func reason(_ city: DirectoryCity) async throws -> String {
    let status = try await city.desk.directory()
    return (status.heldEn + [status.faultEn].compactMap { $0 }).map { "; \($0)" }.joined()
  }

  private struct Account: Sendable {
    let id: String
    let guid: String
    let control: Int64
  }

  /// People who are let in now, a few more than changes are under way at once.
  private func allowed(_ domain: Domain, _ city: DirectoryCity, at place: String) async throws -> [Account] {
    let (replica, _) = try await DirSyncReader(domain.controller.connection()).everything()
    var found: [Account] = []
    for item in replica.objects.values.sorted(by: { $0.guid < $1.guid })
    where item.kind == .person && found.count < min(20, changes) {
      guard let id = item.text("employeenumber"), let control = item.number("useraccountcontrol"), control & 2 == 0 else {
        continue
      }
      try await city.giveCard(to: id)
      guard try await city.desk.isAllowed(id, at: place) else { continue }
      found.append(Account(id: id, guid: item.guid.description, control: control))
    }
    guard !found.isEmpty else { throw RunFault("ログオンできる職員がいません。", "nobody is let in") }
    return found
  }
}
