import Foundation
import Glibc
import Programs
import Testing

/// The test as vpcd: it listens where the simulator comes to, and says anything.
private final class FrameReader {
  private let listener: Int32
  private var card: Int32 = -1
  /// Received and not yet taken: from `place` on.
  private var waiting: [UInt8] = []
  private var place = 0
  let port: UInt16

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (listener, size) = (listener, length)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(listener, place, size) == 0 && listen(listener, 4) == 0 && getsockname(listener, place, &length) == 0
      }
    }
    guard isBound else { throw Shell.Failed(description: "cannot listen on the loopback") }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit {
    close(card)
    close(listener)
  }

  func accept() throws {
    close(card)
    card = Glibc.accept(listener, nil, nil)
    guard card >= 0 else { throw Shell.Failed(description: "nobody came") }
    // A card that hangs must end the test.
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(card, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var on: Int32 = 1
    setsockopt(card, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  static func frame(_ body: [UInt8]) -> [UInt8] {
    [UInt8(truncatingIfNeeded: body.count >> 8), UInt8(truncatingIfNeeded: body.count)] + body
  }

  func send(_ body: [UInt8]) throws { try send(frames: Self.frame(body)) }

  /// Several at once. The answers to them must have room in the two sockets' buffers, or both sides wait for each other.
  func send(frames: [UInt8]) throws {
    var sent = 0
    while sent < frames.count {
      let wrote = frames.withUnsafeBytes {
        Glibc.send(card, $0.baseAddress.map { $0 + sent }, frames.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard wrote > 0 else { throw Shell.Failed(description: "the card is gone") }
      sent += wrote
    }
  }

  func receive() throws -> [UInt8] {
    try fill(2)
    let count = Int(waiting[place]) << 8 | Int(waiting[place + 1])
    try fill(2 + count)
    defer { place += 2 + count }
    return Array(waiting[place + 2..<place + 2 + count])
  }

  /// Waits until so many bytes are there.
  private func fill(_ count: Int) throws {
    guard waiting.count - place < count else { return }
    waiting.removeFirst(place)
    place = 0
    var room = [UInt8](repeating: 0, count: 1 << 16)
    while waiting.count < count {
      // The card's answers are small and many: without an acknowledgement at once its side waits 40 ms to send the next (Nagle). The
      // option wears off, so it is set before every read.
      var on: Int32 = 1
      setsockopt(card, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, socklen_t(MemoryLayout<Int32>.size))
      let got = room.withUnsafeMutableBytes { recv(card, $0.baseAddress, $0.count, 0) }
      guard got > 0 else { throw Shell.Failed(description: "no answer: \(got)") }
      waiting += room[0..<got]
    }
  }
}

extension RealCardSuite {
  /// Frames that no reader sends, from one seed: the simulator answers each, in short form, and is still the card it was.
  @Suite("vpcd frames")
  struct Frames {
    @Test("chance as a reader: every command has an answer of 2 to 258 bytes", arguments: ["t1", "t0"])
    func chance(wire: String) throws {
      #if DEBUG
        let usual = 60
      #else
        // With both protocols a million frames. One at a time they cost 90 microseconds of waiting each.
        let usual = 10_000
      #endif
      /// Frames that are sent before the first answer to them is read.
      let together = 50
      // deploy/soak --executions: so many with both protocols, from a fresh seed.
      let wanted = ProcessInfo.processInfo.environment["SANMON_FUZZ_EXECUTIONS"].flatMap { Int($0) }
      let rounds = wanted.map { ($0 + 2 * together - 1) / (2 * together) } ?? usual
      let seed = wanted == nil ? 20_261_123 : UInt64.random(in: 0...UInt64.max >> 1)
      func tell(_ line: String) {
        if wanted != nil { FileHandle.standardOutput.write(Data("fuzz vpcd-\(wire): \(line)\n".utf8)) }
      }
      tell("0 of \(rounds * together), from seed \(seed)")
      let reader = try FrameReader()
      let card = try CardBench.card(.init(hasPUK: true, wire: wire))
      let simulator = try Program(
        [CardBench.programs + "/sanmon-cardsim", "insert", "--card", card, "--port", "\(reader.port)"], input: .open)
      defer { simulator.closeInput() }
      try reader.accept()
      var random = RepeatableRandom(seed: seed)
      let select: [UInt8] = [0x00, 0xA4, 0x04, 0x00, 0x0B, 0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0]
      let starts: [[UInt8]] = [
        select, [0x00, 0xCB, 0x3F, 0xFF, 0x05, 0x5C, 0x03, 0x5F, 0xC1, 0x02], [0x00, 0x87, 0x11, 0x9E],
        [0x10, 0x87, 0x11, 0x9E],
        [0x00, 0xC0, 0x00, 0x00, 0x00], [0x00, 0x20, 0x00, 0x80], [0x00, 0x24, 0x00, 0x80, 0x10],
        [0x00, 0xFD, 0x00, 0x00, 0x03],
      ]
      for round in 0..<rounds {
        var frames: [UInt8] = []
        for number in 0..<together {
          var command = starts.randomElement(using: &random) ?? select
          for _ in 0..<Int.random(in: 0...3, using: &random) {
            command[Int.random(in: 0..<command.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          }
          if Bool.random(using: &random) { command += random.bytes(Int.random(in: 0...40, using: &random)) }
          if number == 0, round % 2 == 0 { command = random.bytes(Int.random(in: 2...4000, using: &random)) }
          frames += FrameReader.frame(command)
        }
        // Power off, on and reset have no answer; an empty frame has none either.
        frames += FrameReader.frame([[], [0x00], [0x01], [0x02]].randomElement(using: &random) ?? [])
        try reader.send(frames: frames)
        for number in 0..<together {
          let answer = try reader.receive()
          guard (2...258).contains(answer.count) else {
            Issue.record("seed \(seed), round \(round), frame \(number): \(answer.count) bytes")
            return
          }
        }
        if round % 20_000 == 19_999 { tell("\((round + 1) * together) of \(rounds * together)") }
      }
      tell("\(rounds * together) inputs")
      // It is still the card that it was.
      try reader.send([0x04])
      #expect(try reader.receive() == (wire == "t0" ? [0x3B, 0x01, 0x50] : [0x3B, 0x80, 0x01, 0x81]))
      try reader.send([0x02])
      try reader.send(select)
      let selected = try reader.receive()
      #expect(wire == "t0" ? selected.first == 0x61 : selected.suffix(2) == [0x90, 0x00])
      simulator.closeInput()
      #expect(try simulator.end().status == 0)
    }
  }
}
