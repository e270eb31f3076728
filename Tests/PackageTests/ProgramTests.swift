import Foundation
import Programs
import Testing

@Suite("programs that tests start")
struct ProgramTests {
  private func shell(_ script: String, input: Program.Input = .nothing, output: Program.Output = .kept) throws -> Program {
    try Program(["sh", "-c", script], input: input, output: output)
  }

  @Test("exit codes, signals, and what cannot be started")
  func statuses() throws {
    #expect(try Program.run(["true"]).status == 0)
    #expect(try shell("exit 75").end().status == 75)
    #expect(try shell("kill -9 $$").end().status == 128 + SIGKILL)
    #expect(throws: Program.Failed.self) { try Program(["/nonexistent/program"]) }
    #expect(throws: Program.Failed.self) { try Program(["true"], in: "/nonexistent") }
  }

  @Test("both outputs are read to their ends, each beyond a pipe's 64 KiB, though nobody reads while it runs")
  func outputs() throws {
    let much = "head -c 300000 /dev/zero | tr '\\0'"
    let ended = try shell("\(much) b >&2; \(much) a; echo end").end()
    #expect(ended.output.hasSuffix("a\u{61}end\n") && ended.output.utf8.count == 300_004)
    #expect(ended.errors.utf8.count == 300_000)
    let together = try shell("echo 1; echo 2 >&2; echo 3", output: .together).end()
    #expect(together.output == "1\n2\n3\n" && together.errors.isEmpty)
  }

  @Test("input is nothing, a text of any length, or what is sent until it is closed")
  func inputs() throws {
    #expect(try Program.run(["cat"]).output.isEmpty)
    let text = String(repeating: "職員\n", count: 50_000)
    #expect(try Program.run(["cat"], input: .text(text)).output == text)
    let cat = try Program(["cat"], input: .open)
    try cat.send("one\n")
    while cat.output != "one\n", cat.isRunning { usleep(1_000) }
    cat.closeInput()
    #expect(try cat.end().output == "one\n")
    #expect(throws: Program.Failed.self) { try cat.send("two\n") }
    let deaf = try shell("exec <&-; sleep 60", input: .open)
    usleep(100_000)
    #expect(throws: Program.Failed.self) { try deaf.send("three\n") }
    deaf.kill()
  }

  @Test("arguments stay whole; the environment is ours, ours with more, or another one; the folder is the given one")
  func surroundings() throws {
    #expect(try Program.run(["printf", "%s|", "a b", "", "$HOME"]).output == "a b||$HOME|")
    #expect(
      try Program.run(["sh", "-c", "echo $SANMON_TEST-${PATH:+path}"], adding: ["SANMON_TEST": "1"]).output == "1-path\n")
    #expect(try Program.run(["/usr/bin/env"], environment: ["A": "b=c"]).output == "A=b=c\n")
    #expect(try Program.run(["pwd"], in: "/usr").output == "/usr\n")
  }

  @Test("whoever is not over in time is killed with its children, and what it said stands in the error")
  func overdue() async throws {
    // Long: under load a look may come late.
    let script = "echo so far; echo trouble >&2; sleep 600 & echo $!; wait"
    for waits in [true, false] {
      let program = try shell(script)
      do {
        _ = try waits ? program.end(within: 0.5) : await program.ending(within: 0.5)
        Issue.record("it has no end by itself")
      } catch let failed as Program.Failed {
        #expect(failed.description.contains("so far\n") && failed.description.contains("trouble\n"))
      }
      #expect(!program.isRunning)
      let child = try #require(program.output.split(separator: "\n").last)
      func isOver() -> Bool {
        (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8))?.contains(") Z ") ?? true
      }
      for _ in 0..<500 where !isOver() { usleep(10_000) }
      #expect(isOver(), "its child is over too")
    }
  }

  @Test("TERM reaches it, whatever the thread that started it blocks or ignores")
  func termination() async throws {
    let code = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int32, any Error>) in
      Thread.detachNewThread {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        done.resume(
          with: Result {
            let program = try Program(["sleep", "60"])
            program.terminate()
            return try program.end(within: 20).status
          })
      }
    }
    #expect(code == 128 + SIGTERM)
    // SIGPIPE, which others ignore in this process.
    let before = signal(SIGPIPE, SIG_IGN)
    defer { _ = signal(SIGPIPE, before) }
    let status = try Program.run(["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"]).output.split(
      whereSeparator: \.isWhitespace)
    let masks = status.compactMap { UInt64($0, radix: 16) }
    // The C library keeps signals 32 and 33 to itself.
    #expect(masks.count == 2 && masks.allSatisfy { $0 & ~(3 << 31) == 0 }, "\(status)")
  }

  @Test("no open file of ours is its own, not even one without O_CLOEXEC")
  func descriptors() throws {
    let open = Glibc.open("/dev/null", O_RDONLY)
    defer { close(open) }
    // The folder that ls reads is the fourth.
    #expect(try Program.run(["ls", "/proc/self/fd"]).output == "0\n1\n2\n3\n")
  }

  @Test("whoever is forgotten is ended")
  func forgotten() throws {
    var program: Program? = try Program(["sleep", "60"])
    let pid = try #require(program?.pid)
    #expect(kill(pid, 0) == 0)
    program = nil
    #expect(kill(pid, 0) == -1 && errno == ESRCH)
  }

  @Test("nobody waits in a run loop: it was seen to turn for good after its program had ended")
  func noRunLoop() throws {
    let word = "waitUntil" + "Exit"
    for folder in ["Sources", "Tests", "Benchmarks"] {
      for file in try Tree.swiftFiles(below: folder) { #expect(try !Tree.text(file).contains(word), "\(file)") }
    }
    for file in try Tree.swiftFiles(below: "Tests") {
      #expect(try Tree.text(file).firstMatch(of: /(^|[^A-Za-z.])Process\(\)/) == nil, "\(file): Program starts programs")
    }
  }
}
