import AuthTerms
import DirectorySync

/// Where people come from: asked at each look of `DirectoryService`, one look at a time.
protocol DirectoryOrigin: Actor {
  /// For operators: the domain controller that is asked now, or the file.
  var name: String { get }

  /// - Parameter last: what was read last; `nil` before the first reading.
  func look(after last: DirectoryStand?, now: Moment) async throws(DirectoryTrouble) -> DirectoryLook

  /// What the last nightly comparison found, said once; `nil` if there was none since it was asked.
  func compared() -> DirectoryDrift?

  /// The next look compares, whatever the hour.
  func compareNext()
}

extension DirectoryOrigin {
  func compared() -> DirectoryDrift? { nil }
  func compareNext() {}
}

/// Objects as they were read, and where the reading goes on.
struct DirectoryStand: Sendable {
  let replica: DirectoryReplica
  let position: DirectoryPosition
}

enum DirectoryLook: Sendable {
  /// It is too early to ask again.
  case notAsked
  case unchanged
  case found(DirectoryStand)
}

enum DirectoryPosition: Sendable, Equatable {
  case controller(DirSyncPosition)
  case snapshot(SnapshotPosition)

  var encoded: [UInt8] {
    switch self {
    case .controller(let position): position.encoded
    case .snapshot(let position): position.encoded
    }
  }

  var snapshot: SnapshotPosition? {
    if case .snapshot(let position) = self { position } else { nil }
  }

  init(parsing bytes: [UInt8]) throws(MalformedInput) {
    if let snapshot = try? SnapshotPosition(parsing: bytes) {
      self = .snapshot(snapshot)
    } else {
      self = .controller(try DirSyncPosition(parsing: bytes))
    }
  }
}

/// Why a look brought nothing. What was read before stays in force.
struct DirectoryTrouble: Error, Sendable, Equatable, CustomStringConvertible {
  /// `DS2xx`
  let code: String
  let ja: String
  let en: String
  /// A file is wrong, not a connection.
  let isOfFile: Bool

  init(_ fault: LDAPFault) { (code, ja, en, isOfFile) = (fault.code.rawValue, fault.ja, fault.en, false) }
  init(_ fault: SnapshotFault) { (code, ja, en, isOfFile) = (fault.code.rawValue, fault.ja, fault.en, true) }

  var description: String { "\(code) \(en)" }
}
