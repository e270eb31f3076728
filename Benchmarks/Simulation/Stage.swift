import AuditLog
import AuthAPI
import AuthPolicy
import AuthServer
import AuthTerms
import Sealing
import Storage

/// Registers what the town has besides its people, in one change: cards, workstations, passwords.
///
/// The hashes are of the smallest size that the server accepts: a morning has hundreds, and their strength is not its subject.
struct Stage: Change {
  private let cards: [RegisteredCard]
  private let workstations: [WorkstationRecord]
  private let passwords: [StoredPassword]
  private let now: Moment

  init(core: ServerCore, cards box: CardBox, now: Moment, random: SeededBytes) throws {
    self.now = now
    let desk = try OperatorID(parsing: "yamada")
    cards = try Town.cards.map { card in
      let keys = try card.slots.map { slot in
        guard let key = box.keys[card.key(slot)] else { throw MalformedInput("card", expected: "a key of the box") }
        return RegisteredKey(
          fingerprint: key.fingerprint, profile: "piv", slot: slot,
          provenClass: slot == "9a" && card.isGuarded ? .publicKeyWithPIN : .publicKey, enrolledBy: desk, enrolledAt: now)
      }
      return RegisteredCard(
        id: try CardID(parsing: card.id), person: try PersonID(parsing: card.person), guid: nil, state: .active, keys: keys)
    }
    workstations = try Town.workstations.map { name in
      WorkstationRecord(
        id: try WorkstationID(parsing: name), segment: try Segment(parsing: Town.segment),
        access: Town.isRemote(name) ? .remote : .console,
        certificates: [try CertificateFingerprint(parsing: Town.certificate(of: name))], isRevoked: false, enrolledAt: now)
    }
    let small = try PasswordHash.Parameters(memory: 8, passes: 1, lanes: 1)
    passwords = try Town.clerks.filter(\.hasPassword).map { clerk in
      let hash = try PasswordHash.make(
        password: Secret(copying: Array(Town.password(of: clerk.id).utf8)), salt: random.draw(16), parameters: small)
      let person = try PersonID(parsing: clerk.id)
      return StoredPassword(person: person, sealed: try core.sealed(hash: hash, of: person), changedAt: now)
    }
  }

  func apply(to state: inout some StateTransaction) throws(StorageFault) -> (Void, AuditRecord) {
    for card in cards { try state.put(card) }
    for workstation in workstations { try state.put(workstation) }
    for password in passwords { try state.put(password) }
    let record = AuditRecord(
      time: now.wallMilliseconds, eventClass: .administration, action: "stage.set", outcome: .done)
    return ((), record)
  }
}

extension Roster {
  static let everybody = Roster(
    people: Dictionary(uniqueKeysWithValues: Town.clerks.map { ($0.id, $0.groups) }), disabled: [], confirmed: nil,
    isTorn: false)

  /// The three files as a spreadsheet writes them.
  var message: PeopleImport {
    var lines = ["id,account,display_name,kana,other_names,departments,groups,enabled,first_day,last_day,managed_password"]
    for clerk in Town.clerks {
      guard let groups = people[clerk.id] else { continue }
      let number = clerk.id.dropFirst(2)
      lines.append(
        "\(clerk.id),clerk\(number),職員 \(number),ショクイン \(number),,01,\(groups.joined(separator: ";")),"
          + "\(!disabled.contains(clerk.id)),\(Self.date(clerk.first)),\(Self.date(clerk.last)),false")
    }
    var text = lines.joined(separator: "\n") + "\n"
    if isTorn { text = String(text.prefix(text.count - 25)) }
    return PeopleImport(
      format: "csv", people: text, groups: "name,title,member_of\nseg-lgwan,LGWAN,\nseg-other,other,\ntelework,telework,\n",
      departments: "code,name,parent,site\n01,総務部,,本庁舎\n", confirmed: confirmed, preview: false)
  }

  /// Days from the first of April 2026; only the days around it are needed.
  private static func date(_ offset: Int?) -> String { offset.map { "2026-04-0\(1 + $0)" } ?? "" }
}
