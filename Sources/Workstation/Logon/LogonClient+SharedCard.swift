import AuthAPI
import AuthClient
import AuthTerms
import Foundation
import SmartCard
import Synchronization

extension LogonClient {
  /// What lies on the reader.
  enum SeenCard: Sendable {
    case piv(CardView)
    case shared(SharedCardView)
    /// Known by its number alone.
    case number(NumberCardView)
    /// A My Number Card.
    case personal(JPKICardView)

    var reader: String {
      switch self {
      case .piv(let view): view.reader
      case .shared(let view): view.reader
      case .number(let view): view.reader
      case .personal(let view): view.reader
      }
    }
  }

  /// A PIV card before any other; a card that tells a number and no more, if it can be asked here.
  func waitForCard(
    seconds: Int64, _ scripts: [CardScript], takesNumbers: Bool, takesMyNumberCards: Bool
  ) async throws(AgentFault) -> SeenCard {
    let offered = Set(scripts.map(\.kind))
    let seen = try await waiting(seconds: seconds) { () async throws(CardFailure) -> SeenCard in
      do throws(CardFailure) { return .piv(try await cards.view()) } catch {
        guard error.mayBeAnotherKind else { throw error }
        return try await withoutPIV(
          offered, takesNumbers: takesNumbers, takesMyNumberCards: takesMyNumberCards, else: error)
      }
    }
    if case .personal = seen, !takesMyNumberCards { throw .myNumberCard(.notTaken) }
    if case .shared(let view) = seen, !offered.contains(view.kind) { throw .cardNotTakenHere }
    return seen
  }

  /// Carries the exchange of each file that fits, until the card is proven: a card of an older issue is asked by its own file.
  func prove(
    _ card: SharedCardView, _ scripts: [CardScript], keys: SessionKeys, in ceremony: CeremonyID,
    over connection: ServerConnection
  ) async throws(AgentFault) {
    var last = AgentFault.cardNotTakenHere
    // The server begins no more than three in one ceremony.
    for script in scripts.filter({ $0.kind == card.kind }).prefix(3) {
      do throws(AgentFault) {
        return try await prove(
          SharedCardRelay(
            script: script, number: card.number, keys: keys, ceremony: ceremony, connection: connection), card)
      } catch {
        guard case .server(.refused(let body)) = error, body.code == DenialCode.notAccepted.rawValue else { throw error }
        last = error
      }
    }
    throw last
  }

  private func prove(_ relay: SharedCardRelay, _ card: SharedCardView) async throws(AgentFault) {
    do throws(CardFailure) {
      try await cards.talk(card) { answers in await relay.ask(answers) }
    } catch {
      // What the server said comes first: the card was let go of because of it.
      if let fault = relay.fault { throw fault }
      switch error {
      case .malformedCommand: throw .commandNotAllowed
      case .unsupportedCard: throw .otherCard
      default: throw .card(error)
      }
    }
    if let fault = relay.fault { throw fault }
    guard relay.isProven else { throw .server(.malformedAnswer(expected: "whether the card is proven")) }
  }
}

/// One exchange as this workstation carries it: between a card and the server's route of one ceremony.
private final class SharedCardRelay: Sendable {
  private let script: CardScript
  private let number: [UInt8]
  private let keys: SessionKeys
  private let ceremony: CeremonyID
  private let connection: ServerConnection
  private let end = Mutex<Result<Void, AgentFault>?>(nil)

  init(script: CardScript, number: [UInt8], keys: SessionKeys, ceremony: CeremonyID, connection: ServerConnection) {
    self.script = script
    self.number = number
    self.keys = keys
    self.ceremony = ceremony
    self.connection = connection
  }

  var isProven: Bool { end.withLock { if case .success = $0 { true } else { false } } }
  var fault: AgentFault? { end.withLock { if case .failure(let fault) = $0 { fault } else { nil } } }

  func ask(_ answers: [[UInt8]]?) async -> SharedCardReply {
    let message = CardRoundMessage(
      profile: script.id, number: Data(number), answers: answers?.map { Data($0) }, sessionKeys: keys)
    do throws(ClientFault) {
      let answer: CardRoundAnswer = try await connection.call("POST", "/v1/ceremonies/\(ceremony.text)/card", message)
      if let commands = answer.commands, !answer.isProven { return .send(script, commands.map { Array($0) }) }
      if answer.commands == nil, answer.isProven {
        end.withLock { $0 = .success(()) }
      } else {
        end.withLock { $0 = .failure(.server(.malformedAnswer(expected: "commands, or that the card is proven"))) }
      }
    } catch { end.withLock { $0 = .failure(.server(error)) } }
    return .over
  }
}
