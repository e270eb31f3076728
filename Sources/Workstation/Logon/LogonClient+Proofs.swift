import AuthAPI
import AuthClient
import AuthTerms
import Foundation

extension LogonClient {
  /// A ceremony lives 30 s: what took a person longer goes into another one.
  static let openMilliseconds: Int64 = 25_000

  private enum Next {
    case palm(PalmSampleMessage)
    case password(Secret<TypedPassword>)
    case startAgain
  }

  /// What a ceremony begins with.
  enum FirstProof {
    case card(CardProofMessage)
    /// One that has proven itself in this ceremony already.
    case sharedCard
    case palm
    case code(LookUpProofMessage)
    /// One that proves nothing, where its number is taken for it.
    case number(CardNumberMessage)
  }

  /// The card or the printed code goes first, or with an unlock by palm alone the palm; then what the server says is still missing.
  func conclude(
    _ running: Running, _ first: FirstProof, _ entered: inout Entered
  ) async throws(AgentFault) -> Conclusion {
    var (palms, isPasswordShown) = (0, false)
    func card(_ proof: CardProofMessage?) -> ProofsMessage {
      ProofsMessage(sessionKeys: running.keys, card: proof, password: nil, sessionSignature: running.sessionSignature)
    }
    var answer: CeremonyAnswer
    switch first {
    case .card(let proof): answer = try await post(card(proof), in: running)
    case .sharedCard: answer = try await post(card(nil), in: running)
    case .number(let number):
      var message = card(nil)
      message.number = number
      answer = try await post(message, in: running)
    case .palm:
      answer = try await post(palm: Self.take(&entered), in: running)
      palms = 1
    case .code(let proof):
      answer = try await post(
        ProofsMessage(
          sessionKeys: running.keys, card: nil, password: nil, sessionSignature: running.sessionSignature, code: proof),
        in: running)
    }
    while answer.outcome == "stillNeeded" {
      guard !isPasswordShown else { throw .moreNeeded(answer.combinations ?? []) }
      switch try await next(answer, running, palms: palms, &entered) {
      case .startAgain: return .startAgain
      case .palm(let sample):
        palms += 1
        answer = try await post(palm: sample, in: running)
      case .password(let password):
        isPasswordShown = true
        entered.shown = entered.newPassword ?? password
        // JSON keeps copies of the password until this process ends or reuses the memory; see docs/threat-model.md.
        answer = try await post(
          ProofsMessage(
            sessionKeys: running.keys, card: nil, password: password.withBytes { Data($0) },
            newPassword: entered.newPassword.map { $0.withBytes { Data($0) } }, sessionSignature: nil), in: running)
      }
    }
    guard answer.outcome == "granted" else { throw .server(.malformedAnswer(expected: "an outcome")) }
    guard let session = answer.session, (try? SessionID(parsing: session.session)) != nil,
      session.segment == workstation.segment.name, session.scenario == running.ceremony.scenario.rawValue,
      (1...86_400).contains(session.leaseSeconds)
    else { throw .disagreement(.session) }
    return .granted(session)
  }

  /// What to show after an answer that asks for more; throws when nothing is left.
  private func next(
    _ answer: CeremonyAnswer, _ running: Running, palms: Int, _ entered: inout Entered
  ) async throws(AgentFault) -> Next {
    let missing = answer.combinations ?? []
    guard running.plan.needsPalm, !entered.isPalmOver else { return try await password(missing, running, &entered) }
    guard let palm = answer.palm else {
      // The card was accepted; or the palm was, and a password is missing besides.
      guard Self.offersPalm(missing) else { return try await password(missing, running, &entered) }
      return .palm(try Self.take(&entered))
    }
    var fault: AgentFault?
    do throws(AgentFault) {
      if let sample = try await another(after: palm, missing, palms: palms) { return .palm(sample) }
    } catch { fault = error }
    guard await switches(to: missing, &entered, because: fault) else { throw fault ?? .palmTriesUsed }
    guard missing.contains([Factor.password.rawValue]) else { return .startAgain }
    return try await password(missing, running, &entered)
  }

  /// What the card alone did not complete, a password may; nothing else can be asked for here.
  private func password(
    _ missing: [[String]], _ running: Running, _ entered: inout Entered
  ) async throws(AgentFault) -> Next {
    guard missing.contains([Factor.password.rawValue]) else { throw .moreNeeded(missing) }
    if let known = entered.password { return .password(known) }
    let password = try await asking.password()
    entered.password = password
    let isOpen = surroundings.now().milliseconds(since: running.openedAt) < Self.openMilliseconds
    return isOpen ? .password(password) : .startAgain
  }

  private static func take(_ entered: inout Entered) throws(AgentFault) -> PalmSampleMessage {
    // A server that wants another palm says what became of the last.
    guard let palm = entered.palm else { throw .server(.malformedAnswer(expected: "what became of a palm")) }
    entered.palm = nil
    return palm
  }

  private func post(palm sample: PalmSampleMessage, in running: Running) async throws(AgentFault) -> CeremonyAnswer {
    guard let signature = try await holder.sign(running.ceremony.palmPreimage(sample), keys: running.keys) else {
      throw .sessionKeyGone
    }
    return try await post(
      ProofsMessage(
        sessionKeys: running.keys, card: nil, palm: PalmProofMessage(sample: sample, signature: Data(signature)),
        password: nil, sessionSignature: running.sessionSignature), in: running)
  }

  private func post(_ message: ProofsMessage, in running: Running) async throws(AgentFault) -> CeremonyAnswer {
    do {
      return try await running.connection.call("POST", "/v1/ceremonies/\(running.ceremony.ceremony.text)/proofs", message)
    } catch { throw .server(error) }
  }
}
