import ArgumentParser
import AuthAPI
import AuthTerms
import Workstation

struct PalmEnrol: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol", abstract: "Register one palm of a person from pictures. / 手のひらを登録します（片手ずつ）。",
    discussion: """
      Hand the notice over first ('sanmon palm notice') and say so with --notice-given: it stands in the log. Three good captures
      make a registration; up to nine may be given, each taken anew. A palm that is registered already is replaced. Register both
      hands: an injured one must keep nobody out.

      Captures that were no good are told with what to do. When fewer than three were good nothing is kept; take those again and
      run the command with the good ones beside them. The tool reads the pictures and leaves the files alone: delete them.

      EXAMPLE
        sanmon palm enrol p-000042 --hand right --picture 1.pgm --picture 2.pgm --picture 3.pgm --notice-given
        sanmon palm enrol p-000042 --hand left --blob 1.bin --blob 2.bin --blob 3.bin --format PSX/3 --notice-given

      EXIT CODES
        0 registered   1 refused   64 wrong usage   65 a file is no picture, or fewer than three captures were good
      """)
  @Argument(help: "Person id.") var person: String
  @Option(help: "Which hand the pictures show.") var hand: Hand
  @Option(
    name: .customLong("picture"),
    help: ArgumentHelp("A capture: PGM or PNG, grey, at most 1 MiB. 3 to 9 times, in their order.", valueName: "file"),
    completion: .file(extensions: ["pgm", "png"]))
  var pictures: [String] = []
  @Option(
    name: .customLong("blob"),
    help: ArgumentHelp(
      "Instead of pictures, what a sensor gave in its own format, at most 64 KiB, with --format.", valueName: "file"),
    completion: .file())
  var blobs: [String] = []
  @Option(help: ArgumentHelp("Of the blobs, as the vendor's matcher describes it.", valueName: "id/version")) var format:
    String?
  @Flag(help: "The notice on the use of palm data was handed over to this person.") var noticeGiven = false
  @Option(help: "The sensor's name: 1 to 64 of A-Z a-z 0-9 . _ -") var sensor = "desk"
  @Option(help: "Of the sensor's light, in nanometres, 1 to 10000; our own matcher takes 700 to 1000.") var wavelength: UInt32?
  @Option(help: "At the palm, in pixels a centimetre, 1 to 10000; our own matcher takes 12 to 80.") var resolution: UInt32?
  @OptionGroup var link: LinkOptions

  func run() async throws {
    guard noticeGiven else {
      let (code, sentence) = (DenialCode.palmNoticeMissing, Sentences.of(.palmNoticeMissing))
      throw fail(
        64, "\(code.rawValue): \(sentence.ja)\n  → \(sentence.nextStepJa)",
        "\(code.rawValue): \(sentence.en)\n  -> \(sentence.nextStepEn)")
    }
    let samples = try await PalmSamples(profile: profile(), files: pictures + blobs).samples()
    let operatorLink = OperatorLink(options: link)
    let known = try await operatorLink.get(
      "/v1/admin/people/\(person)", as: PersonSummary.self, notFound: PalmCommand.unknown(person))
    printError(say("登録する職員: ", "registering for: ") + "\(known.id) \(Rows.visible(known.displayName))")
    let answer = try await operatorLink.post(
      PalmCommand.path(person), PalmEnrolment(noticeGiven: true, samples: samples), as: PalmEnrolled.self,
      notFound: PalmCommand.unknown(person))
    for line in Self.advice(answer) { printError(line) }
    try operatorLink.show(answer, Self.text)
    if answer.outcome != "enrolled" { throw ExitCode(65) }
  }

  private func profile() throws -> SensorProfile {
    guard blobs.isEmpty == (format == nil), pictures.isEmpty || blobs.isEmpty else {
      throw fail(
        64, "--picture か、--format を付けた --blob の、どちらか一方を指定してください。",
        "either --picture, or --blob with --format")
    }
    let blobFormat = format.map { try? MatcherFormat(parsing: $0) }
    if case .some(nil) = blobFormat {
      throw fail(64, "--format は「名前/版」の形です（例: PSX/3）。", "--format: NAME/VERSION, for example PSX/3")
    }
    do {
      return try SensorProfile(
        name: sensor, hand: hand, wavelength: wavelength, resolution: resolution, format: blobFormat ?? nil)
    } catch {
      throw fail(
        64, "--sensor は半角の英数字と . _ - で 64 文字まで（先頭は英数字）、--wavelength と --resolution は 1 から 10000 で、--blob には付けません。",
        "--sensor: 1 to 64 of A-Z a-z 0-9 . _ -, a letter or digit first; --wavelength and --resolution: 1 to 10000, not beside --blob"
      )
    }
  }

  /// What was wrong with each capture, for whoever takes the next.
  static func advice(_ answer: PalmEnrolled) -> [String] {
    answer.refused.map { refused in
      let advice = CaptureAdvice(rawValue: refused.advice) ?? .again
      return say("  \(refused.sample) 枚目: \(advice.ja)", "  capture \(refused.sample): \(advice.en)")
    }
  }

  static func text(_ answer: PalmEnrolled) -> String {
    guard answer.outcome == "enrolled", let palm = answer.palm else {
      return say(
        "登録できませんでした。何も保存していません。\n"
          + "  → 良い撮影が \(PalmEnrolment.templates) 枚必要です。上の番号の画像を撮り直し、ほかの画像と一緒に、もう一度登録してください。",
        "not registered; nothing was kept.\n"
          + "  -> \(PalmEnrolment.templates) good captures are needed: take the ones named above again, and register with the others beside them."
      )
    }
    return PalmCommand.line(palm) + "\n"
      + say(
        "  → 画像のファイルを消してください。もう一方の手がまだなら、続けて登録してください。",
        "  -> Delete the picture files. If the other hand is not registered yet, go on with it.")
  }
}
