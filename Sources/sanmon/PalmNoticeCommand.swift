import ArgumentParser
import AuthTerms

struct PalmNoticeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notice", abstract: "Print what a person is told before a palm is registered. / 登録の前に渡す説明書。",
    discussion: """
      What palms are used for, what is kept and for how long, how it is deleted, what can be used instead, and who is asked. Print
      it and hand it over before each first registration. Without --japanese or --english it comes in the terminal's language. Needs
      no server.

      EXAMPLE
        sanmon palm notice --japanese --city 三門市 --contact "情報政策課ヘルプデスク 内線 2200"
      """)

  enum NoticeLanguage: String, EnumerableFlag {
    case japanese, english
  }

  @Flag(help: "In this language, whatever the terminal's is.") var language: NoticeLanguage?
  @Option(help: "Whose notice it is: the city's name.") var city: String?
  @Option(help: "Who is asked: a section and its telephone.") var contact: String?

  func run() async throws {
    for (name, text) in [("--city", city), ("--contact", contact)] {
      guard let text else { continue }
      guard !text.isEmpty, (try? Remark(parsing: text)) != nil else {
        throw fail(64, "\(name) は 1 行で、500 バイトまでです。", "\(name): one line of at most 500 bytes")
      }
    }
    let inJapanese = language.map { $0 == .japanese } ?? (Language.current == .ja)
    print(inJapanese ? PalmNotice.japanese(city: city, contact: contact) : PalmNotice.english(city: city, contact: contact))
  }
}
