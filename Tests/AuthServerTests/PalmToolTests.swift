import AuthAPI
import AuthTerms
import Foundation
import Testing

/// `sanmon palm` as the desk uses it: the built program, pictures in files, a real server.
@Suite("palms and the operator's tool", .serialized, .enabled(if: ProcessCity.isBuilt, "sanmon is not built"))
struct PalmToolTests {
  private typealias Capture = ChalkMatcher.Capture

  /// A city whose sensor gives pictures, and the tool at its socket.
  private struct Desk {
    let palms: PalmCity

    func sanmon(_ arguments: [String], japanese: Bool = false) async throws -> ToolProcess.Ran {
      try await ToolProcess.started(
        ["palm"] + arguments + ["--socket", palms.city.folder + "/operator.sock"],
        environment: ["LC_ALL": japanese ? "ja_JP.UTF-8" : "C.UTF-8"])
    }

    func enrol(
      _ captures: [Capture], of person: String? = nil, _ more: [String] = ["--notice-given"], japanese: Bool = false
    ) async throws -> ToolProcess.Ran {
      let files = try captures.map { try file("\($0.hand)-\($0.palm)-\($0.number).pgm", $0.picture) }
      return try await enrol(files, hand: captures.first?.hand ?? .right, of: person, more, japanese: japanese)
    }

    func enrol(
      _ files: [String], hand: Hand = .right, of person: String? = nil, _ more: [String] = ["--notice-given"],
      japanese: Bool = false
    ) async throws -> ToolProcess.Ran {
      let pictures = files.flatMap { ["--picture", $0] }
      return try await sanmon(
        ["enrol", person ?? palms.person, "--hand", hand.name] + pictures + more, japanese: japanese)
    }

    /// Of registrations, refused ones among them.
    func rows() async throws -> [AuditEntry] {
      try await palms.city.audit("class=enrolment").filter { $0.action == "palm.enrolled" }
    }

    func file(_ name: String, _ bytes: Data) throws -> String {
      let path = palms.city.folder + "/" + name
      try bytes.write(to: URL(filePath: path))
      return path
    }
  }

  private func with(_ test: (Desk) async throws -> Void) async throws {
    let palms = try await PalmCity(takesPictures: true)
    try await test(Desk(palms: palms))
    await palms.end()
  }

  private func captures(_ numbers: ClosedRange<UInt8>, hand: Hand = .right, palm: UInt8 = 7) -> [Capture] {
    numbers.map { Capture(hand: hand, palm: palm, number: $0) }
  }

  @Test("both hands are registered, listed and removed; the person is named, the row has sensor and reason")
  func everyday() async throws {
    try await with { desk in
      let none = try await desk.sanmon(["list", desk.palms.person])
      #expect(none.status == 0 && none.output == "no palms\n", "\(none.errors)")
      let right = try await desk.enrol(
        captures(1...3), ["--notice-given", "--sensor", "desk-3", "--wavelength", "850", "--resolution", "25"])
      #expect(right.status == 0, "\(right.errors)")
      #expect(right.output.hasPrefix("p-000007  right  CHK/1  enrolled "), "\(right.output)")
      #expect(right.output.contains("Delete the picture files"))
      #expect(right.errors == "registering for: p-000007 髙橋 一郎\n")
      let row = try #require(try await desk.rows().last)
      #expect(row.outcome == "done" && row.note.contains("sensor desk-3"))
      let left = try await desk.enrol(captures(11...19, hand: .left, palm: 17), japanese: true)
      #expect(left.status == 0 && left.output.contains("左手"), "\(left.errors)")
      let both = try await desk.sanmon(["list", desk.palms.person])
      #expect(both.output.split(separator: "\n").count == 2, "\(both.output)")
      let json = try await desk.sanmon(["list", desk.palms.person, "--json"])
      #expect(try JSONDecoder().decode([PalmSummary].self, from: Data(json.output.utf8)).map(\.hand) == ["left", "right"])

      let one = try await desk.sanmon(["remove", desk.palms.person, "--hand", "left", "--reason", "本人の申出"])
      #expect(one.status == 0 && one.output == "removed 1 palm(s)\n", "\(one.errors)")
      let removal = try #require(try await desk.palms.city.audit("class=enrolment").last)
      #expect(removal.note == "left CHK/1; 本人の申出")
      let rest = try await desk.sanmon(["remove", desk.palms.person, "--reason", "本人の申出"], japanese: true)
      #expect(rest.output == "手のひらの登録を 1 件、削除しました。\n")
      let again = try await desk.sanmon(["remove", desk.palms.person, "--reason", "本人の申出"])
      #expect(again.status == 0 && again.output == "there was no palm to remove\n")
      #expect(try await desk.palms.palms().isEmpty)
    }
  }

