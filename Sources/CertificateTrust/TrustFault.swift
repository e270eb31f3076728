/// No certificate could be made or judged; callers treat it as "no". Never quotes input.
public struct TrustFault: Error, Sendable, Equatable, CustomStringConvertible {
  public let attempted: String

  public init(_ attempted: String) { self.attempted = attempted }

  public var description: String { "could not \(attempted)" }
}
