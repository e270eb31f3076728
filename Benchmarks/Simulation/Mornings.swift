import AuthServer
import Foundation
import Synchronization

/// Many mornings, each on one thread, several at once. What a morning does does not depend on the others.
package struct Mornings: Sendable {
  package struct Tally: Sendable {
    package var mornings = 0
    package var requests = 0
    package var grants = 0
    package var rows: UInt64 = 0
    package var falls = 0
    package var seen: [String: Int] = [:]
    package var broken: [Morning.Report] = []
  }

  /// Every so manieth seed runs on SQLite, the others on the store in memory.
  package static let onFile: UInt64 = 16

  private let scratch: String
  private let compiled = CompiledPolicies()

  /// - Parameter scratch: a folder of this run; memory-backed if there is one. The caller removes it.
  package init(scratch: String) throws {
    self.scratch = scratch
    try FileManager.default.createDirectory(
      atPath: scratch, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  /// A name for a folder that nobody has, memory-backed where the system has such a place.
  package static func freshFolder() -> String {
    let shared = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    return "\(shared)/sanmon-sim-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
  }

  /// - Parameter source: where the store comes from; `nil`: the seed says.
  package func run(seed: UInt64, isTraced: Bool, source: (any StoreSource)? = nil) throws -> Morning.Report {
    let number = UInt32.random(in: 0...UInt32.max)
    let source = try source ?? (seed % Self.onFile == 0 ? FileSource(folder: "\(scratch)/s\(seed)-\(number)") : MemorySource())
    return try Morning(
      seed: seed, source: source, scratch: "\(scratch)/p\(number)", isTraced: isTraced, compiled: compiled
    ).run()
  }

  /// - Parameters:
  ///   - threads: mornings at once.
  ///   - most: stops after so many broken ones.
  ///   - finished: told after each morning, on the thread that ran it.
  package func run(
    seeds: Range<UInt64>, threads: Int, most: Int = 1, finished: @escaping @Sendable (Morning.Report) -> Void = { _ in }
  ) throws -> Tally {
    let next = Mutex(seeds.lowerBound)
    let tally = Mutex(Tally())
    let trouble = Mutex<(any Error)?>(nil)
    let group = DispatchGroup()
    for _ in 0..<max(1, threads) {
      group.enter()
      Thread {
        defer { group.leave() }
        while tally.withLock({ $0.broken.count < most }), trouble.withLock({ $0 == nil }) {
          let seed = next.withLock { next in
            defer { next += 1 }
            return next
          }
          guard seed < seeds.upperBound else { return }
          do {
            let report = try run(seed: seed, isTraced: false)
            tally.withLock { $0.add(report) }
            finished(report)
          } catch {
            trouble.withLock { $0 = error }
          }
        }
      }.start()
    }
    group.wait()
    if let error = trouble.withLock({ $0 }) { throw error }
    return tally.withLock { $0 }
  }
}

extension Mornings.Tally {
  fileprivate mutating func add(_ report: Morning.Report) {
    mornings += 1
    requests += report.requests
    grants += report.grants
    rows += report.rows
    falls += report.falls
    seen.merge(report.seen, uniquingKeysWith: +)
    if report.broken != nil { broken.append(report) }
  }
}
