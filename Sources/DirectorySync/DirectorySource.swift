/// Where people, groups and departments come from: files today, a directory server later.
///
/// A source answers with everything or with a fault. There is no partial answer: a snapshot that lost its tail would disable
/// the people who stood in it.
public protocol DirectorySource: Sendable {
  /// - Throws: `DirectoryFault`, naming file, line and column where there is one.
  func snapshot() async throws(DirectoryFault) -> DirectorySnapshot
}
