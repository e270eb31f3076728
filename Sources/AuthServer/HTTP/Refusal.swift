public import AuthTerms

/// "No", thrown by a handler and answered as 403 with the sentences of the shown code.
public struct Refusal: Error, Sendable, Equatable {
  public enum Timing: Sendable {
    /// The asker has proven possession; there is nothing left to hide.
    case immediate
    /// Nothing is proven yet: the answer leaves at the next multiple of the quantum after arrival, whatever was checked.
    case uniform
  }

  /// The cause; the answer carries `code.shown`.
  public let code: DenialCode
  public let reference: Reference?
  public let timing: Timing
  /// To whom it is told. An operator at the desk may know what a clerk's screen must not say.
  public let isToldWhole: Bool

  public init(_ code: DenialCode, reference: Reference?, timing: Timing = .immediate, isToldWhole: Bool = false) {
    self.code = code
    self.reference = reference
    self.timing = timing
    self.isToldWhole = isToldWhole
  }

  /// The one answer before possession is proven: one code, one body, one timing class (DESIGN §4.3).
  public static func beforePossession(reference: Reference?) -> Refusal {
    Refusal(.notAccepted, reference: reference, timing: .uniform)
  }
}

/// A request that is not one, or a server that cannot answer. Carries words of ours, never what came.
public enum HTTPFault: Error, Sendable, Equatable {
  /// Why a request was not understood; goes to the log, not to the client.
  public enum Cause: String, Sendable, CaseIterable {
    case notJSON, tooDeep, tooManyValues, duplicateField, unknownField, missingField, wrongType, trailingBytes, bodyExpected
    case bodyNotExpected, value, query, framework
  }
  case malformed(Cause)
  case notFound
  case methodNotAllowed(allowed: [String])
  case conflict
  /// What is there already stands against it; the operator is told what.
  case conflictBecause(DenialCode)
  case tooLarge
  case wrongMediaType
  /// - Parameter retryAfterSeconds: told to the client.
  case tooManyRequests(retryAfterSeconds: Int)
  case overloaded
  /// Not ready to serve: these parts (names of ours) are missing.
  case notReady(missing: [String])
  case auditUnavailable
  case serverFault
}
