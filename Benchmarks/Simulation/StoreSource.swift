import Foundation
package import Storage

/// Where a morning's store comes from, and what is left of it when the process falls.
package protocol StoreSource: Sendable {
  func open() async throws -> any CheckpointingStore
  /// The process ends at this moment. What was durable is what the next `open` finds.
  func fall() async throws
  /// The morning is over.
  func remove()
}

/// The store in memory: what was committed is what is left.
package final class MemorySource: StoreSource {
  private let store = InMemoryStore()
  package init() {}
  package func open() async throws -> any CheckpointingStore { store }
  package func fall() async throws {}
  package func remove() {}
}

/// SQLite in a folder of its own. A fall takes the files as they lie: the side file is not brought home.
///
/// `@unchecked Sendable`: one morning uses it, one step at a time.
package final class FileSource: StoreSource, @unchecked Sendable {
  private let folder: String
  private var generation = 0
  private var store: SQLiteStore?

  /// - Parameter folder: made here; memory-backed is fast enough for every seed.
  package init(folder: String) throws {
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  package func open() async throws -> any CheckpointingStore {
    let store = try SQLiteStore(path: path)
    self.store = store
    return store
  }

  package func fall() async throws {
    let before = path
    generation += 1
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: before + suffix) {
      try FileManager.default.copyItem(atPath: before + suffix, toPath: path + suffix)
    }
    store?.close()
    store = nil
  }

  package func remove() {
    store?.close()
    store = nil
    try? FileManager.default.removeItem(atPath: folder)
  }

  private var path: String { folder + "/sanmon-\(generation).sqlite" }
}
