public import AuthTerms

/// Asks the person at the terminal, or reads from descriptors a script hands over.
public struct PersonAsking: Asking {
  private let terminal: Terminal?
  private let language: Language
  private let pinDescriptor: Int32?
  private let passwordDescriptor: Int32?
  private let newPasswordDescriptor: Int32?
  private let codeDescriptor: Int32?
  private let useLastTry: Bool
  private let isAttended: Bool
  private let codeQuestion: AgentMessage
  private let tellPerson: @Sendable (AgentMessage) -> Void

  /// - Parameters:
  ///   - isAttended: whether somebody sits at the terminal, or a script has handed over all there is.
  ///   - codeQuestion: for which code is asked.
  ///   - tell: where messages go that ask for nothing.
  public init(
    terminal: Terminal?, language: Language, pinDescriptor: Int32?, passwordDescriptor: Int32?,
    newPasswordDescriptor: Int32? = nil, codeDescriptor: Int32? = nil, useLastTry: Bool, isAttended: Bool? = nil,
    codeQuestion: AgentMessage = .askLookUpCode, tell: @escaping @Sendable (AgentMessage) -> Void
  ) {
    self.terminal = terminal
    self.language = language
    self.pinDescriptor = pinDescriptor
    self.passwordDescriptor = passwordDescriptor
    self.newPasswordDescriptor = newPasswordDescriptor
    self.codeDescriptor = codeDescriptor
    self.useLastTry = useLastTry
    self.codeQuestion = codeQuestion
    self.isAttended = terminal != nil && isAttended ?? (pinDescriptor == nil)
    tellPerson = tell
  }

  public func pin(triesLeft: Int) async throws(AgentFault) -> Secret<PIN> {
    try await ask(.askPIN(triesLeft: triesLeft), pinDescriptor)
  }

  public func password() async throws(AgentFault) -> Secret<TypedPassword> { try await ask(.askPassword, passwordDescriptor) }

  public func code() async throws(AgentFault) -> Secret<LookUpDigits> { try await ask(codeQuestion, codeDescriptor) }

  public func newPassword() async throws(AgentFault) -> Secret<TypedPassword> {
    // A script that hands passwords over hands this one over too, or has none: nobody is there to type it.
    if passwordDescriptor != nil, newPasswordDescriptor == nil { throw .nothingEntered }
    let new: Secret<TypedPassword> = try await ask(.askNewPassword, newPasswordDescriptor)
    guard newPasswordDescriptor == nil else { return new }
    let again: Secret<TypedPassword> = try await ask(.askNewPasswordAgain, nil)
    let isSame = new.withBytes { one in again.withBytes { one.elementsEqual($0) } }
    guard isSame else { throw .passwordsDiffer }
    return new
  }

  public func confirmLastTry() async -> Bool {
    if useLastTry { return true }
    // A script that hands a PIN over must say so beforehand: nobody is there to ask.
    guard pinDescriptor == nil, let terminal else { return false }
    let prompt = AgentMessage.confirmLastTry.text(language)
    return await BlockingCall.run { terminal.confirm(prompt) }
  }

  public func leavePalm(_ reason: PalmLeaving) async -> Bool {
    // A password that was handed over is there to be used.
    if passwordDescriptor != nil { return true }
    guard isAttended, let terminal else { return false }
    switch reason {
    case .nothingElse: return true
    case .twoDidNotCount:
      let prompt = AgentMessage.confirmLeavingPalm.text(language)
      return await BlockingCall.run { terminal.confirm(prompt) }
    }
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
