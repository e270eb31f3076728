import ArgumentParser
import Foundation

/// Pictures of invented palms, for demonstrations and drills.
@main
struct SanmonPalmsim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sanmon-palmsim",
    abstract: "Pictures of invented palms, for demonstrations and drills. / 架空の手のひらの画像を作ります（実演・訓練用）。",
    discussion: """
      Never for production: anybody can make these palms. Register them only in an instance that is thrown away, and remove
      them afterwards ('sanmon palm remove').

      EXAMPLES
        sanmon-palmsim picture --palm 102 --capture 1 --out right-1.pgm
        sanmon-palmsim picture --palm 102 --capture 2 --fault wet --out wet.pgm

      EXIT CODES
        0 done   64 wrong usage   73 the file could not be written, or is there already
      """,
    subcommands: [PictureCommand.self])
}

/// The sentence in the language that the terminal asked for (`LC_ALL`, `LC_MESSAGES`, `LANG`).
func say(_ ja: String, _ en: String) -> String {
  let environment = ProcessInfo.processInfo.environment
  let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
  return asked.hasPrefix("ja") ? ja : en
}

/// Prints the sentence to standard error and ends with the code.
func fail(_ code: Int32, _ ja: String, _ en: String) -> ExitCode {
  FileHandle.standardError.write(Data(("sanmon-palmsim: " + say(ja, en) + "\n").utf8))
  return ExitCode(code)
}
