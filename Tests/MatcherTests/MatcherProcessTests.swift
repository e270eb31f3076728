import AuthAPI
import AuthTerms
import Foundation
import Isolation
import MatcherHost
import MatcherLink
import Programs
import Testing

@Suite(
  "a library in a process of its own: what it does there, it does to nobody else", .serialized,
  .enabled(if: Built.isThere, "run deploy/test"))
struct MatcherProcessTests {
  private func with(_ library: String, _ more: [String] = [], _ test: (MatcherProcess) async throws -> Void) async throws {
    let process = try MatcherProcess(library, more)
    defer { process.end() }
    try await test(process)
  }

  @Test("samples become templates, templates are compared, over the socket and after a new beginning")
  func whole() async throws {
    try await with("ExampleBlobMatcher") { process in
      let link = try await process.link()
      #expect(try await link.describe().format == MatcherFormat("EXB", version: 7))
      let bytes = Array("BLOB".utf8) + [2] + (0..<64).map { UInt8($0) }
      let (template, quality) = try await link.extract(Built.blob(bytes, of: "EXB", 7)).get()
      // One of the 64 features is 0; the library grades what it made.
      #expect(quality == 98 && template.bytes == bytes)
      #expect(try await link.compare(template, with: [template]) == [.score(64, falseMatch: 6000)])
      guard case .failure(let refusal) = try await link.extract(Built.blob(bytes, of: "EXB", 7, .right)) else {
        Issue.record("the other hand")
        return
      }
      #expect(refusal.advice == .otherHand)
      #expect(try await link.fault(extracting: Built.blob(bytes, of: "EXP", 7)) == .failed(.unsupported))
      // Pictures are not this one's, and no decoder is asked.
      let picture = try BiometricSample(hand: .left, content: .picture(file: [1], wavelength: 0, resolution: 0))
      #expect(await link.fault(extracting: picture) == .failed(.unsupported))
      #expect(await link.fault(comparing: template, with: []) == .malformed("1 to 16 references"))
      process.program.terminate()
      #expect(try await process.program.ending().status == 0)
      try process.start()
      try await process.listening()
      #expect(try await link.compare(template, with: [template]) == [.score(64, falseMatch: 6000)])
    }
  }

  @Test("a library that takes pictures gets them decoded; what is no picture never reaches it")
  func pictures() async throws {
    try await with("ExamplePictureMatcher") { process in
      let link = try await process.link()
      #expect(try await link.describe().takesPictures)
      let (one, quality) = try await link.extract(Palms.sample(100, 0)).get()
      #expect(quality == 80 && one.format.name == "EXP")
      let other = try await link.extract(Palms.sample(101, 0)).get().template
      let results = try await link.compare(one, with: [one, other])
      #expect(results[0] == .score(256, falseMatch: 15_000))
      #expect(try #require(results[1].scored).score < 256)
      let broken = try BiometricSample(
        hand: .right, content: .picture(file: Array(Palms.file(100, 0).dropLast()), wavelength: 0, resolution: 0))
      #expect(await link.fault(extracting: broken) == .failed(.malformedSample))
      let dark = [UInt8]("P5\n128 128\n255\n".utf8) + [UInt8](repeating: 1, count: 128 * 128)
      guard
        case .failure(let refusal) = try await link.extract(
          BiometricSample(hand: .right, content: .picture(file: dark, wavelength: 0, resolution: 0)))
      else {
        Issue.record("dark")
        return
      }
      #expect(refusal.advice == .tooDark)
    }
  }

  @Test(
    "a call that ends the process is a fault for who waits, and the next process answers",
    arguments: [("crash", 128 + SIGSEGV), ("abort", 128 + SIGABRT), ("leave", 0), ("hang", 75), ("spin", 75)]
      as [(String, Int32)])
  func ended(manner: String, status: Int32) async throws {
    try await with("HostileMatcher", ["--deadline", "300"]) { process in
      let link = try await process.link()
      let good = try Built.hostileTemplate("fine")
      #expect(try await link.compare(good, with: [good]) == [.score(100, falseMatch: 15_000)])
      #expect(try await link.fault(extracting: Built.hostile(manner))?.word == "ended")
      let ended = try await process.program.ending()
      #expect(ended.status == status)
      #expect(ended.errors.contains("was not over within 300 ms") == (status == MatcherServer.deadlineExit))
      try process.start()
      try await process.listening()
      try await Task.sleep(for: .milliseconds(60))
      #expect(try await link.compare(good, with: [good]) == [.score(100, falseMatch: 15_000)])
    }
  }

