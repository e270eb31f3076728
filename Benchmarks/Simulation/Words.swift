/// What the trace of a morning says: the same words for the same seed, whatever a dictionary's order.
extension Story: CustomStringConvertible {
  var description: String {
    switch self {
    case .open(let name): "\(name) asks for a challenge"
    case .prove(let proving): "\(proving)"
    case .renew(let name, let session): "\(name) renews the lease of \(session)"
    case .end(let name, let session, let kind): "\(name) asks for \(kind) of \(session)"
    case .report(let name): "\(name) reports a card that was taken out"
    case .watch(let name): "\(name) holds a connection"
    case .card(let card, let state): "the desk says that \(card) is \(state)"
    case .people(let roster): "people are imported: \(roster)"
    case .revoke(let name): "\(name) is revoked"
    case .endSession(let session): "the desk ends \(session)"
    case .reload: "the rules are read again"
    case .checkpoint: "a checkpoint is signed"
    case .flush: "counted refusals are written"
    }
  }
}

extension Proving: CustomStringConvertible {
  var description: String {
    var words = ["\(workstation) proves to \(ceremony)"]
    switch keys {
    case .none: words.append("no session keys")
    case .malformed: words.append("malformed session keys")
    case .named(let name): words.append("session keys \(name)")
    }
    if let card {
      let signed = card.signed.map { "over \($0.ceremony) on \($0.workstation) for \($0.scenario) with \($0.keys)" }
      words.append("\(card.key) shown as \(card.slot), signed \(signed ?? "over noise")")
    }
    if let password { words.append("'\(password)' typed") }
    if let session { words.append("\(session.session) signed for \(session.ceremony) by \(session.keys)") }
    return words.joined(separator: "; ")
  }
}

extension Roster: CustomStringConvertible {
  var description: String {
    let absent = Town.clerks.map(\.id).filter { people[$0] == nil }
    let moved = Town.clerks.filter { clerk in people[clerk.id].map { $0 != clerk.groups } ?? false }
    var words: [String] = []
    if !absent.isEmpty { words.append("without \(absent.joined(separator: ", "))") }
    if !disabled.isEmpty { words.append("disabled \(disabled.sorted().joined(separator: ", "))") }
    for clerk in moved { words.append("\(clerk.id) in [\((people[clerk.id] ?? []).joined(separator: ", "))]") }
    if let confirmed { words.append("\(confirmed) confirmed") }
    if isTorn { words.append("torn off in the middle of a line") }
    return words.isEmpty ? "everybody as at the start" : words.joined(separator: "; ")
  }
}

extension Row: CustomStringConvertible {
  var description: String {
    let told = [action, outcome, code, workstation, person, card, session].compactMap { $0 }.joined(separator: " ")
    return count == 1 ? "(\(told))" : "(\(told) ×\(count))"
  }
}

extension Answer: CustomStringConvertible {
  var description: String {
    switch self {
    case .opened(let id, let scenario, let session): "\(id) for \(scenario)\(session.map { " of \($0)" } ?? "")"
    case .granted(let session): "granted: \(session)"
    case .stillNeeded: "more is needed"
    case .done(let what): what.hasPrefix("sanmon") ? "a signed note" : what
    case .refused(let code): "refused: \(code)"
    case .fault(let what): "no answer: \(what)"
    }
  }
}
