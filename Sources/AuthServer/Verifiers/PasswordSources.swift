import AuthTerms
import Storage

/// Who knows whether somebody's typed password is right.
enum PasswordSource {
  /// The directory, for the account with this object.
  case directory(ObjectGUID)
  /// Our own hash.
  case column(StoredPassword)
}

/// Whose password is where. One definition for whoever decides, shows or explains.
struct PasswordSources: Sendable {
  /// Typed passwords are the directory's, where it has one that somebody knows.
  let isInDirectory: Bool

  /// - Returns: `nil` if the person has no password.
  func source(of person: Person, in state: some StateReader) throws(StorageFault) -> PasswordSource? {
    if isInDirectory, !person.hasManagedPassword {
      let identities = try state.directoryIdentities(of: person.id)
      if let object = identities.first(where: { $0.goneSince == nil && $0.hold == nil }) { return .directory(object.guid) }
    }
    return try state.password(of: person.id).map { .column($0) }
  }

  func isThere(of person: Person, in state: some StateReader) throws(StorageFault) -> Bool {
    try source(of: person, in: state) != nil
  }
}
