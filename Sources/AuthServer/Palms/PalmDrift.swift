package import AuthTerms
package import Storage

/// Tells a sensor that wants cleaning from a palm that wants enrolling anew, by how closely palms came in the last days and before.
///
/// What is compared is the mean strength of a try (−log10 of the false match rate; a sample that was no good counts as 0) of one person
/// at one sensor. It has fallen when strangers would pass three times as often, with five tries or more in each of the two times. A
/// sensor at which that is so for most of at least three people is to be cleaned. A person for whom it is so at two sensors or more, and
/// at most of hers, is to be enrolled anew; sensors that are to be cleaned are no witnesses. Who has only one sensor, which few others
/// use, cannot be told from it.
package struct PalmDrift {
  package static let recentDays = 14
  package static let formerDays = 60
  package static let leastTries = 5
  /// Thousandths of a power of ten.
  package static let fall = 500
  package static let leastPeople = 3

  package enum Advice: String, CaseIterable {
    case clean, enrol
    /// The sensor first, since that is quickly done.
    case either
  }

  package struct Place: Hashable {
    package let workstation: WorkstationID
    package let sensor: SensorID
  }

  package struct Finding: Hashable {
    package let advice: Advice
    /// Of `enrol` the person alone, of `clean` the place alone.
    package let person: PersonID?
    package let place: Place?
    /// Mean strength of a try, in thousandths.
    package let former: Int
    package let recent: Int
    /// Of the recent days.
    package let tries: Int
    package let retakes: Int
    /// Of so many people, or places, for so many it has fallen.
    package let judged: Int
    package let fallen: Int
  }

  private struct Pair {
    let place: Place
    let former: PalmUse
    let recent: PalmUse

    var hasFallen: Bool { PalmDrift.mean([recent]) <= PalmDrift.mean([former]) - PalmDrift.fall }
  }

  /// Sensors to be cleaned first, then people, then what cannot be told apart; each by name.
  package let findings: [Finding]
  package let judgedPlaces: Int
  package let judgedPeople: Int

  /// - Parameters:
  ///   - former: sums over the days before the recent ones, one for each person and place.
  ///   - recent: the same of the last days.
  package init(former: [PalmUse], recent: [PalmUse]) {
    struct Key: Hashable {
      let person: PersonID
      let place: Place
    }
    func place(_ use: PalmUse) -> Place { Place(workstation: use.workstation, sensor: use.sensor) }
    let before = Dictionary(
      former.map { (Key(person: $0.person, place: place($0)), $0) }, uniquingKeysWith: { first, _ in first })
    let pairs = recent.compactMap { use -> Pair? in
      guard use.tries >= Self.leastTries, let former = before[Key(person: use.person, place: place(use))],
        former.tries >= Self.leastTries
      else { return nil }
      return Pair(place: place(use), former: former, recent: use)
    }
    let byPlace = Dictionary(grouping: pairs, by: \.place)
    let byPerson = Dictionary(grouping: pairs, by: \.recent.person)
    judgedPlaces = byPlace.count
    judgedPeople = byPerson.count

    let dirty = byPlace.filter { $0.value.count >= Self.leastPeople && Self.isMost($0.value) }
    var found = dirty.map { Self.finding(.clean, nil, $0.key, $0.value) }
    for (person, all) in byPerson {
      let witnesses = all.filter { dirty[$0.place] == nil }
      if witnesses.count(where: \.hasFallen) >= 2, Self.isMost(witnesses) {
        found.append(Self.finding(.enrol, person, nil, witnesses))
      } else if all.count == 1, let only = witnesses.first, only.hasFallen {
        found.append(Self.finding(.either, person, only.place, [only]))
      }
    }
    findings = found.sorted { Self.order($0).lexicographicallyPrecedes(Self.order($1)) }
  }

  private static func isMost(_ pairs: [Pair]) -> Bool { 2 * pairs.count(where: \.hasFallen) > pairs.count }

  private static func mean(_ uses: [PalmUse]) -> Int {
    let tries = uses.reduce(0) { $0 + $1.tries }
    return tries == 0 ? 0 : uses.reduce(0) { $0 + $1.strength } / tries
  }

  private static func finding(_ advice: Advice, _ person: PersonID?, _ place: Place?, _ pairs: [Pair]) -> Finding {
    Finding(
      advice: advice, person: person, place: place, former: mean(pairs.map(\.former)), recent: mean(pairs.map(\.recent)),
      tries: pairs.reduce(0) { $0 + $1.recent.tries }, retakes: pairs.reduce(0) { $0 + $1.recent.retakes }, judged: pairs.count,
      fallen: pairs.count(where: \.hasFallen))
  }

  private static func order(_ finding: Finding) -> [String] {
    let rank = String(Advice.allCases.firstIndex(of: finding.advice) ?? 0)
    return [rank, finding.person?.text ?? "", finding.place?.workstation.text ?? "", finding.place?.sensor.text ?? ""]
  }
}
