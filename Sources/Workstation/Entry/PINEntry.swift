public import AuthTerms
public import SmartCard

/// Who is asked for what a change of a PIN needs.
public protocol PINAsking: Sendable {
  func presentPIN(triesLeft: Int) async throws(AgentFault) -> Secret<PIN>
  func puk() async throws(AgentFault) -> Secret<PUK>
  /// Typed twice where a person types: `pinChange(.notTheSame)` if the two differ.
  func newPIN() async throws(AgentFault) -> Secret<PIN>
  func confirmLastTry() async -> Bool
  func tell(_ message: AgentMessage) async
}

/// Asks the person at the terminal, or reads from descriptors a script hands over.
public struct PINEntry: PINAsking {
  private let terminal: Terminal?
  private let language: Language
  private let presentDescriptor: Int32?
  private let newDescriptor: Int32?
  private let useLastTry: Bool
  private let tellPerson: @Sendable (AgentMessage) -> Void

  /// - Parameters:
  ///   - presentDescriptor: where the present PIN, or the PUK, comes from; one line.
  ///   - newDescriptor: where the new PIN comes from; one line, asked for once.
  ///   - tell: where messages go that ask for nothing.
  public init(
    terminal: Terminal?, language: Language, presentDescriptor: Int32?, newDescriptor: Int32?, useLastTry: Bool,
    tell: @escaping @Sendable (AgentMessage) -> Void
  ) {
    self.terminal = terminal
    self.language = language
    self.presentDescriptor = presentDescriptor
    self.newDescriptor = newDescriptor
    self.useLastTry = useLastTry
    tellPerson = tell
  }

  public func presentPIN(triesLeft: Int) async throws(AgentFault) -> Secret<PIN> {
    try await ask(.askPresentPIN(triesLeft: triesLeft), presentDescriptor)
  }

  public func puk() async throws(AgentFault) -> Secret<PUK> { try await ask(.askPUK, presentDescriptor) }

  public func newPIN() async throws(AgentFault) -> Secret<PIN> {
    let new: Secret<PIN> = try await ask(.askNewPIN, newDescriptor)
    guard newDescriptor == nil else { return new }
    let again: Secret<PIN> = try await ask(.askNewPINAgain, nil)
    guard NewPINRule.areEqual(new, again) else { throw .pinChange(.notTheSame) }
    return new
  }

  public func confirmLastTry() async -> Bool {
    if useLastTry { return true }
    // A script that hands a PIN over must say so beforehand: nobody is there to ask.
    guard presentDescriptor == nil, let terminal else { return false }
    let prompt = AgentMessage.confirmLastTry.text(language)
    return await BlockingCall.run { terminal.confirm(prompt) }
  }

  public func tell(_ message: AgentMessage) async { tellPerson(message) }

  private func ask<Purpose>(_ message: AgentMessage, _ descriptor: Int32?) async throws(AgentFault) -> Secret<Purpose> {
    if let descriptor {
      return try await BlockingCall.run { () throws(AgentFault) -> Secret<Purpose> in
        try SecretEntry.read(descriptor: descriptor)
      }
    }
    guard let terminal else { throw .nothingEntered }
    let prompt = message.text(language)
    return try await BlockingCall.run { () throws(AgentFault) -> Secret<Purpose> in try terminal.ask(prompt) }
  }
}
