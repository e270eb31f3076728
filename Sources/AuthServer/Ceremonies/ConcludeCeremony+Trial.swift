import AuthPolicy
import AuthTerms
import Storage

/// What one set of rules says of a request, in the words of a row.
enum TrialVerdict: Equatable, Sendable {
  case grants(AssuranceLevel)
  /// Names of factors of the first combination that would complete it.
  case asks(String)
  case refuses(DenialCode)

  init(_ decision: Decision) {
    switch decision {
    case .grant(let grant): self = .grants(grant.assurance)
    case .stillNeeded(let combinations, _): self = .asks(combinations.first?.names.joined(separator: "+") ?? "")
    case .deny(let denial): self = .refuses(denial.code)
    }
  }

  private static let word = "trial"
  private static let digits = 16

  /// `trial 0123456789abcdef refuses AP108`
  func mark(of version: PolicyVersion) -> String {
    let said =
      switch self {
      case .grants(let level): "grants \(level.name)"
      case .asks(let factors): "asks \(factors)"
      case .refuses(let code): "refuses \(code.rawValue)"
      }
    return "\(Self.word) \(version.hex.prefix(Self.digits)) \(said)"
  }

  /// The two words of a row's note that a set on trial left there: what it does, and with what.
  static func found(in note: String, of version: PolicyVersion) -> (act: String, with: String)? {
    let words = note.split(whereSeparator: { $0 == " " || $0 == ";" }).map { String($0) }
    let name = String(version.hex.prefix(digits))
    guard let place = words.indices.last(where: { $0 > 0 && words[$0] == name && words[$0 - 1] == word }),
      place + 2 < words.count
    else { return nil }
    return (words[place + 1], words[place + 2])
  }
}

extension ConcludeCeremony {
  /// What the set on trial says of the very same request, where that is something else; empty otherwise. It decides nothing.
  func trialled(
    _ request: DecisionRequest, _ decision: Decision, in state: some StateReader
  ) throws(StorageFault) -> String {
    guard let trial else { return "" }
    var asked = request
    asked.approvedWaivers = try waivers.approved(trial, in: request.workstation.segment, on: local.day, state: state)
    let verdict = TrialVerdict(trial.decide(asked))
    return verdict == TrialVerdict(decision) ? "" : verdict.mark(of: trial.version)
  }

  /// The note of a row with that behind it.
  static func noted(_ note: String, _ mark: String) -> String {
    mark.isEmpty ? note : note.isEmpty ? mark : "\(note); \(mark)"
  }
}
