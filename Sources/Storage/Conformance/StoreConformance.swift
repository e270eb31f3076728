/// What every store must do, as named checks over `any Store`. An implementation is a store when all of them pass.
public enum StoreConformance {
  /// One rule. `run` gets a store of its own, empty.
  public struct Check: Sendable {
    public let name: String
    public let run: @Sendable (any Store) async throws -> Void
  }

  /// The rule that was broken, in words.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  public static let checks: [Check] = writing + constraints + log + firstTaps + outside

  static func expect(_ condition: Bool, _ rule: String) throws {
    guard condition else { throw Failure(description: rule) }
  }

  /// - Throws: `Failure` unless the change is refused as a conflict.
  static func expectConflict(_ rule: String, _ store: any Store, _ change: some Change) async throws {
    do {
      _ = try await store.commit(change)
    } catch .conflict {
      return
    } catch {
      throw Failure(description: "\(rule): \(error)")
    }
    throw Failure(description: rule)
  }
}
