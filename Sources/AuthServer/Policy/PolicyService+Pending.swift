import AuthAPI
import AuthPolicy
import AuthTerms
import Storage

extension PolicyService {
  /// What lies in the folder, what it would change, and whose signatures it waits for. Nothing is changed by asking.
  func pending() async throws -> PolicyPending {
    let live = services.policy.files
    let version = live.policy.version.hex
    do {
      let files = try services.policy.read(today: services.local(services.surroundings.now()).day)
      let found = files.policy.version.hex
      guard found != version || files.differsBelow(from: live) else {
        return PolicyPending(policyVersion: version, folderVersion: found, isPending: false)
      }
      let changes = files.changes(from: live, segments: services.instance.segments)
      let signatures = PolicySignatures(services: services)
      return PolicyPending(
        policyVersion: version, folderVersion: found, isPending: true, changes: changes.map { PolicyChangeShown($0) },
        signaturesNeeded: signatures.required(widens: changes.widens),
        signers: try await signatures.signers(of: files).map(\.text))
    } catch let faults as PolicyFaults {
      return PolicyPending(
        policyVersion: version, folderVersion: nil, isPending: true, faultsJa: faults.faults.map { $0.render(.ja) },
        faultsEn: faults.faults.map { $0.render(.en) })
    }
  }
}

extension PolicyFiles {
  /// What these files change in the segments that an instance serves, widenings first.
  func changes(from former: PolicyFiles, segments: [Segment]) -> [PolicyChange] {
    let served = Set(segments)
    let all =
      policy.changes(from: former.policy, segments: served)
      + applications.changes(from: former.applications, segments: served) + cards.changes(from: former.cards)
    return all.filter { $0.effect == .widening } + all.filter { $0.effect != .widening }
  }
}

extension PolicyChangeShown {
  init(_ change: PolicyChange) {
    self.init(effect: change.effect.rawValue, rule: change.rule.description, ja: change.ja, en: change.en)
  }
}
