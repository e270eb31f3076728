/// One request, told by what is true about it: the simulation made it and knows.
enum Story: Sendable {
  case open(String)
  case prove(Proving)
  case renew(String, session: String)
  case end(String, session: String, kind: String)
  case report(String)
  case watch(String)
  case card(String, to: String)
  case people(Roster)
  case revoke(String)
  case endSession(String)
  case reload
  case checkpoint
  case flush

  /// The workstation that asks, if one does.
  var workstation: String? {
    switch self {
    case .open(let name), .report(let name), .watch(let name): name
    case .prove(let proving): proving.workstation
    case .renew(let name, _): name
    case .end(let name, _, _): name
    default: nil
    }
  }
}

/// What a workstation sends to a ceremony, and what it is worth.
struct Proving: Sendable {
  struct CardShown: Sendable {
    /// A key name, or one of `CardBox.strangers`.
    let key: String
    /// The slot it is shown as.
    let slot: String
    /// What the signature is over; `nil`: over nothing that ever was.
    let signed: Signed?
  }

  /// Everything that a right signature binds.
  struct Signed: Hashable, Sendable {
    var ceremony: String
    var workstation: String
    var scenario: String
    var slot: String
    var keys: String
  }

  struct SessionShown: Sendable {
    let session: String
    let ceremony: String
    /// Whose key signed.
    let keys: String
  }

  enum Keys: Sendable, Equatable {
    case none
    case malformed
    case named(String)
  }

  let workstation: String
  let ceremony: String
  let keys: Keys
  let card: CardShown?
  let password: String?
  let session: SessionShown?
}

/// A list of people as somebody exported it.
struct Roster: Sendable {
  /// Person to groups; whoever is not in it is absent.
  let people: [String: [String]]
  let disabled: Set<String>
  let confirmed: Int?
  /// The file ends in the middle of a line.
  let isTorn: Bool
}

/// What a row of the log has to say.
struct Row: Hashable, Sendable {
  var action: String
  var outcome: String
  var code: String?
  var workstation: String?
  var person: String?
  var card: String?
  var session: String?
  var count: Int64 = 1
}

/// What came back.
enum Answer: Sendable, Equatable {
  case opened(id: String, scenario: String, session: String?)
  case granted(String)
  case stillNeeded
  case done(String)
  case refused(String)
  /// No answer could be found.
  case fault(String)
}
