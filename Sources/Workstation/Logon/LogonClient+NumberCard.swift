import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SmartCard

extension LogonClient {
  /// A card without a key that signs: one of a kind whose file is offered here, or else one that is known by its number.
  ///
  /// Lite-S is told from other FeliCa by its chip, where both may come. Other kinds are not told apart: where a file of DESFire
  /// is offered, a card with a number of 7 bytes is asked by it.
  /// - Parameter fault: what a card ends in that is neither.
  func unsigned(
    _ offered: Set<SharedKeyCardKind>, takesNumbers: Bool, else fault: CardFailure
  ) async throws(CardFailure) -> SeenCard {
    var shared: SharedCardView?
    do throws(CardFailure) { shared = try await cards.sharedCard(Set(SharedKeyCardKind.allCases)) } catch {
      guard error == .unsupportedCard else { throw error }
    }
    if let shared, offered.contains(shared.kind), !takesNumbers || shared.kind != .felicaLiteS { return .shared(shared) }
    var numbered: NumberCardView?
    do throws(CardFailure) { numbered = try await cards.numberCard() } catch {
      guard error == .unsupportedCard else { throw error }
    }
    if let shared, offered.contains(shared.kind), (numbered?.generation ?? .liteS) == .liteS { return .shared(shared) }
    if let numbered { return .number(numbered) }
    guard let shared else { throw fault }
    return .shared(shared)
  }

  /// Where a number is not taken, the server is told all the same, before anybody types anything: its row says whose number was
  /// shown here.
  func refused(
    _ card: NumberCardView, keys: SessionKeys, in ceremony: CeremonyID, over connection: ServerConnection
  ) async -> AgentFault {
    let message = ProofsMessage(
      sessionKeys: keys, card: nil, password: nil, sessionSignature: nil, number: CardNumberMessage(card))
    do throws(ClientFault) {
      let _: CeremonyAnswer = try await connection.call("POST", "/v1/ceremonies/\(ceremony.text)/proofs", message)
    } catch {
      guard case .refused(let body) = error, body.code == DenialCode.notAccepted.rawValue else { return .server(error) }
    }
    return .cardNotTakenHere
  }
}

extension CardNumberMessage {
  init(_ card: NumberCardView) {
    self.init(number: Data(card.number.bytes), chip: card.chip.map { Data($0) })
  }
}
