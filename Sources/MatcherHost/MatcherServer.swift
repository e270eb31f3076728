import AuthAPI
import AuthTerms
import Foundation
public import Isolation
import Synchronization

/// Serves a matcher's socket: frames in, answers out, one call at a time. A call that does not come to its end in time ends the
/// process: nothing else ends a loop in somebody else's code.
public final class MatcherServer: Sendable {
  /// The exit code of a process that ended itself.
  public static let deadlineExit: Int32 = 75

  private let work: Work
  private let listener: PeerListener
  private let peers: Set<UInt32>

  /// - Parameters:
  ///   - socket: at most 107 bytes, in a folder that only this user can change.
  ///   - mode: who may connect at all.
  ///   - peers: numbers of the unix users who are served.
  ///   - deadlineMilliseconds: of one call.
  ///   - makeMatcher: on the thread that all calls come from.
  public init(
    socket: String, mode: UInt32, peers: Set<UInt32>, deadlineMilliseconds: Int,
    makeMatcher: @escaping @Sendable () throws -> sending any BiometricMatcher
  ) throws {
    work = Work(deadlineMilliseconds: deadlineMilliseconds)
    self.peers = peers
    try work.begin(makeMatcher)
    listener = try PeerListener(path: socket, mode: mode, limit: 32, limitPerUser: 32, frameLimit: MatcherRequest.frameLimit)
  }

  /// Blocks until `stop`.
  public func run() throws(SocketFault) {
    try listener.run(admit: { [peers] in peers.contains($0.uid) }, serve: { [work] in Self.serve($0, work) })
  }

  public func stop() { listener.close() }

  /// Connections that are still being answered.
  public var connectionCount: Int { listener.connectionCount }

  private static func serve(_ connection: PeerConnection, _ work: Work) {
    while connection.waitForInput(by: Deadline(milliseconds: 600_000)) {
      do {
        guard var frame = try connection.receive(by: Deadline(milliseconds: 5000)) else { return }
        let (id, request) = try MatcherRequest.decode(frame)
        // The copy in the request goes with it; this one nobody needs any more.
        frame.withUnsafeMutableBytes { bytes in
          if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
        }
        try connection.send(work.answer(request).encoded(id: id), by: Deadline(milliseconds: 5000))
      } catch {
        // Malformed, too large, too slow or gone: the connection ends without an answer.
        return
      }
    }
  }
}

/// The one thread of a matcher, and the one that watches it.
private final class Work: Sendable {
  /// Made, used and let go under this lock, by the one thread: a vendor's library need not bear more.
  private let matcher = Mutex<(any BiometricMatcher)?>(nil)
  private let thread = SerialThread(name: "matcher", limit: 32)
  private let deadlineMilliseconds: Int
  private let begun = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(deadlineMilliseconds: Int) { self.deadlineMilliseconds = deadlineMilliseconds }

  func begin(_ make: @escaping @Sendable () throws -> sending any BiometricMatcher) throws {
    let made = DispatchSemaphore(value: 0)
    let fault = Mutex<(any Error)?>(nil)
    _ = thread.enqueue { [self] in
      do { try matcher.withLock { $0 = try make() } } catch { fault.withLock { $0 = error } }
      made.signal()
    }
    made.wait()
    if let fault = fault.withLock({ $0 }) { throw fault }
    let watch = Thread { [self] in
      while true {
        begun.wait()
        if ended.wait(timeout: .now() + .milliseconds(deadlineMilliseconds)) == .timedOut { end() }
      }
    }
    watch.name = "deadline"
    watch.start()
  }

  /// Nothing else ends a loop in somebody else's code.
  private func end() -> Never {
    let words = "sanmon-matcher: a call was not over within \(deadlineMilliseconds) ms; this process ends\n"
    FileHandle.standardError.write(Data(words.utf8))
    _exit(MatcherServer.deadlineExit)
  }

  /// Blocks; on any thread.
  func answer(_ request: MatcherRequest) -> MatcherAnswer {
    let answered = DispatchSemaphore(value: 0)
    let answer = Mutex(MatcherAnswer.failed(.libraryFailed))
    let isTaken = thread.enqueue { [self] in
      begun.signal()
      let made = matcher.withLock { matcher in matcher.map { Self.handle(request, $0) } }
      ended.signal()
      if let made { answer.withLock { $0 = made } }
      answered.signal()
    }
    if isTaken { answered.wait() }
    return answer.withLock { $0 }
  }

  private static func handle(_ request: MatcherRequest, _ matcher: any BiometricMatcher) -> MatcherAnswer {
    defer { matcher.zeroise() }
    do throws(MatcherFailure) {
      switch request {
      case .describe: return .described(matcher.facts)
      case .extract(let sample):
        switch try matcher.extract(sample) {
        case .template(let template, let quality): return .extracted(template, quality: quality)
        case .retake(let advice): return .retake(advice)
        }
      case .compare(let probe, let references):
        let results = try matcher.compare(probe, with: references)
        guard results.count == references.count else { return .failed(.malformedReply) }
        return .scored(results)
      case .protect(let probe, let key): return .protected([try matcher.protect(probe, under: key)])
      case .verify(let probe, let references, let former, let key):
        return .verified(try matcher.verify(probe, with: references, former: former, under: key))
      case .rekey(let templates, let old, let new):
        let renewed = try matcher.rekey(templates, from: old, to: new)
        guard renewed.count == templates.count else { return .failed(.malformedReply) }
        return .protected(renewed)
      case .search(let probe, let references, let key):
        let results = try matcher.search(probe, in: references, under: key)
        guard results.count == references.count else { return .failed(.malformedReply) }
        return .found(results)
      }
    } catch { return .failed(error) }
  }
}
