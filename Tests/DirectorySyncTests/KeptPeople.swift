import AuthTerms
import DirectorySync

/// Identities and people as a store without limits would keep them.
struct KeptPeople {
  var identities: [DirectoryIdentity] = []
  var people: [ResolvedPerson] = []
  private var anchors: [DirectoryRules.Anchor: ObjectGUID] = [:]

  /// Looks, and keeps what was seen.
  @discardableResult
  mutating func look(
    at replica: DirectoryReplica, _ rules: DirectoryRules = DirectoryRules(), adopts: Bool = false, now: Int64 = 0
  ) -> DirectoryView {
    var rules = rules
    rules.anchors = anchors
    let view = DirectoryView(of: replica, rules: rules, known: identities, current: people, adopts: adopts, now: now)
    let plan = ImportPlan(current: people, named: view.people)
    for person in plan.writes {
      people.removeAll { $0.id == person.id }
      people.append(person)
    }
    for identity in view.identities {
      identities.removeAll { $0.guid == identity.guid }
      identities.append(identity)
    }
    anchors = view.anchors
    return view
  }
}
