public import AuthAPI
public import AuthTerms
import Foundation
import Isolation
import Synchronization

/// Why a matcher gave no answer. Callers treat each as "no", and offer what needs no matcher.
public enum MatcherFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// Nobody listens, the connection broke before anything was asked, or too many requests wait.
  case unreachable(String)
  /// The matcher went away, or did not answer in time, with this call in its hands.
  case ended(String)
  /// The matcher said why not.
  case failed(MatcherFailure)
  /// An answer that is not the answer to what was asked.
  case malformed(String)
  /// A template in this call ended the matcher twice.
  case quarantined

  public var description: String {
    switch self {
    case .unreachable(let reason): "the matcher cannot be reached: \(reason)"
    case .ended(let reason): "the matcher ended during the call: \(reason)"
    case .failed(let failure): "the matcher failed: \(failure.rawValue)"
    case .malformed(let expected): "the matcher's answer is malformed: \(expected)"
    case .quarantined: "a template that ended the matcher twice is not compared any more"
    }
  }
}

/// The client's end of one matcher's socket: asks one thing at a time on a thread of its own, and connects again when the matcher
/// began anew. After each failure it waits longer before it tries again, and says so at once meanwhile.
public final class MatcherLink: Sendable {
  private let conversation: Conversation
  private let thread: SerialThread
  private let deadlineMilliseconds: Int

  /// - Parameters:
  ///   - socket: path of the matcher's socket.
  ///   - user: number of the unix user under which the matcher runs; another one who listens there is not asked. `nil`: anybody.
  ///   - deadlineMilliseconds: for one request, waiting included; more than the matcher's own.
  public convenience init(socket: String, user: UInt32?, deadlineMilliseconds: Int = 1500) {
    self.init(socket: socket, user: user, deadlineMilliseconds: deadlineMilliseconds, firstPause: 50)
  }

  /// - Parameter firstPause: milliseconds after a first failure.
  package init(socket: String, user: UInt32?, deadlineMilliseconds: Int, firstPause: Int) {
    conversation = Conversation(path: socket, user: user, firstPause: firstPause)
    thread = SerialThread(name: "matcher-link", limit: 256)
    self.deadlineMilliseconds = deadlineMilliseconds
  }

  public func describe() async throws(MatcherFault) -> MatcherDescription {
    guard case .described(let value) = try await ask(.describe, []) else { throw Self.surprise }
    return value
  }

  /// - Returns: a template, or why another sample is needed.
  public func extract(
    _ sample: BiometricSample
  ) async throws(MatcherFault) -> Result<(template: BiometricTemplate, quality: Int), CaptureRefusal> {
    switch try await ask(.extract(sample), []) {
    case .extracted(let template, let quality): .success((template, quality))
    case .retake(let advice): .failure(CaptureRefusal(advice: advice))
    default: throw Self.surprise
    }
  }

  /// - Parameter references: 1 to 16.
  /// - Returns: one for each reference, in their order.
  public func compare(
    _ probe: BiometricTemplate, with references: [BiometricTemplate]
  ) async throws(MatcherFault) -> [MatchResult] {
    guard (1...MatcherRequest.mostReferences).contains(references.count) else {
      throw .malformed("1 to \(MatcherRequest.mostReferences) references")
    }
    guard case .scored(let results) = try await ask(.compare(probe: probe, references: references), references),
      results.count == references.count
    else { throw Self.surprise }
    return results
  }

  /// What is kept of a probe, under a key.
  public func protect(_ probe: BiometricTemplate, under key: TemplateKey) async throws(MatcherFault) -> BiometricTemplate {
    guard case .protected(let templates) = try await ask(.protect(probe: probe, key: key), []), let only = templates.first,
      templates.count == 1
    else { throw Self.surprise }
    return only
  }

  /// One transaction: a probe against all templates of one person's hand.
  ///
  /// - Parameters:
  ///   - references: 1 to 16, protected under the key.
  ///   - former: 0 to 16; what `protect` made of earlier probes under the same key.
  /// - Returns: one result for all references together; `.failed(.implausible)` when the probe is one of them, or of the former ones.
  public func verify(
    _ probe: BiometricTemplate, with references: [BiometricTemplate], former: [BiometricTemplate], under key: TemplateKey
  ) async throws(MatcherFault) -> MatchResult {
    guard (1...MatcherRequest.mostReferences).contains(references.count), former.count <= MatcherRequest.mostFormer else {
      throw .malformed("1 to \(MatcherRequest.mostReferences) references, at most \(MatcherRequest.mostFormer) former probes")
    }
    let request = MatcherRequest.verify(probe: probe, references: references, former: former, key: key)
    guard case .verified(let result) = try await ask(request, references + former) else { throw Self.surprise }
    return result
  }

  /// The same templates under another key, in their order; no sample is needed.
  /// - Parameter templates: 1 to 16, protected under `old`.
  public func rekey(
    _ templates: [BiometricTemplate], from old: TemplateKey, to new: TemplateKey
  ) async throws(MatcherFault) -> [BiometricTemplate] {
    guard (1...MatcherRequest.mostReferences).contains(templates.count) else {
      throw .malformed("1 to \(MatcherRequest.mostReferences) templates")
    }
    guard case .protected(let renewed) = try await ask(.rekey(templates, from: old, to: new), templates),
      renewed.count == templates.count
    else { throw Self.surprise }
    return renewed
  }