  @Test("a template that ends the matcher twice is not given to it a third time; others are")
  func quarantined() async throws {
    try await with("HostileMatcher") { process in
      let link = try await process.link()
      let (bad, good) = (try Built.hostileTemplate("crash"), try Built.hostileTemplate("fine"))
      for _ in 0..<2 {
        #expect(await link.fault(comparing: good, with: [bad])?.word == "ended")
        _ = try await process.program.ending()
        // Meanwhile: at once, without waiting for anybody.
        #expect(await link.fault(comparing: good, with: [good])?.word == "unreachable")
        try process.start()
        try await process.listening()
        try await Task.sleep(for: .milliseconds(250))
      }
      #expect(await link.fault(comparing: good, with: [bad]) == .quarantined)
      #expect(await link.fault(comparing: good, with: [good, bad]) == .quarantined)
      #expect(try await link.compare(good, with: [good]) == [.score(100, falseMatch: 15_000)])
      #expect(process.program.isRunning)
    }
  }

  @Test("no network, no program, no file, no more memory than it is given", arguments: ["network", "program", "file"])
  func confined(manner: String) async throws {
    try await with("HostileMatcher") { process in
      let link = try await process.link()
      // The library says whether it got what it asked for.
      #expect(try await link.fault(extracting: Built.hostile(manner)) == .failed(.unsupported))
      #expect(process.program.isRunning)
    }
    guard manner == "file" else { return }
    try await with("HostileMatcher", ["--may-read-files"]) { process in
      let link = try await process.link()
      #expect(try await link.extract(Built.hostile(manner)).get().quality == 50)
    }
  }

  @Test("memory has an end, and the least that may be given is enough to answer")
  func memory() async throws {
    try await with("HostileMatcher", ["--memory", "512"]) { process in
      let good = try Built.hostileTemplate("fine")
      let link = try await process.link()
      #expect(try await link.compare(good, with: [good]) == [.score(100, falseMatch: 15_000)])
    }
    try await with("HostileMatcher", ["--memory", "1024", "--deadline", "5000"]) { process in
      let link = try await process.link(deadlineMilliseconds: 10_000)
      // 4 GiB are asked for, one after the other, until no more is given.
      #expect(try await link.extract(Built.hostile("eat")).get().quality == 50)
      let text = try String(contentsOfFile: "/proc/\(process.program.pid)/status", encoding: .utf8)
      let peak = text.split(separator: "\n").first { $0.hasPrefix("VmPeak") }.flatMap { Int($0.filter(\.isNumber)) }
      #expect(try #require(peak) <= 1024 << 10)
    }
  }

  @Test("nobody else is answered; what is no message ends the connection; nobody else who listens is asked")
  func strangers() async throws {
    try await with("ExampleBlobMatcher") { process in
      _ = try await process.link()
      let connection = try PeerConnection.connect(path: process.socket)
      try connection.send([1, 2, 3], by: Deadline(milliseconds: 1000))
      #expect(try connection.receive(by: Deadline(milliseconds: 3000)) == nil)
      let wrong = MatcherLink(socket: process.socket, user: Built.uid &+ 1, deadlineMilliseconds: 1000)
      let asked = try await wrong.fault(extracting: Built.blob([1], of: "EXB", 7))
      #expect(asked?.description.contains("listens there") == true)
    }
    try await with("ExampleBlobMatcher", ["--peer-user", "64099"]) { process in
      // The first --peer-user is ours: both are served.
      let link = try await process.link()
      #expect(try await link.describe().name == "example-blobs")
    }
  }

  @Test("a library that is none, a folder that is not there, options outside their limits: said, with an exit code")
  func refused() throws {
    let program = try Built.path("sanmon-matcher")
    let bad = try Program.run([program, "check", "--library", "/nowhere.so"])
    #expect(bad.status == 65 && bad.errors.contains("cannot be loaded") && bad.errors.contains("ライブラリを使えません"))
    let good = try Program.run([program, "check", "--library", Built.library("ExampleBlobMatcher")])
    #expect(good.status == 0 && good.output.contains("example-blobs 1 (Sanmon): palmVein, takes blobs,"))
    let configured = try Program.run(
      [program, "check", "--library", Built.library("HostileMatcher"), "--library-configuration", "/nowhere"])
    #expect(configured.status == 65 && configured.errors.contains("cannot read /nowhere"))
    for option in [["--deadline", "49"], ["--memory", "255"], ["--socket-mode", "9"], ["--peer-user", "no-such-user-here"]] {
      let user = geteuid() == 0 ? ["setpriv", "--reuid=\(Built.uid)", "--regid=\(Built.uid)", "--clear-groups"] : []
      let folder = "/tmp/sanmon-matcher-\(UInt32.random(in: 0...UInt32.max))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try FileManager.default.copyItem(atPath: program, toPath: folder + "/sanmon-matcher")
      let words =
        user + ["\(folder)/sanmon-matcher", "vendor", "--library", "/x.so", "--socket", "/tmp/x", "--peer-user", "0"] + option
      #expect(try Program.run(words).status == 64, "\(option)")
    }
    if geteuid() == 0 {
      let root = try Program.run([program, "vendor", "--library", "/x.so", "--socket", "/tmp/x", "--peer-user", "0"])
      #expect(root.status == 77)
    }
  }
}
