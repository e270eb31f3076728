/// What must hold in every morning.
package enum Invariant: String, Sendable, CaseIterable {
  case noGrantWithoutDurableRow = "no grant without a durable row"
  case noSessionWithoutGrant = "no session without a grant"
  case countersNeverShrink = "counters never shrink"
  case revokedIsRefused = "what is revoked is refused"
  case logVerifies = "the log verifies"
  case rowsTellWhatHappened = "a row tells what happened, and nothing else"
  case stateIsAsPredicted = "the durable state is what the rules make of what happened"
  case answersAreAsPredicted = "an answer is the one that the rules give"
  case toldIsKept = "what was told is still there after a fall"
  case refusalsAreCounted = "a refusal without a row of its own is counted in one"
  case watchersAreTold = "who holds a connection hears what was withdrawn"
}

/// An invariant that did not hold.
package struct Broken: Error, Sendable, CustomStringConvertible {
  package let invariant: Invariant
  package let what: String

  package var description: String { "\(invariant.rawValue): \(what)" }
}
