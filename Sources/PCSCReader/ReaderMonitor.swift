import Foundation
import SmartCard
import Synchronization

/// What happened at the readers.
public enum ReaderEvent: Sendable, Equatable {
  /// All readers there are now, sorted by name. Comes first, and again whenever one is plugged or unplugged.
  case readers([String])
  case inserted(reader: String, atr: [UInt8])
  case removed(reader: String)
  /// The reader service is not there, or went away: says nothing about any card. Comes once per loss.
  case serviceLost
  /// It is (back) there; readers and cards are reported anew.
  case serviceAvailable
}

/// Watches all readers on a thread of its own and survives restarts of the reader service.
///
/// A card swapped between two polls of the service (400 ms) shows as removed and inserted. The stream holds the newest 256
/// events for a consumer that is late. Ends with the last reference to the monitor.
public final class ReaderMonitor: Sendable {
  /// For one consumer. Ends after `stop()`.
  public let events: AsyncStream<ReaderEvent>
  private let watch: Watch

  public init() {
    let (stream, sink) = AsyncStream.makeStream(of: ReaderEvent.self, bufferingPolicy: .bufferingNewest(256))
    let watch = Watch(sink: sink)
    events = stream
    self.watch = watch
    sink.onTermination = { _ in watch.stop() }
    let thread = Thread { watch.run() }
    thread.name = "sanmon-readers"
    thread.stackSize = 512 * 1024
    thread.start()
  }

  /// Ends the stream and the thread.
  public func stop() { watch.stop() }

  deinit { watch.stop() }
}

/// The thread's work. What other threads touch is behind the lock; the rest belongs to `run`.
private final class Watch: Sendable {
  private struct Shared {
    var stopped = false
    var context: PCSCContext?
  }

  private let sink: AsyncStream<ReaderEvent>.Continuation
  private let shared = Mutex(Shared())
  /// Wakes the back-off.
  private let wake = DispatchSemaphore(value: 0)

  init(sink: AsyncStream<ReaderEvent>.Continuation) { self.sink = sink }

  func stop() {
    let context = shared.withLock { shared in
      shared.stopped = true
      return shared.context
    }
    context?.cancel()
    wake.signal()
    sink.finish()
  }

  private var isStopped: Bool { shared.withLock { $0.stopped } }

  func run() {
    let shortest = 50
    let longest = 800  // a returning service is seen within a second
    var pause = shortest
    var reportedLoss = false
    while !isStopped {
      if let context = try? PCSCContext() {
        shared.withLock { $0.context = context }
        sink.yield(.serviceAvailable)
        reportedLoss = false
        let started = ContinuousClock.now
        observe(context)
        shared.withLock { $0.context = nil }
        // A service that dies as soon as it comes is not asked any faster.
        if ContinuousClock.now - started > .seconds(5) { pause = shortest }
        if isStopped { return }
      }
      if !reportedLoss { sink.yield(.serviceLost) }
      reportedLoss = true
      _ = wake.wait(timeout: .now() + .milliseconds(pause))
      pause = min(pause * 2, longest)
    }
  }

  /// Reports until the service goes or `stop` comes.
  private func observe(_ context: PCSCContext) {
    var known: [PCSCContext.Observation] = []
    var announced: [String]?
    var list = PCSCContext.Observation(reader: PCSCContext.readerList)
    while !isStopped {
      do throws(PCSCFault) {
        let names = try context.readers().sorted()
        if names != announced {
          for gone in known where gone.hasCard && !names.contains(gone.reader) { sink.yield(.removed(reader: gone.reader)) }
          known = names.map { name in known.first { $0.reader == name } ?? .init(reader: name) }
          sink.yield(.readers(names))
          announced = names
        }
        // The limit is for readers whose coming the service does not tell.
        let now = try context.changes(from: known + [list], milliseconds: 2000)
        for (before, after) in zip(known, now) { report(before, after) }
        known = Array(now.dropLast())
        if let last = now.last { list = last }
      } catch {
        guard error.failure == .noReader else { return }
        announced = nil  // a reader left between two calls: ask for the list again
      }
    }
  }

  private func report(_ before: PCSCContext.Observation, _ after: PCSCContext.Observation) {
    let swapped = before.hasCard && after.hasCard && (before.atr != after.atr || before.events != after.events)
    if before.hasCard, !after.hasCard || swapped { sink.yield(.removed(reader: after.reader)) }
    if after.hasCard, !before.hasCard || swapped { sink.yield(.inserted(reader: after.reader, atr: after.atr)) }
  }
}