  /// The search for duplicates at enrolment; never for logon. Asks once for each 1,024 templates, with a deadline for each.
  ///
  /// Nobody is put in quarantine by it: many people are in one call, and which of them ended the matcher is not known.
  ///
  /// - Parameter references: any number, of at most 3,072 bytes each, protected under the key.
  /// - Returns: one for each reference, in their order.
  public func search(
    _ probe: BiometricTemplate, in references: [BiometricTemplate], under key: TemplateKey
  ) async throws(MatcherFault) -> [MatchResult] {
    guard references.allSatisfy({ $0.bytes.count <= MatcherRequest.mostSearchedBytes }) else {
      throw .malformed("templates of at most \(MatcherRequest.mostSearchedBytes) bytes to search")
    }
    var found: [MatchResult] = []
    for start in stride(from: 0, to: references.count, by: MatcherRequest.mostSearched) {
      let some = Array(references[start..<min(start + MatcherRequest.mostSearched, references.count)])
      guard case .found(let results) = try await ask(.search(probe: probe, references: some, key: key), []),
        results.count == some.count
      else { throw Self.surprise }
      found += results
    }
    return found
  }

  private static let surprise = MatcherFault.malformed("an answer of the kind that was asked for")

  private func ask(
    _ request: MatcherRequest, _ templates: [BiometricTemplate]
  ) async throws(MatcherFault) -> MatcherAnswer {
    let deadline = Deadline(milliseconds: deadlineMilliseconds)
    let result: Result<MatcherAnswer, MatcherFault> = await withCheckedContinuation { continuation in
      let isAccepted = thread.enqueue { [conversation] in
        continuation.resume(returning: conversation.exchange(request, templates, by: deadline))
      }
      if !isAccepted { continuation.resume(returning: .failure(.unreachable("too many requests wait"))) }
    }
    let answer = try result.get()
    if case .failed(let failure) = answer { throw .failed(failure) }
    return answer
  }
}

/// A sample is no good.
public struct CaptureRefusal: Error, Sendable, Equatable {
  public let advice: CaptureAdvice
}

/// The connection, the number of the last request, and what went wrong lately; used by the link's one thread only.
private final class Conversation: Sendable {
  private struct State {
    var connection: PeerConnection?
    var lastID: UInt64 = 0
    var backOff: BackOff
    var ledger = CrashLedger()
  }
  private let path: String
  private let user: UInt32?
  private let state: Mutex<State>

  init(path: String, user: UInt32?, firstPause: Int) {
    self.path = path
    self.user = user
    state = Mutex(State(backOff: BackOff(first: firstPause)))
  }

  func exchange(
    _ request: MatcherRequest, _ templates: [BiometricTemplate], by deadline: Deadline
  ) -> Result<MatcherAnswer, MatcherFault> {
    state.withLock { state in
      guard !templates.contains(where: state.ledger.isQuarantined) else { return .failure(.quarantined) }
      guard state.backOff.isOver else { return .failure(.unreachable("it failed a moment ago")) }
      let connection: PeerConnection
      do throws(SocketFault) {
        guard deadline.remainingMilliseconds > 0 else { throw .deadline }
        // A matcher that began anew has closed the old connection: this is seen before anything is sent on it.
        if state.connection?.isQuiet != true { state.connection = nil }
        if let kept = state.connection {
          connection = kept
        } else {
          connection = try PeerConnection.connect(path: path, frameLimit: MatcherRequest.frameLimit)
        }
        guard user.map({ $0 == connection.peer.uid }) ?? true else {
          return .failure(.unreachable("user \(connection.peer.uid) listens there, not \(user ?? 0)"))
        }
      } catch {
        state.backOff.failed()
        return .failure(.unreachable(error.description))
      }
      // Put back only after a whole exchange: half an answer must never be read as the next one.
      state.connection = nil
      state.lastID += 1
      do throws(SocketFault) {
        var frame = request.encoded(id: state.lastID)
        // It may hold a palm, and a key.
        defer {
          frame.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
          }
        }
        try connection.send(frame, by: deadline)
        guard let frame = try connection.receive(by: deadline) else { throw .closed }
        guard let (id, answer) = try? MatcherAnswer.decode(frame), id == state.lastID else {
          state.backOff.failed()
          return .failure(.malformed("an answer to this request"))
        }
        state.connection = connection
        state.backOff.succeeded()
        return .success(answer)
      } catch {
        state.backOff.failed()
        state.ledger.ended(with: templates)
        return .failure(.ended(error.description))
      }
    }
  }
}

/// How long nobody is asked after failures: twice as long after each, up to half a minute.
struct BackOff {
  private static let longest = 30_000
  let first: Int
  private var failures = 0
  private var until: Deadline?

  /// - Parameter first: milliseconds after one failure.
  init(first: Int) { self.first = first }

  var isOver: Bool { until.map { $0.remainingMilliseconds == 0 } ?? true }

  mutating func succeeded() { (failures, until) = (0, nil) }

  mutating func failed() {
    until = Deadline(milliseconds: milliseconds(after: failures))
    failures = min(failures + 1, 16)
  }

  /// - Parameter failures: before this one, one after the other.
  func milliseconds(after failures: Int) -> Int { min(Self.longest, first << min(failures, 16)) }
}

/// Templates that were in a matcher's hands when it ended. One that was there twice is not given to it again: it may be made to end
/// it, and each end costs everybody else some seconds.
package struct CrashLedger: Sendable {
  /// Of the last so many templates; nobody has more than a few at a time.
  static let most = 4096
  private var ends: [BiometricTemplate: Int] = [:]
  private var order: [BiometricTemplate] = []

  package init() {}

  package func isQuarantined(_ template: BiometricTemplate) -> Bool { ends[template, default: 0] >= 2 }

  package mutating func ended(with templates: [BiometricTemplate]) {
    var seen: Set<BiometricTemplate> = []
    for template in templates where seen.insert(template).inserted {
      if ends[template] == nil {
        if order.count == Self.most { ends[order.removeFirst()] = nil }
        order.append(template)
      }
      ends[template, default: 0] += 1
    }
  }
}