  @Test("captures that were no good are told with what to do; with too few good ones nothing is kept, and the code says so")
  func retake() async throws {
    try await with { desk in
      var shown = captures(1...3)
      shown[1].advice = .wet
      let few = try await desk.enrol(shown)
      #expect(few.status == 65 && few.output.hasPrefix("not registered; nothing was kept."), "\(few.output)")
      #expect(few.errors.contains("  capture 2: \(CaptureAdvice.wet.en)\n") && !few.errors.contains("capture 1"))
      let japanese = try await desk.enrol(shown, japanese: true)
      #expect(japanese.status == 65 && japanese.output.contains("何も保存していません"))
      #expect(japanese.errors.contains("2 枚目: \(CaptureAdvice.wet.ja)\n"))
      let json = try await desk.enrol(shown, ["--notice-given", "--json"])
      #expect(json.status == 65)
      #expect(try JSONDecoder().decode(PalmEnrolled.self, from: Data(json.output.utf8)).refused.map(\.sample) == [2])
      #expect(try await desk.palms.palms().isEmpty)
      // The good ones beside a new one.
      let enough = try await desk.enrol(shown + [Capture(palm: 7, number: 4)])
      #expect(enough.status == 0 && enough.errors.contains("capture 2: "), "\(enough.errors)")
    }
  }

  @Test("without the notice not even a picture is read; the sentence is the server's own")
  func notice() async throws {
    try await with { desk in
      let told = Sentences.of(.palmNoticeMissing)
      let missing = ["/nonexistent/1.pgm", "/nonexistent/2.pgm", "/nonexistent/3.pgm"]
      let refused = try await desk.enrol(missing, [])
      #expect(refused.status == 64 && refused.errors == "sanmon: AP137: \(told.en)\n  -> \(told.nextStepEn)\n")
      let japanese = try await desk.enrol(missing, [], japanese: true)
      #expect(japanese.status == 64 && japanese.errors == "sanmon: AP137: \(told.ja)\n  → \(told.nextStepJa)\n")
      #expect(try await desk.rows().isEmpty)
    }
  }

