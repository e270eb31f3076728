import AuthAPI
import AuthClient
import AuthTerms
import Crypto
import Foundation
import SmartCard

extension LogonClient {
  /// A My Number Card, or nil for a card that is none. What went wrong with one that is, is told.
  func personal(isTaken: Bool) async throws(CardFailure) -> JPKICardView? {
    do throws(CardFailure) { return try await cards.jpkiCard(isTaken: isTaken) } catch {
      guard error == .unsupportedCard else { throw error }
      return nil
    }
  }

  /// A card without PIV: a staff card that is taken here, or a My Number Card; both of them are one too many, where both are taken.
  /// Where My Number Cards are not taken, one in another reader (a citizen's, at a counter) stands in no staff card's way: it is
  /// looked for last, only to be able to say what lies there.
  /// - Parameter fault: what a card ends in that is neither.
  func withoutPIV(
    _ offered: Set<SharedKeyCardKind>, takesNumbers: Bool, takesMyNumberCards: Bool, else fault: CardFailure
  ) async throws(CardFailure) -> SeenCard {
    var fault = fault
    var mine: JPKICardView?
    if takesMyNumberCards {
      do throws(CardFailure) { mine = try await personal(isTaken: true) } catch {
        // Without its certificate it logs nobody on; a staff card beside it does.
        guard error == .missingObject else { throw error }
        fault = error
      }
    }
    let staff: SeenCard
    do throws(CardFailure) { staff = try await unsigned(offered, takesNumbers: takesNumbers, else: fault) } catch {
      guard error.mayBeAnotherKind else { throw error }
      if let mine { return .personal(mine) }
      guard !takesMyNumberCards, let other = try await personal(isTaken: false) else { throw error }
      return .personal(other)
    }
    guard let mine else { return staff }
    switch staff {
    case .shared(let view) where offered.contains(view.kind): throw .ambiguousCard
    case .number where takesNumbers: throw .ambiguousCard
    default: return .personal(mine)
    }
  }

  func askPersonalPIN(
    _ plan: FactorPlan, _ view: JPKICardView, _ entered: inout Entered
  ) async throws(AgentFault) -> (Secret<PIN>?, leastTries: Int) {
    guard view.triesLeft > 0 else { throw .myNumberCard(.pinBlocked) }
    let asked: (Secret<PIN>?, leastTries: Int)
    do throws(AgentFault) {
      asked = try await askPIN(plan, triesLeft: view.triesLeft, &entered) { JPKIPINRule.accepts($0) ? nil : .unusablePIN }
    } catch {
      throw error == .card(.unusablePIN) ? .myNumberCard(.pinForm) : error
    }
    return asked
  }

  /// What the card signed for this ceremony. The vault is shown none of it: it knows no such cards.
  func personalProof(
    _ view: JPKICardView, _ pin: Secret<PIN>?, _ leastTries: Int, keys: SessionKeys,
    _ opened: (ceremony: CheckedCeremony, connection: ServerConnection)
  ) async throws(AgentFault) -> CardProofMessage {
    guard let pin else { throw .myNumberCard(.pinForm) }
    let preimage = opened.ceremony.preimage(slot: JPKIProfile.name, keys: keys)
    let errand = JPKIErrand(
      reader: view.reader, certificate: view.certificate, digest: Array(SHA256.hash(data: preimage.canonicalBytes)), pin: pin,
      leastTries: leastTries)
    let outcome: CardErrandOutcome
    do { outcome = try await cards.run(errand) } catch { throw .card(error) }
    let signature: [UInt8]
    do throws(AgentFault) { (signature, _) = try await signed(outcome, reportingTo: opened.connection) } catch {
      throw error == .pinBlocked ? .myNumberCard(.pinBlocked) : error
    }
    return CardProofMessage(
      profile: JPKIProfile.name, slot: JPKIProfile.name, certificate: Data(view.certificate),
      algorithm: JPKIProfile.algorithm, signature: Data(signature))
  }
}
