package import AuthTerms
package import DirectorySync

/// Where people come from: asked at each look of `DirectoryService`, one look at a time.
package protocol DirectoryOrigin: Actor {
  /// For operators: the domain controller that is asked now, or the file.
  var name: String { get }

  /// - Parameter last: what was read last; `nil` before the first reading.
  func look(after last: DirectoryStand?, now: Moment) async throws(DirectoryTrouble) -> DirectoryLook

  /// What the last nightly comparison found, said once; `nil` if there was none since it was asked.
  func compared() -> DirectoryDrift?

  /// The next look compares, whatever the hour.
  func compareNext()

  /// Reads everything once more, beside what is followed, and keeps nothing of it.
  /// - Returns: how many objects; `nil` where there is nothing to be read but a file.
  func readAside() async throws(DirectoryTrouble) -> Int?
}

extension DirectoryOrigin {
  package func compared() -> DirectoryDrift? { nil }
  package func compareNext() {}
  package func readAside() async throws(DirectoryTrouble) -> Int? { nil }
}

/// Objects as they were read, and where the reading goes on.
package struct DirectoryStand: Sendable {
  package let replica: DirectoryReplica
  package let position: DirectoryPosition
}

package enum DirectoryLook: Sendable {
  /// It is too early to ask again.
  case notAsked
  case unchanged
  case found(DirectoryStand)
}

package enum DirectoryPosition: Sendable, Equatable {
  case controller(DirSyncPosition)
  case snapshot(SnapshotPosition)

  package var encoded: [UInt8] {
    switch self {
    case .controller(let position): position.encoded
    case .snapshot(let position): position.encoded
    }
  }

  package var snapshot: SnapshotPosition? {
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
package struct DirectoryTrouble: Error, Sendable, Equatable, CustomStringConvertible {
  /// `DS2xx`
  package let code: String
  package let ja: String
  package let en: String
  /// A file is wrong, not a connection.
  package let isOfFile: Bool

  init(_ fault: LDAPFault) { (code, ja, en, isOfFile) = (fault.code.rawValue, fault.ja, fault.en, false) }

  /// - Parameter file: its name in its folder, where it is one of several. untrusted: it is shown.
  init(_ fault: SnapshotFault, file: String?) {
    let name = file.map { "\(VisibleText.marking(String($0.prefix(64)))): " } ?? ""
    (code, ja, en, isOfFile) = (fault.code.rawValue, name + fault.ja, name + fault.en, true)
  }

  package var description: String { "\(code) \(en)" }
}
