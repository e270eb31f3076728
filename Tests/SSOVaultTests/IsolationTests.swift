import AuthTerms
import Foundation
import Isolation
import Programs
import Synchronization
import Testing

@Suite("sockets between processes")
final class IsolationTests {
  let folder: URL
  var path: String { folder.appending(path: "s").path }

  init() throws {
    folder = URL(filePath: "/tmp/snmi-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Runs `work` beside a listener that sends every frame back.
  private func echo(
    limit: Int = 16, limitPerUser: Int = 12, admits: Bool = true, _ work: (PeerListener) throws -> Void
  ) throws {
    let listener = try PeerListener(path: path, mode: 0o600, limit: limit, limitPerUser: limitPerUser)
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      try? listener.run(admit: { _ in admits }) { connection in
        while let frame = try? connection.receive(by: Deadline(milliseconds: 2000)) {
          guard (try? connection.send(frame, by: Deadline(milliseconds: 2000))) != nil else { return }
        }
      }
      ended.signal()
    }
    defer {
      listener.close()
      #expect(ended.wait(timeout: .now() + 5) == .success, "the listener does not end")
    }
    try work(listener)
  }

  @Test("a pair: what one end sends the other receives; an end that is closed is told; nobody inherits it unasked")
  func pair() throws {
    let (own, descriptor) = try PeerConnection.pair(frameLimit: 1000)
    #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    var other: PeerConnection? = try PeerConnection.inherited(descriptor, frameLimit: 1000)
    try own.send([1, 2, 3], by: Deadline(milliseconds: 1000))
    #expect(try other?.receive(by: Deadline(milliseconds: 1000)) == [1, 2, 3])
    try other?.send([UInt8](repeating: 7, count: 1000), by: Deadline(milliseconds: 1000))
    #expect(try own.receive(by: Deadline(milliseconds: 1000))?.count == 1000)
    #expect(throws: SocketFault.frameSize) { try own.send([UInt8](repeating: 7, count: 1001), by: Deadline(milliseconds: 10)) }
    #expect(throws: SocketFault.deadline) { try own.receive(by: Deadline(milliseconds: 10)) }
    other = nil
    #expect(try own.receive(by: Deadline(milliseconds: 1000)) == nil)
  }

  @Test("frames come back as they went, up to the limit and not beyond")
  func frames() throws {
    try echo { _ in
      let connection = try PeerConnection.connect(path: path)
      #expect(connection.peer.uid == geteuid() && connection.peer.pid == getpid())
      for size in [1, 2, 255, 65_535, 65_536] {
        let frame = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        try connection.send(frame, by: Deadline(milliseconds: 2000))
        #expect(try connection.receive(by: Deadline(milliseconds: 2000)) == frame)
      }
      #expect(throws: SocketFault.frameSize) { try connection.send([], by: Deadline(milliseconds: 10)) }
      #expect(throws: SocketFault.frameSize) {
        try connection.send([UInt8](repeating: 0, count: 65_537), by: Deadline(milliseconds: 10))
      }
      #expect(connection.isQuiet)
    }
  }

  @Test("nothing within the deadline is a fault, and takes no longer")
  func deadlines() throws {
    try echo { _ in
      let connection = try PeerConnection.connect(path: path)
      let begin = ContinuousClock.now
      #expect(throws: SocketFault.deadline) { try connection.receive(by: Deadline(milliseconds: 100)) }
      #expect(ContinuousClock.now - begin < .seconds(2))
      #expect(throws: SocketFault.deadline) { try connection.receive(by: Deadline(milliseconds: -5)) }
      #expect(!connection.waitForInput(by: Deadline(milliseconds: 20)))
    }
  }

