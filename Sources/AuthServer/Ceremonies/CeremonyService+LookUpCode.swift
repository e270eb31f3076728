import AuthAPI
import AuthPolicy
import AuthTerms
import Foundation
import Storage
import VaultLink

/// A printed code that the vault has found right in this ceremony.
struct ProvenCode: Sendable {
  let person: PersonID
  /// Kept until it is used up: wiped with the ceremony.
  let code: LookUpCode
  /// As rows name it.
  let sheet: String
  /// It is burned only beside a right password or palm, so that a slip there does not cost the day's code.
  var isUsed = false
}

/// Possession by a printed one-time code. The vault judges; the ceremony binds what it says to this workstation and these keys.
extension CeremonyService {
  /// Everything that is wrong with it looks alike at the keyboard; the row has the vault's word.
  func show(
    _ message: LookUpProofMessage, _ ceremony: inout OpenCeremony, _ workstation: WorkstationRecord, _ caller: Caller,
    _ now: Moment
  ) async throws {
    guard ceremony.shown == nil, ceremony.code == nil else {
      throw try await refuse(.proofReplayed, "a second possession in one ceremony", nil, workstation, ceremony, caller, now)
    }
    guard ceremony.sessionKeys != nil else {
      throw try await refuse(.proofMalformed, "a code without session keys", nil, workstation, ceremony, caller, now)
    }
    guard let code = try? LookUpCode(parsing: message.code) else {
      throw try await refuse(.lookUpCodeRefused, "no code as they are printed", nil, workstation, ceremony, caller, now)
    }
    let offered = services.policy.policy.combinations(
      segment: ceremony.segment, scenario: ceremony.scenario, groups: nil, on: services.local(now).day, approved: [])
    guard offered.contains(where: { $0.factors.contains(.code) }) else {
      throw try await refuse(.lookUpCodeRefused, "the rules take no codes here", nil, workstation, ceremony, caller, now)
    }
    guard let holder = try await holder(message.account, ceremony, now) else {
      throw try await refuse(.lookUpCodeRefused, "nobody of this name in force", nil, workstation, ceremony, caller, now)
    }
    guard !holder.isBlocked else {
      throw try await refuse(.throttled, "the person is throttled", holder.person, workstation, ceremony, caller, now)
    }
    let sheet = try await ask(false, code, of: holder.person, workstation, ceremony, caller, now)
    ceremony.code = ProvenCode(person: holder.person, code: code, sheet: sheet)
  }

  /// Burns it, once what stands beside it is right.
  func useCode(
    _ ceremony: inout OpenCeremony, _ workstation: WorkstationRecord, _ caller: Caller, _ now: Moment
  ) async throws {
    guard var proven = ceremony.code, !proven.isUsed else { return }
    _ = try await ask(true, proven.code, of: proven.person, workstation, ceremony, caller, now)
    proven.isUsed = true
    ceremony.code = proven
  }

  private func holder(
    _ account: String?, _ ceremony: OpenCeremony, _ now: Moment
  ) async throws -> (person: PersonID, isBlocked: Bool)? {
    guard account.map({ (try? AccountName(parsing: $0)) != nil }) ?? true else { return nil }
    let name = account.flatMap { try? AccountName(parsing: $0) }
    return try await services.store.lookUp { (state) throws(StorageFault) -> (person: PersonID, isBlocked: Bool)? in
      let found: Person?
      if let name {
        found = try state.person(typing: name)
      } else {
        guard let id = ceremony.session, let session = try state.session(id), ceremony.provesKey(of: session) else {
          return nil
        }
        found = try state.person(session.person)
      }
      guard let found, found.isEnabled else { return nil }
      return (found.id, try Throttling.blockedUntil([.person(found.id)], now: now, in: state) != nil)
    }
  }

  /// - Returns: the sheet, as rows name it.
  private func ask(
    _ isUse: Bool, _ code: LookUpCode, of person: PersonID, _ workstation: WorkstationRecord, _ ceremony: OpenCeremony,
    _ caller: Caller, _ now: Moment
  ) async throws -> String {
    let shown = ShownLookUpCode(
      person: person, segment: ceremony.segment, workstation: workstation.id,
      purpose: ceremony.scenario == .unlock ? .unlock : .logon, isUse: isUse, code: code)
    do throws(VaultFault) {
      guard case .right(let sheet)? = try await services.vault.lookUp(.show(shown)) else {
        throw VaultFault.malformed("a right code")
      }
      return Hex.encode(Array(sheet.prefix(4)))
    } catch {
      if case .refused(let refusal) = error, Self.aboutCodes.contains(refusal.code) {
        throw try await refuse(
          .lookUpCodeRefused, refusal.code.rawValue, person, workstation, ceremony, caller, now)
      }
      // The vault's trouble counts against nobody.
      let answer = try await refuse(
        .vaultUnavailable, workstation, caller, now, scenario: ceremony.scenario, note: "the vault gave no answer about a code")
      throw Refusal(.vaultUnavailable, reference: answer.reference)
    }
  }

  private static let aboutCodes: Set<VaultRefusal.Code> = [
    .sheetMissing, .lookUpCodeWrong, .lookUpCodeUsed, .sheetDead, .lookUpCodeElsewhere,
  ]

  private func refuse(
    _ code: DenialCode, _ note: String, _ person: PersonID?, _ workstation: WorkstationRecord, _ ceremony: OpenCeremony,
    _ caller: Caller, _ now: Moment
  ) async throws -> Refusal {
    try await refuse(
      code, workstation, caller, now, scenario: ceremony.scenario, note: note, counts: true, person: person)
  }
}