  @Test("what is no enrolment goes nowhere: too few, too many, files that are no pictures of 1 MiB, a wrong name or number")
  func wrongUsage() async throws {
    try await with { desk in
      let good = try captures(1...10).map { try desk.file("\($0.number).pgm", $0.picture) }
      let most = Data("P5".utf8) + Data(repeating: 0, count: PalmSampleMessage.mostPictureBytes - 2)
      for (files, more, status, said) in [
        (Array(good.prefix(2)), [], 64, "3 to 9 times"), (good, [], 64, "3 to 9 times"),
        (Array(good.prefix(3)), ["--sensor", "a b"], 64, "--sensor"),
        (Array(good.prefix(3)), ["--wavelength", "0"], 64, "--wavelength"),
        (Array(good.prefix(3)), ["--resolution", "10001"], 64, "--resolution"),
        (Array(good.prefix(3)), ["--hand", "both"], 64, "both"),
        (good.prefix(2) + [desk.palms.city.folder + "/none.pgm"], [], 65, "none.pgm"),
        (good.prefix(2) + [desk.palms.city.folder], [], 65, "cannot read"),
        (good.prefix(2) + [try desk.file("empty.pgm", Data())], [], 65, "is empty"),
        (good.prefix(2) + [try desk.file("p2.pgm", Data("P2\n".utf8))], [], 65, "neither"),
        (good.prefix(2) + [try desk.file("large.pgm", most + [0])], [], 65, "too large"),
      ] as [([String], [String], Int32, String)] {
        let ran = try await desk.enrol(files, ["--notice-given"] + more)
        #expect(ran.status == status && ran.errors.contains(said), "\(files) \(more): \(ran.errors)")
      }
      #expect(try await desk.rows().isEmpty)
      #expect(try await desk.sanmon(["remove", desk.palms.person]).status == 64)
      #expect(try await desk.sanmon(["remove", desk.palms.person, "--reason", "a\nb"]).status == 64)
      // Nine of the largest pictures are within what the operators' door takes; the matcher knows that they are none.
      let large = try (1...9).map { number in
        try desk.file("large-\(number).pgm", most.dropLast() + [UInt8(number)])
      }
      let refused = try await desk.enrol(large)
      #expect(refused.status == 1 && refused.errors.contains("AP134"), "\(refused.errors)")
    }
  }

  @Test("a vendor's own bytes register with their format, which goes beside no picture and is there beside each blob")
  func blobs() async throws {
    let palms = try await PalmCity()
    let desk = Desk(palms: palms)
    let files = try captures(1...3).flatMap { ["--blob", try desk.file("\($0.number).bin", Data($0.bytes))] }
    func enrol(_ words: [String]) async throws -> ToolProcess.Ran {
      try await desk.sanmon(["enrol", palms.person, "--hand", "right", "--notice-given"] + words)
    }
    for (words, said) in [
      (files, "with --format"), (["--format", "CHK/1", "--picture", "a", "--picture", "b", "--picture", "c"], "with --format"),
      (files + ["--format", "CHK/1", "--picture", "a"], "with --format"), (files + ["--format", "CHK"], "NAME/VERSION"),
      (files + ["--format", "CHK/1", "--wavelength", "850"], "not beside --blob"),
    ] {
      let ran = try await enrol(words)
      #expect(ran.status == 64 && ran.errors.contains(said), "\(words): \(ran.errors)")
    }
    // Another vendor's: nobody here reads it.
    let other = try await enrol(files + ["--format", "CHK/2"])
    #expect(other.status == 1 && other.errors.contains("AP134"), "\(other.errors)")
    let right = try await enrol(files + ["--format", "CHK/1"])
    #expect(right.status == 0 && right.output.hasPrefix("p-000007  right  CHK/1  enrolled "), "\(right.errors)")
    await palms.end()
  }

  @Test("refusals of the server come with their code and the next step; somebody unknown is named")
  func refused() async throws {
    try await with { desk in
      let mixed = captures(1...2) + [Capture(palm: 8, number: 3)]
      let disagree = try await desk.enrol(mixed)
      #expect(disagree.status == 1 && disagree.errors.contains("AP135") && disagree.errors.contains("\n  -> "))
      #expect(try await desk.enrol(captures(1...3)).status == 0)
      let duplicate = try await desk.enrol(captures(21...23), of: "p-000042")
      #expect(duplicate.status == 1 && duplicate.errors.contains("AP136"), "\(duplicate.errors)")
      #expect(try await desk.enrol(captures(1...3), of: "p-000042").errors.contains("AP138"))
      for words in [["list", "p-999999"], ["remove", "p-999999", "--reason", "x"]] {
        let unknown = try await desk.sanmon(words)
        #expect(unknown.status == 1 && unknown.errors.contains("no person p-999999"), "\(unknown.errors)")
      }
      let unknown = try await desk.enrol(captures(31...33), of: "p-999999")
      #expect(unknown.status == 1 && unknown.errors.contains("no person p-999999"), "\(unknown.errors)")
    }
  }
}
