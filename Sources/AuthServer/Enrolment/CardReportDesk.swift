import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

/// Who has which cards, by what they prove: what a city still has to exchange before a waiver ends.
struct CardReportDesk: Sendable {
  let services: Services

  /// Who may enter a segment served here, and the best of that person's active cards.
  private struct Holder: Sendable {
    let person: Person
    let segments: [Segment]
    /// `nil`: no active card.
    let best: ProofClass?
    let hasMyNumberCard: Bool
  }

  /// - Parameter wanted: a proof class, or `none`; people of this class are listed by name.
  func report(_ wanted: String?) async throws -> CardReport {
    let shown = wanted.flatMap { ProofClass(name: $0) }
    guard wanted == nil || wanted == "none" || shown != nil else { throw HTTPFault.malformed(.query) }
    let holders = try await holders(in: services.instance.segments)
    let taking = try await taking()
    let found = wanted == nil ? [] : holders.filter { $0.best == shown }
    return CardReport(
      segments: services.instance.segments.map { segment(of: $0, holders, takesNumbers: taking.contains($0)) },
      people: found.prefix(CardReport.mostPeople).map { holder in
        PersonCards(
          person: holder.person.id.text, displayName: holder.person.displayName, segments: holder.segments.map(\.name),
          proofClass: holder.best?.name)
      },
      more: max(0, found.count - CardReport.mostPeople))
  }

  /// What stands in `sanmon status` while a segment's floor is a number: how many people are left, and how many days.
  func standing() async throws -> (ja: [String], en: [String], people: Int?) {
    let segments = services.instance.segments.filter { services.policy.policy.lastDayOfNumberCards($0) != nil }
    guard !segments.isEmpty else { return ([], [], nil) }
    let holders = try await holders(in: segments)
    let now = today
    var (ja, en): ([String], [String]) = ([], [])
    for segment in segments {
      guard let last = services.policy.policy.lastDayOfNumberCards(segment) else { continue }
      let left = holders.count { $0.best == .identifier && $0.segments.contains(segment) }
      let (title, days) = (segment.title, max(0, last.day - now + 1))
      ja.append("\(title.ja): 番号だけのカードの職員が \(left) 人います。期限付き特例は \(last.text) まで（残り \(days) 日）です。")
      en.append(
        "\(title.en): \(left) people are still on cards with a number alone; the waiver is until \(last.text), \(days) days left."
      )
    }
    return (ja, en, holders.count { $0.best == .identifier })
  }

  private var today: Int { services.local(services.surroundings.now()).day }

  /// Enabled people of these segments, in the order of their accounts.
  private func holders(in segments: [Segment]) async throws -> [Holder] {
    let policy = services.policy.policy
    let (groups, taking) = (policy.peopleGroups, Set(segments.filter { policy.takesMyNumberCards($0) }))
    return try await services.store.read { (state) throws(StorageFault) -> [Holder] in
      var holders: [Holder] = []
      for person in try state.everybody() where person.isEnabled {
        let own = segments.filter { !(groups[$0] ?? []).isDisjoint(with: person.groups) }
        guard !own.isEmpty else { continue }
        // A My Number Card counts where it is taken.
        let keys = try state.cards(of: person.id).filter { $0.state == .active }.flatMap(\.keys)
          .filter { $0.profile != JPKIProfile.name || !taking.isDisjoint(with: own) }
        holders.append(
          Holder(
            person: person, segments: own, best: keys.map(\.provenClass).max(),
            hasMyNumberCard: keys.contains { $0.profile == JPKIProfile.name }))
      }
      return holders
    }
  }

  /// The segments in which numbers stand for cards today.
  private func taking() async throws -> Set<Segment> {
    let (policy, waivers, segments, day) = (services.policy.policy, services.waivers, services.instance.segments, today)
    return try await services.store.read { (state) throws(StorageFault) -> Set<Segment> in
      var taking: Set<Segment> = []
      for segment in segments {
        let approved = try waivers.approved(policy, in: segment, on: day, state: state)
        if case .taken = policy.numberCards(segment, on: day, approved: approved) { taking.insert(segment) }
      }
      return taking
    }
  }

  private func segment(of segment: Segment, _ holders: [Holder], takesNumbers: Bool) -> SegmentCards {
    let policy = services.policy.policy
    let people = holders.filter { $0.segments.contains(segment) }
    let last = policy.lastDayOfNumberCards(segment)
    return SegmentCards(
      segment: segment.name, floor: (policy.cardFloor(segment) ?? .publicKeyWithPIN).name, people: people.count,
      classes: ProofClass.allCases.sorted(by: >).map { proof in
        CardClassCount(proofClass: proof.name, people: people.count { $0.best == proof })
      },
      withoutCard: people.count { $0.best == nil }, numbersUntil: last?.text, takesNumbers: takesNumbers,
      daysLeft: last.map { max(0, $0.day - today + 1) },
      revocationUnknown: policy.takesMyNumberCards(segment) && services.instance.jpkiCRLs[segment] == nil
        ? people.count { $0.hasMyNumberCard } : nil)
  }
}
