public import AuthTerms
import Foundation
import PCSCReader
public import SmartCard
import Synchronization

/// Certificate cards and tokens, asked through a PKCS#11 library in a process of its own: one process looks, another one signs.
/// Between them a person types, and nothing is held meanwhile.
public final class ModuleCards: CardPort {
  private let module: TokenModule
  private let reader: String?
  private let program: String
  private let command: String
  private let milliseconds: Int
  /// Where each certificate stood when it was looked at.
  private let seen = Mutex<[[UInt8]: (slot: UInt64, serial: [UInt8], key: [UInt8])]>([:])

  /// - Parameters:
  ///   - reader: the PC/SC reader that is meant; nil: whichever has the one card that fits.
  ///   - program: the program to start; this one, which must know the command.
  ///   - command: the hidden command under which it is the library's process.
  ///   - milliseconds: in which one answer has to be there: a signature with RSA over a contactless reader, after a slow start of
  ///     the library.
  public init(
    _ module: TokenModule, reader: String? = nil, program: String = "/proc/self/exe", command: String = "module-host",
    within milliseconds: Int = 15_000
  ) {
    self.milliseconds = milliseconds
    self.module = module
    self.reader = reader
    self.program = program
    self.command = command
  }

  /// What the library says of all tokens there are; nothing is chosen.
  public func tokens() async throws(CardFailure) -> [SeenToken] {
    guard case .seen(let tokens) = try await ask(.look) else { throw .module(.malformed) }
    return tokens
  }

  /// The one key among them that is meant: `noCard`, `ambiguousCard`, `module`.
  public func chosen(among tokens: [SeenToken]) throws(CardFailure) -> (token: SeenToken, key: SeenKey) {
    try module.choice.choose(among: tokens.filter { token in reader.map { token.isIn($0) } ?? true })
  }

  /// The card whose key is meant. Its one key stands under `.authentication`: it signs after the PIN.
  public func view() async throws(CardFailure) -> CardView {
    let (token, key) = try chosen(among: try await tokens())
    seen.withLock { $0[key.certificate] = (token.slot, token.serial, key.id) }
    return CardView(
      reader: await reader(of: token), triesLeft: token.standing.triesLeft, certificates: [.authentication: key.certificate],
      profile: .certificate)
  }

  /// Whether this certificate was looked at here.
  func knows(_ certificate: [UInt8]) -> Bool { seen.withLock { $0[certificate] != nil } }

  public func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome {
    guard let place = seen.withLock({ $0[errand.certificate] }) else { return .otherCard }
    let algorithm = try CertificateKey(certificate: errand.certificate).algorithm
    guard let pin = errand.pin else { throw .pinRequired }
    guard ModuleErrand.pinLengths.contains(pin.count) else { throw .module(.pinForm) }
    let task: ModuleErrand
    do throws(MalformedInput) {
      task = try ModuleErrand(
        slot: place.slot, serial: place.serial, key: place.key, certificate: errand.certificate, algorithm: algorithm,
        digest: errand.digest, pin: pin, leastTries: min(2, max(1, errand.leastTries)))
    } catch { throw .malformedCommand }
    switch try await ask(.sign(task)) {
    case .signed(let raw): return .signed(signature: try ModuleSignature.wire(raw, algorithm), algorithm: algorithm)
    case .wrongPIN(let standing): return .wrongPIN(triesLeft: standing.triesLeft)
    case .pinBlocked: return .pinBlocked
    case .tooFewTries: return .tooFewTries
    case .otherCard: return .otherCard
    case .seen, .failed: throw .module(.malformed)
    }
  }

  /// - Throws: what the library refused with, or `module`.
  private func ask(_ task: ModuleRequest.Task) async throws(CardFailure) -> ModuleAnswer {
    let request: ModuleRequest
    do throws(MalformedInput) { request = try ModuleRequest(library: module.library, task: task) } catch {
      throw .module(.unusable)
    }
    let (program, command, limit) = (program, command, milliseconds)
    let (library, configuration) = (module.library, module.configuration)
    let answer = try await BlockingCall.run { () throws(CardFailure) -> ModuleAnswer in
      try ModuleProcess(program: program, command: command, library: library, configuration: configuration)
        .ask(request, within: limit)
    }
    if case .failed(let refusal) = answer { throw refusal.failure }
    return answer
  }

  /// The PC/SC reader whose card is watched from now on; empty for a token that is in none.
  private func reader(of token: SeenToken) async -> String {
    guard !token.reader.isEmpty, let states = try? await CardReaders.states() else { return "" }
    let names = states.filter(\.hasCard).map(\.reader)
    if names.contains(token.reader) { return token.reader }
    let longer = names.filter { token.isIn($0) }
    return longer.count == 1 ? longer[0] : ""
  }
}

/// A workstation for both: PIV and shared-key cards as ever, and for a card that is neither, the library.
public struct EitherCards: CardPort {
  private let readers: any CardPort
  private let module: ModuleCards

  public init(readers: any CardPort, module: ModuleCards) {
    self.readers = readers
    self.module = module
  }

  public func view() async throws(CardFailure) -> CardView {
    do throws(CardFailure) { return try await readers.view() } catch {
      // A card that is no PIV card, or a token without a reader service.
      guard error.mayBeAnotherKind || error == .serviceUnavailable else { throw error }
      // A person's own My Number Card is shown to no library: it would read whatever lies on it.
      if try await isPersonalCardThere() { throw error }
      return try await behind(error)
    }
  }

  /// - Throws: where nobody knows: two such cards, one that another program holds, one that was lost halfway.
  private func isPersonalCardThere() async throws(CardFailure) -> Bool {
    do throws(CardFailure) {
      _ = try await readers.jpkiCard(isTaken: false)
      return true
    } catch {
      switch error {
      case .unsupportedCard, .noCard, .noReader, .serviceUnavailable: return false
      default: throw error
      }
    }
  }

  /// - Parameter fault: what the card ends in that the library does not know either.
  private func behind(_ fault: CardFailure) async throws(CardFailure) -> CardView {
    do throws(CardFailure) { return try await module.view() } catch {
      switch error {
      case .noCard, .unsupportedCard: throw fault
      default: throw error
      }
    }
  }

  public func run(_ errand: CardErrand) async throws(CardFailure) -> CardErrandOutcome {
    if module.knows(errand.certificate) { return try await module.run(errand) }
    return try await readers.run(errand)
  }

  public func sharedCard(_ kinds: Set<SharedKeyCardKind>) async throws(CardFailure) -> SharedCardView {
    try await readers.sharedCard(kinds)
  }

  public func talk(_ card: SharedCardView, _ ask: @escaping SharedCardAsking) async throws(CardFailure) {
    try await readers.talk(card, ask)
  }

  public func numberCard() async throws(CardFailure) -> NumberCardView { try await readers.numberCard() }

  public func jpkiCard(isTaken: Bool) async throws(CardFailure) -> JPKICardView {
    try await readers.jpkiCard(isTaken: isTaken)
  }

  public func run(_ errand: JPKIErrand) async throws(CardFailure) -> CardErrandOutcome { try await readers.run(errand) }
}
