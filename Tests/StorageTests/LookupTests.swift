import AuditLog
import AuthTerms
import Foundation
import Storage
import Testing

@Suite("short queries share a snapshot, and none shares another's fault")
struct LookupTests {
  @Test("a lookup sees every commit that was answered before it was asked")
  func fresh() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<300 {
        group.addTask {
          _ = try await store.commit(Note(number: number))
          let size = try await store.lookUp { (state) throws(StorageFault) in try state.auditSize() }
          let known = try await store.lookUp { (state) throws(StorageFault) in try state.setting("nothing") }
          #expect(size >= 1 && known == nil)
        }
      }
      try await group.waitForAll()
    }
    let size = try await store.lookUp { (state) throws(StorageFault) in try state.auditSize() }
    #expect(size == 300)
  }

  @Test("what one query reads is of one moment, however many wait with it")
  func snapshot() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask { _ = try await store.commit(Note(number: number)) }
        group.addTask {
          let (before, rows, after) = try await store.lookUp { (state) throws(StorageFault) in
            (try state.auditSize(), try state.auditRows(AuditQuery()).count, try state.auditSize())
          }
          #expect(before == after && rows == min(Int(before), AuditQuery().limit))
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("a query that fails is told so, and those beside it are answered")
  func ownFault() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    _ = try await store.commit(Note(number: 0))
    let failed = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<200 {
        group.addTask {
          do throws(StorageFault) {
            let size = try await store.lookUp { (state) throws(StorageFault) -> UInt64 in
              if number.isMultiple(of: 3) { throw .corrupt("query \(number)") }
              return try state.auditSize()
            }
            #expect(size == 1)
            return false
          } catch {
            #expect(error == .corrupt("query \(number)"))
            return true
          }
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(failed == 67)
  }

  @Test("a closed store answers every query with no")
  func closed() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    store.close()
    await #expect(throws: StorageFault.unavailable("the store is closed")) {
      try await store.lookUp { (state) throws(StorageFault) in try state.auditSize() }
    }
  }

  @Test("a store that closes under its readers answers each, again and again, and the process goes on")
  func closingUnderReaders() async throws {
    for _ in 0..<100 {
      let scratch = try Scratch()
      let store = try SQLiteStore(path: scratch.database)
      let answers = await withTaskGroup(of: Int.self) { group in
        for number in 0..<24 {
          group.addTask {
            var answers = 0
            while true {
              let size =
                number.isMultiple(of: 2)
                ? try? await store.read { (state) throws(StorageFault) in try state.auditSize() }
                : try? await store.lookUp { (state) throws(StorageFault) in try state.auditSize() }
              answers += 1
              if size == nil { return answers }
            }
          }
        }
        group.addTask {
          try? await Task.sleep(for: .microseconds(Int.random(in: 0...3000)))
          store.close()
          return 0
        }
        return await group.reduce(0, +)
      }
      #expect(answers >= 24)
    }
  }

  @Test("closing while queries wait leaves none without an answer")
  func closing() async throws {
    let scratch = try Scratch()
    let store = try SQLiteStore(path: scratch.database)
    let answers = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<400 {
        group.addTask { (try? await store.lookUp { (state) throws(StorageFault) in try state.auditSize() }) != nil }
      }
      group.addTask {
        store.close()
        return false
      }
      return await group.reduce(into: 0) { count, _ in count += 1 }
    }
    #expect(answers == 401)
  }
}
