import AuthAPI
import AuthPolicy
import AuthTerms
import Crypto
import Foundation
import Storage
import VaultLink

extension VaultDesk {
  /// Applications of the workstation's segment, and beside them what a person is shown of the vault: whose accounts the one whose session is
  /// open there may use now, and which definitions are not as they were published. While the vault is away both are left out.
  func offered(to workstation: WorkstationRecord) async throws -> ApplicationsMessage {
    let definitions = services.policy.applications.applications(in: workstation.segment)
    var message = ApplicationsMessage(definitions: definitions.map { Data($0.canonicalBytes) })
    let now = services.surroundings.now()
    guard let answer = await services.offers.answer(at: now, { await askVault() }) else { return message }
    let unpublished = definitions.filter { !Self.isPublished($0, in: workstation.segment, answer.published) }
    message.unpublished = unpublished.map(\.id.text)
    message.owners = []
    guard !answer.deputies.isEmpty else { return message }
    let here = Set(definitions.map(\.id))
    message.owners = try await services.store.read { (state) throws(StorageFault) in
      guard let session = try state.liveSession(on: workstation.id), session.phase == .open else { return [] }
      var owners: [OwnerOffer] = []
      for deputy in answer.deputies[session.person] ?? [] {
        guard deputy.isInForce(at: now.wallMilliseconds), here.contains(deputy.application) else { continue }
        owners.append(
          OwnerOffer(
            owner: deputy.owner.text, displayName: try state.person(deputy.owner)?.displayName ?? "",
            application: deputy.application.text, account: deputy.account, until: deputy.until))
        if owners.count == ApplicationsMessage.mostOwners { break }
      }
      return owners
    }
    return message
  }

  private static func isPublished(
    _ definition: ApplicationDefinition, in segment: Segment, _ published: [ApplicationID: VaultApplication]
  ) -> Bool {
    guard let there = published[definition.id], there.segments.contains(segment) else { return false }
    return there.definition == Array(SHA256.hash(data: definition.canonicalBytes))
  }

  private func askVault() async -> VaultOffers.Answer? {
    guard let deputies = try? await deputiesInForce(), let published = try? await services.vault.listApplications() else {
      return nil
    }
    return VaultOffers.Answer(
      deputies: Dictionary(grouping: deputies, by: \.deputy),
      published: Dictionary(published.map { ($0.id, $0) }, uniquingKeysWith: { one, _ in one }))
  }
}
