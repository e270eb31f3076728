/// What a witness remembers and how it judges (C2SP tlog-witness): of each log the checkpoint it cosigned last. It cosigns only
/// what extends that one, so it never vouches for two roots of one size, nor for a smaller log after a larger one.
///
/// Whoever keeps it writes the new memory down before the cosignature leaves.
public struct WitnessMemory: Sendable, Hashable {
  /// By origin.
  public private(set) var seen: [String: Checkpoint] = [:]

  public init() {}

  public enum Refusal: Sendable, Hashable {
    /// No key of a log with this origin is known.
    case logUnknown
    /// No signature by a known key of that log, or a wrong one.
    case notSigned
    /// The log took another size for the last one; its own size is told.
    case sizeDiffers(last: UInt64)
    /// As large as the last one, with another root: two histories.
    case rootDiffers(last: UInt64)
    /// Not shown to extend the last one.
    case proofWrong

    /// Of HTTP, as the protocol says.
    public var status: Int {
      switch self {
      case .logUnknown: 404
      case .notSigned: 403
      case .sizeDiffers, .rootDiffers: 409
      case .proofWrong: 422
      }
    }

    /// Whether the log's key signed something that its former checkpoint excludes: to be looked into.
    public var isEvidence: Bool {
      switch self {
      case .rootDiffers, .proofWrong: true
      case .logUnknown, .notSigned, .sizeDiffers: false
      }
    }
  }

  /// Judges, and remembers the checkpoint if it is to be cosigned.
  ///
  /// - Parameter logs: keys of the logs that are witnessed; a key's name is its log's origin. One log may have several.
  /// - Returns: `nil`: to be cosigned.
  public mutating func take(_ request: AddCheckpoint, logs: [NoteVerifier]) -> Refusal? {
    let checkpoint = request.checkpoint
    let keys = logs.filter { $0.name == checkpoint.origin }
    guard !keys.isEmpty else { return .logUnknown }
    guard keys.contains(where: { $0.verifies(request.note) }) else { return .notSigned }
    let last = seen[checkpoint.origin]
    let (size, root) = (last?.size ?? 0, last?.root ?? .empty)
    guard request.oldSize == size else { return .sizeDiffers(last: size) }
    if checkpoint.size == size, checkpoint.root != root { return .rootDiffers(last: size) }
    let proof = ConsistencyProof(oldSize: size, newSize: checkpoint.size, path: request.proof)
    guard proof.proves(root, growsInto: checkpoint.root) else { return .proofWrong }
    seen[checkpoint.origin] = checkpoint
    return nil
  }

  /// What was written down earlier. Of two of one log the larger one counts.
  public mutating func recall(_ checkpoint: Checkpoint) {
    if checkpoint.size >= seen[checkpoint.origin]?.size ?? 0 { seen[checkpoint.origin] = checkpoint }
  }
}
