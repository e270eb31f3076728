import AuthAPI
import AuthClient
import CertificateTrust
import Foundation

/// The second set of people of the sample city at work: who logs on where, with which card.
package final class LoadCity: Sendable {
  package struct Clerk: Sendable {
    package let workstation: LoadWorkstation
    /// Signs as after its PIN.
    package fileprivate(set) var card: SoftCard
    /// Asks for a password beside it.
    package let plainCard: SoftCard
    package let password: String

    fileprivate init(workstation: LoadWorkstation, card: SoftCard, plainCard: SoftCard, password: String) {
      self.workstation = workstation
      self.card = card
      self.plainCard = plainCard
      self.password = password
    }

    /// One who logs on with card and PIN alone.
    package init(workstation: LoadWorkstation, card: SoftCard) {
      self.init(workstation: workstation, card: card, plainCard: card, password: "")
    }
  }

  package let instance: LoadInstance
  package let desk: Desk
  package let people: Int
  package let clerks: [Clerk]
  /// Enrolled, nobody sits there.
  package let spare: [LoadWorkstation]
  private let authority: CardAuthority

  /// - Parameters:
  ///   - sampleCity: folder with load-people.csv, groups.csv and departments.csv.
  ///   - copies: of the whole set, each with names of its own: 8 make 12,400 people.
  ///   - clerks: of each copy, at most the 1,200 who may enter LGWAN.
  ///   - spare: workstations beyond one for each clerk.
  package init(
    binaries: String, policies: String, sampleCity: String, copies: Int = 1, clerks: Int, spare: Int = 0,
    progress: @Sendable (String) -> Void
  ) async throws {
    let authority = try CardAuthority()
    self.authority = authority
    let instance = try await LoadInstance(
      binaries: binaries, policies: policies, cardRoots: PEMFile.encode(certificate: authority.certificate))
    self.instance = instance
    do {
      let desk = try await Desk(instance)
      self.desk = desk
      func text(_ name: String) throws -> String { try String(contentsOfFile: sampleCity + "/" + name, encoding: .utf8) }
      let csv = PeopleCopies(of: try text("load-people.csv"), copies: copies)
      people = csv.people
      try await desk.importPeople(csv.text, groups: text("groups.csv"), departments: text("departments.csv"))
      let chosen = csv.lgwan(atMost: clerks)
      progress(
        say(
          "準備: 職員 \(csv.people) 人、端末 \(chosen.count + spare) 台、カード \(chosen.count) 枚（計測しない）",
          "preparing \(csv.people) people, \(chosen.count + spare) workstations, \(chosen.count) cards (not measured)"))
      let status: InstanceStatus = try await instance.link.fetch("/v1/admin/status")
      let enrolment = try await desk.enrolmentConnection()
      defer { enrolment.close() }
      // Four at a time: as many connections as a client keeps.
      self.clerks = try await chosen.enumerated().map { ($0, $1) }.inParallel(4) { number, person in
        let workstation = try await desk.workstation("LOAD-PC-\(number)", over: enrolment, port: status.mainPort)
        let guid = (0..<16).map { _ in UInt8.random(in: 1...255) }
        let card = try authority.issue(to: person, slot: "9a", guid: guid)
        try await desk.register(card)
        return Clerk(
          workstation: workstation, card: card, plainCard: try authority.issue(to: person, slot: "9e", guid: guid),
          password: "load-\(person)-\(number * 7919)")
      }
      self.spare = try await (0..<spare).map { $0 }.inParallel(4) { number in
        try await desk.workstation("SPARE-PC-\(number)", over: enrolment, port: status.mainPort)
      }
    } catch {
      instance.end()
      throw error
    }
  }

  package func end() { instance.end() }

  /// Registers the second key of each clerk's card and sets a password: an Argon2id hash each, so only when asked.
  package func givePasswords() async throws {
    _ = try await clerks.inParallel(4) { clerk in
      try await self.desk.register(clerk.plainCard)
      try await self.desk.setPassword(clerk.password, of: clerk.card.person)
      return true
    }
  }

  /// The first clerks, each with one more card whose key is RSA with 2,048 bits. A key takes a tenth of a second to make.
  package func clerksWithRSA(atMost count: Int) async throws -> [Clerk] {
    try await Array(clerks.prefix(count)).inParallel(4) { clerk in
      let guid = (0..<16).map { _ in UInt8.random(in: 1...255) }
      var other = clerk
      other.card = try self.authority.issue(to: clerk.card.person, slot: "9a", guid: guid, rsa: true)
      try await self.desk.register(other.card)
      return other
    }
  }

  /// Asks every workstation over its own connection whether it holds the session that was granted to it.
  /// - Returns: what was wrong.
  package func contradictions(_ granted: [String: (session: String, person: String)]) async throws -> [WrongAnswer] {
    let found = try await clerks.filter { granted[$0.workstation.name] != nil }.inParallel(8) { clerk in
      let session = try await clerk.workstation.currentSession()
      let told = granted[clerk.workstation.name]
      return session?.session == told?.session && session?.person == told?.person && session?.state == "open"
        ? nil : WrongAnswer("another session than the granted one")
    }
    return found.compactMap { $0 }
      + (Set(granted.values.map(\.session)).count == granted.count ? [] : [WrongAnswer("two grants of one session")])
  }
}

/// load-people.csv, once or several times over with other ids and account names.
struct PeopleCopies {
  let text: String
  let people: Int
  private let idsOfLGWAN: [String]

  init(of csv: String, copies: Int) {
    let lines = csv.split(whereSeparator: \.isNewline)
    var text = String(lines.first ?? "") + "\n"
    var ids: [String] = []
    for copy in 0..<max(copies, 1) {
      for line in lines.dropFirst() {
        // id,account,…: the two columns that must be unique stand first and hold no comma.
        let parts = line.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { continue }
        let id = copy == 0 ? String(parts[0]) : "\(parts[0])-\(copy)"
        text += "\(id),\(parts[1])\(copy == 0 ? "" : ".\(copy)"),\(parts[2])\n"
        if parts[2].contains(",seg-lgwan,") { ids.append(id) }
      }
    }
    self.text = text
    people = (lines.count - 1) * max(copies, 1)
    idsOfLGWAN = ids
  }

  /// Spread evenly over all copies.
  func lgwan(atMost count: Int) -> [String] {
    guard count < idsOfLGWAN.count, count > 0 else { return idsOfLGWAN }
    return (0..<count).map { idsOfLGWAN[$0 * idsOfLGWAN.count / count] }
  }
}

extension Array where Element: Sendable {
  /// `work` on each element, at most `count` at once; results in the order of the elements. The first error ends it.
  package func inParallel<Result: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Element) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var results: [Result?] = .init(repeating: nil, count: self.count)
      var next = 0
      func add() {
        guard next < self.count else { return }
        let (position, element) = (next, self[next])
        group.addTask { (position, try await work(element)) }
        next += 1
      }
      for _ in 0..<Swift.max(count, 1) { add() }
      while let (position, result) = try await group.next() {
        results[position] = result
        add()
      }
      return results.compactMap { $0 }
    }
  }
}
