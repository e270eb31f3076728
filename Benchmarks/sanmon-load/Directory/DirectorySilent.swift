import AuthAPI
import AuthClient
import DirectorySync
import Foundation
import LoadClient
import RealDirectory

extension DirectoryBench {
  private static let perSecond = 20.0
  private static let places = 60

  /// Logons by card and PIN on kept connections, 20 a second, while the domain controller answers at once, and again while it takes
  /// what is asked and answers nothing.
  func silent(_ domain: Domain) async throws -> [WrongAnswer] {
    let city = try await followingCity(domain, every: 2)
    defer { city.end() }
    let clerks = try await clerks(domain, city)
    var wrong = await Rush.onKeptConnections(clerks).wrong  // opens the connections
    let usual = await steady(clerks)
    try domain.controller.freeze(true)
    let silent = await steady(clerks)
    try domain.controller.freeze(false)
    wrong += usual.wrong + silent.wrong
    let (before, beside) = (Distribution(usual.seconds).quantile(0.99), Distribution(silent.seconds).quantile(0.99))
    common.figures.show(
      Figure(
        "directory.silent_p99_ratio", [beside / before], unit: "×",
        limit: (1, say("応答する DC の隣での同じログオン", "the same logons beside one that answers")),
        note: say(
          "毎秒 \(Int(Self.perSecond)) 件を \(silentSeconds) 秒ずつ", "\(Int(Self.perSecond)) a second for \(silentSeconds) s each")
          + "; \(silent.latencies) / \(usual.latencies)"))
    return wrong
  }

  private func steady(_ clerks: [LoadCity.Clerk]) async -> Rush {
    let end = ContinuousClock.now + .seconds(silentSeconds)
    return await Rush.steadily(clerks, perSecond: Self.perSecond) { ContinuousClock.now >= end }
  }

  /// People whom the rules let in, each with a card and a workstation.
  private func clerks(_ domain: Domain, _ city: DirectoryCity) async throws -> [LoadCity.Clerk] {
    let (replica, _) = try await DirSyncReader(domain.controller.connection()).everything()
    let enrolment = try await city.desk.enrolmentConnection()
    defer { enrolment.close() }
    let port = try await city.desk.status().mainPort
    let door = try await city.desk.workstation("LOAD-PC-0", over: enrolment, port: port).name
    var found: [LoadCity.Clerk] = []
    for item in replica.objects.values.sorted(by: { $0.guid < $1.guid }) where item.kind == .person && item.isEnabled {
      guard found.count < Self.places, let id = item.text("employeenumber") else { continue }
      let card = try await city.giveCard(to: id)
      guard try await city.desk.isAllowed(id, at: door) else { continue }
      let place = try await city.desk.workstation("LOAD-PC-\(found.count + 1)", over: enrolment, port: port)
      found.append(LoadCity.Clerk(workstation: place, card: card))
    }
    guard found.count == Self.places else { throw RunFault("ログオンできる職員が足りません。", "too few people are let in") }
    return found
  }
}
