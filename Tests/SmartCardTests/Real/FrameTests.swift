import Foundation
import Glibc
import Programs
import Testing

/// The test as vpcd: it listens where the simulator comes to, and says anything.
private final class FrameReader {
  private let listener: Int32
  private var card: Int32 = -1
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

  func send(_ body: [UInt8]) throws {
    let message = [UInt8(truncatingIfNeeded: body.count >> 8), UInt8(truncatingIfNeeded: body.count)] + body
    guard Glibc.send(card, message, message.count, Int32(MSG_NOSIGNAL)) == message.count else {
      throw Shell.Failed(description: "the card is gone")
    }
  }

  func receive() throws -> [UInt8] {
    let header = try take(2)
    return try take(Int(header[0]) << 8 | Int(header[1]))
  }

  private func take(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { recv(card, $0.baseAddress.map { $0 + filled }, count - filled, 0) }
      guard got > 0 else { throw Shell.Failed(description: "no answer: \(got)") }
      filled += got
    }
    return bytes
  }
}

extension RealCardSuite {
  /// Frames that no reader sends, from one seed: the simulator answers each, in short form, and is still the card it was.
  @Suite("vpcd frames")
  struct Frames {
    @Test("chance as a reader: every command has an answer of 2 to 258 bytes", arguments: ["t1", "t0"])
    func chance(wire: String) throws {
      #if DEBUG
        let count = 3_000
      #else
        let count = 100_000
      #endif
      let reader = try FrameReader()
      let card = try CardBench.card(.init(hasPUK: true, wire: wire))
      let simulator = try Program(
        [CardBench.programs + "/sanmon-cardsim", "insert", "--card", card, "--port", "\(reader.port)"], input: .open)
      defer { simulator.closeInput() }
      try reader.accept()
      var random = RepeatableRandom(seed: 20_261_123)
      let select: [UInt8] = [0x00, 0xA4, 0x04, 0x00, 0x0B, 0xA0, 0, 0, 3, 8, 0, 0, 0x10, 0, 1, 0]
      let starts: [[UInt8]] = [
        select, [0x00, 0xCB, 0x3F, 0xFF, 0x05, 0x5C, 0x03, 0x5F, 0xC1, 0x02], [0x00, 0x87, 0x11, 0x9E],
        [0x10, 0x87, 0x11, 0x9E],
        [0x00, 0xC0, 0x00, 0x00, 0x00], [0x00, 0x20, 0x00, 0x80], [0x00, 0x24, 0x00, 0x80, 0x10],
        [0x00, 0xFD, 0x00, 0x00, 0x03],
      ]
      for number in 0..<count {
        var command = starts.randomElement(using: &random) ?? select
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          command[Int.random(in: 0..<command.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) { command += random.bytes(Int.random(in: 0...40, using: &random)) }
        if number % 100 == 0 { command = random.bytes(Int.random(in: 2...4000, using: &random)) }
        try reader.send(command)
        let answer = try reader.receive()
        #expect((2...258).contains(answer.count), "input \(number)")
        // Power off, on and reset have no answer; an empty frame has none either.
        if number % 50 == 0 { try reader.send([[], [0x00], [0x01], [0x02]].randomElement(using: &random) ?? []) }
      }
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
