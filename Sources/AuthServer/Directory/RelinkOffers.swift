import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import DirectorySync
import Storage

/// Which people of the directory may be people who left, under a new object (再任用, a renewed term), so that the cards of then could go
/// on. Asked anew whenever it counts: an offer is there only while all of it is so.
struct RelinkOffers: Sendable {
  enum Because: String, Sendable {
    case number, account
  }

  struct Offer: Sendable {
    let former: Person
    let person: Person
    /// In their order; at least one.
    let formerGUIDs: [ObjectGUID]
    let guid: ObjectGUID
    let because: [Because]
    /// All of the former person, in the order of their ids; one at least is active.
    let cards: [RegisteredCard]
  }

  enum Verdict: Sendable {
    case offered(Offer)
    /// - Parameter note: for the row.
    case refused(DenialCode, note: String)
  }

  /// Today (`LocalTime.day`), by the later of clock and log.
  let day: Int

  init(_ services: Services, at now: Moment) { day = services.local(now).day }

  func verdict(
    former: PersonID, person: PersonID, in state: some StateReader
  ) throws(StorageFault) -> Verdict {
    try verdict(PassedAccounts.Pair(from: former, to: person), Set(PassedAccounts(in: state).pairs), in: state)
  }

  private func verdict(
    _ pair: PassedAccounts.Pair, _ passed: Set<PassedAccounts.Pair>, in state: some StateReader
  ) throws(StorageFault) -> Verdict {
    let (former, person) = (pair.from, pair.to)
    guard let before = try state.person(former) else { return .refused(.relinkFormerGone, note: "\(former) is not there") }
    guard former != person, let now = try state.person(person) else {
      return .refused(.relinkNotOffered, note: "\(person) is nobody new")
    }
    let formerly = try state.directoryIdentities(of: former)
    guard try !state.isHere(former, on: day), formerly.allSatisfy({ $0.hold == nil }) else {
      return .refused(.relinkFormerInForce, note: "\(former) is in force, or held")
    }
    let identities = try state.directoryIdentities(of: person)
    guard try state.isHere(person, on: day), now.firstDay.map({ $0 <= day }) ?? true, identities.allSatisfy({ $0.hold == nil }),
      let identity = identities.first(where: { $0.goneSince == nil })
    else { return .refused(.relinkPersonNotInForce, note: "\(person) is not in force, or held") }
    var because: [Because] = []
    if formerly.contains(where: { $0.number == identity.number }) { because.append(.number) }
    // Without an object of the former person, two administrators have said that the account is somebody else's now.
    if !formerly.isEmpty, passed.contains(pair) { because.append(.account) }
    let cards = try state.ownCards(of: former)
    guard !because.isEmpty else {
      return .refused(.relinkNotOffered, note: "\(former) and \(person) have neither number nor account in common")
    }
    guard cards.contains(where: { $0.state == .active }), try state.ownCards(of: person).isEmpty else {
      return .refused(.relinkNotOffered, note: "\(former) has no active card, or \(person) has one")
    }
    return .offered(
      Offer(
        former: before, person: now, formerGUIDs: formerly.map(\.guid).sorted(), guid: identity.guid, because: because,
        cards: cards))
  }

  /// By the new person, and the former one.
  func all(in state: some StateReader) throws(StorageFault) -> [Offer] {
    let passed = Set(try PassedAccounts(in: state).pairs)
    var pairs = passed
    for same in Dictionary(grouping: try state.directoryIdentities(), by: \.number).values where same.count > 1 {
      for new in same where new.goneSince == nil && new.hold == nil {
        for old in same where old.person != new.person {
          pairs.insert(PassedAccounts.Pair(from: old.person, to: new.person))
        }
      }
    }
    var offers: [Offer] = []
    for pair in pairs.sorted(by: { ($0.to, $0.from) < ($1.to, $1.from) }) {
      if case .offered(let offer) = try verdict(pair, passed, in: state) { offers.append(offer) }
    }
    return offers
  }
}

extension RelinkOffers.Offer {
  /// - Parameter proof: of this pair, if it counts.
  func told(_ proof: RelinkProof?) -> RelinkOffer {
    RelinkOffer(
      former: former.id.text, formerName: former.displayName, person: person.id.text, name: person.displayName,
      account: person.account.canonical, because: because.map(\.rawValue), formerGUIDs: formerGUIDs.map(\.description),
      guid: guid.description, cards: cards.map(\.id.text), cardsHash: Hex.encode(cardsHash),
      proof: proof?.told)
  }

  /// Over everything of the cards that somebody may do something with.
  private var cardsHash: [UInt8] {
    var writer = LengthPrefixedWriter()
    writer.field("sanmon/relink-cards/1")
    for card in cards {
      for text in [card.id.text, card.person?.text ?? "", card.state.rawValue] { writer.field(text) }
      writer.field(card.guid?.bytes ?? [])
      writer.field(UInt64(card.keys.count))
      for key in card.keys {
        writer.field(key.fingerprint.bytes)
        for text in [key.profile, key.slot, key.provenClass.name] { writer.field(text) }
      }
    }
    return Array(SHA256.hash(data: writer.bytes))
  }
}

/// Accounts that passed from somebody who left to somebody new: the former one's is overwritten in that moment. Ids only.
struct PassedAccounts: Sendable {
  struct Pair: Hashable, Sendable {
    let from: PersonID
    let to: PersonID
  }

  private static let setting = "directory.relink.accounts"
  /// More than a city renews in a year; the oldest are forgotten first.
  private static let most = 2_000

  private(set) var pairs: [Pair] = []

  init(in state: some StateReader) throws(StorageFault) {
    guard let bytes = try state.setting(Self.setting) else { return }
    do {
      var reader = LengthPrefixedReader(bytes, subject: "passed accounts", limit: 64)
      while !reader.isAtEnd {
        pairs.append(Pair(from: try PersonID(parsing: reader.text()), to: try PersonID(parsing: reader.text())))
      }
    } catch { throw .corrupt("setting \(Self.setting)") }
  }

  static func remember(_ plan: ImportPlan, in state: inout some StateTransaction) throws(StorageFault) {
    let added = Set(plan.added.map(\.id))
    let passed = plan.warnings.compactMap { warning -> Pair? in
      guard case .accountMoved(_, let from, let to) = warning, added.contains(to) else { return nil }
      return Pair(from: from, to: to)
    }
    guard !passed.isEmpty else { return }
    var kept = try PassedAccounts(in: state)
    var open: [Pair] = []
    // Where no cards are left to go on, or she has one, there will be nothing to offer.
    for pair in kept.pairs.filter({ !passed.contains($0) }) + passed {
      if try !state.ownCards(of: pair.from).isEmpty, try state.ownCards(of: pair.to).isEmpty { open.append(pair) }
    }
    kept.pairs = Array(open.suffix(most))
    try kept.keep(in: &state)
  }

  static func forget(_ person: PersonID, in state: inout some StateTransaction) throws(StorageFault) {
    var kept = try PassedAccounts(in: state)
    guard kept.pairs.contains(where: { $0.from == person || $0.to == person }) else { return }
    kept.pairs.removeAll { $0.from == person || $0.to == person }
    try kept.keep(in: &state)
  }

  private func keep(in state: inout some StateTransaction) throws(StorageFault) {
    var writer = LengthPrefixedWriter()
    for pair in pairs {
      writer.field(pair.from.text)
      writer.field(pair.to.text)
    }
    try state.set(writer.bytes, forSetting: Self.setting)
  }
}
