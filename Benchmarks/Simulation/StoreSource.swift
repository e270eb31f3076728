import Foundation
package import Storage
import Synchronization

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
package final class FileSource: StoreSource {
  private struct State {
    var generation = 0
    var store: SQLiteStore?
  }

  private let folder: String
  private let state = Mutex(State())

  /// - Parameter folder: made here; memory-backed is fast enough for every seed.
  package init(folder: String) throws {
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  package func open() async throws -> any CheckpointingStore {
    try state.withLock { state in
      let store = try SQLiteStore(path: path(state.generation))
      state.store = store
      return store
    }
  }

  package func fall() async throws {
    try state.withLock { state in
      let before = path(state.generation)
      state.generation += 1
      for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: before + suffix) {
        try FileManager.default.copyItem(atPath: before + suffix, toPath: path(state.generation) + suffix)
      }
      state.store?.close()
      state.store = nil
    }
  }

  package func remove() {
    state.withLock { state in
      state.store?.close()
      state.store = nil
    }
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func path(_ generation: Int) -> String { folder + "/sanmon-\(generation).sqlite" }
}
