public import AuthTerms
import Dispatch
import FoundationEssentials
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One value of a log line. There is no case for free text: what came from a client cannot be put into a line by mistake.
public struct LogValue: Sendable {
  private enum Content: Sendable {
    case text(String)
    case number(Int64)
  }
  private let content: Content

  private init(_ content: Content) { self.content = content }

  public static func word(_ word: StaticString) -> LogValue { LogValue(.text("\(word)")) }
  public static func number(_ number: some BinaryInteger) -> LogValue { LogValue(.number(Int64(clamping: number))) }
  public static func id<Tag>(_ id: Identifier<Tag>) -> LogValue { LogValue(.text(id.text)) }
  public static func segment(_ segment: Segment) -> LogValue { LogValue(.text(segment.name)) }
  public static func code(_ code: DenialCode) -> LogValue { LogValue(.text(code.rawValue)) }
  public static func reference(_ reference: Reference) -> LogValue { LogValue(.text(reference.description)) }
  public static func rule(_ rule: RuleID) -> LogValue { LogValue(.text(rule.description)) }
  /// The first 8 bytes: enough to find it, in the certificate list and in the log.
  public static func fingerprint<Tag>(_ fingerprint: Fingerprint<Tag>) -> LogValue {
    LogValue(.text(String(fingerprint.hex.prefix(16))))
  }
  static func ours(_ text: String) -> LogValue { LogValue(.text(text)) }

  fileprivate func write(to bytes: inout [UInt8]) {
    switch content {
    case .text(let text): LogLine.write(text, to: &bytes)
    case .number(let number): bytes.append(contentsOf: String(number).utf8)
    }
  }
}

/// One line as JSON with sorted names. Two of these are written for each logon, and a general encoder took longer for them
/// than the rules for their decision.
enum LogLine {
  static func encode(_ values: [String: LogValue]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(320)
    bytes.append(UInt8(ascii: "{"))
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      write(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      value.write(to: &bytes)
    }
    bytes.append(contentsOf: [UInt8(ascii: "}"), UInt8(ascii: "\n")])
    return bytes
  }

  /// RFC 8259 §7: quotation mark, reverse solidus and controls are escaped, everything else stands for itself.
  fileprivate static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for unit in text.utf8 {
      switch unit {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), unit])
      case 0..<0x20: bytes.append(contentsOf: "\\u00\(Hex.encode(CollectionOfOne(unit)))".utf8)
      default: bytes.append(unit)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// What a handler adds to the log line of its request.
public final class RequestNotes: Sendable {
  private let box = NIOLockedValueBox<[String: LogValue]>([:])

  init() {}

  /// A later value of the same name wins.
  public func set(_ name: StaticString, _ value: LogValue) { box.withLockedValue { $0["\(name)"] = value } }

  var values: [String: LogValue] { box.withLockedValue { $0 } }
}

/// JSON lines: route templates, methods, statuses, durations, ids and codes; never URLs, headers, bodies or error texts.
public struct SafeLog: Sendable {
  private let clock: ServerClock
  private let sink: @Sendable ([UInt8]) -> Void

  /// - Parameter sink: takes one whole line with its newline; must not block.
  public init(clock: ServerClock, sink: @escaping @Sendable ([UInt8]) -> Void) {
    self.clock = clock
    self.sink = sink
  }

  /// Lines to standard error through a bounded queue of its own.
  public static func standardError(clock: ServerClock) -> SafeLog {
    let writer = LineWriter()
    return SafeLog(clock: clock) { writer.write($0) }
  }

  /// Writes one line; `event` is the word an operator searches for.
  public func event(_ event: StaticString, _ values: [String: LogValue] = [:]) {
    var line = values
    line["event"] = .word(event)
    line["time"] = .ours(CivilTime(wallMilliseconds: clock.now().wallMilliseconds).timestamp)
    sink(LogLine.encode(line))
  }
}

/// Writes on a queue of its own, since a full pipe must not hold a request; what arrived meanwhile is written at once. Beyond
/// 10,000 waiting lines new ones are dropped and counted: the audit log, not this one, is the record.
private final class LineWriter: Sendable {
  private struct Waiting {
    var bytes: [UInt8] = []
    var lines = 0
    var dropped = 0
    var isDraining = false
  }

  private let queue = DispatchQueue(label: "sanmon.log")
  private let waiting = NIOLockedValueBox(Waiting())
  private static let limit = 10_000

  func write(_ line: [UInt8]) {
    waiting.withLockedValue { waiting in
      guard waiting.lines < Self.limit else {
        waiting.dropped += 1
        return
      }
      waiting.lines += 1
      waiting.bytes += line
      if !waiting.isDraining {
        waiting.isDraining = true
        queue.async { self.drain() }
      }
    }
  }

  private func drain() {
    while let bytes = next() { Self.put(bytes) }
  }

  private func next() -> [UInt8]? {
    waiting.withLockedValue { waiting in
      var bytes = waiting.bytes
      if waiting.dropped > 0 { bytes += Array("{\"dropped\":\(waiting.dropped),\"event\":\"log.dropped\"}\n".utf8) }
      waiting = Waiting(isDraining: !bytes.isEmpty)
      return bytes.isEmpty ? nil : bytes
    }
  }

  private static func put(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}
