import Foundation
import LoadClient
import Testing

/// Each benchmark in a tiny size: that it runs and that its answers are right. No time is asserted.
@Suite("benchmarks run", .serialized, .enabled(if: Programs.isBuilt, "the programs are not built"))
struct RunTests {
  @Test("a morning of eight people: every part prints its figure, and nobody is wrongly denied")
  func morning() async throws {
    let ran = try Programs.run(
      "sanmon-load", ["morning", "--people", "8", "--runs", "1", "--seconds", "0.5", "--connections", "12"])
    #expect(ran.code == 0, "\(ran.errors)")
    let names = Set(ran.figures.map(\.name))
    #expect(
      names.isSuperset(of: [
        "logon.card_cpu_ms", "logon.card_burst_s", "logon.minute_p99_ms", "logon.password_burst_ratio", "logon.wrong_denials",
      ]))
    #expect(names.contains("server.rss_mb") == (geteuid() == 0), "only root may look into both processes")
    #expect(ran.figures.allSatisfy { $0.value.isFinite && $0.value >= 0 && $0.spread.count == 2 })
    #expect(ran.figure("logon.wrong_denials")?.value == 0 && ran.figure("logon.card_cpu_ms")?.ratio != nil)
  }

  @Test("a part alone prints its own figures")
  func part() throws {
    let ran = try Programs.run("sanmon-load", ["morning", "--part", "cpu", "--people", "2", "--runs", "2"])
    #expect(
      ran.code == 0 && ran.figures.map(\.name) == ["logon.card_cpu_ms", "logon.card_rsa_cpu_ms", "logon.wrong_denials"],
      "\(ran.errors)")
    #expect(ran.figures.first?.runs == 2)
  }

  @Test("people log on while the rules are read again, and none fails")
  func reload() throws {
    let ran = try Programs.run(
      "sanmon-load", ["reload", "--people", "5", "--reloads", "20", "--rate", "20", "--runs", "5"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(ran.figure("policy.reload_failures")?.value == 0 && (ran.figure("policy.reload_ms")?.value ?? 0) > 0)
  }

  @Test("two cities, one three times the other")
  func growth() throws {
    let ran = try Programs.run("sanmon-load", ["growth", "--people", "4", "--times", "3", "--runs", "2"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(
      (ran.figure("logon.growth_ratio")?.value ?? 0) > 0 && ran.figure("logon.growth_ratio")?.note?.contains("4650") == true)
  }

  @Test("a server with a longer log decides again, and the whole log verifies against its checkpoint")
  func restart() throws {
    let ran = try Programs.run("sanmon-load", ["restart", "--rows", "3000", "--runs", "2"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect((ran.figure("server.restart_s")?.value ?? 0) > 0 && (ran.figure("audit.verify_1m_s")?.limit ?? 0) > 0)
  }

  @Test("a long log is searched by every filter, a person's month is found, and all rows are exported")
  func audit() throws {
    let ran = try Programs.run("sanmon-load", ["audit", "--rows", "3000", "--long-rows", "4000", "--runs", "2"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(ran.figures.map(\.name) == ["audit.search_100k_ms", "audit.export_100k_s", "audit.search_50m_ms"])
    #expect(ran.figures.allSatisfy { $0.value.isFinite && $0.value > 0 })
  }

  @Test("credentials are released: every part prints its figure, and each answer is the right person's")
  func releases() throws {
    let ran = try Programs.run(
      "sanmon-load", ["releases", "--people", "6", "--runs", "1", "--seconds", "1.5", "--releases", "24", "--in-flight", "3"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(
      ran.figures.map(\.name) == [
        "vault.seal_open_ms", "vault.release_cpu_ms", "vault.release_per_s", "logon.card_sealed_cpu_ms",
        "logon.card_sealed_xwing_cpu_ms", "vault.release_p50_ms", "vault.release_p99_50s_ms",
        "vault.unseal_s", "vault.release_minute_p99_ms", "vault.rotation_s", "vault.rotation_failures", "vault.wrong_refusals",
      ])
    #expect(ran.figures.dropLast(2).allSatisfy { $0.value.isFinite && $0.value > 0 })
    #expect(ran.figure("vault.rotation_failures")?.value == 0)
    #expect(ran.figure("vault.wrong_refusals")?.value == 0 && ran.figure("vault.release_cpu_ms")?.ratio != nil)
  }

  @Test("palms are compared: all paths agree, every figure is printed")
  func palms() throws {
    let ran = try Programs.run("sanmon-vein-bench", ["--shrink", "500", "--rounds", "1", "--trials", "1"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(
      Set(ran.figures.map(\.name)).isSuperset(of: [
        "vein.dram_ratio", "vein.verify_us", "vein.verify_protected_ms", "vein.identify_city_ms",
      ]))
    #expect(ran.figures.allSatisfy { $0.value.isFinite && $0.value > 0 })
  }

  @Test("error rates on a few palms: every figure is printed, and a page that loads nothing says what is not claimed")
  func accuracy() throws {
    let page = FileManager.default.temporaryDirectory.appending(path: "sanmon-vein-\(UUID().uuidString).html")
    defer { try? FileManager.default.removeItem(at: page) }
    let ran = try Programs.run(
      "sanmon-vein-evaluate", ["--palms", "6", "--hard-palms", "4", "--baseline-palms", "4", "--html", page.path])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(
      Set(ran.figures.map(\.name)) == [
        "vein.eer_guided_pct", "vein.fnmr_guided_1e4_pct", "vein.fnmr_guided_1e6_pct", "vein.eer_hard_pct",
        "vein.fnmr_hard_1e4_pct",
      ])
    #expect(ran.figures.allSatisfy { (0...100).contains($0.value) && $0.note?.contains("no claim") == true })
    let html = try String(contentsOf: page, encoding: .utf8)
    #expect(html.contains("Synthetic figures are no claim about people. No presentation-attack claim is made."))
    #expect(html.contains("<polyline class=\"baseline\"") && html.contains("palms drawn again"))
    #expect(!html.contains("http") && !html.contains("src=") && !html.contains("<script"))
    let gate = try Programs.run("sanmon-vein-evaluate", ["--palms", "4", "--seeds", "gate", "--calibrate"])
    #expect(gate.code == 64)
  }

  @Test("a decision is timed and its allocations are counted")
  func decide() throws {
    let ran = try Programs.run("sanmon-bench", ["--decisions", "300", "--runs", "2"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect((ran.figure("policy.decide_us")?.value ?? 0) > 0)
  }

  @Test("the floor is proven, and of some mutants of the files none widens silently")
  func rules() throws {
    let ran = try Programs.run(
      "sanmon-bench", ["--part", "floor", "--part", "mutants", "--mutants", "200", "--runs", "1"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(ran.figures.map(\.name) == ["policy.floor_proof_ms", "policy.mutants_widening"])
    #expect((ran.figure("policy.floor_proof_ms")?.value ?? 0) > 0 && ran.figure("policy.mutants_widening")?.value == 0)
    #expect(try Programs.run("sanmon-bench", ["--part", "nonsense"]).code == 64)
  }

  @Test("a wrong answer makes the run fail: logons without a rule are denied, counted and named")
  func failsWhenDenied() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sanmon-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(atPath: Programs.root.appending(path: "policies").path, toPath: folder.path)
    let file = folder.appending(path: "lgwan.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    // The same rules for another group: nobody of the load city is in it.
    try text.replacingOccurrences(of: "people: [seg-lgwan]", with: "people: [seg-mynumber]").write(
      to: file, atomically: true, encoding: .utf8)
    let ran = try Programs.run(
      "sanmon-load", ["morning", "--part", "cpu", "--people", "3", "--runs", "1", "--policies", folder.path])
    #expect(ran.code == 1 && ran.errors.contains("AP107"), "\(ran.errors)")
    #expect((ran.figure("logon.wrong_denials")?.value ?? 0) > 0 && ran.figure("logon.wrong_denials")?.met == false)
  }

  @Test("a card through a reader service: every figure is printed, and the card is still good at the end")
  func cards() throws {
    let bench = try CardBenchRun()
    defer { bench.end() }
    let ran = try bench.run(["--runs", "2", "--commands", "50", "--insertions", "2", "--logons", "2"])
    #expect(ran.code == 0, "\(ran.errors)")
    #expect(ran.figures.map(\.name) == ["card.apdu_ratio", "card.ready_ms", "card.logon_own_ms"])
    #expect(ran.figures.allSatisfy { $0.value.isFinite && $0.value > 0 && $0.goal != nil && $0.note != nil })
    let wrong = try bench.run(["--reader", "No Such Reader"])
    #expect(wrong.code == 1 && wrong.figures.isEmpty && wrong.errors.contains("noReader"), "\(wrong.errors)")
  }

  @Test("wrong usage ends with 64, a folder without policies with 69")
  func exitCodes() throws {
    #expect(try Programs.run("sanmon-load", ["morning", "--people", "0"]).code == 64)
    #expect(try Programs.run("sanmon-load", ["morning", "--people", "1", "--policies", "/nonexistent"]).code == 69)
  }
}

/// The programs of the same build, beside the test bundle or in `SANMON_BINARIES`.
enum Programs {
  struct Ran {
    let code: Int32
    let figures: [Figure]
    let errors: String
    func figure(_ name: String) -> Figure? { figures.first { $0.name == name } }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let folder: URL? = {
    if let said = ProcessInfo.processInfo.environment["SANMON_BINARIES"] { return URL(filePath: said) }
    guard let me = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    return URL(filePath: me).deletingLastPathComponent()
  }()

  static let isBuilt = program("sanmon-load") != nil || ProcessInfo.processInfo.environment["CI"] != nil

  private static func program(_ name: String) -> String? {
    let path = folder?.appending(path: name).path
    return path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
  }

  static func run(_ name: String, _ arguments: [String]) throws -> Ran {
    let found = program(name)
    let program = try #require(found, "\(name) is not built")
    let scratch = FileManager.default.temporaryDirectory.appending(path: "sanmon-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    var command = [program] + arguments + ["--json"]
    if !arguments.contains("--policies"), !name.hasPrefix("sanmon-vein-"), name != "sanmon-card-bench" {
      command += ["--policies", root.appending(path: "policies").path]
    }
    if name == "sanmon-load" { command += ["--sample-city", root.appending(path: "deploy/sample-city").path] }
    // Through a shell, because the two outputs are wanted apart.
    let output = scratch.appending(path: "out").path
    let errors = scratch.appending(path: "err").path
    let child = try ChildProcess(
      ["/bin/sh", "-c", "out=$1 err=$2; shift 2; exec \"$@\" >\"$out\" 2>\"$err\"", "sh", output, errors] + command,
      log: scratch.appending(path: "log").path)
    let code = child.wait()
    let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    return Ran(
      code: code, figures: lines.compactMap { try? JSONDecoder().decode(Figure.self, from: Data($0.utf8)) },
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

/// `deploy/lib/card-bench.sh` with the programs of this build.
private struct CardBenchRun {
  /// Short: the path of the service's socket has 107 bytes at most.
  let scratch = URL(filePath: "/tmp/sanmon-cards-\(getpid())")

  init() throws { try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true) }

  func end() { try? FileManager.default.removeItem(at: scratch) }

  func run(_ options: [String]) throws -> Programs.Ran {
    let folder = try #require(Programs.folder)
    let place = scratch.appending(path: UUID().uuidString.prefix(8).lowercased()).path
    let (output, errors) = (place + ".out", place + ".err")
    let text = """
      source '\(Programs.root.path)/deploy/lib/card-bench.sh'
      exec >"$1.out" 2>"$1.err"
      dir=$1
      shift
      card_bench "$dir" '\(folder.path)/sanmon-card-bench' --json "$@"
      """
    let child = try ChildProcess(
      ["/usr/bin/env", "SANMON_BIN=\(folder.path)", "bash", "-c", text, "bash", place] + options, log: place + ".log")
    let code = child.wait()
    let lines = try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n")
    return Programs.Ran(
      code: code, figures: lines.compactMap { try? JSONDecoder().decode(Figure.self, from: Data($0.utf8)) },
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}
