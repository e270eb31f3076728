import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import DirectorySync
import Foundation
import Storage

/// The logons of one morning on a copy of the store, by the code that decides and writes the real ones: one for each segment of this
/// server that a person may use, with the best card that is registered and with the password where there is one. The signature of a
/// card is checked each time too; connections and TLS are not in it.
struct RehearsedMorning: Sendable {
  /// One person before one workstation.
  struct Knock: Sendable {
    let person: PersonID
    let workstation: WorkstationRecord
    let certificate: CertificateFingerprint
    let card: VerifiedCard?
    let hasPassword: Bool
  }

  struct Answer: Sendable {
    let person: PersonID
    /// `nil`: let in.
    let code: DenialCode?
    let microseconds: Int64
  }

  let services: Services
  let copy: SQLiteStore
  let morning: Moment

  /// Minutes after midnight: doors open.
  static let minute = 8 * 60 + 30

  /// As many wait for their answer at a time.
  private static let atOnce = 256

  /// - Returns: in the order of people; and how many have no workstation to stand before.
  func knocks() async throws -> (all: [Knock], without: Int) {
    let (groups, here, passwords) = (services.policy.policy.accessGroups, Set(services.instance.segments), services.passwords)
    let takingPersonal = here.filter { services.policy.policy.takesMyNumberCards($0) }
    return try await copy.read { (state) throws(StorageFault) in
      let machines = Dictionary(grouping: try state.workstations().filter { !$0.isRevoked && !$0.certificates.isEmpty }) {
        $0.segment
      }
      var (all, without, next): ([Knock], Int, [Segment: Int]) = ([], 0, [:])
      for person in try state.everybody().sorted(by: { $0.id < $1.id }) {
        let access = PersonAccess(person.resolved, groups: groups)
        let keys = try state.ownCards(of: person.id).filter { $0.state == .active }.flatMap(\.keys)
        for segment in groups.segments(of: access).intersection(here).sorted() {
          let own = machines[segment, default: []].filter {
            person.workstations.isEmpty || person.workstations.contains($0.id.text.lowercased())
          }
          let choice = own.isEmpty ? machines[segment, default: []] : own
          guard !choice.isEmpty else {
            without += 1
            continue
          }
          let machine = choice[next[segment, default: 0] % choice.count]
          next[segment, default: 0] += 1
          guard let certificate = machine.certificates.first else { continue }
          let card = keys.filter { $0.profile != JPKIProfile.name || takingPersonal.contains(segment) }
            .max { $0.provenClass < $1.provenClass }
          all.append(
            Knock(
              person: person.id, workstation: machine, certificate: certificate,
              card: card.map { VerifiedCard(key: $0.fingerprint, slot: $0.slot, exchangeClass: $0.provenClass) },
              hasPassword: try passwords.isThere(of: person, in: state)))
        }
      }
      return (all, without)
    }
  }

  func play(_ knocks: [Knock]) async throws -> RehearsedLogons {
    let start = services.surroundings.microseconds()
    let answers = try await answers(knocks)
    return summary(of: answers, microseconds: services.surroundings.microseconds() - start)
  }

  private func answers(_ knocks: [Knock]) async throws -> [Answer] {
    let key = P256.Signing.PrivateKey()
    let nonce = Data(services.surroundings.random(32))
    let signature = try key.signature(for: nonce)
    let keys = SessionKeys(
      suite: SealingSuite.x25519.rawValue, sealing: Data(services.surroundings.random(32)),
      signing: Data(services.surroundings.random(32)))
    return try await withThrowingTaskGroup(of: Answer.self) { group in
      var (answers, next): ([Answer], Int) = ([], 0)
      func add() {
        guard next < knocks.count else { return }
        let knock = knocks[next]
        next += 1
        group.addTask {
          let start = services.surroundings.microseconds()
          _ = key.publicKey.isValidSignature(signature, for: nonce)
          let code = try await answer(knock, keys)
          return Answer(person: knock.person, code: code, microseconds: services.surroundings.microseconds() - start)
        }
      }
      for _ in 0..<Self.atOnce { add() }
      while let answer = try await group.next() {
        answers.append(answer)
        add()
      }
      return answers
    }
  }

  private func answer(_ knock: Knock, _ keys: SessionKeys) async throws -> DenialCode? {
    let ceremony = OpenCeremony(
      id: services.surroundings.identifier("c"), nonce: [], workstation: knock.workstation.id,
      workstationCertificate: knock.certificate, segment: knock.workstation.segment, scenario: .logon, session: nil,
      expiresAt: morning.advanced(bySeconds: 60), shown: knock.card, sessionKeys: keys)
    let right: PasswordResult = services.passwords.isInDirectory ? .rightInDirectory : .right
    let local = services.localByClock(morning)
    let change = ConcludeCeremony(
      ceremony: ceremony, card: knock.card, password: knock.hasPassword ? right : .notShown, passwords: services.passwords,
      directory: services.hearing.map { _ in DirectoryFacts(silentSeconds: 0) }, policy: services.policy.policy,
      waivers: services.waivers, presence: WorkstationPresence(started: morning), now: morning, local: local,
      latencyMilliseconds: 0, newSession: services.surroundings.identifier("s"), referenceDay: local.day,
      referenceStart: services.surroundings.number())
    return switch try await copy.commit(change) {
    case .granted: nil
    case .stillNeeded: .factorMissing
    case .denied(let code, _): code
    }
  }

  private func summary(of answers: [Answer], microseconds: Int64) -> RehearsedLogons {
    let times = answers.map(\.microseconds).sorted()
    func time(_ permille: Int) -> Int64 { times.isEmpty ? 0 : times[(times.count - 1) * permille / 1000] }
    let refused = Dictionary(grouping: answers.filter { $0.code != nil }) { $0.code }
    let refusals = refused.compactMap { code, answers -> RehearsedRefusal? in
      guard let code else { return nil }
      let sentence = Sentences.of(code)
      let people = Set(answers.map(\.person)).sorted().prefix(RehearsedRefusal.mostPeople).map(\.text)
      return RehearsedRefusal(code: code.rawValue, ja: sentence.ja, en: sentence.en, count: answers.count, people: people)
    }
    return RehearsedLogons(
      people: Set(answers.map(\.person)).count, logons: answers.count, granted: answers.count { $0.code == nil },
      medianMicroseconds: time(500), p99Microseconds: time(990),
      perMinute: Int(Int64(answers.count) * 60_000_000 / max(1, microseconds)),
      refusals: refusals.sorted { ($1.count, $0.code) < ($0.count, $1.code) })
  }
}