  @Test("an oversized reader refuses what a larger frame limit sent")
  func limits() throws {
    try echo { _ in
      let connection = try PeerConnection.connect(path: path, frameLimit: 1 << 20)
      try? connection.send([UInt8](repeating: 1, count: 65_537), by: Deadline(milliseconds: 2000))
      #expect(throws: (any Error).self) {
        guard try connection.receive(by: Deadline(milliseconds: 2000)) != nil else { throw SocketFault.closed }
      }
    }
  }

  @Test("who is not admitted, and who is one too many, is closed at once")
  func admission() throws {
    try echo(admits: false) { _ in
      let connection = try PeerConnection.connect(path: path)
      #expect(try connection.receive(by: Deadline(milliseconds: 2000)) == nil)
    }
    try echo(limit: 8, limitPerUser: 2) { listener in
      var kept: [PeerConnection] = []
      for _ in 0..<2 {
        let connection = try PeerConnection.connect(path: path)
        try connection.send([1], by: Deadline(milliseconds: 2000))
        #expect(try connection.receive(by: Deadline(milliseconds: 2000)) == [1])
        kept.append(connection)
      }
      #expect(try PeerConnection.connect(path: path).receive(by: Deadline(milliseconds: 2000)) == nil)
      #expect(listener.connectionCount == 2)
    }
  }

  @Test("a socket in use and a file of another kind are left alone; a stale socket is replaced")
  func places() throws {
    try echo { _ in
      #expect(throws: SocketFault.inUse) { try PeerListener(path: path, mode: 0o600) }
    }
    try Data("a file".utf8).write(to: URL(filePath: path))
    #expect(throws: SocketFault.system(attempted: "listen where another file lies", code: EEXIST)) {
      try PeerListener(path: path, mode: 0o600)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "a file")
    try FileManager.default.removeItem(atPath: path)
    // Left behind by a process that was killed: nobody listens.
    let left = try RunningProbe.leaveSocket(at: path)
    #expect(left == 0)
    let listener = try PeerListener(path: path, mode: 0o640)
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    listener.close()
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(throws: SocketFault.system(attempted: "connect", code: ENOENT)) { try PeerConnection.connect(path: path) }
    #expect(throws: SocketFault.system(attempted: "connect", code: ENAMETOOLONG)) {
      try PeerConnection.connect(path: "/tmp/" + String(repeating: "x", count: 103))
    }
  }

  @Test("systemd is told what it asked to be told, and nobody when there is none")
  func notify() throws {
    #expect(!ServiceNotify(path: nil).ready("x"))
    #expect(!ServiceNotify(path: "relative").ready("x"))
    #expect(!ServiceNotify(path: path).stopping())
    let receiver = try Program([
      "python3", "-c",
      """
      import socket,sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(20)
      for _ in range(3): print(s.recv(1000).decode().replace("\\n", "|"))
      """, path,
    ])
    for _ in 0..<500 where !FileManager.default.fileExists(atPath: path) { usleep(10_000) }
    let notify = ServiceNotify(path: path)
    #expect(notify.ready("serving") && notify.reloading(monotonicMicroseconds: 5) && notify.stopping())
    #expect(try receiver.end().output == "READY=1|STATUS=serving\nRELOADING=1|MONOTONIC_USEC=5\nSTOPPING=1\n")
  }

  /// A sanitizer keeps what is free to itself, in a memory of its own.
  private static let isSanitized = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

  @Test(
    "what is free beyond a limit goes back to the system, and nothing below it",
    .enabled(if: !isSanitized, "memory is a sanitizer's here"))
  func freeMemory() throws {
    func resident() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 4096
    }
    FreeMemory.giveBack(above: 0)
    var blocks: [[UInt8]] = (0..<20_000).map { _ in [UInt8](repeating: 1, count: 4000) }
    // The last one stays: free memory below it is what the system does not get by itself.
    let last = blocks.removeLast()
    let full = try resident()
    blocks.removeAll()
    #expect(!FreeMemory.giveBack(above: .max))
    #expect(FreeMemory.giveBack(above: 8 << 20))
    #expect(try resident() < full - 40_000_000)
    #expect(last.count == 4000)
  }

  @Test("users are found by name and by number")
  func users() {
    #expect(UnixUser.uid(of: "root") == 0)
    #expect(UnixUser.uid(of: "64001") == 64_001)
    #expect(UnixUser.uid(of: "no-such-user-here") == nil)
    #expect(UnixUser.name(of: 0) == "root")
    #expect(UnixUser.name(of: 64_001) == nil)
  }

  @Test("the clock goes forward on one boot")
  func clock() throws {
    let clock = try BootClock()
    let first = clock.now()
    usleep(20_000)
    let second = clock.now()
    #expect(first.boot == second.boot)
    #expect((15...5000).contains(second.milliseconds(since: first)))
  }

  @Test("one thread does the work in order; too much at once is refused; what was accepted is done")
  func serialThread() {
    let order = Mutex<[Int]>([])
    let gate = DispatchSemaphore(value: 0)
    let done = DispatchSemaphore(value: 0)
    var thread: SerialThread? = SerialThread(name: "test", limit: 3)
    #expect(thread?.enqueue { gate.wait() } == true)
    usleep(100_000)
    for number in 0..<3 {
      #expect(thread?.enqueue { order.withLock { $0.append(number) } } == true)
    }
    #expect(thread?.enqueue { order.withLock { $0.append(99) } } == false)
    gate.signal()
    usleep(100_000)
    #expect(thread?.enqueue { done.signal() } == true)
    thread = nil
    #expect(done.wait(timeout: .now() + 5) == .success)
    #expect(order.withLock { $0 } == [0, 1, 2])
  }
}

enum RunningProbe {
  /// A process binds a socket and ends without removing it.
  static func leaveSocket(at path: String) throws -> Int32 {
    try Program.run([
      "python3", "-c", "import socket,sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()", path,
    ]).status
  }
}
