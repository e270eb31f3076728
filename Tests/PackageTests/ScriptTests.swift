import Foundation
import Testing

@Suite("commands under deploy/ and .ci/")
struct ScriptTests {
  /// Files that bash reads: by their first line, or sourced from deploy/lib.
  static func scripts() throws -> [String] {
    try Tree.files().filter { path in
      guard path.hasPrefix("deploy/") || path.hasPrefix(".ci/"), let text = try? Tree.text(path) else { return false }
      return path.hasSuffix(".sh") || text.hasPrefix("#!/usr/bin/env bash") || text.hasPrefix("#!/bin/bash")
    }
  }

  @Test("bash understands every script, and those that are commands can be run")
  func syntax() throws {
    let scripts = try Self.scripts()
    #expect(scripts.contains("deploy/test") && scripts.contains("deploy/lib/build.sh") && scripts.contains(".ci/run"))
    for path in scripts {
      let ran = try Tree.run(["bash", "-n", path])
      #expect(ran.code == 0, "\(path): \(ran.errors)")
      if try Tree.text(path).hasPrefix("#!") {
        #expect(FileManager.default.isExecutableFile(atPath: Tree.root.appending(path: path).path), "\(path) is not executable")
      }
    }
  }

  @Test("one place compiles the package")
  func oneBuildLine() throws {
    // Another set of flags would compile minutes of code again.
    let verb = /(swift|\$SWIFT"?|\$\{SWIFT\}"?) +build\b/
    for path in try Self.scripts() where path != "deploy/lib/build.sh" {
      let code = try Tree.text(path).split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }
      #expect(!code.contains { $0.contains(verb) }, "\(path) compiles by itself")
    }
  }

  @Test("what is staged for an installation holds no benchmark")
  func stagesPrograms() throws {
    let build = try Tree.text("deploy/lib/build.sh")
    let stage = try #require(build.firstMatch(of: /(?s)stage_binaries\(\) \{.*?\n\}/)).0
    let benchmarks = try Set(Tree.files().filter { $0.hasPrefix("Benchmarks/") }.map { $0.split(separator: "/")[1] })
    #expect(benchmarks.contains("sanmon-load") && stage.contains("sanmon-vault"))
    // A demonstration needs invented palms beside the programs; an installation gets none.
    let removed = try #require(try Tree.text("deploy/stage").firstMatch(of: /\nrm -f -- (.*)/)).1
    for name in benchmarks where !removed.contains("\"$1/\(name)\"") {
      #expect(!stage.contains(name), "\(name) would be installed")
    }
    #expect(removed.contains("sanmon-cardsim"))
    #expect(!(try Tree.text("Package.swift")).contains(/\.executable\(name: "sanmon-(load|bench)"/))
  }

  @Test("nothing from the network is run unread")
  func noPipeToShell() throws {
    for path in try Self.scripts() {
      #expect(!(try Tree.text(path)).contains(/(curl|wget)[^\n|]*\|\s*(sudo\s+)?(ba|da|z)?sh\b/), "\(path)")
    }
  }

  @Test("a process is ended by its id, never by a name")
  func noKillByName() throws {
    for path in try Self.scripts() {
      #expect(!(try Tree.text(path)).contains(/\b(pkill|killall)\b/), "\(path)")
    }
  }

  @Test(
    "a TERM ends deploy/test and deploy/soak at once, with all below them: children, other groups, and what lost its parent")
  func endsWhatIsBelow() throws {
    for path in ["deploy/test", "deploy/soak"] {
      let lines = try Tree.text(path).split(separator: "\n")
      let place = try #require(lines.firstIndex(of: "end_with_us"), "\(path)")
      #expect(lines.firstIndex { $0.contains("build_sanmon") && !$0.hasPrefix("#") }.map { place < $0 } == true, "\(path)")
    }
    let ran = try Tree.run(["timeout", "60", "bash", "-c", Self.somethingBelow])
    #expect(ran.code == 0 && ran.output == "143\nthe bystander lives\n", "\(ran.output)\(ran.errors)")
  }

  /// A script that waits, and below it a shell that waits too, a program in a group of its own and one whose parent is gone.
  static let somethingBelow = """
    set -u
    folder=$(mktemp -d)
    alive() { ! grep -q '^State:.*[ZX]' "/proc/$1/status" 2>/dev/null && [ -e "/proc/$1" ]; }
    bash -c '. deploy/lib/common.sh
      trap - ERR
      end_with_us
      (setsid sh -c "echo \\$\\$ >$1/group; exec sleep 61" &
        (sleep 62 & echo "$!" >"$1/orphan")
        echo "$BASHPID" >"$1/shell"
        sleep 63) &
      wait "$!"' bash "$folder" >/dev/null &
    script=$!
    sleep 64 &
    other=$!
    until [ -s "$folder/group" ] && [ -s "$folder/orphan" ] && [ -s "$folder/shell" ]; do sleep 0.05; done
    kill -TERM "$script"
    code=0
    wait "$script" || code=$?
    echo "$code"
    for name in group orphan shell; do if alive "$(cat "$folder/$name")"; then echo "$name lives"; fi; done
    if alive "$other"; then echo "the bystander lives"; fi
    kill "$other"
    rm -rf -- "$folder"
    """

  @Test("without Swift the commands stop with 69 before anything is installed, and name the command that helps")
  func noToolchain() throws {
    let ran = try Tree.run(
      ["env", "-i", "PATH=/usr/bin:/bin", "HOME=/nonexistent", "LANG=ja_JP.UTF-8", "bash", "-c", Self.withoutSwift])
    #expect(ran.code == 69)
    #expect(ran.errors.contains("deploy/install-swift") && ran.errors.contains("まだ何もインストールしていません"))
    #expect(ran.output == "")
  }

  /// /opt/swift may exist here, so the search is told to see only versions that are too old.
  static let withoutSwift = """
    . deploy/lib/toolchain.sh
    swift_version() { printf 6.2.4; }
    require_toolchain
    echo went on
    """

  @Test(
    "versions are compared as numbers",
    arguments: [("6.3", true), ("6.3.1", true), ("6.10", true), ("7.0", true), ("6.2.9", false), ("5.10", false)])
  func versions(version: String, enough: Bool) throws {
    let ran = try Tree.run(["bash", "-c", ". deploy/lib/toolchain.sh; version_at_least \(version) 6.3 || exit 3"])
    #expect(ran.code == (enough ? 0 : 3))
  }

  @Test("what was started is stopped, and only that")
  func stopsItsOwn() throws {
    // The outer shell starts a bystander and looks afterwards; the inner one is a command that uses common.sh.
    let ran = try Tree.run([
      "bash", "-c",
      """
      sleep 60 & other=$!
      mine=$(bash -c '. deploy/lib/common.sh
        scratch_folder trial
        sleep 61 >/dev/null & # not remembered
        printf "%s " $!
        start mine "$SCRATCH/log" sleep 62
        echo "$STARTED_PID $SCRATCH"')
      set -- $mine
      kill -0 $other && kill -0 $1 && echo bystanders live
      kill $other $1
      kill -0 $2 2>/dev/null || echo mine is gone
      [ -e "$3" ] || echo folder is gone
      """,
    ])
    #expect(ran.output == "bystanders live\nmine is gone\nfolder is gone\n", "\(ran.errors)")
  }

  @Test("a function is not started in the background: ending its shell would leave its child behind")
  func startsPrograms() throws {
    let ran = try Tree.run(["bash", "-c", ". deploy/lib/common.sh; f() { sleep 5; }; start mine /dev/null f; echo went on"])
    #expect(ran.code == 70 && ran.output == "" && ran.errors.contains("start takes a program"))
  }

  @Test("free ports differ, and one that is taken is not offered")
  func ports() throws {
    let ran = try Tree.run(["bash", "-c", ". deploy/lib/common.sh; for i in 1 2 3; do free_port; echo $PORT; done"])
    let ports = ran.output.split(separator: "\n").compactMap { Int($0) }
    #expect(Set(ports).count == 3 && ports.allSatisfy { (20000..<32000).contains($0) })
  }

  @Test("what a scanner says against a listener is passed over only with a reason")
  func acceptedFindings() throws {
    for line in try Tree.text("deploy/lib/eyes-accepted.tsv").split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      #expect(parts.count == 3 && parts[0].wholeMatch(of: /[A-Za-z0-9_-]+/) != nil, "\(line)")
      #expect((parts.last?.split(separator: " ").count ?? 0) >= 8, "\(line): no reason")
    }
  }

  @Test("what the soak counts is what the tests are called and say")
  func countedFuzz() throws {
    let soak = try Tree.text("deploy/soak")
    let names = try #require(soak.firstMatch(of: /readonly COUNTED="([a-z0-9 -]+)"/)).1.split(separator: " ")
    let filter = try #require(soak.firstMatch(of: /readonly COUNTED_TESTS='([^']+)'/)).1
    let fuzzers = try ["Card", "SharedKey"].map { try Tree.text("Tests/FuzzTests/\($0)FuzzTests.swift") }.joined()
    let frames = try Tree.text("Tests/SmartCardTests/Real/FrameTests.swift")
    #expect(names.count == 7 && frames.contains("fuzz vpcd-\\(wire): ") && frames.contains("SANMON_FUZZ_EXECUTIONS"))
    for name in names where !name.hasPrefix("vpcd-") { #expect(fuzzers.contains("Fuzzer(\"\(name)\""), "\(name)") }
    #expect(fuzzers.components(separatedBy: ".runOnThreads {").count == 6)
    for function in ["tlv", "answers", "holderUniqueIdentifier", "certificateObjects", "files"] {
      #expect(filter.contains(function) && fuzzers.contains("func \(function)() async throws"), "\(function)")
    }
    let endurance = try Tree.text("Tests/SmartCardTests/Real/EnduranceTests.swift")
    #expect(soak.contains("Endurance/comeAndGo") && endurance.contains("func comeAndGo()"))
  }

  @Test("each part of the soak has its function and its help; what it does not know is refused before anything is built")
  func soak() throws {
    let text = try Tree.text("deploy/soak")
    let lists = try #require(text.firstMatch(of: /readonly FIXED="([a-z ]+)" OPEN="([a-z ]+)"/))
    let parts = (lists.1 + " " + lists.2).split(separator: " ")
    #expect(parts.contains("kills") && parts.contains("fuzz") && parts.contains("eyes"))
    for part in parts {
      #expect(text.contains("\npart_\(part)() {"), "\(part) has no function")
      #expect(text.contains(try Regex("\n#   \(part) +[a-z]")), "\(part) is not in the help")
    }
    for wrong in [
      ["nothing"], ["--minutes"], ["--minutes", "x"], ["--minutes", "0"], ["--executions"], ["--executions", "x"],
      ["--executions", "0"], ["--executions", "5", "kills"], ["--executions", "5", "fuzz", "kills"],
    ] {
      #expect(try Tree.run(["deploy/soak"] + wrong).code == 64, "\(wrong)")
    }
    for command in ["soak", "eyes", "coverage", "mutate", "ad-sample"] {
      let help = try Tree.run(["deploy/\(command)", "--help"])
      #expect(help.code == 0 && help.output.contains("deploy/\(command)"), "\(command)")
      #expect(try Tree.run(["deploy/\(command)", "--wrong"]).code == 64, "\(command)")
    }
  }
}
